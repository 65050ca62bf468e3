"""`isoyard pool compare`, against a server of this file that says what a test wants it to."""

import concurrent.futures
import csv
import fcntl
import io
import json
import os
import pty
import signal
import struct
import subprocess
import termios
import threading
import time
import unittest

import grpc
import support
from support import Cli, execution_pb2, pool_pb2, pool_pb2_grpc

ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

ARMS = ("legacy", "shared fifo", "shared mutex", "pinned")


def progress(round, share, arm="pinned", rounds=6):
    return pool_pb2.ComparePoolsResponse(
        progress=pool_pb2.ComparisonProgress(round=round, rounds=rounds, arm=arm, share=share))


def times(count, p50_us):
    return pool_pb2.Distribution(count=count, sum_us=count * p50_us, p50_us=p50_us, p90_us=2 * p50_us, p99_us=3 * p50_us,
                                 p999_us=4 * p50_us, max_us=5 * p50_us)


def arm_result(i, name):
    rounds = [pool_pb2.ComparisonRound(tasks=30, tasks_per_s=100 * (i + 1) + n, p50_us=1000, p99_us=3000, cpu_us_per_task=80.5)
              for n in range(6)]
    return pool_pb2.ComparisonArmResult(
        arm=pool_pb2.ComparisonArm(architecture=execution_pb2.ARCHITECTURE_SHARED, handoff=pool_pb2.HANDOFF_FIFO),
        name=name, config=pool_pb2.PoolConfig(lanes=2, isolates=256), tasks=180, tasks_per_s=100.25 * (i + 1),
        latency=times(180, 1000), cpu_us_per_task=80.5, cold=times(10, 5000), new_context=times(20, 2000),
        warm=times(150, 900), isolates_created=10, isolates_evicted=1,
        lock=pool_pb2.LockStats(acquisitions=1000, contended=25, wait=times(25, 3)), queue_wait=times(180, 100),
        mean_depth=1.5, max_depth=9, memory_bytes=1 << 20, rounds=rounds)


def report(**fields):
    ratios = [pool_pb2.ComparisonRatio(arm=i, metric=pool_pb2.COMPARISON_METRIC_THROUGHPUT, median=i + 1, min=i + 0.5,
                                       max=i + 1.5, interval=pool_pb2.ComparisonInterval(low=i + 0.75, high=i + 1.25))
              for i in range(1, 4)]
    comparison = pool_pb2.Comparison(
        id=7, title="synthetic, cpu, 16 callers", arms=[arm_result(i, name) for i, name in enumerate(ARMS)], ratios=ratios,
        verdict="pinned has 1.33 times the throughput of shared mutex.", is_decided=True, notes=["I/O was simulated."],
        duration_ms=12345, server_version="1.2.3", v8_version="10.2", processors=2, **fields)
    comparison.create_time.FromSeconds(1_767_225_600)
    return comparison


def done(**fields):
    return pool_pb2.ComparePoolsResponse(comparison=report(**fields))


class Canned(pool_pb2_grpc.PoolServiceServicer):
    def __init__(self):
        self.events = []
        self.error = None
        self.pause = 0
        self.waits = False  # after the events, until the client goes away
        self.request = None
        self.has_deadline = None
        self.ended = threading.Event()

    def ComparePools(self, request, context):
        self.request = request
        self.has_deadline = context.time_remaining() < 1e6  # seconds
        context.add_callback(self.ended.set)
        for event in self.events:
            yield event
            time.sleep(self.pause)
        if self.waits:
            self.ended.wait(support.PATIENCE)
        if self.error:
            context.abort(*self.error)


class Case(support.TestCase):
    def setUp(self):
        self.canned = Canned()
        self.canned.events = [progress(1, 0), progress(3, 0.5, "legacy"), done()]
        server = grpc.server(concurrent.futures.ThreadPoolExecutor(2))
        pool_pb2_grpc.add_PoolServiceServicer_to_server(self.canned, server)
        self.address = f"127.0.0.1:{server.add_insecure_port('127.0.0.1:0')}"
        server.start()
        self.addCleanup(lambda: server.stop(None).wait())
        self.addCleanup(self.canned.ended.set)
        self.cli = Cli(self.address)

    def fails(self, status, *arguments):
        result = self.cli.run("pool", "compare", *arguments)
        said = result.stderr.decode()
        self.assertEqual(result.returncode, status, (result.stdout, said))
        return said

    def asked(self, *arguments, **options):
        """What the server was asked for."""
        self.cli.ok("pool", "compare", *arguments, "--json", **options)
        return self.canned.request


class Output(Case):
    def test_table(self):
        result = self.cli.run("pool", "compare", "--workload", "cpu")
        self.assertEqual(result.returncode, 0, result.stderr)
        lines = result.stdout.decode().splitlines()
        self.assertLessEqual(max(map(len, lines)), 80)
        self.assertEqual(lines[0], "synthetic, cpu, 16 callers")
        self.assertEqual(lines[1:3], ["2026-01-01 00:00:00 UTC, 6 rounds, 12.35 s", "isoyardd 1.2.3, V8 10.2, 2 processors"])
        for words in ["shared mutex", "300.8", "1.0 ms", "3.0 ms", "5.0 ms", "81 us", "300 us"], \
                ["pinned", "10", "5.0 ms", "20", "2.0 ms", "150", "900 us"], \
                ["legacy", "180", "0", "10", "1", "2.5 %", "-", "1.0 MiB"], \
                ["ARM", "FIGURE", "x legacy", "SPREAD", "95 % INTERVAL"], \
                ["pinned", "tasks/s", "4", "3.5 to 4.5", "3.75 to 4.25"]:
            self.assertIn(words, [[part.strip() for part in line.split("  ") if part.strip()] for line in lines])
        self.assertEqual(lines[-3:], ["note: I/O was simulated.", "pinned has 1.33 times the throughput of shared mutex.",
                                      "stored as comparison 7"])

    def test_json_is_the_report_alone(self):
        result = self.cli.run("pool", "compare", "--workload", "cpu", "--json")
        self.assertEqual((result.returncode, result.stderr), (0, b""))
        said = json.loads(result.stdout)
        self.assertEqual((said["id"], said["verdict"]), (7, report().verdict))
        self.assertEqual([arm["name"] for arm in said["arms"]], list(ARMS))
        self.assertEqual(len(said["arms"][0]["rounds"]), 6)
        self.assertEqual(said["ratios"][0]["interval"], {"low": 1.75, "high": 2.25})

    def test_csv(self):
        text = self.cli.ok("pool", "compare", "--workload", "cpu", "--csv").decode()
        self.assertTrue(text.endswith("\r\n"))
        rows = list(csv.DictReader(io.StringIO(text, newline="")))
        self.assertEqual([row["name"] for row in rows], list(ARMS))
        row = rows[3]
        self.assertNotIn(None, row)
        self.assertEqual((row["comparison"], row["title"]), ("7", "synthetic, cpu, 16 callers"))
        for name, value in {"tasks_per_s": 401, "latency_p99_us": 3000, "cold_count": 10, "new_context_p50_us": 2000,
                            "warm_max_us": 4500, "isolates_evicted": 1, "lock_contended": 25, "lock_wait_p50_us": 3,
                            "queue_wait_p99_us": 300, "config_lanes": 2, "max_depth": 9, "memory_bytes": 1 << 20,
                            "throughput_ratio": 4, "throughput_ratio_low": 3.75}.items():
            self.assertEqual(float(row[name]), value, name)
        self.assertEqual(row["isolate_lock_contended"], "")

    def test_csv_of_rounds(self):
        text = self.cli.ok("pool", "compare", "--workload", "cpu", "--csv", "--rounds-detail").decode()
        rows = list(csv.DictReader(io.StringIO(text, newline="")))
        self.assertEqual([(row["name"], row["round"]) for row in rows], [(arm, str(n)) for arm in ARMS for n in range(1, 7)])
        self.assertEqual((rows[7]["tasks_per_s"], rows[7]["p99_us"]), ("201", "3000"))

    def test_report_that_could_not_be_stored(self):
        comparison = report()
        comparison.id = 0
        self.canned.events = [pool_pb2.ComparePoolsResponse(comparison=comparison)]
        self.assertTrue(self.cli.ok("pool", "compare", "--workload", "cpu").decode().endswith("\nnot stored\n"))


class Progress(Case):
    def test_lines_where_there_is_no_terminal(self):
        self.canned.events = [progress(1, 0, "legacy"), *[progress(2, 0.3 + i / 1000) for i in range(90)],
                              progress(6, 0.9, ""), done()]
        said = self.cli.run("pool", "compare", "--workload", "cpu").stderr.decode().splitlines()
        self.assertEqual(said, ["isoyard: 0 %, round 1 of 6, legacy", "isoyard: 30 %, round 2 of 6, pinned",
                                "isoyard: 90 %, round 6 of 6"])

    def on_terminal(self, *arguments, columns=80, **env):
        """What it prints on stderr, a terminal of that width, and on stdout, which is none."""
        parent, child = pty.openpty()
        fcntl.ioctl(child, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
        command = [str(support.BIN / "isoyard"), "pool", "compare", "--workload", "cpu", "-a", self.address, *arguments]
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=child,
                                   env={"PATH": os.environ["PATH"], "TERM": "xterm", **env})
        os.close(child)
        said = b""
        try:
            while data := os.read(parent, 4096):
                said += data
        except OSError:
            pass  # the other end is closed
        os.close(parent)
        printed = process.communicate(timeout=support.PATIENCE)[0].decode()
        self.assertEqual(process.returncode, 0)
        return said.decode(), printed

    def test_bar_on_a_terminal(self):
        self.canned.pause = 0.6
        said, printed = self.on_terminal()
        green, plain = "\x1b[32m", "\x1b[0m"
        bars = said.split("\r")[1:]
        self.assertEqual(bars[0], f"[{green}{plain}{'-' * 30}]  0 %, round 1 of 6, pinned\x1b[K")
        self.assertTrue(bars[1].startswith(f"[{green}{'#' * 15}{plain}{'-' * 15}]  50 %, round 3 of 6, legacy"), bars)
        self.assertEqual(bars[-1], "\x1b[K", "the bar goes at the end")
        self.assertIn("stored as comparison 7", printed)
        self.assertNotIn("\x1b", printed)

    def test_bar_beside_json(self):
        said, printed = self.on_terminal("--json")
        self.assertIn("50 %", said)
        self.assertEqual(json.loads(printed)["id"], 7)

    def test_no_color(self):
        said, _ = self.on_terminal(NO_COLOR="1")
        self.assertIn("[###############---------------]  50 %", said)
        self.assertNotIn("\x1b[3", said)

    def test_bar_is_as_wide_as_the_terminal_allows(self):
        for columns in 20, 40, 60, 200:
            with self.subTest(columns=columns):
                said, _ = self.on_terminal(columns=columns, NO_COLOR="1")
                bars = [bar.replace("\x1b[K", "") for bar in said.split("\r")]
                self.assertLess(max(map(len, bars)), columns, bars)
                self.assertIn("50 %", said)

    def test_dumb_terminal_gets_lines(self):
        said, _ = self.on_terminal(TERM="dumb")
        self.assertNotIn("\x1b", said)
        self.assertIn("isoyard: 50 %, round 3 of 6, legacy\r\n", said)


class Ends(Case):
    def test_no_deadline_ends_it(self):
        self.asked("--workload", "cpu", "--timeout", "1")
        self.assertFalse(self.canned.has_deadline)

    def command(self):
        self.canned.events = [progress(1, 0.1)]
        self.canned.waits = True
        return [str(support.BIN / "isoyard"), "pool", "compare", "--workload", "cpu", "-a", self.address]

    def end_by(self, number, prefix=()):
        process = subprocess.Popen([*prefix, *self.command()], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE)
        self.addCleanup(process.kill)
        self.assertIn("10 %", process.stderr.readline().decode())
        self.assertFalse(self.canned.ended.is_set())
        process.send_signal(number)
        return process

    def test_signals_end_the_call_and_the_program(self):
        for number in ENDING:
            with self.subTest(signal=number):
                self.canned.ended.clear()
                process = self.end_by(number)
                printed, said = process.communicate(timeout=support.PATIENCE)
                self.assertEqual((process.returncode, printed, said), (-number, b"", b""))
                self.assertTrue(self.canned.ended.wait(5), "the server was not told")

    def test_hangup_that_is_ignored_stays_so(self):
        process = self.end_by(signal.SIGHUP, ["env", "--ignore-signal=HUP"])
        time.sleep(0.5)
        self.assertIsNone(process.poll())
        self.assertFalse(self.canned.ended.is_set())
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=support.PATIENCE)
        self.assertEqual(process.returncode, -signal.SIGTERM)

    def test_signals_remove_the_bar(self):
        for number in ENDING:
            with self.subTest(signal=number):
                self.canned.ended.clear()
                parent, child = pty.openpty()
                process = subprocess.Popen(self.command(), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=child,
                                           env={"PATH": os.environ["PATH"], "TERM": "xterm"})
                self.addCleanup(process.kill)
                said = os.read(parent, 4096)
                process.send_signal(number)
                self.assertEqual(process.wait(support.PATIENCE), -number)
                said += os.read(parent, 4096)
                os.close(parent)
                os.close(child)
                self.assertIn(b"10 %", said)
                self.assertTrue(said.endswith(b"\r\x1b[K"), said)

    def test_error(self):
        self.canned.error = (grpc.StatusCode.FAILED_PRECONDITION, "a comparison is under way")
        self.canned.events = []
        self.assertIn("a comparison is under way", self.fails(4, "--workload", "cpu"))
        result = self.cli.run("pool", "compare", "--workload", "cpu", "--json")
        self.assertEqual(result.returncode, 4)
        self.assertEqual(json.loads(result.stderr)["error"]["code"], "FAILED_PRECONDITION")

    def test_error_in_the_middle(self):
        self.canned.error = (grpc.StatusCode.UNAVAILABLE, "the server is shutting down")
        self.canned.events = [progress(1, 0.1)]
        result = self.cli.run("pool", "compare", "--workload", "cpu")
        self.assertIn(result.returncode, (3, 5))
        self.assertEqual(result.stdout, b"")

    def test_end_without_a_report(self):
        self.canned.events = [progress(1, 0.1)]
        self.assertIn("without a report", self.fails(7, "--workload", "cpu"))

    def test_server_that_cannot_be_reached(self):
        result = Cli("127.0.0.1:1").run("pool", "compare", "--workload", "cpu")
        self.assertEqual(result.returncode, 3)
        self.assertIn("127.0.0.1:1", result.stderr.decode())


class Request(Case):
    def test_workload(self):
        self.assertEqual(self.asked("--workload", "contention", "--threads", "8", "--isolates", "3", "--io-ms", "0"),
                         pool_pb2.ComparePoolsRequest(synthetic=pool_pb2.SyntheticComparison(
                             workload=pool_pb2.NamedWorkload(name="contention", threads=8, isolates=3, io_ms=0),
                             settings=pool_pb2.PoolSettings())))

    def test_everything_of_a_synthetic_one(self):
        asked = self.asked("--workload", "cpu", "--arms", "pinned,shared,shared-mutex,legacy", "--callers", "1024", "--rounds",
                           "101", "--tasks", "10000000", "--lanes", "4", "--pool-isolates", "9", "--recycle-after",
                           "0").synthetic
        arm = pool_pb2.ComparisonArm
        self.assertEqual(list(asked.arms), [
            arm(architecture=execution_pb2.ARCHITECTURE_PINNED),
            arm(architecture=execution_pb2.ARCHITECTURE_SHARED, handoff=pool_pb2.HANDOFF_FIFO),
            arm(architecture=execution_pb2.ARCHITECTURE_SHARED, handoff=pool_pb2.HANDOFF_MUTEX),
            arm(architecture=execution_pb2.ARCHITECTURE_LEGACY)])
        self.assertEqual((asked.callers, asked.rounds, asked.tasks), (1024, 101, 10_000_000))
        self.assertEqual(asked.WhichOneof("arrival"), "callers")
        self.assertEqual(asked.settings, pool_pb2.PoolSettings(lanes=4, isolates=9, recycle_after=0))
        self.assertEqual(asked.workload, pool_pb2.NamedWorkload(name="cpu"))

    def test_rate(self):
        asked = self.asked("--workload", "cpu", "--rate", "12.5").synthetic
        self.assertEqual((asked.WhichOneof("arrival"), asked.rate_per_s), ("rate_per_s", 12.5))

    def test_worker(self):
        asked = self.asked("echo", "--tenant", "acme", "-X", "PUT", "--path", "/a b", "-H", "x: y", "-d", "@-", "--isolates",
                           "12", stdin=b"\0\xff").synthetic
        self.assertEqual(asked.worker, execution_pb2.ExecuteRequest(
            tenant="acme", worker="echo", fetch=execution_pb2.HttpRequest(
                method="PUT", url="/a%20b", body_bytes=b"\0\xff",
                headers=[execution_pb2.HttpHeader(name="x", value=" y")])))
        self.assertEqual(asked.settings, pool_pb2.PoolSettings(isolates=12))
        asked = self.asked("jobs", "--event", "task", "-d", "{}").synthetic
        self.assertEqual(asked.worker.task.payload_json, "{}")

    def test_live(self):
        live = self.asked("--live", "shared-mutex", "--duration", "2.5", "--lanes", "3").live
        self.assertEqual(live.other, pool_pb2.ComparisonArm(architecture=execution_pb2.ARCHITECTURE_SHARED,
                                                            handoff=pool_pb2.HANDOFF_MUTEX))
        self.assertEqual((live.duration.seconds, live.duration.nanos, live.settings.lanes), (2, 500_000_000, 3))
        self.assertFalse(self.asked("--live", "legacy").live.HasField("duration"))

    def test_wrong_usage_says_what_to_do(self):
        workload = ["--workload", "cpu"]
        for arguments, word in [
                ([], "--workload"), (["--workload", "nothing"], "contention"), ([*workload, "w"], "choose"),
                (["--live", "fifo"], "shared-fifo"), ([*workload, "--live", "legacy"], "--live"),
                (["w", "--live", "legacy"], "--live"), (["w", "v"], "'v'"), ([*workload, "--path", "/"], "for a worker"),
                (["--live", "legacy", "--arms", "legacy,pinned"], "--arms"), (["--live", "legacy", "--rounds", "3"], "--duration"),
                (["--live", "legacy", "--callers", "3"], "--duration"), ([*workload, "--duration", "3"], "--rounds"),
                ([*workload, "--callers", "3", "--rate", "5"], "choose"), (["w", "--threads", "3"], "--lanes"),
                (["w", "--io-ms", "3"], "--workload"), ([*workload, "--handoff", "fifo"], "shared-mutex"),
                ([*workload, "--arms", "legacy"], "two"), ([*workload, "--arms", "legacy,naive"], "'naive'"),
                ([*workload, "--arms", "shared,shared-fifo"], "twice"), ([*workload, "--isolates", "257"], "--pool-isolates"),
                ([*workload, "--isolates", "0"], "--pool-isolates"), ([*workload, "--csv", "--json"], "choose"),
                ([*workload, "--rounds-detail"], "--csv"), (["w", "--cron", "x"], "--event scheduled"),
                (["w", "-d", "@/missing"], "missing")]:
            with self.subTest(arguments=arguments):
                said = self.fails(2, *arguments)
                self.assertIn(word, said)
        self.assertIsNone(self.canned.request)

    def test_bounds(self):
        for option, low, high in [("callers", 1, 1024), ("rounds", 1, 101), ("tasks", 1, 10_000_000), ("threads", 1, 256),
                                  ("isolates", 1, 256), ("io-ms", 0, 10_000), ("rate", 0.001, 1_000_000)]:
            for value in low, high:
                self.asked("--workload", "cpu", f"--{option}={value}")
            for value in low - 1, high + 1, "x", "", "1x":
                with self.subTest(option=option, value=value):
                    self.assertIn(f"--{option}", self.fails(2, "--workload", "cpu", f"--{option}={value}"))
        for value in 2, 3600:
            self.asked("--live", "legacy", "--duration", value)
        for value in 1.9, 3600.1, "nan", "x":
            self.assertIn("--duration", self.fails(2, "--live", "legacy", "--duration", value))

    def test_list_of_workloads(self):
        said = self.cli.ok("pool", "compare", "--workload", "list").decode()
        names = ["cpu", "standard", "warm", "simple", "fetch", "multi-fetch", "threads", "contention"]
        self.assertEqual([line.split()[0] for line in said.splitlines()], names)
        self.assertIn(said, self.cli.ok("pool", "compare", "--help").decode())


if __name__ == "__main__":
    unittest.main()
