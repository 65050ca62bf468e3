"""isoyard init, isoyard.json, and isoyard dev."""

import http.client
import http.server
import json
import os
import re
import signal
import subprocess
import tempfile
import threading
import time
import unittest
from pathlib import Path

import support

WORKER = """export default {
    async fetch(request) {
        const url = new URL(request.url);
        if (url.pathname === "/throw") throw new Error("on purpose");
        if (url.pathname === "/loop") for (;;) {}
        if (url.pathname === "/text") return new Response("%s");
        console.log("asked for", url.pathname);
        const body = request.method === "POST" ? await request.text() : null;
        return Response.json({ method: request.method, url: request.url, body, "x-a": request.headers.get("x-a") },
                             { status: 201, headers: { "x-b": "caf\\u00e9" } });
    },
};
"""

STREAM = """const gate = () => fetch("http://127.0.0.1:%d/");
const encoder = new TextEncoder();
export default {
    fetch(request) {
        const { pathname } = new URL(request.url);
        if (pathname === "/none") return new Response(null);
        if (pathname === "/large") {
            let left = 100;
            const chunk = new Uint8Array(1 << 20).fill(120);
            return new Response(new ReadableStream({
                pull(controller) {
                    if (left-- > 0) controller.enqueue(chunk);
                    else controller.close();
                },
            }));
        }
        return new Response(new ReadableStream({
            async start(controller) {
                controller.enqueue(encoder.encode("data: 1\\n\\n"));
                await gate();
                if (pathname === "/break") throw new Error("on purpose");
                controller.enqueue(encoder.encode("data: 2\\n\\n"));
                controller.enqueue(encoder.encode("data: 3\\n\\n"));
                controller.close();
            },
            cancel() {
                console.log("cancelled");
            },
        }), { headers: { "content-type": "text/event-stream" } });
    },
};
"""

LATER = "once isoyard dev is started again"

ESBUILD = support.ROOT / "shim/js/node_modules/.bin/esbuild"

SIDES = """import data from "./data.json";
import text from "./text.txt";
import module from "./answer.wasm";
export default {
    async fetch() {
        const instance = await WebAssembly.instantiate(module);
        return new Response(`${data.a} ${text} ${instance.exports.f()}`);
    },
};
"""

# (module (func (export "f") (result i32) i32.const N))
WASM = (b"\0asm\1\0\0\0" b"\1\5\1\x60\0\1\x7f" b"\3\2\1\0" b"\7\5\1\1f\0\0" b"\x0a\6\1\4\0\x41%c\x0b")


class Folder(support.ServerCase):
    def setUp(self):
        self.folder = Path(tempfile.mkdtemp(dir=support.SCRATCH))

    def run_in(self, *arguments, folder=None):
        environment = {**os.environ, "ISOYARD_ADDRESS": self.server.address}
        return subprocess.run([support.BIN / "isoyard", *map(str, arguments)], cwd=folder or self.folder,
                              capture_output=True, text=True, timeout=support.PATIENCE, env=environment, check=False)

    def ok(self, *arguments, **options):
        result = self.run_in(*arguments, **options)
        self.assertEqual(result.returncode, 0, result.stderr)
        return result.stdout

    def wrong(self, *arguments):
        result = self.run_in(*arguments)
        self.assertEqual(result.returncode, 2, result.stderr)
        return result.stderr

    def project(self, **values):
        (self.folder / "isoyard.json").write_text(json.dumps(values))


class Init(Folder):
    def test_the_starter_deploys_and_answers(self):
        self.ok("init", "My First_Worker")
        folder = self.folder / "My First_Worker"
        self.assertEqual(sorted(os.listdir(folder)), ["isoyard.d.ts", "isoyard.json", "worker.js"])
        self.assertEqual(json.loads((folder / "isoyard.json").read_text())["name"], "my-first-worker")
        self.assertIn("deployed my-first-worker version 1", self.ok("deploy", folder=folder))
        self.assertEqual(json.loads(self.ok("exec", "my-first-worker", "-p", "/?name=you")), {"hello": "you"})

        def logged():
            return "GET /" in self.ok("logs", folder=folder)
        support.wait_until(logged, "the worker's line in the log")

    def test_name_by_option(self):
        self.ok("init", "--name", "other")
        self.assertEqual(json.loads((self.folder / "isoyard.json").read_text())["name"], "other")
        self.assertIn("UPPER", self.wrong("init", "x", "--name", "UPPER"))

    def test_nothing_is_overwritten(self):
        (self.folder / "worker.js").write_text("mine")
        self.assertIn("worker.js is there already; nothing was written", self.wrong("init"))
        self.assertEqual(os.listdir(self.folder), ["worker.js"])


class Project(Folder):
    def test_files_tenant_and_limits(self):
        (self.folder / "main.js").write_text("import { a } from './lib/a.js';\n"
                                             "export default { fetch: () => new Response(a) }")
        (self.folder / "lib").mkdir()
        (self.folder / "lib/a.js").write_text("export const a = 'from a'")
        self.project(name="app", main="main.js", files=["lib/a.js"], tenant="team", limits={"max_tasks": 3})
        version = json.loads(self.ok("deploy", "--json"))
        self.assertEqual(version["file_names"], ["main.js", "lib/a.js"])
        self.assertEqual(version["max_tasks"], 3)
        self.assertEqual(self.ok("exec", "app", "-t", "team"), "from a")

    def test_options_win(self):
        (self.folder / "main.js").write_text("export default { fetch: () => new Response('x') }")
        self.project(name="app", main="main.js", tenant="team", limits={"max_tasks": 3})
        version = json.loads(self.ok("deploy", "--json", "--name", "mine", "--tenant", "me", "--max-tasks", "9"))
        self.assertEqual(version["max_tasks"], 9)
        self.assertEqual(self.ok("exec", "mine", "-t", "me"), "x")

    def test_faults_are_named(self):
        for text, said in (("{", "isoyard.json:1:"), ("[]", "must be an object"),
                           ('{"main": "a.js"}', '"name" is missing'),
                           ('{"name": "A B", "main": "a.js"}', '"name" must be'),
                           ('{"name": "a"}', '"main" must name a file'),
                           ('{"name": "a", "mian": "a.js"}', 'did you mean "main"?'),
                           ('{"name": "a", "main": "a.js", "files": "b.js"}', '"files" must be a list'),
                           ('{"name": "a", "main": "a.js", "files": [1]}', '"files" must name a file'),
                           ('{"name": "a", "main": "a.js", "limits": {"max_tasks": 0}}', '"max_tasks" must be'),
                           ('{"name": "a", "main": "a.js", "limits": {"max_taks": 1}}', 'did you mean "max_tasks"?'),
                           ('{"name": "a", "name": "b", "main": "a.js"}', "duplicate"),
                           ('{"name": "a", "main": "missing.js"}', "missing.js")):
            with self.subTest(text=text):
                (self.folder / "isoyard.json").write_text(text)
                self.assertIn(said, self.wrong("deploy"))

    def test_without_one(self):
        self.assertIn("isoyard init", self.wrong("deploy"))
        self.assertIn("isoyard init", self.wrong("dev"))


class Dev(support.TestCase):
    def start(self, *arguments, ready=True, files=None, env=None):
        """isoyard dev in a folder of its own; its output is gathered as it comes."""
        self.folder = Path(tempfile.mkdtemp(dir=support.SCRATCH))
        for name, content in (files or {"worker.js": WORKER % "one"}).items():
            self.write(name, content)
        self.tmp = self.folder / "tmp"
        self.tmp.mkdir()
        environment = {**os.environ, "TMPDIR": str(self.tmp), "ISOYARD_CPU_MS": "nonsense", **(env or {})}
        self.process = subprocess.Popen([support.BIN / "isoyard", "dev", "--port", "0", *arguments], cwd=self.folder,
                                        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                        env=environment, text=True)
        self.said = ""
        self.reader = threading.Thread(target=self.read)
        self.reader.start()
        self.addCleanup(self.stop)
        if ready:
            self.wait_ready()

    def wait_ready(self):
        support.wait_until(lambda: "http://127.0.0.1:" in self.said, f"dev to serve: {self.said}")
        self.port = int(re.search(r"http://127\.0\.0\.1:(\d+)/", self.said)[1])

    def write(self, name, content):
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())

    def read(self):
        for line in self.process.stdout:
            self.said += line

    def stop(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
        status = self.process.wait(support.PATIENCE)
        self.reader.join()
        self.process.stdout.close()
        return status

    def ask(self, path, method="GET", body=None, headers=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=support.PATIENCE)
        connection.request(method, path, body=body, headers=headers or {})
        answer = connection.getresponse()
        text = answer.read()
        connection.close()
        return answer, text

    def wait_said(self, text):
        support.wait_until(lambda: text in self.said, f"{text!r} in {self.said!r}")

    def test_a_signal_at_any_time_leaves_no_folder(self):
        for number, pause in ((signal.SIGTERM, 0), (signal.SIGINT, 0.1), (signal.SIGTERM, 0.3), (signal.SIGINT, 1),
                              (signal.SIGHUP, 0), (signal.SIGHUP, 1)):
            with self.subTest(pause=pause):
                self.start("worker.js", ready=False)
                support.wait_until(lambda: os.listdir(self.tmp) or self.process.poll() is not None, "the folder")
                time.sleep(pause)
                self.process.send_signal(number)
                self.process.wait(support.PATIENCE)
                self.assertEqual(self.stop(), 0)
                self.assertEqual(os.listdir(self.tmp), [])

    def test_http_both_ways(self):
        self.start("worker.js")
        answer, text = self.ask("/a%20b?q=%C3%A9", "POST", "h\u00e9llo".encode(), {"X-A": "yes"})
        self.assertEqual((answer.status, answer.headers["x-b"]), (201, "caf\u00e9"))
        self.assertEqual(json.loads(text), {"method": "POST", "url": f"http://127.0.0.1:{self.port}/a%20b?q=%C3%A9",
                                            "body": "h\u00e9llo", "x-a": "yes"})
        self.wait_said("asked for /a%20b")
        self.wait_said("201 POST /a%20b?q=%C3%A9")
        answer, text = self.ask("/", "HEAD")
        self.assertEqual((answer.status, text), (201, b""))
        large = "x" * (5 << 20)
        self.assertEqual(len(json.loads(self.ask("/", "POST", large)[1])["body"]), len(large))

    def start_streaming(self):
        """A worker whose body waits in its midst until the test opens a gate."""
        gate = threading.Event()

        class Gate(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                gate.wait(support.PATIENCE)
                self.send_response(204)
                self.end_headers()

            def log_message(self, *arguments):
                pass
        web = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Gate)
        threading.Thread(target=web.serve_forever, daemon=True).start()
        self.addCleanup(web.server_close)
        self.addCleanup(web.shutdown)
        self.addCleanup(gate.set)
        self.start("worker.js", files={"worker.js": STREAM % web.server_port})
        return gate

    def open(self, path, method="GET"):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=support.PATIENCE)
        self.addCleanup(connection.close)
        connection.request(method, path)
        return connection, connection.getresponse()

    def test_a_body_comes_as_it_is_written(self):
        gate = self.start_streaming()
        _, answer = self.open("/events")
        self.assertEqual((answer.status, answer.headers["content-type"]), (200, "text/event-stream"))
        # The rest is not even written before this has come.
        self.assertEqual(answer.read1(), b"data: 1\n\n")
        gate.set()
        self.assertEqual(answer.read(), b"data: 2\n\ndata: 3\n\n")
        self.wait_said("200 GET /events")
        self.assertEqual(self.ask("/large")[1], b"x" * (100 << 20))
        for path, method in (("/none", "GET"), ("/events", "HEAD")):
            answer, text = self.ask(path, method)
            self.assertEqual(text, b"", path)
        self.assertEqual(self.ask("/none")[0].headers["content-length"], "0")
        self.assertNotIn("broke off", self.said)

    def test_a_body_that_breaks_off_is_not_whole(self):
        gate = self.start_streaming()
        _, answer = self.open("/break")
        self.assertEqual(answer.read1(), b"data: 1\n\n")
        gate.set()
        with self.assertRaises(http.client.IncompleteRead):
            answer.read()
        self.wait_said("the answer to /break broke off: ")
        self.wait_said("on purpose")

    def test_a_client_that_leaves_is_told_to_the_worker(self):
        self.start_streaming()
        connection, answer = self.open("/events")
        self.assertEqual(answer.read1(), b"data: 1\n\n")
        answer.close()
        connection.close()
        self.wait_said("cancelled")

    def test_a_body_under_way_does_not_delay_the_end(self):
        self.start_streaming()
        _, answer = self.open("/events")
        self.assertEqual(answer.read1(), b"data: 1\n\n")
        before = time.monotonic()
        self.assertEqual(self.stop(), 0)
        self.assertLess(time.monotonic() - before, 8)

    def test_failures_are_answers(self):
        self.start("worker.js")
        answer, text = self.ask("/throw")
        self.assertEqual(answer.status, 500)
        self.assertIn(b"on purpose", text)
        self.assertIn(b"worker.js:4", text)
        self.assertEqual(self.ask("/loop")[0].status, 503)

    def test_changes_are_deployed_and_faults_keep_the_last_version(self):
        self.start("worker.js")
        self.assertEqual(self.ask("/text")[1], b"one")
        (self.folder / "worker.js").write_text(WORKER % "two")
        self.wait_said("version 2")
        self.assertEqual(self.ask("/text")[1], b"two")
        (self.folder / "worker.js").write_text("export default {\n    fetch( { }\n};\n")
        self.wait_said("> 3 | };")
        self.assertEqual(self.ask("/text")[1], b"two")
        # As editors do it: a new file takes the place of the old one.
        (self.folder / "new").write_text(WORKER % "three")
        os.replace(self.folder / "new", self.folder / "worker.js")
        self.wait_said("version 3")
        self.assertEqual(self.ask("/text")[1], b"three")

    def test_a_reader_that_leaves_ends_it_without_a_folder(self):
        folder = Path(tempfile.mkdtemp(dir=support.SCRATCH))
        (folder / "worker.js").write_text(WORKER % "one")
        (folder / "tmp").mkdir()
        process = subprocess.Popen([support.BIN / "isoyard", "dev", "--port", "0", "worker.js"], cwd=folder,
                                   stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                                   env={**os.environ, "TMPDIR": str(folder / "tmp")})
        self.addCleanup(process.kill)
        self.assertIn(b"deployed", process.stdout.readline())
        process.stdout.close()
        (folder / "worker.js").write_text(WORKER % "two")
        process.wait(support.PATIENCE)
        self.assertEqual(os.listdir(folder / "tmp"), [])

    def test_side_files_are_watched(self):
        self.start("side.js", "data.json", "text.txt", "answer.wasm", ready=False, files={
            "side.js": SIDES, "data.json": '{"a": 1}', "text.txt": "one", "answer.wasm": WASM % 1})
        self.wait_ready()
        self.assertEqual(self.ask("/")[1], b"1 one 1")
        for name, content, expected in (("data.json", '{"a": 2}', b"2 one 1"), ("text.txt", "two", b"2 two 1"),
                                        ("answer.wasm", WASM % 2, b"2 two 2")):
            with self.subTest(name=name):
                self.write(name, content)
                support.wait_until(lambda: self.ask("/")[1] == expected, expected.decode())

    def start_bundled(self, *arguments, **files):
        self.start(*arguments, ready=False, env={"ISOYARD_ESBUILD": str(ESBUILD)}, files={
            "worker.ts": 'import { a } from "./lib/a";\nimport text from "./text.md";\n'
                         'export default { fetch: () => new Response(`${a as string} ${text}`) };\n',
            "lib/a.ts": 'export const a: string = "one";\n', "text.md": "text", **files})

    def answers(self, expected, path="/"):
        support.wait_until(lambda: self.ask(path)[1] == expected.encode(), f"{expected} in {self.said}")

    def test_imports_of_a_bundle_are_watched_and_new_ones_too(self):
        self.start_bundled("worker.ts")
        self.wait_ready()
        self.assertEqual(self.ask("/")[1], b"one text")
        self.write("lib/a.ts", 'export const a: string = "two";\n')
        self.answers("two text")
        self.write("text.md", "words")
        self.answers("two words")
        self.write("lib/deep/b.ts", 'export const b = "three";\n')
        self.write("lib/a.ts", 'export { b as a } from "./deep/b";\n')
        self.answers("three words")
        self.write("lib/deep/b.ts", 'export const b = "four";\n')
        self.answers("four words")
        # What is no longer a part of it is no reason to deploy.
        self.write("lib/a.ts", 'export const a = "five";\n')
        self.answers("five words")
        versions = self.said.count("deployed")
        self.write("lib/deep/b.ts", 'export const b = "six";\n')
        self.write("elsewhere.ts", "")
        time.sleep(0.5)
        self.assertEqual(self.said.count("deployed"), versions)

    def test_a_bundle_that_fails_is_tried_again_when_what_was_wrong_changes(self):
        """Also the first one, of which nothing is known."""
        self.start_bundled("worker.ts", **{"lib/a.ts": "export const a = ;\n"})
        self.wait_ready()
        self.wait_said("cannot bundle worker.ts")
        self.assertEqual(self.ask("/")[0].status, 503)
        self.write("lib/a.ts", 'export { b as a } from "./b";\n')
        self.wait_said('Could not resolve "./b"')
        self.write("lib/b.ts", 'export const b = "found";\n')
        self.answers("found text")
        tried = self.said.count("cannot bundle")
        self.write("worker.ts", "export default {\n")
        support.wait_until(lambda: self.said.count("cannot bundle") > tried, "the fault")
        time.sleep(0.5)
        # Neither what it writes itself, nor other files, have it try again.
        self.write("log.out", "x")
        time.sleep(0.5)
        self.assertEqual(self.said.count("cannot bundle"), tried + 1)
        self.assertEqual(self.ask("/")[1], b"found text")

    def test_javascript_is_bundled_where_it_is_asked_for(self):
        self.start_bundled("main.js", "--bundle", **{
            "main.js": 'import { a } from "pack";\nexport default { fetch: () => new Response(a) };\n',
            "node_modules/pack/package.json": '{"name": "pack", "main": "index.js"}',
            "node_modules/pack/index.js": 'export const a = "packed";\n'})
        self.wait_ready()
        self.assertEqual(self.ask("/")[1], b"packed")
        self.write("node_modules/pack/index.js", 'export const a = "again";\n')
        self.answers("again")

    def test_esbuild_gets_no_blocked_signals(self):
        self.folder = None
        spy = Path(tempfile.mkdtemp(dir=support.SCRATCH)) / "esbuild"
        spy.write_text(f'#!/bin/sh\ngrep SigBlk /proc/self/status >> {spy}.log\nexec {ESBUILD} "$@"\n')
        spy.chmod(0o755)
        self.start("worker.ts", ready=False, env={"ISOYARD_ESBUILD": str(spy)}, files={
            "worker.ts": 'export default { fetch: () => new Response("x" as string) };\n'})
        self.wait_ready()
        self.write("worker.ts", 'export default { fetch: () => new Response("y" as string) };\n')
        self.answers("y")
        masks = Path(f"{spy}.log").read_text().splitlines()
        self.assertGreaterEqual(len(masks), 2)
        self.assertEqual(set(masks), {"SigBlk:\t0000000000000000"})

    def start_project(self, *arguments, ready=True, files=None, **values):
        """isoyard.json says what runs."""
        self.start(*arguments, ready=ready, files={"isoyard.json": json.dumps({"name": "shop", "main": "worker.js", **values}),
                                                   "worker.js": WORKER % "one", **(files or {})})

    def write_project(self, **values):
        self.write("isoyard.json", json.dumps({"name": "shop", "main": "worker.js", **values}))

    def test_project_with_limits(self):
        self.start_project(limits={"cpu_ms": 100})
        self.assertIn("shop is at", self.said)
        before = time.monotonic()
        answer, text = self.ask("/loop")
        self.assertEqual(answer.status, 503)
        self.assertIn(b"100000 us allowed", text)
        self.assertLess(time.monotonic() - before, 10)

    def test_project_that_changes_holds_at_once(self):
        self.start_project(files={"other/main.js": 'import { a } from "./a.js";\n' + WORKER % "other",
                                  "other/a.js": "export const a = 1;\n"})
        self.write_project(main="other/main.js", files=["other/a.js"], limits={"max_tasks": 3})
        self.answers("other", "/text")
        self.wait_said("shop version 2")
        # What is watched now are the files that it names now.
        self.write("other/main.js", 'import { a } from "./a.js";\n' + WORKER % "again")
        self.answers("again", "/text")
        said = self.said.count("deployed")
        self.write("worker.js", WORKER % "nobody")
        time.sleep(0.5)
        self.assertEqual(self.said.count("deployed"), said)
        self.assertNotIn("started again", self.said)

    def test_project_with_another_name(self):
        self.start_project()
        self.write_project(name="store", main="missing.js")
        self.wait_said("missing.js: No such file")
        self.assertEqual(self.ask("/text")[1], b"one")
        self.assertNotIn("store is at", self.said)
        self.write("missing.js", WORKER % "of the store")
        self.wait_said(f"store is at http://127.0.0.1:{self.port}/")
        self.assertIn("deployed store version 1\n", self.said)
        self.assertEqual(self.ask("/text")[1], b"of the store")

    def test_name_by_option_stays(self):
        self.start_project("--name", "mine")
        self.write_project(name="store")
        self.wait_said("mine version 2")
        self.assertNotIn("store", self.said)

    def test_project_that_cannot_change_all_says_so_once(self):
        limits = f"isoyard.json: limits are the server's, but for max_tasks: these hold {LATER}\n"
        tenant = f'isoyard.json: "tenant" holds {LATER}\n'
        self.start_project(limits={"cpu_ms": 500}, tenant="team")
        self.write_project(limits={"cpu_ms": 400}, tenant="team")
        self.wait_said(limits)
        self.assertNotIn(tenant, self.said)
        self.write_project(limits={"cpu_ms": 400}, tenant="other")
        self.wait_said(tenant)
        self.assertIn(b"500000 us allowed", self.ask("/loop")[1])
        self.write("worker.js", WORKER % "two")
        self.answers("two", "/text")
        # As it runs: there is nothing to be said.
        self.write_project(limits={"cpu_ms": 500}, tenant="team")
        time.sleep(0.5)
        self.write("worker.js", WORKER % "three")
        self.answers("three", "/text")
        self.assertEqual((self.said.count(limits), self.said.count(tenant)), (1, 1))

    def test_project_with_a_fault_keeps_what_runs_until_it_is_right(self):
        self.start_project()
        self.write("isoyard.json", '{"name": "shop", "mian": "worker.js"}')
        self.wait_said('did you mean "main"?')
        self.assertEqual(self.ask("/text")[1], b"one")
        os.remove(self.folder / "isoyard.json")
        self.wait_said("there is no ./isoyard.json")
        self.write("worker.js", WORKER % "two")
        self.write_project()
        self.answers("two", "/text")

    def test_project_is_not_looked_at_where_files_are_named(self):
        self.start_project("worker.js")
        self.write("isoyard.json", "{")
        time.sleep(0.5)
        self.write("worker.js", WORKER % "two")
        self.answers("two", "/text")
        self.assertNotIn("isoyard.json", self.said)

    def test_nothing_is_left(self):
        self.start("worker.js")
        folder = next(self.tmp.iterdir())
        self.assertTrue((folder / "isoyard.db").exists())
        self.assertEqual(self.stop(), 0)
        self.assertEqual(list(self.tmp.iterdir()), [])

    def test_server_ends_with_it_even_when_it_is_killed(self):
        self.start("worker.js")
        server = subprocess.run(["pgrep", "-P", str(self.process.pid)], capture_output=True, text=True, check=True)
        pid = int(server.stdout)
        self.process.kill()
        self.process.wait()

        def is_gone():
            try:
                return "Z" in Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
            except FileNotFoundError:
                return True
        support.wait_until(is_gone, "the server to end")

    def test_port_in_use(self):
        self.start("worker.js")
        result = subprocess.run([support.BIN / "isoyard", "dev", "--port", str(self.port), "worker.js"], text=True,
                                cwd=self.folder, capture_output=True, timeout=support.PATIENCE, check=False)
        self.assertEqual(result.returncode, 2)
        self.assertIn("in use", result.stderr)
        self.assertIn("--port", result.stderr)

    def test_server_that_is_not_there(self):
        self.start("worker.js", "--server", "/nonexistent/isoyardd", ready=False)
        self.assertEqual(self.process.wait(support.PATIENCE), 2)
        self.reader.join()
        self.assertIn("/nonexistent/isoyardd", self.said)
        self.assertEqual(list(self.tmp.iterdir()), [])


if __name__ == "__main__":
    unittest.main()
