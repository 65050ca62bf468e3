"""Comparing architectures: synthetic and live, from beginning to end and cut short."""

import os
import signal
import threading
import time

import grpc
import support
from support import Api, Cli, execution_pb2, pool_pb2, start, wait_until, worker_source
from google.protobuf import duration_pb2

LEGACY = execution_pb2.ARCHITECTURE_LEGACY
SHARED = execution_pb2.ARCHITECTURE_SHARED
PINNED = execution_pb2.ARCHITECTURE_PINNED
MUTEX = pool_pb2.HANDOFF_MUTEX
INVALID_ARGUMENT = grpc.StatusCode.INVALID_ARGUMENT
FAILED_PRECONDITION = grpc.StatusCode.FAILED_PRECONDITION

WORKLOADS = "cpu", "standard", "warm", "simple", "fetch", "multi-fetch", "threads", "contention"
ALL_ARMS = ["legacy", "shared fifo", "shared mutex", "pinned"]


def arm(architecture, **fields):
    return pool_pb2.ComparisonArm(architecture=architecture, **fields)


def synthetic(workload=None, worker=None, **fields):
    """A request; `workload` is a name or a message."""
    if isinstance(workload, str):
        workload = pool_pb2.NamedWorkload(name=workload)
    if isinstance(worker, str):
        worker = execution_pb2.ExecuteRequest(worker=worker, fetch=execution_pb2.HttpRequest(url="/"))
    return pool_pb2.ComparePoolsRequest(
        synthetic=pool_pb2.SyntheticComparison(workload=workload, worker=worker, **fields))


def live(architecture, seconds=None, **fields):
    duration = None
    if seconds is not None:
        duration = duration_pb2.Duration(seconds=int(seconds), nanos=int(seconds % 1 * 1e9))
    return pool_pb2.ComparePoolsRequest(live=pool_pb2.LiveComparison(other=arm(architecture, **fields), duration=duration))


class Case(support.TestCase):
    def start(self, *flags, **arguments):
        self.server = start(*flags, **arguments)
        self.addCleanup(self.server.kill)
        channel = self.server.channel()
        self.addCleanup(channel.close)
        self.api = Api(channel)
        self.cli = Cli(self.server.address)
        return self.server

    def events(self, request):
        return self.api.pool.ComparePools(request, timeout=4 * support.PATIENCE)

    def compare(self, request):
        """The report, and what came before it."""
        events = list(self.events(request))
        self.assertTrue(all(event.HasField("progress") for event in events[:-1]))
        self.assertTrue(events[-1].HasField("comparison"))
        return events[-1].comparison, [event.progress for event in events[:-1]]

    def refuses(self, code, request):
        return self.refused(code, lambda: list(self.events(request)))

    def under_way(self, request):
        """A comparison of which something was heard."""
        events = self.events(request)
        next(events)
        return events

    def list(self):
        return self.api.pool.ListComparisons(pool_pb2.ListComparisonsRequest(), timeout=support.PATIENCE).comparisons

    def get(self, id):
        return self.api.pool.GetComparison(pool_pb2.GetComparisonRequest(id=id), timeout=support.PATIENCE).comparison

    def count(self, what):
        """Of the server's threads ("task") or open files ("fd")."""
        return len(os.listdir(f"/proc/{self.server.pid}/{what}"))

    def wait_for_end(self):
        """A comparison that was cancelled ends a little after the client has gone."""
        def is_over():
            try:
                for _ in self.events(synthetic("warm", rounds=1, tasks=1)):
                    pass
                return True
            except grpc.RpcError as error:
                self.assertEqual(error.code(), FAILED_PRECONDITION)
                return False

        wait_until(is_over, "the comparison to end")


class Synthetic(Case):
    def test_every_workload(self):
        self.start()
        for name in WORKLOADS:
            with self.subTest(workload=name):
                report, _ = self.compare(synthetic(name, rounds=2, tasks=16))
                self.assertEqual([result.name for result in report.arms], ALL_ARMS)
                for result in report.arms:
                    self.assertEqual((result.tasks, result.failed), (32, 0), result.name)
                    self.assertGreater(result.tasks_per_s, 0)
                    self.assertGreaterEqual(result.latency.max_us, result.latency.p50_us)
                    self.assertEqual(result.latency.count, 32)
                    self.assertEqual(len(result.rounds), 2)
                self.assertEqual(report.arms[0].isolates_created, 32)
                self.assertLess(report.arms[3].isolates_created, 32)
                self.assertIn(name, report.title)
                self.assertFalse(report.is_decided)
                self.assertIn("too few", report.verdict)
                self.assertEqual(any("simulated" in note for note in report.notes),
                                 name in ("standard", "fetch", "multi-fetch"))
        self.assertEqual(len(self.list()), len(WORKLOADS))

    def test_report(self):
        self.start()
        request = synthetic("cpu", rounds=6, tasks=8, arms=[arm(PINNED), arm(SHARED, handoff=MUTEX)],
                            callers=4, settings=pool_pb2.PoolSettings(lanes=2, isolates=7))
        report, progress = self.compare(request)
        self.assertEqual([result.name for result in report.arms], ["pinned", "shared mutex"])
        self.assertEqual([(result.config.lanes, result.config.isolates) for result in report.arms], [(2, 7)] * 2)
        self.assertEqual(report.title, "synthetic, cpu, 4 callers")
        self.assertEqual(report.request, request)
        self.assertEqual(len(report.ratios), 4)
        throughput = report.ratios[0]
        self.assertEqual((throughput.arm, throughput.metric), (1, pool_pb2.COMPARISON_METRIC_THROUGHPUT))
        self.assertTrue(throughput.min <= throughput.interval.low <= throughput.median <= throughput.interval.high
                        <= throughput.max, throughput)
        self.assertEqual(report.processors, len(os.sched_getaffinity(self.server.pid)))
        self.assertFalse(report.arms[0].HasField("lock"))
        self.assertGreater(report.arms[1].lock.acquisitions, 0)
        self.assertGreater(report.arms[1].isolate_lock.acquisitions, 0)
        shares = [event.share for event in progress]
        self.assertEqual(shares, sorted(shares))
        self.assertEqual(self.get(report.id), report)
        self.assertEqual([(row.id, row.title, row.verdict) for row in self.list()],
                         [(report.id, report.title, report.verdict)])

    def test_report_survives_a_restart(self):
        self.start()
        report, _ = self.compare(synthetic("warm", rounds=1))
        self.server.stop()
        self.start(db=self.server.db)
        self.assertEqual(self.get(report.id), report)
        self.assertIn(report.title, self.cli.ok("pool", "comparisons").decode())

    def test_shape_of_a_workload(self):
        self.start()
        report, _ = self.compare(synthetic(
            pool_pb2.NamedWorkload(name="contention", threads=3, isolates=2, io_ms=4), rounds=1, tasks=12))
        for result in report.arms:
            self.assertEqual((result.config.lanes, result.config.isolates_per_worker), (3, 2))
            self.assertGreaterEqual(result.latency.p50_us, 4000)
        self.assertIn("tasks wait 4 ms for a timer", report.notes[0])
        self.assertIn("3 callers", report.title)

    def test_times_by_what_tasks_found(self):
        self.start()
        for context, kinds in (pool_pb2.CONTEXT_USE_REUSE, {"cold", "warm"}), \
                (pool_pb2.CONTEXT_USE_FRESH, {"cold", "new_context"}):
            report, _ = self.compare(synthetic("simple", rounds=1, settings=pool_pb2.PoolSettings(context=context)))
            for result in report.arms:
                times = {name: getattr(result, name) for name in ("cold", "new_context", "warm") if result.HasField(name)}
                self.assertEqual(sum(time.count for time in times.values()), 30, result.name)
                self.assertEqual(set(times), {"cold"} if result.name == "legacy" else kinds, result.name)
                self.assertEqual(result.config.context, context)
            cold, later = report.arms[3].cold, getattr(report.arms[3], (kinds - {"cold"}).pop())
            self.assertGreater(cold.p50_us, later.p50_us)

    def test_deployed_worker(self):
        self.start("--lanes", "2")
        self.api.deploy("echo", worker_source("echo.js"))
        worker = execution_pb2.ExecuteRequest(worker="echo", fetch=execution_pb2.HttpRequest(
            url="/echo", method="POST", body_text="x" * 1000))
        before = self.api.stats().tasks.answered
        report, _ = self.compare(synthetic(worker=worker, rounds=1, tasks=50, arms=[arm(LEGACY), arm(PINNED)]))
        self.assertEqual(report.title, "synthetic, default/echo, 16 callers")
        self.assertEqual([(result.tasks, result.failed) for result in report.arms], [(50, 0)] * 2)
        self.assertEqual(self.api.stats().tasks.answered, before)  # not in the pool that serves

    def test_as_many_tasks_as_begin_in_a_second(self):
        self.start("--lanes", "2")
        self.api.deploy("echo", worker_source("echo.js"))
        report, _ = self.compare(synthetic(worker="echo", rounds=1, arms=[arm(SHARED), arm(PINNED)]))
        for result in report.arms:
            self.assertGreater(result.tasks, 100)
            self.assertAlmostEqual(result.tasks / result.tasks_per_s, 1, delta=0.5)

    def test_worker_that_fails(self):
        self.start()
        self.api.deploy("echo", worker_source("echo.js"))
        worker = execution_pb2.ExecuteRequest(worker="echo", fetch=execution_pb2.HttpRequest(url="/throw"))
        report, _ = self.compare(synthetic(worker=worker, rounds=7, tasks=4))
        self.assertEqual([(result.tasks, result.failed) for result in report.arms], [(28, 28)] * 4)
        self.assertFalse(report.is_decided)
        self.assertIn("thrown on purpose", report.notes[0])

    def test_open_loop(self):
        self.start()
        report, _ = self.compare(synthetic("simple", rounds=1, tasks=100, rate_per_s=200, arms=[arm(PINNED), arm(SHARED)]))
        self.assertEqual(report.title, "synthetic, simple, 200 tasks/s")
        for result in report.arms:
            self.assertEqual((result.tasks, result.failed), (100, 0))
            self.assertAlmostEqual(result.tasks_per_s, 200, delta=30)

    def test_serving_goes_on(self):
        self.start("--lanes", "2")
        self.api.deploy("echo", worker_source("echo.js"))
        before = self.api.stats()
        events = self.under_way(synthetic("fetch"))
        for i in range(50):
            self.assertIn(f"/{i}", self.api.text("echo", f"/{i}"))
        after = self.api.stats()
        self.assertEqual(after.tasks.answered, before.tasks.answered + 50)
        self.assertEqual(after.architecture, PINNED)
        events.cancel()

    def test_refusals(self):
        self.start()
        self.api.deploy("echo", worker_source("echo.js"))
        workload = pool_pb2.NamedWorkload
        for field, request in {
            "kind": pool_pb2.ComparePoolsRequest(),
            "synthetic.load": synthetic(),
            "synthetic.workload.name": synthetic("none"),
            "synthetic.workload.threads": synthetic(workload(name="cpu", threads=257)),
            "synthetic.workload.isolates": synthetic(workload(name="cpu", isolates=257)),
            "synthetic.workload.io_ms": synthetic(workload(name="fetch", io_ms=10001)),
            "synthetic.callers": synthetic("cpu", callers=1025),
            "synthetic.rounds": synthetic("cpu", rounds=102),
            "synthetic.tasks": synthetic("cpu", tasks=10_000_001),
            "synthetic.settings.lanes": synthetic("cpu", settings=pool_pb2.PoolSettings(lanes=257)),
            "worker": synthetic(worker=execution_pb2.ExecuteRequest(fetch=execution_pb2.HttpRequest(url="/"))),
            "live.other": pool_pb2.ComparePoolsRequest(live=pool_pb2.LiveComparison()),
            "live.duration": live(SHARED, 1.999),
        }.items():
            with self.subTest(field=field):
                self.assertEqual(self.refuses(INVALID_ARGUMENT, request).fields, [field])
        for request in (synthetic("cpu", rate_per_s=0), synthetic("cpu", rate_per_s=-1),
                        synthetic("cpu", rate_per_s=float("nan")), synthetic("cpu", rate_per_s=1_000_001)):
            self.assertEqual(self.refuses(INVALID_ARGUMENT, request).fields, ["synthetic.rate_per_s"])
        for arms in [arm(PINNED)], [arm(PINNED)] * 2, [arm(SHARED), arm(SHARED, handoff=pool_pb2.HANDOFF_FIFO)], \
                [arm(PINNED)] * 9:
            self.assertEqual(self.refuses(INVALID_ARGUMENT, synthetic("cpu", arms=arms)).fields, ["synthetic.arms"])
        self.assertEqual(self.refuses(INVALID_ARGUMENT, synthetic(workload(name="cpu", io_ms=5))).fields,
                         ["synthetic.workload.io_ms"])
        self.refuses(INVALID_ARGUMENT, synthetic("cpu", arms=[arm(PINNED), arm(77)]))
        self.refuses(INVALID_ARGUMENT, live(SHARED, 3601))
        self.refuses(grpc.StatusCode.NOT_FOUND, synthetic(worker="nobody"))
        self.assertEqual(len(self.list()), 0)

    def test_bounds_are_allowed(self):
        self.start("--startup-ms", "30000")  # 256 isolates begin at once
        report, _ = self.compare(synthetic(
            pool_pb2.NamedWorkload(name="threads", threads=256, isolates=256), rounds=1, tasks=300, callers=1024,
            settings=pool_pb2.PoolSettings(isolates=256), arms=[arm(SHARED), arm(PINNED)]))
        self.assertEqual([(result.tasks, result.failed) for result in report.arms], [(300, 0)] * 2)

    def test_one_at_a_time(self):
        self.start()
        events = self.under_way(synthetic("fetch"))
        self.assertIn("another comparison is under way",
                      self.refuses(FAILED_PRECONDITION, synthetic("cpu")).message)
        self.assertIn("under way", self.refuses(FAILED_PRECONDITION, live(SHARED, 2)).message)
        events.cancel()
        self.wait_for_end()
        for _ in range(3):  # whoever has the report is not refused
            self.compare(synthetic("warm", rounds=1, tasks=1))

    def test_cancelled_half_way_leaves_nothing(self):
        self.start()
        self.compare(synthetic("fetch", rounds=1, tasks=4))
        threads, files = self.count("task"), self.count("fd")
        for _ in range(3):
            events = self.under_way(synthetic("contention"))
            for _ in range(5):
                next(events)
            events.cancel()
            self.wait_for_end()
        wait_until(lambda: self.count("task") <= threads, "the threads to end")
        wait_until(lambda: self.count("fd") <= files, "the files to be closed")
        self.assertEqual(len([row for row in self.list() if "contention" in row.title]), 0)

    def test_client_that_dies(self):
        self.start()
        for _ in range(2):
            with self.server.channel() as channel:
                next(Api(channel).pool.ComparePools(synthetic("fetch")))
            self.wait_for_end()

    def test_shutdown_ends_it(self):
        self.start()
        events = self.under_way(synthetic("fetch"))
        begin = time.monotonic()
        self.server.signal(signal.SIGTERM)
        refusal = self.refused(grpc.StatusCode.UNAVAILABLE, lambda: list(events))
        self.assertIn("shutting down", refusal.message)
        self.assertEqual(self.server.wait(), 0)
        self.assertLess(time.monotonic() - begin, 5)

    def test_silence_is_short(self):
        """In a round that lasts the client hears of the comparison all the same."""
        self.start()
        self.api.deploy("echo", worker_source("echo.js"))
        worker = execution_pb2.ExecuteRequest(worker="echo", fetch=execution_pb2.HttpRequest(url="/sleep?ms=3000"))
        last, longest = time.monotonic(), 0
        for _ in self.events(synthetic(worker=worker, rounds=1, tasks=1, arms=[arm(PINNED), arm(SHARED)])):
            now = time.monotonic()
            last, longest = now, max(longest, now - last)
        self.assertLess(longest, 2.5)


class Calls:
    """Calls of some tenants without a pause; what came of them."""

    def __init__(self, server, tenants, threads=2):
        self.errors, self.architectures = [], {}
        self._is_over = False
        self._lock = threading.Lock()
        self._threads = [threading.Thread(target=self._run, args=(server, tenants)) for _ in range(threads)]
        for thread in self._threads:
            thread.start()

    def _run(self, server, tenants):
        with server.channel() as channel:
            api = Api(channel)
            number = 0
            while not self._is_over:
                tenant = tenants[number % len(tenants)]
                number += 1
                try:
                    reply = api.execute("echo", f"/{number}", tenant=tenant)
                    seen, error = reply.report.architecture, None
                    if f"/{number}" not in reply.response.body_text:
                        error = reply.response.body_text
                except grpc.RpcError as caught:
                    seen, error = None, f"{caught.code()} {caught.details()}"
                with self._lock:
                    if error:
                        self.errors.append(error)
                    self.architectures.setdefault(tenant, set()).add(seen)

    def stop(self):
        self._is_over = True
        for thread in self._threads:
            thread.join()
        return self


class Live(Case):
    def start_tenants(self, count, *flags):
        self.start("--lanes", "2", *flags)
        self.tenants = [f"tenant-{i}" for i in range(count)]
        for tenant in self.tenants:
            self.api.deploy("echo", worker_source("echo.js"), tenant=tenant)

    def call_tenants(self):
        calls = Calls(self.server, self.tenants)
        self.addCleanup(calls.stop)
        return calls

    def test_live(self):
        self.start_tenants(5)
        before = self.api.stats()
        calls = self.call_tenants()
        report, progress = self.compare(live(SHARED, 4, handoff=MUTEX))
        calls.stop()
        self.assertEqual(calls.errors, [])
        self.assertEqual([result.name for result in report.arms], ["pinned", "shared mutex"])
        for result in report.arms:
            self.assertGreater(result.tasks, 10)
            self.assertEqual(result.failed, 0)
        for tenant in self.tenants:  # everybody was on both sides
            self.assertEqual(calls.architectures[tenant], {PINNED, SHARED})
        self.assertTrue(any("5 tenants" in note for note in report.notes), report.notes)
        self.assertGreaterEqual(len(progress), 4)
        self.assertEqual(self.get(report.id), report)
        after = self.api.stats()
        self.assertEqual((after.architecture, after.config), (PINNED, before.config))
        self.assertEqual(after.switches, before.switches)

    def test_fewer_than_two_tenants(self):
        self.start_tenants(1)
        self.assertIn("tenants", self.refuses(FAILED_PRECONDITION, live(SHARED, 2)).message)
        self.api.deploy("echo", worker_source("echo.js"), tenant="another")
        report, _ = self.compare(live(SHARED, 2))
        self.assertEqual(report.arms[0].tasks, 0)
        self.assertFalse(report.is_decided)

    def test_client_that_goes_away(self):
        self.start_tenants(2)
        calls = self.call_tenants()
        events = self.under_way(live(LEGACY, 600))
        wait_until(lambda: any(LEGACY in seen for seen in list(calls.architectures.values())), "calls in both pools")
        self.assertEqual(self.api.stats().rival_architecture, LEGACY)
        events.cancel()
        self.wait_for_end()
        self.assertEqual(self.api.stats().rival_architecture, 0)
        calls.stop()
        counted = {row.architecture: row for row in self.api.stats().architectures}
        self.assertEqual(set(counted), {LEGACY, PINNED})
        self.assertGreater(counted[LEGACY].answered, 0)
        self.assertGreater(counted[LEGACY].cpu.count, 0)
        self.assertEqual(calls.errors, [])
        for tenant in self.tenants:
            self.assertEqual(self.api.execute("echo", tenant=tenant).report.architecture, PINNED)
        self.assertEqual(len([row for row in self.list() if "live" in row.title]), 0)

    def test_switch_meanwhile_is_refused(self):
        self.start_tenants(2)
        events = self.under_way(live(LEGACY, 600))
        wait_until(lambda: self.api.stats().rival_architecture == LEGACY, "the rival to serve")
        refusal = self.refused(FAILED_PRECONDITION, self.api.pool.SwitchArchitecture,
                               pool_pb2.SwitchArchitectureRequest(architecture=SHARED))
        self.assertIn("live comparison", refusal.message)
        events.cancel()


class CommandLine(Case):
    def test_workload(self):
        self.start()
        text = self.cli.ok("pool", "compare", "--workload", "warm", "--rounds", "6").decode()
        for word in "synthetic, warm, 1 caller", *ALL_ARMS, "95 % INTERVAL", "stored as comparison 1":
            self.assertIn(word, text)
        self.assertIn("shared mutex", self.cli.ok("pool", "comparisons", "1").decode())
        csv = self.cli.ok("pool", "comparisons", "1", "--csv").decode().splitlines()
        self.assertEqual(len(csv), 5)
        report = self.cli.json("pool", "compare", "--workload", "warm", "--rounds", "1", "--arms", "pinned,legacy")
        self.assertEqual([result["name"] for result in report["arms"]], ["pinned", "legacy"])

    def test_live(self):
        self.start()
        result = self.cli.run("pool", "compare", "--live", "shared", "--duration", "2")
        self.assertEqual(result.returncode, 4, result.stderr)
        self.assertIn(b"two", result.stderr)

    def test_interrupted(self):
        self.start()
        process = self.cli.popen("pool", "compare", "--workload", "contention", "--rounds", "101")
        wait_until(lambda: process.stderr.readline(), "progress")
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=support.PATIENCE)
        self.assertNotEqual(process.returncode, 0)
        self.wait_for_end()


if __name__ == "__main__":
    support.unittest.main()
