"""The command-line client, as people and scripts use it."""

import concurrent.futures
import json
import os
import pty
import subprocess
import unittest

import grpc

import support
from support import Cli, worker_file
from terminal import Terminal

GOOD = "export default { fetch: () => new Response('good') }"
COMMANDS = [["deploy"], ["exec"], ["workers"], ["workers", "list"], ["workers", "get"], ["workers", "delete"],
            ["workers", "versions"], ["workers", "rollback"], ["pool"], ["pool", "compare"],
            ["pool", "comparisons"], ["pool", "stats"], ["pool", "switch"], ["pool", "watch"], ["health"], ["version"]]


class Case(support.ServerCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.folder = cls.server.folder / "files"
        cls.folder.mkdir()
        cls.cli.ok("deploy", worker_file("echo.js"), "--name", "echo")

    def write(self, name, content):
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
        return path

    def fails(self, status, *arguments, **options):
        """Must end with the status; what it said."""
        result = self.cli.run(*arguments, **options)
        said = result.stderr.decode()
        self.assertEqual(result.returncode, status, (result.stdout, said))
        self.assertTrue(said)
        return said


class Deploy(Case):
    def test_one_file(self):
        said = self.cli.ok("deploy", self.write("one.js", GOOD), "--name", "one", "--message", "the first").decode()
        self.assertRegex(said, r"^deployed one version 1 \(\d+ B, sha256 [0-9a-f]{12}\), active\n$")
        self.assertEqual(self.cli.ok("exec", "one"), b"good")

    def test_files_are_named_relative_to_the_main_ones_folder(self):
        main = self.write("app/main.js", "import { a } from './lib/a.js';\nimport { b } from './b.mjs';\n"
                                         "export default { fetch: () => new Response(a + b) }")
        version = self.cli.json("deploy", main, self.write("app/lib/a.js", "export const a = 1"),
                                self.write("app/b.mjs", "export const b = 2"), "--name", "app")
        self.assertEqual(version["file_names"], ["main.js", "lib/a.js", "b.mjs"])
        self.assertEqual(self.cli.ok("exec", "app"), b"3")

    def test_folders_are_followed_however_they_are_written(self):
        main = self.write("odd/main.js", "import './lib/a.js';\n" + GOOD)
        self.write("odd/lib/a.js", "1")
        path = self.folder / "odd" / "lib" / ".." / "lib" / "." / "a.js"
        self.assertEqual(self.cli.json("deploy", main, path, "--name", "odd")["file_names"], ["main.js", "lib/a.js"])

    def test_file_outside_of_the_folder_is_refused(self):
        said = self.fails(2, "deploy", self.write("in/main.js", GOOD), self.write("out/a.js", ""), "--name", "x")
        self.assertIn("out/a.js", said)
        self.assertIn("folder", said)

    def test_kinds(self):
        classic = "addEventListener('fetch', (event) => event.respondWith(new Response('classic')))"
        self.cli.ok("deploy", self.write("classic.cjs", classic), "--name", "classic")
        self.assertEqual(self.cli.ok("exec", "classic"), b"classic")
        said = self.fails(2, "deploy", self.write("main.xyz", GOOD), "--name", "typed")
        self.assertIn("--type", said)
        path = self.folder / "main.xyz"
        self.cli.ok("deploy", path, "--name", "typed", "--type", f"{path}=module")
        self.cli.ok("deploy", path, "--name", "typed", "--type", "main.xyz=module")
        self.assertIn("magic", self.fails(2, "deploy", path, "--name", "typed", "--type", "main.xyz=magic"))

    def test_files_of_other_kinds(self):
        main = self.write("kinds.js", "import page from './page.html'; import data from './data.json';"
                                      "import odd from './odd.xyz';"
                                      "export default { fetch: () => Response.json([page, data, odd.byteLength]) }")
        odd = self.write("odd.xyz", "12345")
        self.cli.ok("deploy", main, self.write("page.html", "<p>"), self.write("data.json", "[1]"), odd,
                    "--name", "kinds", "--type", f"{odd}=data")
        self.assertEqual(self.cli.ok("exec", "kinds"), b'["<p>",[1],5]')
        self.assertIn("main file", self.fails(4, "deploy", self.folder / "data.json", "--name", "kinds"))

    def test_allow_eval(self):
        path = self.write("evaluating.js", "export default { fetch: () => new Response(eval('6 * 7')) }")
        self.cli.ok("deploy", path, "--name", "evaluating")
        self.assertIn("--allow-eval", self.fails(1, "exec", "evaluating"))
        self.cli.ok("deploy", path, "--name", "evaluating", "--allow-eval")
        self.assertEqual(self.cli.ok("exec", "evaluating"), b"42")

    def test_without_activation(self):
        self.cli.ok("deploy", self.write("quiet.js", GOOD), "--name", "quiet")
        said = self.cli.ok("deploy", self.folder / "quiet.js", "--name", "quiet", "--no-activate").decode()
        self.assertIn("version 2", said)
        self.assertIn("not activated", said)
        self.assertEqual(self.cli.json("workers", "get", "quiet")["active_version"], 1)

    def test_fault_is_shown_with_its_place(self):
        said = self.fails(4, "deploy", self.write("bad.js", "let a = 1;\nlet a = 2;\n"), "--name", "bad")
        self.assertIn("bad.js:2:5", said)
        self.assertIn("already been declared", said)
        said = self.fails(4, "deploy", self.write("thrower.js", "function f() { throw new Error('early'); }\nf();\n"),
                          "--name", "bad")
        self.assertIn("early", said)
        self.assertIn("thrower.js:2:1", said)

    def test_bundle_that_is_too_large_is_not_sent(self):
        path = self.write("large.js", GOOD + "//" + "x" * (10 << 20))
        said = self.fails(2, "deploy", path, "--name", "large")
        self.assertIn("--max-bytes", said)
        self.assertIn("field: files", self.fails(4, "deploy", path, "--name", "large", "--max-bytes", str(11 << 20)))

    def test_usage(self):
        self.assertIn("no-such", self.fails(2, "deploy", self.folder / "no-such.js", "--name", "x"))
        self.assertIn("--name", self.fails(2, "deploy", self.write("one.js", GOOD)))
        self.assertIn("no file", self.fails(2, "deploy", "--name", "x"))
        self.fails(2, "deploy", self.folder, "--name", "x", "--type", f"{self.folder}=module")


class Exec(Case):
    def test_body_alone_on_stdout(self):
        result = self.cli.run("exec", "echo", "--path", "/bytes")
        self.assertEqual((result.returncode, result.stdout, result.stderr), (0, bytes([0, 1, 254, 255]), b""))

    def test_nul_in_text(self):
        self.assertEqual(self.cli.ok("exec", "echo", "--path", "/nul"), b"before\0after")
        self.assertEqual(self.cli.json("exec", "echo", "--path", "/nul")["body"], "before\0after")

    def test_request_is_made_of_the_options(self):
        seen = json.loads(self.cli.ok("exec", "echo", "--method", "PUT", "--path", "/a b?q=\u00e9", "--header", "x-a: one",
                                      "-H", "X-B:two", "--data", "text \u65e5"))
        self.assertEqual(seen["method"], "PUT")
        self.assertEqual(seen["url"], "https://echo.default.isoyard.internal/a%20b?q=%C3%A9")
        self.assertIn("x-a=one", seen["headers"])
        self.assertIn("x-b=two", seen["headers"])
        self.assertEqual(seen["body"], "text \u65e5")

    def test_data_makes_it_a_post(self):
        self.assertEqual(json.loads(self.cli.ok("exec", "echo", "-d", "x"))["method"], "POST")
        self.assertEqual(json.loads(self.cli.ok("exec", "echo"))["method"], "GET")

    def test_data_from_files_and_stdin(self):
        data = bytes(range(256)) * 100
        path = self.folder / "data"
        path.write_bytes(data)
        self.assertEqual(self.cli.ok("exec", "echo", "-p", "/echo", "-d", f"@{path}"), data)
        self.assertEqual(self.cli.ok("exec", "echo", "-p", "/echo", "-d", "@-", stdin=data), data)
        self.assertIn("missing", self.fails(2, "exec", "echo", "-d", "@/missing"))

    def test_verbose_goes_to_stderr(self):
        result = self.cli.run("exec", "echo", "--path", "/status?code=404", "--verbose")
        said = result.stderr.decode()
        self.assertEqual((result.returncode, result.stdout), (0, b"no"))
        self.assertTrue(said.startswith("HTTP 404\n"), said)
        self.assertIn("x-why: asked\n", said)
        self.assertRegex(said, r"version 1, PINNED, lane \d+, (COLD|WARM)\n")
        self.assertIn("wall", said)

    def test_json(self):
        answer = self.cli.json("exec", "echo", "--path", "/status?code=201")
        self.assertEqual(answer["status"], 201)
        self.assertIn(["x-why", "asked"], answer["headers"])
        self.assertEqual(answer["body"], "no")
        self.assertEqual(answer["report"]["version"], 1)
        self.assertIn(answer["report"]["start"], ("START_KIND_COLD", "START_KIND_WARM"))
        answer = self.cli.json("exec", "echo", "--path", "/bytes")
        self.assertEqual(support.unbase64(answer["body_base64"]), bytes([0, 1, 254, 255]))
        self.assertNotIn("body", answer)

    def test_status_of_400_and_more_is_a_failure_only_with_fail(self):
        for code, status in (399, 0), (400, 1), (503, 1):
            self.assertEqual(self.cli.run("exec", "echo", "-p", f"/status?code={code}").returncode, 0)
            result = self.cli.run("exec", "echo", "-p", f"/status?code={code}", "--fail")
            said = f"isoyard: the worker answered with status {code}\n" if status else ""
            self.assertEqual((result.returncode, result.stdout, result.stderr.decode()), (status, b"no", said))

    def test_failing_worker(self):
        said = self.fails(1, "exec", "echo", "--path", "/throw")
        self.assertIn("thrown on purpose", said)
        self.assertRegex(said, r"echo\.js:\d+:\d+")
        result = self.cli.run("exec", "echo", "--path", "/throw", "--json")
        self.assertEqual(result.returncode, 1)
        answer = json.loads(result.stdout)
        self.assertEqual(answer["failure"]["reason"], "FAILURE_REASON_EXCEPTION")
        self.assertEqual(answer["failure"]["position"]["file"], "echo.js")
        self.assertEqual(answer["report"]["version"], 1)

    def test_control_characters_of_a_server_are_escaped(self):
        said = self.fails(1, "exec", "echo", "--path", "/escape")
        self.assertIn("\\x1b[31m", said)
        self.assertNotIn("\x1b", said)

    def test_limit(self):
        self.cli.ok("deploy", worker_file("limits.js"), "--name", "limits")
        said = self.fails(1, "exec", "limits", "--path", "/loop")
        self.assertRegex(said, r"limit: CPU, used 1\.\d\d s, allowed 1\.00 s")
        error = json.loads(self.fails(1, "exec", "limits", "--path", "/loop", "--json"))["error"]
        self.assertEqual(error["code"], "RESOURCE_EXHAUSTED")
        details = {detail["@type"]: detail for detail in error["details"]}
        self.assertEqual(details["google.rpc.ErrorInfo"]["reason"], "LIMIT_EXCEEDED")
        self.assertEqual(details["isoyard.v1.LimitExceeded"]["limit"], "LIMIT_CPU")
        self.assertEqual(details["isoyard.v1.ExecutionReport"]["version"], 1)

    def test_timeout(self):
        said = self.fails(6, "exec", "echo", "--path", "/sleep?ms=10000", "--timeout", "0.3")
        self.assertIn("--timeout", said)

    def test_print_request_is_a_framed_message(self):
        framed = Cli("127.0.0.1:1").ok("exec", "echo", "--path", "/x", "-H", "a: b", "--print-request")
        self.assertEqual(framed[0], 0)
        self.assertEqual(int.from_bytes(framed[1:5], "big"), len(framed) - 5)
        request = support.execution_pb2.ExecuteRequest.FromString(framed[5:])
        self.assertEqual((request.tenant, request.worker, request.fetch.url), ("default", "echo", "/x"))
        self.assertEqual(self.api.execution.Execute(request).response.status, 200)

    def test_refusals(self):
        self.assertIn("no worker 'nobody'", self.fails(4, "exec", "nobody"))
        said = self.fails(4, "exec", "echo", "-H", "a b: c")
        self.assertIn("field: fetch.headers[0].name", said)
        self.assertIn("--header", self.fails(2, "exec", "echo", "-H", "nonsense"))
        self.fails(2, "exec")
        self.fails(2, "exec", "echo", "more")

    def test_the_prompt_begins_a_line_of_its_own_on_a_terminal(self):
        (self.folder / "open.js").write_text("export default { fetch: () => new Response('no end') };")
        self.cli.ok("deploy", self.folder / "open.js", "--name", "open")
        self.assertEqual(self.cli.ok("exec", "open"), b"no end")
        terminal = Terminal([support.BIN / "isoyard", "exec", "open", "-a", self.server.address])
        self.addCleanup(terminal.close)
        terminal.wait_for("no end\r\n")
        self.assertEqual(terminal.end(), 0)

    def on_terminal(self, body, *arguments):
        """What a terminal gets of an answer with this body."""
        (self.folder / "body").write_bytes(body)
        command = [support.BIN / "isoyard", "exec", "echo", "-p", "/echo", "-d", f"@{self.folder / 'body'}", "-a",
                   self.server.address, *arguments]
        self.assertEqual(subprocess.run(command, capture_output=True, check=True).stdout, body)
        terminal = Terminal(command)
        self.addCleanup(terminal.close)
        self.assertEqual(terminal.end(), 0)
        return terminal.rest()

    def test_no_body_steers_the_terminal(self):
        for arguments in [], ["--stream"]:
            with self.subTest(arguments=arguments):
                self.assertEqual(self.on_terminal("a\tb\r\ncafé\n".encode(), *arguments), "a\tb\r\r\ncafé\r\n")
                said = self.on_terminal("red \x1b[31m \x9b2J end".encode(), *arguments)
                self.assertIn("red \\x1b[31m \\x9b2J end\r\n", said)
                self.assertIn("'> FILE' gets them as they are", said)
                self.assertNotRegex(said, "[\x1b\x9b]")
                said = self.on_terminal(b"\x89PNG\r\n\x1a\n\0\x1b[2J\xff", *arguments)
                self.assertEqual(said, "isoyard: the answer is binary, and is not printed on a terminal; '> FILE' gets it\r\n")


class Workers(Case):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        for text in "one", "two", "three":
            cls.api.deploy("rolling", f"export default {{ fetch: () => new Response('{text}') }}", tenant="t",
                           message=f"the {text}\x1b[2J")

    def test_list(self):
        lines = self.cli.ok("workers", "list", "--tenant", "t").decode().splitlines()
        self.assertEqual(lines[0].split(), ["NAME", "ACTIVE", "LATEST", "UPDATED"])
        self.assertIn(["rolling", "3"], [line.split()[::2][:2] for line in lines[1:]])
        workers = self.cli.json("workers", "list", "--tenant", "t")["workers"]
        self.assertEqual([worker["name"] for worker in workers], ["rolling"])
        self.assertRegex(workers[0]["create_time"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$")
        self.assertEqual(self.cli.json("workers", "list", "--tenant", "nobody")["workers"], [])

    def test_list_goes_through_all_pages(self):
        for i in range(1005):
            self.api.deploy(f"w{i}", GOOD, tenant="pages", skip_activation=True)
        self.assertEqual(len(self.cli.json("workers", "list", "--tenant", "pages")["workers"]), 1005)

    def test_get(self):
        said = self.cli.ok("--tenant", "t", "workers", "get", "rolling").decode()
        self.assertIn("rolling", said)
        self.assertEqual(self.cli.json("workers", "get", "rolling", "-t", "t")["latest_version"], 3)
        self.assertIn("nobody", self.fails(4, "workers", "get", "nobody"))

    def test_versions_escape_control_characters(self):
        said = self.cli.ok("workers", "versions", "rolling", "-t", "t").decode()
        self.assertIn("the two\\x1b[2J", said)
        self.assertNotIn("\x1b", said)
        versions = self.cli.json("workers", "versions", "rolling", "-t", "t")["versions"]
        self.assertEqual([version["number"] for version in versions], [3, 2, 1])

    def test_rollback(self):
        self.api.worker.Activate(support.worker_pb2.ActivateRequest(tenant="t", worker="rolling", version=3))
        self.assertIn(b"version 2", self.cli.ok("workers", "rollback", "rolling", "-t", "t"))
        self.assertEqual(self.cli.ok("exec", "rolling", "-t", "t"), b"two")
        self.cli.ok("workers", "rollback", "rolling", "-t", "t")
        self.assertEqual(self.cli.ok("exec", "rolling", "-t", "t"), b"one")
        self.assertIn("older", self.fails(2, "workers", "rollback", "rolling", "-t", "t"))
        self.assertEqual(self.cli.json("workers", "rollback", "rolling", "3", "-t", "t")["previous_version"], 1)
        self.assertEqual(self.cli.ok("exec", "rolling", "-t", "t"), b"three")
        self.fails(4, "workers", "rollback", "rolling", "9", "-t", "t")
        for version in "0", "x", "-1":
            self.fails(2, "workers", "rollback", "-t", "t", "--", "rolling", version)

    def test_delete(self):
        self.api.deploy("brief", GOOD)
        self.assertEqual(self.cli.ok("workers", "delete", "brief"), b"deleted brief: 1 version\n")
        self.fails(4, "workers", "get", "brief")
        self.fails(4, "workers", "delete", "brief")

    @staticmethod
    def on_terminal(columns, *command, env):
        """What a command prints on a terminal of that width."""
        parent, child = pty.openpty()
        import fcntl
        import struct
        import termios
        fcntl.ioctl(child, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
        process = subprocess.Popen(command, stdout=child, stdin=child, stderr=child, env=env)
        os.close(child)
        said = b""
        try:
            while data := os.read(parent, 4096):
                said += data
        except OSError:
            pass  # the other end is closed
        os.close(parent)
        process.wait(support.PATIENCE)
        return said.decode().replace("\r\n", "\n")

    def test_tables_fit_the_terminal(self):
        self.api.deploy("wordy", GOOD, message="w\u00f6rd " * 100)
        said = self.on_terminal(90, str(support.BIN / "isoyard"), "workers", "versions", "wordy",
                                env={**os.environ, "ISOYARD_ADDRESS": self.server.address})
        lines = said.splitlines()
        self.assertEqual(len(lines), 2, said)
        self.assertLessEqual(max(map(len, lines)), 90)
        self.assertTrue(lines[1].endswith("\u2026"), said)
        self.assertGreater(len(self.cli.ok("workers", "versions", "wordy").decode().splitlines()[1]), 300)


class Others(Case):
    def test_pool_stats(self):
        self.cli.ok("exec", "echo")
        said = self.cli.ok("pool", "stats").decode()
        for word in ("PINNED", "tasks", "isolates", "LANE", "P99", "V8", "a lane)", "isolates end after", "spread above",
                     "HITS", "EVICTED", "MOST CPU", "default/echo"):
            self.assertIn(word, said)
        stats = self.cli.json("pool", "stats")
        self.assertGreaterEqual(stats["tasks"]["answered"], 1)
        self.assertEqual(len(stats["lanes"]), stats["config"]["lanes"])
        self.assertEqual(stats["tasks"]["answered"], self.api.stats().tasks.answered)

    def test_health(self):
        self.assertEqual(self.cli.ok("health"), b"SERVING\n")
        self.assertEqual(self.cli.json("health"), {"status": "SERVING"})
        self.cli.ok("health", "--service", "isoyard.v1.PoolService")
        self.fails(4, "health", "--service", "nothing")

    def test_version(self):
        said = self.cli.ok("version").decode()
        self.assertRegex(said, r"isoyard +\d+\.\d+\.\d+\S*\nisoyardd +\d+\.\d+\.\d+\S* \(V8 \d+\.\d+")
        self.assertRegex(Cli("127.0.0.1:1").ok("version").decode(), r"isoyard +\d+\.\d+\.\d+\S*\nisoyardd +no answer")
        self.assertIsNone(Cli("127.0.0.1:1").json("version")["isoyardd"])
        self.assertRegex(self.cli.ok("--version").decode(), r"^isoyard \d+\.\d+\.\d+\S*\n$")

    def test_server_that_cannot_be_reached(self):
        for arguments in ["health"], ["exec", "echo"], ["workers", "list"], ["pool", "stats"]:
            for address in "127.0.0.1:1", "unix:/tmp/isoyard-no-such-socket":
                with self.subTest(arguments=arguments, address=address):
                    result = Cli(address).run(*arguments)
                    self.assertEqual(result.returncode, 3, result.stderr)
                    self.assertIn(address, result.stderr.decode())
                    self.assertIn("isoyardd", result.stderr.decode())
        error = json.loads(Cli("127.0.0.1:1").run("health", "--json").stderr)["error"]
        self.assertEqual(error["code"], "UNAVAILABLE")

    def test_proxies_of_the_environment_are_not_used(self):
        env = {"http_proxy": "http://127.0.0.1:1", "grpc_proxy": "http://127.0.0.1:1"}
        self.assertEqual(self.cli.ok("health", env=env), b"SERVING\n")

    def test_address_by_option_wins(self):
        self.assertEqual(Cli("127.0.0.1:1").ok("health", "--address", self.server.address), b"SERVING\n")
        self.assertEqual(Cli("127.0.0.1:1").ok("--address", self.server.address, "health"), b"SERVING\n")

    def test_help_of_everything(self):
        for command in [[], *COMMANDS]:
            with self.subTest(command=command):
                said = self.cli.ok(*command, "--help").decode()
                self.assertIn(" ".join(["isoyard", *command]), said)
                self.assertNotRegex(said, r"(?m) $", "argp breaks a line that just fits twice")
                for option in "--address", "--tenant", "--json":
                    self.assertIn(option, said)

    def test_wrong_usage(self):
        for arguments in [], ["nonsense"], ["workers"], ["workers", "nonsense"], ["--nonsense"], ["pool", "stats", "x"], \
                ["health", "--timeout", "0"], ["health", "--timeout", "x"], ["workers", "get"], ["version", "x"]:
            with self.subTest(arguments=arguments):
                self.assertIn("isoyard", self.fails(2, *arguments))

    def test_near_names_are_suggested(self):
        self.assertIn("did you mean 'isoyard workers'?", self.fails(2, "wrokers", "list"))
        self.assertIn("did you mean 'isoyard pool switch'?", self.fails(2, "pool", "swich"))
        self.assertIn("did you mean --message?", self.fails(2, "deploy", "--mesage=x"))
        self.assertIn("did you mean --address?", self.fails(2, "--adress", "x", "health"))
        said = self.fails(2, "xyzzy")
        self.assertNotIn("did you mean", said)
        self.assertIn("--help", said)
        # Values that look like options, and unambiguous beginnings of names, are none of these.
        self.assertEqual(json.loads(self.cli.ok("exec", "echo", "--meth", "POST", "--data", "--nonsense"))["body"],
                         "--nonsense")
        self.assertEqual(json.loads(self.cli.ok("exec", "echo", "-vd", "--nonsense"))["body"], "--nonsense")

    def printed(self, columns, *arguments, env=None):
        """What isoyard prints on a terminal."""
        environment = {**os.environ, "ISOYARD_ADDRESS": self.server.address, "TERM": "dumb", **(env or {})}
        return Workers.on_terminal(columns, str(support.BIN / "isoyard"), *arguments, env=environment)

    def test_colors(self):
        color = b"\x1b["
        for status, arguments in (0, ["workers", "list"]), (4, ["exec", "no-such"]):
            for flags, env, is_colored in (([], {}, False), (["--color", "always"], {}, True),
                                           (["--color=always"], {"NO_COLOR": "1"}, True)):
                with self.subTest(arguments=arguments, flags=flags, env=env):
                    result = self.cli.run(*arguments, *flags, env=env)
                    self.assertEqual(result.returncode, status)
                    self.assertEqual(color in result.stdout + result.stderr, is_colored)
        self.assertIn("sometimes", self.fails(2, "health", "--color", "sometimes"))

    def test_colors_on_a_terminal(self):
        for flags, env, is_colored in (([], {"TERM": "xterm"}, True), ([], {"TERM": "dumb"}, False),
                                       ([], {"TERM": "xterm", "NO_COLOR": "1"}, False),
                                       (["--color", "never"], {"TERM": "xterm"}, False)):
            with self.subTest(flags=flags, env=env):
                self.assertEqual("\x1b[" in self.printed(80, "workers", "list", *flags, env=env), is_colored)

    def test_tables_of_many_columns_fit_the_terminal(self):
        for width in 40, 80:
            said = self.printed(width, "pool", "stats")
            table = said[said.index("LANE "):]
            self.assertLessEqual(max(len(line) for line in table.splitlines()), width)
            self.assertIn("BUSY", table)

    def test_busy_server(self):
        server = support.start("--lanes", "1", "--queue", "1", "--tasks-per-isolate", "1")
        self.addCleanup(server.kill)
        cli = Cli(server.address)
        cli.ok("deploy", worker_file("echo.js"), "--name", "echo")
        command = [str(support.BIN / "isoyard"), "exec", "echo", "--path", "/sleep?ms=1500", "-a", server.address]
        processes = [subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) for _ in range(8)]
        ends = [(process.communicate(timeout=support.PATIENCE)[1].decode(), process.returncode) for process in processes]
        self.assertEqual({status for _, status in ends}, {0, 5})
        self.assertTrue(all("try again" in said for said, status in ends if status == 5), ends)


class Output(Case):
    def test_what_cannot_be_written_is_told(self):
        for command in ["exec", "echo"], ["workers", "list"], ["pool", "stats", "--json"]:
            with open("/dev/full", "wb") as full:
                result = subprocess.run([support.BIN / "isoyard", *command], stdout=full, stderr=subprocess.PIPE,
                                        env={**os.environ, "ISOYARD_ADDRESS": self.server.address}, check=False)
            self.assertEqual(result.returncode, 2, command)
            self.assertIn(b"output", result.stderr)


class OtherServers(support.TestCase):
    """Servers of other versions: what the client looks for may be missing."""

    COMMANDS = [["workers", "list"], ["workers", "get", "x"], ["workers", "delete", "x"], ["workers", "versions", "x"],
                ["workers", "rollback", "x"], ["pool", "stats"], ["pool", "switch", "shared"], ["pool", "comparisons"],
                ["pool", "comparisons", "1"], ["pool", "compare", "--workload", "cpu"], ["logs"], ["logs", "--follow"],
                ["exec", "x"], ["exec", "x", "--verbose"], ["exec", "x", "--stream"], ["exec", "x", "--event", "task"],
                ["deploy", worker_file("echo.js"), "--name", "x"], ["health"], ["version"]]

    class Empty(grpc.GenericRpcHandler):
        def service(self, call):
            def answer(requests, _):
                next(requests)
                yield b""
            return grpc.stream_stream_rpc_method_handler(answer)

    def setUp(self):
        server = grpc.server(concurrent.futures.ThreadPoolExecutor(2), handlers=[self.Empty()])
        self.cli = Cli(f"127.0.0.1:{server.add_insecure_port('127.0.0.1:0')}")
        server.start()
        self.addCleanup(lambda: server.stop(None).wait())

    def test_empty_answers_end_no_command_early(self):
        for command in self.COMMANDS:
            for flags in [], ["--json"]:
                result = self.cli.run(*command, *flags)
                self.assertIn(result.returncode, range(8), (command, flags, result.stderr))


if __name__ == "__main__":
    unittest.main()
