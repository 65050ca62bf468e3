"""What people get wrong most often, and what they are told."""

import http.server
import json
import os
import re
import socket
import subprocess
import threading
import unittest

import support
from support import Cli, worker_file


class Mistakes(support.ServerCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.folder = cls.server.folder / "files"
        cls.folder.mkdir()
        for name in "greeter", "counter":
            cls.cli.ok("deploy", worker_file("echo.js"), "--name", name)

    def told(self, status, *arguments, cli=None):
        """One sentence of what, one of what to do about it."""
        result = (cli or self.cli).run(*arguments)
        said = result.stderr.decode()
        self.assertEqual(result.returncode, status, said)
        self.assertTrue(said.startswith("isoyard"), said)
        return said

    def test_no_server(self):
        said = self.told(3, "health", cli=Cli("127.0.0.1:1"))
        self.assertRegex(said, r"127\.0\.0\.1:1 cannot be reached; start isoyardd, or .*--address")
        self.assertIn("/no/such/socket cannot be reached", self.told(3, "health", cli=Cli("unix:/no/such/socket")))

    def test_wrong_address(self):
        for address in "127.0.0.1", "localhost:grpc", "127.0.0.1:99999", ":7070", "http://127.0.0.1/", "http://127.0.0.1:7071":
            with self.subTest(address=address):
                self.assertIn("is no server's address; give HOST:PORT",
                              self.told(3, "health", "--timeout", "5", cli=Cli(address)))

    def test_something_else_listens(self):
        web = http.server.ThreadingHTTPServer(("127.0.0.1", 0), http.server.BaseHTTPRequestHandler)
        web.RequestHandlerClass.log_message = lambda *arguments: None
        self.addCleanup(web.server_close)
        threading.Thread(target=web.serve_forever, daemon=True).start()
        self.addCleanup(web.shutdown)
        self.assertIn("does not speak gRPC", self.told(3, "health", cli=Cli(f"127.0.0.1:{web.server_port}")))

    def test_something_closes_the_connection(self):
        with socket.create_server(("127.0.0.1", 0)) as listener:
            def close_all():
                try:
                    while True:
                        listener.accept()[0].close()
                except OSError:
                    pass
            thread = threading.Thread(target=close_all, daemon=True)
            thread.start()
            port = listener.getsockname()[1]
            self.assertIn("does not speak gRPC", self.told(3, "health", cli=Cli(f"127.0.0.1:{port}")))
            listener.shutdown(socket.SHUT_RDWR)
        thread.join(support.PATIENCE)

    def test_no_such_worker(self):
        said = self.told(4, "exec", "greter")
        self.assertIn("no worker 'greter'", said)
        self.assertIn("did you mean 'greeter'?", said)
        for command in "get", "versions", "delete", "rollback":
            with self.subTest(command=command):
                self.assertIn("did you mean 'counter'?", self.told(4, "workers", command, "conter"))
        said = self.told(4, "exec", "unlike-any")
        self.assertNotIn("did you mean", said)
        self.assertIn("workers list", said)
        self.assertIn("has no workers", self.told(4, "exec", "greeter", "--tenant", "nobody"))
        error = json.loads(self.cli.run("exec", "greter", "--json").stderr)["error"]
        self.assertEqual(error["code"], "NOT_FOUND")

    def test_file_that_is_not_there(self):
        self.assertRegex(self.told(2, "deploy", self.folder / "none.js", "-n", "x"), r"none\.js: No such file")
        (self.folder / "there.js").write_text("export default {};")
        self.assertIn(f"did you mean {self.folder}/there.js?", self.told(2, "deploy", self.folder / "their.js", "-n", "x"))
        self.assertRegex(self.told(2, "deploy", "none.js", "-n", "x"), r"it is looked for in /")
        self.assertRegex(self.told(2, "exec", "greeter", "-d", "@none.json"), r"none\.json: No such file.*looked for")
        self.assertIn("name the worker's main file", self.told(2, "deploy", self.folder, "-n", "x"))
        self.assertIn("did you mean", self.told(2, "dev", self.folder / "their.js", "--port", "0"))
        self.assertRegex(self.told(2, "deploy", self.folder, "-n", "x", "--type", f"{self.folder}=module"),
                         "[Ii]s a directory")

    def test_bare_import(self):
        (self.folder / "bare.js").write_text("import 'lodash';\nexport default {};\n")
        self.assertIn("'isoyard deploy --bundle'", self.told(4, "deploy", self.folder / "bare.js", "-n", "x"))

    def test_common_js(self):
        for number, text in enumerate(["const fs = require('fs');", "module.exports = {};", "exports.fetch = () => {};"]):
            file = self.folder / f"common{number}.js"
            file.write_text(text)
            self.assertIn("there is no CommonJS: write import and export", self.told(4, "deploy", file, "-n", "x"))
        file.write_text("export default { fetch() { return require('fs'); } };")
        self.cli.ok("deploy", file, "-n", "common")
        self.assertIn("there is no CommonJS", self.told(1, "exec", "common"))

    def test_import_that_was_not_deployed(self):
        (self.folder / "part.js").write_text("import './other.js';\nexport default {};\n")
        self.assertIn("deploy it with the main file", self.told(4, "deploy", self.folder / "part.js", "-n", "x"))

    def test_name_that_is_not_allowed(self):
        rule = "1 to 63 of a-z, 0-9 and '-'"
        self.assertIn(rule, self.told(2, "init", self.folder / "new", "--name", "A_b"))
        self.assertIn(rule, self.told(2, "dev", worker_file("echo.js"), "--name", "A_b"))
        self.assertIn("1 to 63 characters of a-z", self.told(4, "deploy", worker_file("echo.js"), "--name", "A_b"))

    def test_payload_that_is_no_json(self):
        said = self.told(4, "exec", "counter", "--event", "task", "--data", "{n: 1}")
        self.assertIn("not JSON", said)
        self.assertIn("""--data must be JSON here, as '{"n": 1}'""", said)

    def test_version_that_is_not_there(self):
        said = self.told(4, "workers", "rollback", "greeter", "9")
        self.assertIn("no version 9", said)
        self.assertIn("'isoyard workers versions greeter' lists its versions", said)
        self.assertNotIn("did you mean", said)
        self.assertIn("workers versions greeter", self.told(2, "workers", "rollback", "greeter", "nine"))

    def refused_by_server(self, *arguments, command=()):
        result = subprocess.run([*command, support.BIN / "isoyardd", *map(str, arguments)], capture_output=True, text=True,
                                timeout=support.PATIENCE, check=False)
        self.assertEqual(result.returncode, 1, result.stderr)
        return result.stderr

    def test_address_that_cannot_be_had(self):
        database = self.folder / "address.db"
        self.assertIn("is no address of this machine; choose another one with --listen",
                      self.refused_by_server("--listen", "192.0.2.1:7070", "--db", database))
        self.assertIn("its folder does not exist; make it, or choose another path with --unix",
                      self.refused_by_server("--unix", "/no/such/socket", "--db", database))

    @unittest.skipIf(os.geteuid() != 0, "wants to become somebody else")
    def test_database_that_cannot_be_written(self):
        nobody = ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups"]
        if subprocess.run([*nobody, "test", "-x", support.BIN / "isoyardd"], check=False).returncode != 0:
            self.skipTest("nobody may not run the program")
        said = self.refused_by_server("--listen", "127.0.0.1:0", "--http", "off", "--db", "/isoyard.db", command=nobody)
        self.assertIn("cannot be written by this user", said)
        self.assertIn("give the path of another file", said)

    def test_empty_file(self):
        (self.folder / "empty.js").write_text("")
        said = self.told(4, "deploy", self.folder / "empty.js", "-n", "x")
        self.assertIn("export default {", said)

    def test_script_that_does_not_compile(self):
        (self.folder / "bad.js").write_text("let a = 1;\n\n\tlet b = '\u00e9'; let a = 2;\nexport default {};\n")
        said = self.told(4, "deploy", self.folder / "bad.js", "-n", "x")
        self.assertIn("bad.js:3:19: SyntaxError", said)
        self.assertIn("    1 | let a = 1;\n    2 | \n  > 3 |  let b = '\u00e9'; let a = 2;\n"
                      "      |                   ^\n    4 | export default {};\n", said)

    def test_port_in_use(self):
        result = subprocess.run([support.BIN / "isoyardd", "--listen", self.server.address,
                                 "--db", self.folder / "other.db"], capture_output=True, text=True, check=False)
        self.assertEqual(result.returncode, 1)
        self.assertRegex(result.stderr, r"in use: another server listens there; .*--listen")

    def test_unknown_command_and_option(self):
        self.assertIn("did you mean 'isoyard deploy'?", self.told(2, "depoly"))
        for word, command in ("delete", "workers delete"), ("stats", "pool stats"), ("swich", "pool switch"):
            self.assertIn(f"did you mean 'isoyard {command}'?", self.told(2, word))
        self.assertIn("'isoyard workers --help' lists", self.told(2, "workers", "stats"))
        self.assertIn("did you mean --name?", self.told(2, "deploy", "--nane", "x"))

    def test_path_and_body_without_their_options(self):
        for command in ["exec"], ["pool", "compare"]:
            for argument in "/path", "[1]":
                self.assertIn(f"unexpected argument '{argument}'; a path is given by --path, a body by --data",
                              self.told(2, *command, "greeter", argument))

    def test_unknown_option_of_the_server(self):
        def refused(*arguments):
            result = subprocess.run([support.BIN / "isoyardd", *arguments], capture_output=True, text=True,
                                    timeout=support.PATIENCE, check=False)
            self.assertEqual((result.returncode, result.stdout), (2, ""))
            return result.stderr
        self.assertEqual(refused("--htpp=off"), "isoyardd: there is no option --htpp; did you mean --http?\n")
        self.assertIn("did you mean --listen?", refused("--db", "--no-option", "--lisen", "127.0.0.1:0"))
        self.assertIn("did you mean --version?", refused("--verson"))
        self.assertEqual(refused("--quite-another"),
                         "isoyardd: there is no option --quite-another; 'isoyardd --help' lists them\n")
        self.assertIn("unexpected argument", refused("--", "--htpp"))

    def test_limit(self):
        (self.folder / "loop.js").write_text("export default { fetch() { for (;;) {} } }")
        self.cli.ok("deploy", self.folder / "loop.js", "--name", "loop")
        said = self.told(1, "exec", "loop")
        self.assertTrue(re.search(r"limit: CPU, used \S+ m?s, allowed", said), said)

    def test_logs_that_are_none(self):
        said = self.told(0, "logs", "conter")
        self.assertIn("no such records of 'conter'; ", said)
        self.assertIn("did you mean 'counter'?", said)
        self.assertNotIn("did you mean", self.told(0, "logs", "counter"))
        self.assertEqual(self.cli.run("logs", "counter", "--json").stderr, b"")

    def test_handler_that_is_not_there(self):
        self.assertIn("no handler for", self.told(1, "exec", "greeter", "--event", "task"))


if __name__ == "__main__":
    unittest.main()
