#!/usr/bin/python3
"""How fast bodies stream through a worker, and what that costs, beside workerd.

`pass` answers with what fetch() brings from an upstream on loopback, `echo` with the request's own
body. isoyardd is asked by `isoyard exec --stream`, workerd (npm's package, pinned here) by curl; the
two take turns. CPU is the user and system time of the server's process alone, by the MiB of the
answer's body; "growth" is by how much its resident memory grew at most while bodies streamed.
Everything runs on this machine and shares its processors: compare the two columns, not machines.
"""

import argparse
import http.server
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import harness

HERE = Path(__file__).resolve().parent
MIB = 1 << 20
WORKER = """
export default {
    async fetch(request) {
        const to = new URL(request.url).searchParams.get("to");
        return to ? fetch(to) : new Response(request.body);
    },
};
"""
CONFIG = """
using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [(name = "main", worker = .worker), (name = "internet", network = (allow = ["private"]))],
  sockets = [(name = "http", address = "127.0.0.1:{port}", http = (), service = "main")]
);
const worker :Workerd.Worker = (
  modules = [(name = "worker", esModule = embed "worker.js")],
  compatibilityDate = "2024-01-01"
);
"""


class Upstream(http.server.BaseHTTPRequestHandler):
    """/N: N bytes."""

    protocol_version = "HTTP/1.1"
    block = bytes(MIB)

    def log_message(self, *_):
        pass

    def do_GET(self):
        left = int(self.path[1:])
        self.send_response(200)
        self.send_header("content-length", str(left))
        self.end_headers()
        while left > 0:
            left -= self.connection.send(self.block[:left])


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Server:
    def __init__(self, command, log):
        self.process = subprocess.Popen([str(part) for part in command], stdout=log, stderr=log,
                                        stdin=subprocess.DEVNULL, env=harness.clean_environment())

    def cpu_s(self):
        return harness.cpu_s(self.process.pid)

    def resident(self):
        return int(Path(f"/proc/{self.process.pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGESIZE")

    def stop(self):
        self.process.terminate()
        self.process.wait(harness.PATIENCE_S)


class Isoyard(Server):
    name = "isoyardd"

    def __init__(self, folder):
        self.port = free_port()
        super().__init__([harness.BIN / "isoyardd", "--listen", f"127.0.0.1:{self.port}", "--db", folder / "db",
                          "--egress-allow", "127.0.0.1/32"], open(folder / "isoyardd.log", "wb"))
        harness.wait_until(lambda: b"msg=ready" in (folder / "isoyardd.log").read_bytes(), "isoyardd")

    def deploy(self, folder):
        self.cli("deploy", folder / "worker.js", "--name", "stream", stdout=subprocess.DEVNULL)

    def cli(self, *arguments, **options):
        subprocess.run([str(part) for part in (harness.BIN / "isoyard", *arguments)], check=True,
                       env={**harness.clean_environment(), "ISOYARD_ADDRESS": f"127.0.0.1:{self.port}"}, **options)

    def passed(self, url, out):
        self.cli("exec", "stream", "--stream", "-p", f"/?to={url}", stdout=out)

    def echo(self, path, out):
        self.cli("exec", "stream", "--stream", "-d", f"@{path}", stdout=out)


class Workerd(Server):
    name = "workerd"

    def __init__(self, folder):
        self.port = free_port()
        (folder / "config.capnp").write_text(CONFIG.format(port=self.port))
        super().__init__([HERE / "node_modules/.bin/workerd", "serve", folder / "config.capnp"],
                         open(folder / "workerd.log", "wb"))
        harness.wait_until(self.answers, "workerd")

    def answers(self):
        with socket.socket() as s:
            return s.connect_ex(("127.0.0.1", self.port)) == 0

    def curl(self, out, *arguments):
        subprocess.run(["curl", "-sSf", *arguments], check=True, stdout=out)

    def passed(self, url, out):
        self.curl(out, f"http://127.0.0.1:{self.port}/?to={url}")

    def echo(self, path, out):
        self.curl(out, "-T", path, "-X", "POST", f"http://127.0.0.1:{self.port}/")


def measure(server, act, size):
    """MiB/s, CPU in ms a MiB, and MiB that memory grew."""
    cpu, before, began = server.cpu_s(), server.resident(), time.monotonic()
    peak, is_over = [before], threading.Event()

    def watch():
        while not is_over.wait(0.02):
            peak[0] = max(peak[0], server.resident())

    watcher = threading.Thread(target=watch)
    watcher.start()
    # A count of what has come, so that nothing is compared that was cut off.
    counter = subprocess.Popen(["wc", "-c"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        act(counter.stdin)
    finally:
        is_over.set()
        watcher.join()
        counter.stdin.close()
    count = int(counter.stdout.read())
    counter.wait()
    if count != size:
        raise harness.Failure(f"{server.name}: {count} bytes came of {size}")
    mib = size / MIB
    return mib / (time.monotonic() - began), (server.cpu_s() - cpu) * 1000 / mib, (peak[0] - before) / MIB


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--mib", type=int, default=256, help="of each body (%(default)s)")
    parser.add_argument("--rounds", type=int, default=5, help="(%(default)s)")
    arguments = parser.parse_args()
    size = arguments.mib * MIB
    upstream = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Upstream)
    threading.Thread(target=upstream.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{upstream.server_port}/{size}"
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        (folder / "worker.js").write_text(WORKER)
        with open(folder / "body", "wb") as body:
            body.truncate(size)
        servers = []
        try:
            servers += [Isoyard(folder)]
            servers += [Workerd(folder)]
            servers[0].deploy(folder)
            print(f"{'':6} {'':9} {'MiB/s':>8} {'CPU ms/MiB':>11} {'growth MiB':>11}")
            for what in "pass", "echo":
                figures = {server: [] for server in servers}
                for _ in range(arguments.rounds):
                    for server in servers:
                        act = (lambda out: server.passed(url, out)) if what == "pass" else (
                            lambda out: server.echo(folder / "body", out))
                        figures[server].append(measure(server, act, size))
                for server, rounds in figures.items():
                    speed, cpu, growth = (statistics.median(column) for column in zip(*rounds))
                    print(f"{what:6} {server.name:9} {speed:8.0f} {cpu:11.2f} {growth:11.0f}", flush=True)
        finally:
            for server in servers:
                server.stop()


if __name__ == "__main__":
    try:
        main()
    except harness.Failure as failure:
        sys.exit(f"stream.py: {failure}")
