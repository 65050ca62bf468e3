"""`isoyard logs`."""

import json
import signal
import unittest
import urllib.parse

from log_case import LogCase, TALKER
from support import PATIENCE


class CommandLine(LogCase):
    def test_lines_oldest_first(self):
        name = self.deploy()
        self.api.execute(name, "/many?n=30&text=line")
        self.api.execute(name, "/throw?text=boom")
        lines = self.cli.ok("logs", name, "-n", "4").decode().splitlines()
        self.assertRegex(lines[0], rf"^\d{{4}}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{{3}} info  {name} v1 [0-9a-f]{{16}} line 28$")
        self.assertRegex(lines[3], r" error .* GET https://\S+/throw: Error: boom$")
        self.assertRegex(lines[4], r"^    at \S+ \(main.js:\d+:\d+\)$")
        everything = self.cli.ok("logs", name, "--since", "1h").decode().splitlines()
        self.assertIn(" line 0", everything[0])
        self.assertEqual(everything[-5:], lines)

    def test_json_lines_and_filters(self):
        name = self.deploy()
        report = self.api.execute(name, "/throw?text=boom").report
        def records(*options):
            return [json.loads(line) for line in self.cli.ok("logs", name, "--json", *options).splitlines()]
        self.assertEqual([record["kind"] for record in records()], ["LOG_KIND_CONSOLE", "LOG_KIND_EXECUTION"])
        self.assertEqual(records("--outcome", "failed,limit")[0]["end"]["outcome"], "LOG_OUTCOME_FAILED")
        self.assertEqual(records("--level", "error"), records("--outcome", "any"))
        self.assertEqual(len(records("--execution", report.execution_id)), 2)
        self.assertEqual(len(records("--text", "before")), 1)
        self.assertEqual(records("--worker-version", "2"), [])
        self.assertEqual(records("--until", "2020-01-01"), [])

    def test_text_cannot_pass_for_a_record_or_steer_the_terminal(self):
        name = self.deploy()
        self.api.execute(name, "/?text=a%0A2026-01-01%20b%1B[2J")
        lines = self.cli.ok("logs", name).decode().splitlines()
        self.assertEqual(lines[1], "    2026-01-01 b\\x1b[2J")

    def test_json_cannot_steer_the_terminal(self):
        name = self.deploy()
        text = "\x1b[2J\x9b2J\u202eé"
        self.api.execute(name, f"/?text={urllib.parse.quote(text)}")
        printed = self.cli.ok("logs", name, "--json").decode()
        self.assertEqual(json.loads(printed)["text"], text)
        self.assertNotRegex(printed, "[\x1b\x9b\u202e]")
        self.assertIn("é", printed)
        self.assertIn("\\u009b2J\\u202e", self.server.log())

    def test_follow(self):
        name = self.deploy()
        self.api.execute(name, "/?text=first")
        process = self.cli.popen("logs", name, "-f")
        self.addCleanup(process.kill)
        self.assertIn(b" first\n", process.stdout.readline())
        self.api.execute(name, "/?text=second")
        self.assertIn(b" second\n", process.stdout.readline())
        process.send_signal(signal.SIGINT)
        self.assertEqual(process.communicate(timeout=PATIENCE)[1], b"")

    def test_follow_of_a_worker_that_is_not_there_says_so_and_waits_for_it(self):
        near = self.deploy()
        name = near + "s"
        process = self.cli.popen("logs", name, "-f")
        self.addCleanup(process.kill)
        self.assertEqual(process.stderr.readline().decode(), f"isoyard: there is no worker '{name}' yet; "
                         "its records are shown as soon as it has some\n")
        self.assertEqual(process.stderr.readline().decode(), f"  did you mean '{near}'?\n")
        self.assertIsNone(process.poll())
        self.api.deploy(name, TALKER)
        self.api.execute(name, "/?text=late")
        self.assertIn(b" late\n", process.stdout.readline())
        process.send_signal(signal.SIGINT)
        self.assertEqual(process.communicate(timeout=PATIENCE)[1], b"")

    def test_usage(self):
        for options in (("--level", "loud"), ("--outcome", "odd"), ("--since", "soon"), ("-f", "--since", "1h"),
                        ("-f", "-n", "1001"), ("a", "b")):
            self.assertEqual(self.cli.run("logs", *options).returncode, 2, options)

    def test_exec_tells_the_execution(self):
        name = self.deploy()
        text = self.cli.run("exec", name, "-v").stderr.decode()
        self.assertRegex(text, r"execution [0-9a-f]{16}, version 1")


if __name__ == "__main__":
    unittest.main()
