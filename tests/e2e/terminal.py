"""A program on a terminal of its own, which a test types into."""

import fcntl
import os
import pty
import select
import signal
import struct
import subprocess
import termios
import time

import support


class Terminal:
    def __init__(self, command, columns=80, rows=24, env=None):
        self.parent, child = pty.openpty()
        self._set_size(columns, rows)
        self.before = termios.tcgetattr(child)
        self.process = subprocess.Popen([str(part) for part in command], stdin=child, stdout=child, stderr=child,
                                        env={**os.environ, "TERM": "xterm-256color", **(env or {})},
                                        start_new_session=True)
        self.child = child
        self.said = ""

    def _set_size(self, columns, rows):
        fcntl.ioctl(self.parent, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def resize(self, columns, rows):
        self._set_size(columns, rows)
        self.process.send_signal(signal.SIGWINCH)

    def type(self, keys):
        os.write(self.parent, keys.encode())

    def wait_for(self, text, patience=support.PATIENCE):
        """Reads until the text has come, since the last call; what came until then."""
        end = time.monotonic() + patience
        while text not in self.said:
            left = end - time.monotonic()
            if left <= 0 or not select.select([self.parent], [], [], left)[0]:
                raise AssertionError(f"waited {patience} s for {text!r}; there was {self.said!r}")
            self.said += os.read(self.parent, 65536).decode(errors="replace")
        before, _, self.said = self.said.partition(text)
        return before + text

    def settings_are_back(self):
        return termios.tcgetattr(self.child) == self.before

    def end(self):
        """The exit status, once it has ended by itself."""
        while self.process.poll() is None:
            if select.select([self.parent], [], [], 0.05)[0]:
                self.said += os.read(self.parent, 65536).decode(errors="replace")
        return self.process.returncode

    def rest(self):
        """What it has said since the last wait_for, after its end."""
        while select.select([self.parent], [], [], 0)[0]:
            self.said += os.read(self.parent, 65536).decode(errors="replace")
        return self.said

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        os.close(self.child)
        os.close(self.parent)
