"""Completions and manual pages: made of the tables of commands, and taken by what reads them."""

import re
import shutil
import subprocess
import unittest

import support
from support import Cli, worker_file

LEAVES = [["deploy"], ["exec"], ["logs"], ["workers", "list"], ["workers", "get"], ["workers", "delete"], ["workers", "versions"],
          ["workers", "rollback"], ["pool", "compare"], ["pool", "comparisons"], ["pool", "stats"], ["pool", "switch"],
          ["pool", "watch"], ["health"], ["version"], ["completion"], ["manual"], ["top"], ["logs"], ["init"], ["dev"]]


class Case(support.ServerCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.folder = cls.server.folder / "files"
        cls.folder.mkdir()
        for name in "alpha", "alpine", "beta":
            cls.cli.ok("deploy", worker_file("echo.js"), "--name", name)
        (cls.folder / "app.js").write_text("export default {}")
        (cls.folder / "lib").mkdir()

    def environment(self):
        return {"PATH": f"{support.BIN}:/usr/bin:/bin", "ISOYARD_ADDRESS": self.server.address, "LANG": "C.UTF-8",
                "HOME": str(self.folder)}

    def script(self, shell):
        path = self.folder / f"isoyard.{shell}"
        path.write_bytes(self.cli.ok("completion", shell))
        return path

    def shell(self, *command):
        return subprocess.run(command, capture_output=True, text=True, timeout=support.PATIENCE, cwd=self.folder,
                              env=self.environment(), check=True).stdout

    def require(self, program):
        if not shutil.which(program):
            self.skipTest(f"{program} is not installed")


class Bash(Case):
    def complete(self, *words):
        """What bash would offer for the last word."""
        program = (f"source {self.script('bash')}; COMP_WORDS=(\"$@\"); COMP_CWORD=$(($# - 1)); _isoyard; "
                   "printf '%s\\n' \"${COMPREPLY[@]}\"")
        return self.shell("bash", "--norc", "-c", program, "bash", "isoyard", *words).split()

    def test_syntax(self):
        self.shell("bash", "-n", str(self.script("bash")))

    def test_commands(self):
        self.assertIn("deploy", self.complete(""))
        self.assertEqual(self.complete("wor"), ["workers"])
        self.assertEqual(sorted(self.complete("workers", "")), ["delete", "get", "list", "rollback", "versions"])
        self.assertEqual(self.complete("--address", "x:1", "-j", "workers", "r"), ["rollback"])
        self.assertEqual(self.complete("--color", "=", "never", "workers", "r"), ["rollback"])

    def test_every_option_of_every_command(self):
        for command in LEAVES:
            with self.subTest(command=command):
                said = self.cli.ok(*command, "--help").decode()
                options = set(re.findall(r"^ {1,6}(?:-.,)? *(--[a-z][a-z-]*)", said, re.MULTILINE))
                self.assertIn("--json", options)
                self.assertEqual(options - set(self.complete(*command, "--")), set())

    def test_values(self):
        self.assertEqual(self.complete("exec", "--event", "s"), ["scheduled"])
        self.assertEqual(self.complete("exec", "--event", "=", "s"), ["scheduled"])
        self.assertEqual(self.complete("exec", "--color", "a"), ["auto", "always"])
        self.assertEqual(self.complete("exec", "--data", ""), [])
        self.assertEqual(self.complete("pool", "switch", "p"), ["pinned"])

    def test_workers_and_files(self):
        self.assertEqual(self.complete("exec", "al"), ["alpha", "alpine"])
        self.assertEqual(self.complete("exec", "-X", "PUT", "b"), ["beta"])
        self.assertEqual(self.complete("workers", "get", "alphaz"), [])
        self.assertEqual(self.complete("deploy", "ap"), ["app.js"])


class Zsh(Case):
    def test_syntax(self):
        self.require("zsh")
        self.shell("zsh", "-f", "-n", str(self.script("zsh")))

    def test_is_loaded(self):
        self.require("zsh")
        script = self.script("zsh")
        said = self.shell("zsh", "-f", "-c", f"autoload -Uz compinit; compinit -u -D; source {script}; "
                                             "echo $_comps[isoyard]; whence -w _isoyard_pool_switch")
        self.assertEqual(said.split(), ["_isoyard", "_isoyard_pool_switch:", "function"])


class Fish(Case):
    def complete(self, line):
        said = self.shell("fish", "--no-config", "-c", f"source {self.script('fish')}; complete -C '{line}'")
        return [text.split("\t")[0] for text in said.splitlines()]

    def test_syntax(self):
        self.require("fish")
        self.shell("fish", "-n", str(self.script("fish")))

    def test_commands_options_and_values(self):
        self.require("fish")
        self.assertEqual(self.complete("isoyard wor"), ["workers"])
        self.assertEqual(self.complete("isoyard -a x:1 workers ro"), ["rollback"])
        self.assertIn("--no-activate", self.complete("isoyard deploy --no"))
        self.assertNotIn("--no-activate", self.complete("isoyard exec --"))
        self.assertEqual(self.complete("isoyard exec --event sch"), ["scheduled"])
        self.assertEqual(self.complete("isoyard exec al"), ["alpha", "alpine"])
        self.assertIn("app.js", self.complete("isoyard deploy ap"))


class Manual(support.TestCase):
    def pages(self):
        cli = subprocess.run([support.BIN / "isoyard", "manual", "2026-01-31"], capture_output=True, check=True)
        server = subprocess.run([support.BIN / "isoyardd", "--manual=2026-01-31"], capture_output=True, check=True)
        return {"isoyard.1": cli.stdout, "isoyardd.8": server.stdout}

    def test_all_commands_and_options_are_there(self):
        page = self.pages()["isoyard.1"].decode()
        for command in LEAVES:
            self.assertIn(f'.SS "{" ".join(command)}"', page)
        for option in "address", "color", "no\\-activate", "drain\\-deadline":
            self.assertIn(f"\\fB\\-\\-{option}\\fR", page)
        page = self.pages()["isoyardd.8"].decode()
        said = subprocess.run([support.BIN / "isoyardd", "--help"], capture_output=True, check=True).stdout.decode()
        options = re.findall(r"^ {6}--([a-z][a-z0-9-]+)", said, re.MULTILINE)
        self.assertGreater(len(options), 20)
        for option in set(options) - {"usage"}:
            self.assertIn("\\fB\\-\\-" + option.replace("-", "\\-") + "\\fR=", page)

    def test_no_complaints(self):
        if not shutil.which("mandoc"):
            self.skipTest("mandoc is not installed")
        for name, page in self.pages().items():
            said = subprocess.run(["mandoc", "-Tlint", "-Wwarning"], input=page, capture_output=True, check=False)
            self.assertEqual((name, said.returncode, said.stdout), (name, 0, b""))

    def test_reads_as_text(self):
        if not shutil.which("man"):
            self.skipTest("man is not installed")
        for name, page in self.pages().items():
            path = support.SCRATCH / name
            path.write_bytes(page)
            said = subprocess.run(["man", "--warnings", "-l", str(path)], capture_output=True, text=True, check=True,
                                  env={"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "MANWIDTH": "80"})
            if "This system has been minimized" in said.stdout:
                self.skipTest("man is a stand-in")
            self.assertIn("SYNOPSIS", said.stdout)
            self.assertEqual(said.stderr, "")


if __name__ == "__main__":
    unittest.main()
