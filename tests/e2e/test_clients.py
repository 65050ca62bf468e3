"""The example clients of docs/clients.md, in each language, against a real server, and one that has them try again."""

import concurrent.futures
import os
import shutil
import subprocess
import sys
import time
import unittest
from pathlib import Path

import grpc

import support
from support import BIN, ROOT, SCRATCH, execution_pb2, execution_pb2_grpc

CLIENTS = ROOT / "docs/examples/clients"
PUSHBACK_MS = 700
GO_PATH = "/usr/share/gocode"


def run(command, env=None):
    return subprocess.run([str(part) for part in command], capture_output=True, text=True, check=False,
                          timeout=4 * support.PATIENCE, env={**os.environ, **(env or {})})


def build_go():
    """GOPATH mode, with the libraries that Debian packages. Returns the program; None: they are not there."""
    needs = [Path(GO_PATH, "src/google.golang.org", part) for part in ("grpc", "genproto/googleapis/rpc/errdetails")]
    if not (shutil.which("go") and shutil.which("protoc-gen-go") and all(path.exists() for path in needs)):
        return None
    out = SCRATCH / "go"
    (out / "src").mkdir(parents=True)
    protos = [f"isoyard/v1/{name}.proto" for name in ("execution", "failure")]
    names = ",".join(f"M{proto}=isoyard/v1" for proto in protos)
    # Version 1.3 of the plugin, which does not know --version, makes the services, too; later ones have a plugin of
    # their own for them.
    has_plugin = subprocess.run(["protoc-gen-go", "--version"], stdin=subprocess.DEVNULL, capture_output=True,
                                check=False).returncode == 0
    flags = [f"--go_out={'' if has_plugin else 'plugins=grpc,'}paths=source_relative,{names}:{out}/src"]
    if has_plugin:
        flags.append(f"--go-grpc_out=paths=source_relative,{names}:{out}/src")
    subprocess.run(["protoc", f"-I{ROOT}/api", "-I/usr/include", *flags, *protos], check=True)
    subprocess.run(["go", "build", "-o", out / "client", CLIENTS / "go/client.go"], check=True,
                   env={**os.environ, "GO111MODULE": "off", "GOPATH": f"{out}:{GO_PATH}", "GOCACHE": str(out / "cache"),
                        "GOFLAGS": "", "CGO_ENABLED": "0"})
    return [out / "client"]


class Clients:
    """What every client does; a class below says how it is run."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.command = cls.make_command()
        cls.cli.ok("deploy", CLIENTS / "worker.js", "--name", "example")

    def setUp(self):
        if not self.command:
            self.skipTest("what it is built with is not installed")

    def call(self, path, deadline_ms=20000, *cancel_after_ms, address=None, worker="example"):
        result = run([*self.command, address or self.server.address, worker, path, deadline_ms, *cancel_after_ms],
                     env=self.environment())
        self.assertEqual(result.returncode, 0, result.stderr)
        return result.stdout

    @staticmethod
    def environment():
        return {}

    def test_answer_and_report(self):
        said = self.call("/here")
        self.assertTrue(said.startswith("status OK\nhttp 200\nbody hello from /here\n"), said)
        self.assertRegex(said, r"report version=1 cpu_us=\d+ wall_us=[1-9]\d*\n")

    def test_worker_that_throws_is_an_answer(self):
        self.assertRegex(self.call("/throw"), r"status OK\nfailure .*thrown on purpose\nreport version=1")

    def test_limit_with_details(self):
        said = self.call("/loop")
        self.assertTrue(said.startswith("status RESOURCE_EXHAUSTED\n"), said)
        self.assertRegex(said, r"\nlimit LIMIT_CPU used=\d{6,} allowed=1000000\n")
        self.assertRegex(said, r"\nreason [A-Z_]+\n")
        self.assertRegex(said, r"\nreport version=1 cpu_us=\d{6,} ")

    def test_no_such_worker(self):
        self.assertRegex(self.call("/", worker="none"), r"status NOT_FOUND\nreason [A-Z_]+\n")

    def test_deadline(self):
        before = time.monotonic()
        self.assertTrue(self.call("/sleep", 300).startswith("status DEADLINE_EXCEEDED\n"))
        self.assertLess(time.monotonic() - before, 15)

    def test_cancellation(self):
        before = time.monotonic()
        self.assertTrue(self.call("/sleep", 19000, 300).startswith("status CANCELLED\n"))
        self.assertLess(time.monotonic() - before, 15)

    def test_tries_again_when_it_is_told_to(self):
        server = Refusing()
        try:
            self.assertIn("status OK\nhttp 200\nbody third time\n", self.call("/", address=server.address))
        finally:
            server.stop()
        self.assertEqual(len(server.times), 3)
        for before, after in zip(server.times, server.times[1:]):
            self.assertGreater(after - before, 0.9 * PUSHBACK_MS / 1000)


class Refusing(execution_pb2_grpc.ExecutionServiceServicer):
    """Refuses two calls as a server does that is shutting down, and answers the third one."""

    def __init__(self):
        self.times = []
        self.server = grpc.server(concurrent.futures.ThreadPoolExecutor(2))
        execution_pb2_grpc.add_ExecutionServiceServicer_to_server(self, self.server)
        self.address = f"127.0.0.1:{self.server.add_insecure_port('127.0.0.1:0')}"
        self.server.start()

    def Execute(self, request, context):  # the name is the method's
        self.times.append(time.monotonic())
        if len(self.times) < 3:
            context.set_trailing_metadata([("grpc-retry-pushback-ms", str(PUSHBACK_MS))])
            context.abort(grpc.StatusCode.UNAVAILABLE, "the server is shutting down")
        return execution_pb2.ExecuteResponse(
            response=execution_pb2.HttpResponse(status=200, body_text="third time"),
            report=execution_pb2.ExecutionReport(version=1))

    def stop(self):
        self.server.stop(0).wait()


class Python(Clients, support.ServerCase):
    @staticmethod
    def make_command():
        return [sys.executable, CLIENTS / "python/client.py"]

    @staticmethod
    def environment():
        return {"PYTHONPATH": str(SCRATCH / "stubs")}


class Node(Clients, support.ServerCase):
    @staticmethod
    def make_command():
        if not (CLIENTS / "node/node_modules").exists():
            return None
        return ["node", CLIENTS / "node/client.mjs"]


class C(Clients, support.ServerCase):
    @staticmethod
    def make_command():
        return [BIN / "example_client"]


class Go(Clients, support.ServerCase):
    @staticmethod
    def make_command():
        return build_go()

    @staticmethod
    def environment():
        return {"GRPC_GO_RETRY": "on"}


if __name__ == "__main__":
    unittest.main()
