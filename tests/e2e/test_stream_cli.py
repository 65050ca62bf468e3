"""`isoyard exec --stream`."""

import json
import unittest

import support
from stream_case import Case, MIB, PATTERNS
from support import wait_until


class Cli(Case):
    """isoyard exec --stream."""

    flags = ("--lanes", "1")

    def test_from_stdin_to_stdout(self):
        data = b"".join(PATTERNS) * 2
        self.assertEqual(self.cli.ok("exec", "stream", "--stream", "-p", "/echo", "-d", "@-", stdin=data), data)

    def test_from_a_file(self):
        path = support.SCRATCH / "streamed"
        path.write_bytes(bytes(9 * MIB))
        answer = self.cli.ok("exec", "stream", "--stream", "-p", "/length", "-d", f"@{path}")
        self.assertEqual(json.loads(answer), {"value": 9 * MIB})
        self.assertEqual(self.cli.run("exec", "stream", "--stream", "-p", "/length", "-d", "@/missing").returncode, 2)

    def test_data_of_the_command_line_is_whole(self):
        self.assertEqual(json.loads(self.cli.ok("exec", "stream", "--stream", "-p", "/text", "-d", "abc")), {"value": "abc"})
        self.assertEqual(self.cli.ok("exec", "stream", "--stream", "-p", "/whole?size=3"), b"xxx")

    def test_as_it_comes(self):
        process = self.cli.popen("exec", "stream", "--stream", "-p", "/chunks?count=1000000&size=10&pause=50")
        self.addCleanup(process.stderr.close)
        self.addCleanup(process.stdout.close)
        self.assertEqual(process.stdout.read(10), bytes(10))
        self.assertEqual(process.stdout.read(10), b"\1" * 10)
        process.terminate()
        process.wait(support.PATIENCE)
        wait_until(lambda: self.api.stats().tasks.in_flight == 0, "the stream to be cancelled", 5)

    def test_failures(self):
        result = self.cli.run("exec", "stream", "--stream", "-p", "/breaks?size=4&after=1")
        self.assertEqual((result.returncode, result.stdout), (1, bytes(4)))
        self.assertIn(b"the worker's body broke", result.stderr)
        self.assertEqual(self.cli.run("exec", "nobody", "--stream").returncode,
                         self.cli.run("exec", "nobody").returncode)
        result = self.cli.run("exec", "stream", "--stream", "--fail", "-p", "/missing")
        self.assertEqual((result.returncode, result.stdout), (1, b"no such path"))
        self.assertEqual(result.stderr, b"isoyard: the worker answered with status 404\n")
        for wrong in (["--json"], ["--event", "task"], ["--print-request"]):
            self.assertEqual(self.cli.run("exec", "stream", "--stream", *wrong).returncode, 2, wrong)

    def test_verbose(self):
        result = self.cli.run("exec", "stream", "--stream", "-v", "-p", "/chunks?count=1&size=3")
        self.assertIn(b"201", result.stderr)
        self.assertIn(b"wall", result.stderr)


if __name__ == "__main__":
    unittest.main()
