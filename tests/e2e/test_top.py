"""isoyard top: on a terminal, and as text."""

import json
import signal
import unittest

import support
from support import worker_file
from terminal import Terminal


class Case(support.ServerCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        for name in "busy-one", "busy-two":
            cls.cli.ok("deploy", worker_file("echo.js"), "--name", name)

    def load(self):
        for name in "busy-one", "busy-two":
            self.cli.ok("exec", name)


class Text(Case):
    def test_plain_where_stdout_is_no_terminal(self):
        self.load()
        said = self.cli.ok("top", "--count", "2", "--interval", "0.2").decode()
        self.assertNotIn("\x1b", said)
        looks = said.split("\n\nisoyard top")
        self.assertEqual(len(looks), 2, said)
        for word in "PINNED", "tasks ", "isolates ", "LANE", "WAITS IN", "server's", "mailbox", "default/busy-one":
            self.assertIn(word, looks[0])
        self.assertIn("answered", looks[1])

    def test_json(self):
        lines = self.cli.ok("top", "-n", "2", "-i", "0.2", "--json").splitlines()
        self.assertEqual(["interval" in json.loads(line) for line in lines], [False, True])

    def test_usage(self):
        for arguments in ["--sort", "size"], ["--interval", "0"], ["--count", "0"], ["extra"]:
            self.assertEqual(self.cli.run("top", *arguments).returncode, 2)

    def test_no_server(self):
        self.assertEqual(support.Cli("127.0.0.1:1").run("top", "-n", "1").returncode, 3)


class Screen(Case):
    def top(self, *arguments, **options):
        terminal = Terminal([support.BIN / "isoyard", "top", "--interval", "0.2", "-a", self.server.address, *arguments],
                            **options)
        self.addCleanup(terminal.close)
        return terminal

    def test_keys(self):
        self.load()
        terminal = self.top()
        terminal.wait_for("isoyard top  " + self.server.address)
        terminal.wait_for("q quit")
        terminal.type("h")
        terminal.wait_for("sort workers by CPU")
        terminal.type("x")
        terminal.wait_for("LANE")
        terminal.type("p")
        terminal.wait_for("paused")
        terminal.type("q")
        self.assertEqual(terminal.end(), 0)
        self.assertTrue(terminal.settings_are_back())

    def test_sort_is_marked(self):
        terminal = self.top("--sort", "wait")
        terminal.wait_for("WAIT <")
        terminal.type("t")
        terminal.wait_for("TASKS/S <")
        terminal.type("s")
        terminal.wait_for("CPU <")

    def test_resize(self):
        terminal = self.top()
        terminal.wait_for("IN FLIGHT  ISOLATES")
        terminal.resize(40, 12)
        terminal.wait_for("\u2026")
        terminal.resize(100, 30)
        terminal.wait_for("IN FLIGHT  ISOLATES")
        terminal.resize(1, 1)
        terminal.resize(80, 24)
        terminal.wait_for("IN FLIGHT  ISOLATES")

    def test_ends_by_an_interrupt_and_gives_the_terminal_back(self):
        terminal = self.top()
        terminal.wait_for("LANE")
        terminal.process.send_signal(signal.SIGINT)
        self.assertEqual(terminal.end(), 0)
        self.assertTrue(terminal.settings_are_back())

    def test_other_signals_give_the_terminal_back_and_end_it(self):
        for number in signal.SIGTERM, signal.SIGHUP:
            with self.subTest(signal=number):
                terminal = self.top()
                terminal.wait_for("LANE")
                terminal.process.send_signal(number)
                self.assertEqual(terminal.end(), -number)
                self.assertTrue(terminal.settings_are_back())

    def test_no_color(self):
        terminal = self.top(env={"NO_COLOR": "1"})
        self.assertNotIn("\x1b[31m", terminal.wait_for("LANE"))

    def test_unknown_terminal(self):
        terminal = self.top(env={"TERM": "no-such-terminal"})
        terminal.wait_for("--plain")
        self.assertEqual(terminal.end(), 2)

    def test_server_that_ends(self):
        server = support.start()
        self.addCleanup(server.kill)
        terminal = Terminal([support.BIN / "isoyard", "top", "-a", server.address])
        self.addCleanup(terminal.close)
        terminal.wait_for("LANE")
        server.stop()
        self.assertIn(terminal.end(), (3, 5))
        self.assertTrue(terminal.settings_are_back())


if __name__ == "__main__":
    unittest.main()
