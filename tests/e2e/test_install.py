"""What `cmake --install` puts where, and whether it works there."""

import os
import re
import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path

import support

BUILD = support.BIN.parent


class Install(support.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.destination = Path(tempfile.mkdtemp(dir=support.SCRATCH))
        subprocess.run(["cmake", "--install", BUILD], check=True, capture_output=True,
                       env={**os.environ, "DESTDIR": str(cls.destination)})
        cache = (BUILD / "CMakeCache.txt").read_text()
        cls.prefix = cls.destination / re.search(r"CMAKE_INSTALL_PREFIX:PATH=/(.*)", cache)[1]

    def test_files(self):
        for file in ("bin/isoyard", "sbin/isoyardd", "share/man/man1/isoyard.1", "share/man/man8/isoyardd.8",
                     "share/bash-completion/completions/isoyard", "share/zsh/vendor-completions/_isoyard",
                     "share/fish/vendor_completions.d/isoyard.fish", "lib/systemd/system/isoyardd.service"):
            self.assertGreater((self.prefix / file).stat().st_size, 0, file)
        self.assertTrue(list(self.destination.glob("**/default/isoyardd")))

    def test_unit(self):
        unit = (self.prefix / "lib/systemd/system/isoyardd.service").read_text()
        program = re.search(r"^ExecStart=(.*)$", unit, re.MULTILINE)[1]
        self.assertTrue(os.access(f"{self.destination}{program}", os.X_OK), program)
        self.assertNotIn("@", re.sub(r"@(system-service|pkey)", "", unit))
        if not shutil.which("systemd-analyze"):
            self.skipTest("systemd-analyze is not installed")
        verified = self.destination / "isoyardd.service"
        verified.write_text(unit.replace(program, f"{self.destination}{program}"))
        result = subprocess.run(["systemd-analyze", "verify", "--man=no", verified], capture_output=True, text=True,
                                check=False)
        self.assertEqual((result.returncode, result.stderr), (0, ""))

    def test_dev_finds_the_installed_server(self):
        folder = Path(tempfile.mkdtemp(dir=support.SCRATCH))
        (folder / "w.js").write_text("export default { fetch: () => new Response('installed') }")
        process = subprocess.Popen([self.prefix / "bin/isoyard", "dev", "-P", "0", "w.js"], cwd=folder, text=True,
                                   stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        try:
            self.assertEqual(process.stdout.readline(), "deployed worker version 1\n")
        finally:
            process.terminate()
            process.communicate(timeout=support.PATIENCE)


if __name__ == "__main__":
    unittest.main()
