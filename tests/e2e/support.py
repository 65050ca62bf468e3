"""Starts real servers, drives the CLI, and has the stubs of the protos.

Environment: ISOYARD_BIN (folder of isoyardd and isoyard) and ISOYARD_BUILD (a folder for what the tests
write); CTest sets both. Each process generates its stubs anew, in a folder of its own.
"""

import atexit
import base64
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest
from pathlib import Path

import google
import grpc

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
BIN = Path(os.environ.get("ISOYARD_BIN", ROOT / "build/debug/bin"))
SCRATCH = Path(tempfile.mkdtemp(prefix="e2e-", dir=os.environ.get("ISOYARD_BUILD")))

# How long anything may take before a test gives up on it. Sanitizers slow everything down.
PATIENCE = float(os.environ.get("ISOYARD_TEST_PATIENCE", "30"))


def _make_stubs():
    out = SCRATCH / "stubs"
    out.mkdir()
    roots = [ROOT / "api", Path("/usr/include")]
    files = ["isoyard/v1/worker.proto", "isoyard/v1/execution.proto", "isoyard/v1/pool.proto",
             "isoyard/v1/failure.proto", "isoyard/v1/log.proto", "google/rpc/status.proto", "google/rpc/error_details.proto",
             "grpc/health/v1/health.proto", "grpc/reflection/v1/reflection.proto",
             "grpc/reflection/v1alpha/reflection.proto"]
    plugin = shutil.which("grpc_python_plugin")
    subprocess.run(["protoc", *[f"-I{root}" for root in roots], f"--python_out={out}",
                    f"--grpc_python_out={out}", f"--plugin=protoc-gen-grpc_python={plugin}", *files],
                   check=True)
    sys.path.insert(0, str(out))
    # Packages of these names are there already: the stubs join them.
    google.__path__ = list(google.__path__) + [str(out / "google")]
    grpc.__path__ = list(grpc.__path__) + [str(out / "grpc")]


atexit.register(shutil.rmtree, SCRATCH, ignore_errors=True)
_make_stubs()

from google.rpc import error_details_pb2, status_pb2  # noqa: E402
from isoyard.v1 import (execution_pb2, execution_pb2_grpc, failure_pb2, log_pb2,  # noqa: E402
                        log_pb2_grpc, pool_pb2, pool_pb2_grpc, worker_pb2, worker_pb2_grpc)

DETAIL_TYPES = [error_details_pb2.ErrorInfo, error_details_pb2.BadRequest, error_details_pb2.RetryInfo,
                failure_pb2.LimitExceeded, failure_pb2.Failure, execution_pb2.ExecutionReport]


def wait_until(condition, what, patience=PATIENCE):
    end = time.monotonic() + patience
    while time.monotonic() < end:
        value = condition()
        if value:
            return value
        time.sleep(0.02)
    raise AssertionError(f"waited {patience} s for {what}")


class Server:
    """One isoyardd, on a port of its own, with a database of its own unless one is given."""

    def __init__(self, *flags, db=None, listen="127.0.0.1:0", http="off", env=None):
        self.folder = Path(tempfile.mkdtemp(dir=SCRATCH))
        self.db = Path(db) if db else self.folder / "isoyard.db"
        self.log_path = self.folder / "log"
        command = [BIN / "isoyardd", "--db", self.db]
        if http:
            command += ["--http", http]
        command += flags
        if listen:
            command += ["--listen", listen]
        with open(self.log_path, "wb") as log:
            self.process = subprocess.Popen([str(part) for part in command], stderr=log,
                                            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                            env={**_clean_environment(), **(env or {})})
        self.address = None

    def log(self):
        return self.log_path.read_text(errors="replace")

    def wait_ready(self):
        def ready():
            if self.process.poll() is not None:
                raise AssertionError(f"the server ended with {self.process.returncode}:\n{self.log()}")
            return re.search(r"msg=ready listen=(\S+)", self.log())

        self.address = wait_until(ready, f"the server to be ready; its log:\n{self.log()}")[1].strip('"')
        return self

    @property
    def pid(self):
        return self.process.pid

    def signal(self, number):
        self.process.send_signal(number)

    def wait(self, patience=PATIENCE):
        return self.process.wait(patience)

    def stop(self):
        """Ends the server in order; its exit status."""
        if self.process.poll() is None:
            self.signal(signal.SIGTERM)
            try:
                self.wait()
            except subprocess.TimeoutExpired:
                self.kill()
                raise AssertionError(f"the server did not end on SIGTERM:\n{self.log()}")
        return self.process.returncode

    def kill(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()

    def rss_bytes(self):
        pages = int(Path(f"/proc/{self.pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGESIZE")

    def memory_slack(self):
        """By how much more memory may grow: a sanitizer keeps what is freed."""
        return 4 if "libasan" in Path(f"/proc/{self.pid}/maps").read_text() else 1

    def channel(self, **options):
        # A connection of its own: gRPC shares them between channels otherwise.
        settings = {"use_local_subchannel_pool": 1, "max_send_message_length": -1,
                    "max_receive_message_length": -1, "enable_retries": 0, **options}
        return grpc.insecure_channel(self.address,
                                     options=[(f"grpc.{name}", value) for name, value in settings.items()])


def start(*flags, **arguments):
    server = Server(*flags, **arguments)
    try:
        return server.wait_ready()
    except BaseException:
        server.kill()
        raise


def _clean_environment():
    return {name: value for name, value in os.environ.items() if not name.startswith("ISOYARD_")}


class Cli:
    """Runs isoyard against a server."""

    def __init__(self, address):
        self.address = address

    def run(self, *arguments, stdin=b"", env=None, patience=PATIENCE):
        command = [str(BIN / "isoyard"), *[str(part) for part in arguments]]
        return subprocess.run(command, input=stdin, capture_output=True, timeout=patience,
                              env={**_clean_environment(), "ISOYARD_ADDRESS": self.address, **(env or {})})

    def popen(self, *arguments):
        """One that runs; the caller ends it."""
        command = [str(BIN / "isoyard"), *[str(part) for part in arguments]]
        return subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                env={**_clean_environment(), "ISOYARD_ADDRESS": self.address})

    def ok(self, *arguments, **options):
        """Must succeed; what it printed."""
        result = self.run(*arguments, **options)
        if result.returncode != 0:
            raise AssertionError(f"isoyard {arguments} ended with {result.returncode}: {result.stderr}")
        return result.stdout

    def json(self, *arguments, **options):
        return json.loads(self.ok(*arguments, "--json", **options))


class Api:
    """The services as a Python client has them."""

    def __init__(self, channel):
        self.worker = worker_pb2_grpc.WorkerServiceStub(channel)
        self.execution = execution_pb2_grpc.ExecutionServiceStub(channel)
        self.pool = pool_pb2_grpc.PoolServiceStub(channel)

    def deploy(self, name, source, kind=worker_pb2.FILE_KIND_MODULE, files=None, **fields):
        if files is None:
            files = {"main.js": source}
        request = worker_pb2.DeployRequest(
            worker=name,
            files=[worker_pb2.SourceFile(name=file, kind=kind, content=_bytes(text))
                   for file, text in files.items()], **fields)
        return self.worker.Deploy(request, timeout=PATIENCE).version

    def execute(self, name, url="/", timeout=PATIENCE, tenant="", **fields):
        request = execution_pb2.ExecuteRequest(tenant=tenant, worker=name,
                                               fetch=execution_pb2.HttpRequest(url=url, **fields))
        return self.execution.Execute(request, timeout=timeout)

    def text(self, name, url="/", **fields):
        return self.execute(name, url, **fields).response.body_text

    def stats(self):
        return self.pool.GetStats(pool_pb2.GetStatsRequest(), timeout=PATIENCE).stats


def _bytes(text):
    return text.encode() if isinstance(text, str) else text


class Refusal:
    """An RpcError with its details unpacked."""

    def __init__(self, error):
        self.code = error.code()
        self.message = error.details()
        self.trailing = dict(error.trailing_metadata() or ())
        packed = self.trailing.get("grpc-status-details-bin")
        self.status = status_pb2.Status.FromString(packed) if packed else None
        self.details = [self._unpack(any_) for any_ in (self.status.details if self.status else [])]

    @staticmethod
    def _unpack(any_):
        for kind in DETAIL_TYPES:
            if any_.Is(kind.DESCRIPTOR):
                return kind.FromString(any_.value)
        raise AssertionError(f"unknown detail {any_.type_url}")

    def detail(self, kind):
        found = [detail for detail in self.details if isinstance(detail, kind)]
        return found[0] if found else None

    @property
    def reason(self):
        info = self.detail(error_details_pb2.ErrorInfo)
        return info.reason if info else None

    @property
    def fields(self):
        request = self.detail(error_details_pb2.BadRequest)
        return [violation.field for violation in request.field_violations] if request else []


class TestCase(unittest.TestCase):
    maxDiff = None

    def refused(self, code, call, *arguments, **fields):
        """The refusal of a call that must fail with the code."""
        with self.assertRaises(grpc.RpcError) as caught:
            call(*arguments, **fields)
        refusal = Refusal(caught.exception)
        self.assertEqual(refusal.code, code, refusal.message)
        if refusal.status:
            self.assertEqual(refusal.status.code, code.value[0])
        return refusal


class ServerCase(TestCase):
    """Tests that share one server, with `flags`."""

    flags = ()

    @classmethod
    def setUpClass(cls):
        cls.server = start(*cls.flags)
        cls.addClassCleanup(cls.server.kill)
        cls.cli = Cli(cls.server.address)
        cls.channel = cls.server.channel()
        cls.addClassCleanup(cls.channel.close)
        cls.api = Api(cls.channel)

    @classmethod
    def tearDownClass(cls):
        cls.channel.close()
        status = cls.server.stop()
        if status != 0:
            raise AssertionError(f"the server ended with {status}:\n{cls.server.log()}")


def worker_file(name):
    return HERE / "workers" / name


def worker_source(name):
    return worker_file(name).read_text()


def unbase64(text):
    return base64.b64decode(text)
