"""Switching the pool while the server serves."""

import contextlib
import signal
import threading
import time
from pathlib import Path

import grpc
import support
from support import Api, Cli, execution_pb2, pool_pb2, start, wait_until, worker_source
from google.protobuf import duration_pb2

LEGACY = execution_pb2.ARCHITECTURE_LEGACY
SHARED = execution_pb2.ARCHITECTURE_SHARED
PINNED = execution_pb2.ARCHITECTURE_PINNED
INVALID_ARGUMENT = grpc.StatusCode.INVALID_ARGUMENT
FAILED_PRECONDITION = grpc.StatusCode.FAILED_PRECONDITION


def request(architecture, drain_s=None, **config):
    drain = None
    if drain_s is not None:
        drain = duration_pb2.Duration(seconds=int(drain_s), nanos=int(drain_s % 1 * 1e9))
    return pool_pb2.SwitchArchitectureRequest(architecture=architecture, drain_deadline=drain,
                                              config=pool_pb2.PoolSettings(**config) if config else None)


class Case(support.TestCase):
    def start(self, *flags, **arguments):
        self.server = start(*flags, **arguments)
        self.addCleanup(self.server.kill)
        channel = self.server.channel()
        self.addCleanup(channel.close)
        self.api = Api(channel)
        return self.server

    def start_echo(self, *flags, **arguments):
        self.start(*flags, **arguments)
        self.api.deploy("echo", worker_source("echo.js"))

    def switch(self, architecture, drain_s=None, **config):
        return self.api.pool.SwitchArchitecture(request(architecture, drain_s, **config), timeout=support.PATIENCE)

    def switching(self, architecture, drain_s=None, **config):
        """A switch that has the new pool serve by now."""
        before = self.api.stats().switches
        future = self.api.pool.SwitchArchitecture.future(request(architecture, drain_s, **config),
                                                         timeout=2 * support.PATIENCE)
        wait_until(lambda: self.api.stats().switches > before, "the new pool to serve")
        return future

    def call(self, url, worker="echo", timeout=2 * support.PATIENCE):
        """A call that is running by now."""
        before = self.api.stats().tasks.in_flight
        future = self.api.execution.Execute.future(execution_pb2.ExecuteRequest(
            worker=worker, fetch=execution_pb2.HttpRequest(url=url)), timeout=timeout)
        wait_until(lambda: self.api.stats().tasks.in_flight > before, "the task to run")
        return future

    def architecture(self):
        return self.api.execute("echo").report.architecture


class Load:
    """Calls without a pause from some threads; what came of them."""

    def __init__(self, server, urls, threads=4):
        self.errors, self.by_architecture = [], {}
        self._is_over = False
        self._lock = threading.Lock()
        self._urls = urls
        self._threads = [threading.Thread(target=self._run, args=(server,)) for _ in range(threads)]
        for thread in self._threads:
            thread.start()

    def _run(self, server):
        with server.channel() as channel:
            api = Api(channel)
            number = 0
            while not self._is_over:
                worker, url, expected = self._urls[number % len(self._urls)]
                number += 1
                try:
                    reply = api.execute(worker, url)
                    text, report = reply.response.body_text, reply.report
                    error = None if expected in text else f"{url}: {text!r}"
                except grpc.RpcError as caught:
                    error, report = f"{url}: {caught.code()} {caught.details()}", None
                with self._lock:
                    if error:
                        self.errors.append(error)
                    if report:
                        count = self.by_architecture.get(report.architecture, 0)
                        self.by_architecture[report.architecture] = count + 1

    def stop(self):
        self._is_over = True
        for thread in self._threads:
            thread.join()
        return self


GRPC_THREADS = ("default-executo", "event_engine", "grpc_global_tim", "resolver-execut", "timer_manager")
URLS = [("echo", "/x", "/x"), ("echo", "/sleep?ms=3", "slept"), ("counter", "/", "call ")]


class Switching(Case):
    def test_under_load_no_call_fails(self):
        self.start_echo()
        self.api.deploy("counter", worker_source("limits.js"))
        load = Load(self.server, URLS)
        try:
            order = [LEGACY, SHARED, PINNED]
            for i in range(12):
                response = self.switch(order[i % 3], lanes=1 + i % 3)
                self.assertEqual(response.architecture, order[i % 3])
                self.assertEqual(response.previous_architecture, order[(i + 2) % 3])
                self.assertEqual(response.config.lanes, 1 + i % 3)
                self.assertTrue(response.HasField("closed_ms"))
                self.assertEqual(response.running_executions, 0)
                self.assertGreater(response.rss_before_bytes, 1 << 20)
                self.assertGreater(response.rss_after_bytes, 1 << 20)
                self.assertEqual(response.warmed_workers, 0 if i % 3 == 0 else 2)
                time.sleep(0.2)
        finally:
            load.stop()
        self.assertEqual(load.errors, [])
        for architecture in order:
            self.assertGreater(load.by_architecture[architecture], 0)
        stats = self.api.stats()
        self.assertEqual(stats.switches, 12)
        self.assertFalse(stats.HasField("draining"))
        self.assertEqual(self.server.stop(), 0)

    def count_files(self):
        return len(list(Path(f"/proc/{self.server.pid}/fd").iterdir()))

    def count_threads(self):
        """But for gRPC's own, whose number is its own affair."""
        names = []
        for task in Path(f"/proc/{self.server.pid}/task").iterdir():
            with contextlib.suppress(OSError):  # it has ended
                names.append((task / "comm").read_text().strip())
        return sum(name not in GRPC_THREADS for name in names)

    def test_many_switches_leave_nothing_behind(self):
        self.start_echo()
        for architecture in LEGACY, SHARED, PINNED:
            self.api.execute("echo")
            self.switch(architecture)
        threads, descriptors, memory = self.count_threads(), self.count_files(), self.server.rss_bytes()
        for _ in range(15):
            for architecture in LEGACY, SHARED, PINNED:
                self.api.execute("echo")
                self.assertTrue(self.switch(architecture).HasField("closed_ms"))
        # A thread of the last pool may still be on its way out.
        wait_until(lambda: self.count_threads() <= threads, "threads to end")
        self.assertLessEqual(self.count_files(), descriptors)
        self.assertLess(self.server.rss_bytes() - memory, (24 << 20) * self.server.memory_slack())

    def test_hot_workers_are_warm_when_the_first_task_comes(self):
        self.start_echo("--pool", "legacy")
        for _ in range(3):
            self.api.execute("echo")
        for architecture in PINNED, SHARED:
            self.assertEqual(self.switch(architecture).warmed_workers, 1)
            self.assertEqual(self.api.execute("echo").report.startup_us, 0)
            self.assertEqual(self.api.stats().isolates.created, 1)

    def test_worker_that_cannot_start_does_not_hinder(self):
        self.start_echo("--pool", "legacy")
        source = "if (Date.now() > {}) throw new Error('too late');\nexport default {{ fetch: () => new Response('') }}"
        self.api.deploy("late", source.format(int(time.time() * 1000) + 700))
        self.api.execute("late")
        self.api.execute("echo")
        time.sleep(1)
        response = self.switch(PINNED)
        self.assertEqual((response.warmed_workers, response.cold_workers), (1, 1))

    def test_task_in_flight_ends_where_it_began(self):
        self.start_echo()
        running = self.call("/sleep?ms=1000")
        switching = self.switching(LEGACY)
        self.assertEqual(self.architecture(), LEGACY)
        self.assertFalse(running.done())
        response = switching.result()
        self.assertEqual(running.result().response.body_text, "slept")
        self.assertEqual(running.result().report.architecture, PINNED)
        self.assertEqual(response.finished_tasks, 1)
        self.assertGreaterEqual(response.closed_ms, 300)
        self.assertLessEqual(response.switched_ms, response.first_task_ms)

    def test_deadline_passes_and_the_old_pool_lives_on(self):
        self.start_echo()
        running = self.call("/sleep?ms=2500")
        begin = time.monotonic()
        response = self.switch(LEGACY, drain_s=0.3)
        self.assertLess(time.monotonic() - begin, 2)
        self.assertEqual(response.running_executions, 1)
        self.assertFalse(response.HasField("closed_ms"))
        stats = self.api.stats()
        self.assertEqual(stats.draining.architecture, PINNED)
        self.assertEqual(stats.draining.running_executions, 1)
        refusal = self.refused(FAILED_PRECONDITION, self.switch, PINNED)
        self.assertIn("1 execution goes on", refusal.message)
        self.assertEqual(running.result().response.body_text, "slept")
        self.assertEqual(running.result().report.architecture, PINNED)
        wait_until(lambda: not self.api.stats().HasField("draining"), "the old pool to end")
        wait_until(lambda: "the pool before has ended" in self.server.log(), "the log to say so")
        self.assertEqual(self.switch(PINNED).previous_architecture, LEGACY)

    def test_what_goes_on_after_answers_is_waited_for(self):
        self.start()
        self.api.deploy("async", worker_source("async.js"))
        self.assertEqual(self.api.text("async", "/after?ms=800"), "at once")
        self.assertEqual(self.switch(LEGACY, drain_s=0).running_executions, 1)
        wait_until(lambda: not self.api.stats().HasField("draining"), "the old pool to end")
        self.assertIn("waited until", self.server.log())

    def test_second_switch_meanwhile_is_refused(self):
        self.start_echo()
        running = self.call("/sleep?ms=1000")
        switching = self.switching(LEGACY)
        refusal = self.refused(FAILED_PRECONDITION, self.switch, PINNED)
        self.assertIn("under way", refusal.message)
        self.assertEqual(refusal.reason, "PRECONDITION")
        self.assertTrue(switching.result().HasField("closed_ms"))
        self.assertEqual(running.result().response.body_text, "slept")
        self.assertEqual(self.switch(PINNED).architecture, PINNED)

    def test_what_cannot_be_leaves_the_old_pool(self):
        self.start_echo()
        for wrong, field in ((request(LEGACY, lanes=0), "config.lanes"), (request(LEGACY, lanes=257), "config.lanes"),
                             (request(LEGACY, lanes=4, isolates=3), "config.isolates"),
                             (request(LEGACY, isolates=100001), "config.isolates"),
                             (request(LEGACY, isolates=100000), "config.isolates"),
                             (request(LEGACY, queue=0), "config.queue"),
                             (request(LEGACY, tasks_per_isolate=65536), "config.tasks_per_isolate"),
                             (request(LEGACY, idle_ttl_ms=1 << 50), "config.idle_ttl_ms"),
                             (request(LEGACY, recycle_after=1 << 40), "config.recycle_after"),
                             (request(SHARED, isolates_per_worker=100001), "config.isolates_per_worker"),
                             (request(0), "architecture"), (request(99), "architecture"),
                             (request(LEGACY, drain_s=3601), "drain_deadline"),
                             (request(LEGACY, drain_s=-1), "drain_deadline")):
            with self.subTest(wrong=wrong):
                refusal = self.refused(INVALID_ARGUMENT, self.api.pool.SwitchArchitecture, wrong)
                self.assertEqual(refusal.fields, [field], refusal.message)
        self.assertEqual(self.architecture(), PINNED)
        self.assertEqual(self.api.stats().switches, 0)
        self.assertEqual(self.switch(LEGACY).architecture, LEGACY)

    def test_settings_count(self):
        self.start_echo("--queue", "77")
        self.switch(SHARED, isolates_per_worker=3)
        self.assertEqual(self.api.stats().config.isolates_per_worker, 3)
        response = self.switch(PINNED, lanes=1, isolates=7, tasks_per_isolate=2000, idle_ttl_ms=0, recycle_after=2)
        self.assertEqual(response.previous_architecture, SHARED)
        config = self.api.stats().config
        self.assertEqual((config.lanes, config.isolates, config.queue, config.tasks_per_isolate, config.idle_ttl_ms,
                          config.recycle_after), (1, 7, 77, 2000, 0, 2))
        for _ in range(5):
            self.api.execute("echo")
        wait_until(lambda: self.api.stats().isolates.recycled == 2, "isolates to be recycled")
        self.switch(PINNED)
        self.assertEqual(self.api.stats().config.recycle_after, 0)

    def test_counters_begin_anew_and_say_since_when(self):
        self.start_echo()
        self.api.execute("echo")
        before = self.api.stats()
        self.assertEqual(before.switches, 0)
        self.switch(LEGACY)
        after = self.api.stats()
        self.assertEqual(after.switches, 1)
        self.assertGreater(after.open_time.ToNanoseconds(), before.open_time.ToNanoseconds())
        self.assertEqual(after.tasks.submitted, 0)
        self.assertGreaterEqual(after.server.uptime_ms, before.server.uptime_ms)

    def test_caller_that_goes_away_does_not_undo_it(self):
        self.start_echo()
        running = self.call("/sleep?ms=1200")
        self.switching(LEGACY).cancel()
        self.assertEqual(self.architecture(), LEGACY)
        self.assertEqual(running.result().response.body_text, "slept")
        wait_until(lambda: not self.api.stats().HasField("draining"), "the old pool to end")
        self.assertEqual(self.architecture(), LEGACY)

    def test_cancelled_calls_of_the_old_pool_end(self):
        self.start_echo()
        cancelled, late = self.call("/sleep?ms=20000"), self.call("/sleep?ms=20000", timeout=1)
        switching = self.switching(LEGACY)
        cancelled.cancel()
        self.assertEqual(late.code(), grpc.StatusCode.DEADLINE_EXCEEDED)
        response = switching.result()
        self.assertEqual(response.finished_tasks, 2)
        self.assertTrue(response.HasField("closed_ms"))
        self.assertLess(response.closed_ms, 15000)

    def test_limits_hold_in_the_old_pool(self):
        self.start("--wall-ms", "1200")
        self.api.deploy("limits", worker_source("limits.js"))
        running = self.call("/wall", worker="limits")
        response = self.switch(LEGACY)
        self.assertEqual(running.code(), grpc.StatusCode.DEADLINE_EXCEEDED)
        self.assertEqual(response.finished_tasks, 1)

    def test_worker_deleted_and_deployed_meanwhile(self):
        self.start_echo()
        self.api.deploy("gone", worker_source("echo.js"))
        self.api.execute("gone")
        running, orphan = self.call("/sleep?ms=1500"), self.call("/sleep?ms=1500", worker="gone")
        switching = self.switching(LEGACY)
        Cli(self.server.address).ok("workers", "delete", "gone")
        version = self.api.deploy("echo", "export default { fetch: () => new Response('new') }")
        self.assertEqual(version.number, 2)
        self.assertEqual(self.api.text("echo"), "new")
        self.refused(grpc.StatusCode.NOT_FOUND, self.api.execute, "gone")
        self.assertFalse(running.done())
        self.assertEqual(running.result().response.body_text, "slept")
        self.assertEqual(orphan.result().response.body_text, "slept")
        self.assertTrue(switching.result().HasField("closed_ms"))
        self.switch(PINNED)
        self.assertEqual(self.api.text("echo"), "new")

    def test_deployments_and_switches_at_once(self):
        self.start_echo()
        is_over = threading.Event()

        def deploy():
            number = 0
            while not is_over.is_set():
                number += 1
                self.api.deploy("busy", f"export default {{ fetch: () => new Response('{number}') }}")
                self.assertEqual(self.api.text("busy"), str(number))
            deployed.append(number)

        deployed = []
        thread = threading.Thread(target=deploy)
        thread.start()
        for i in range(8):
            self.switch(PINNED if i % 2 else LEGACY)
            time.sleep(0.1)
        is_over.set()
        thread.join()
        self.assertGreater(deployed[0], 3)

    def test_turn_that_never_ends_keeps_the_old_pool(self):
        self.start("--quarantine-after-ms", "300", "--cpu-ms", "200")
        self.api.deploy("async", worker_source("async.js"))
        self.api.deploy("echo", worker_source("echo.js"))
        self.refused(grpc.StatusCode.RESOURCE_EXHAUSTED, self.api.execute, "async", "/cannot-be-interrupted")
        wait_until(lambda: self.api.stats().threads.quarantined == 1, "the turn to be written off")
        response = self.switch(LEGACY, drain_s=0.5)
        self.assertFalse(response.HasField("closed_ms"))
        self.assertEqual(self.architecture(), LEGACY)
        self.refused(FAILED_PRECONDITION, self.switch, PINNED)
        begin = time.monotonic()
        self.assertEqual(self.server.stop(), 0)
        self.assertLess(time.monotonic() - begin, 10)


class Restart(Case):
    def restart(self, *flags, **arguments):
        self.assertEqual(self.server.stop(), 0)
        self.start(*flags, db=self.server.db, **arguments)
        return self.api.stats()

    def test_choice_survives(self):
        self.start_echo()
        self.switch(LEGACY, lanes=3, queue=55)
        stats = self.restart()
        self.assertEqual((stats.architecture, stats.config.lanes, stats.config.queue), (LEGACY, 3, 55))
        self.assertEqual(stats.switches, 0)
        self.assertIn("pool=legacy", self.server.log())
        self.switch(PINNED)
        stats = self.restart()
        self.assertEqual(stats.architecture, PINNED)
        self.assertNotEqual(stats.config.queue, 55)

    def test_choice_survives_a_kill(self):
        self.start_echo()
        self.switch(LEGACY, lanes=3)
        self.server.kill()
        self.start(db=self.server.db)
        self.assertEqual(self.api.stats().architecture, LEGACY)
        self.assertEqual(self.api.stats().config.lanes, 3)

    def test_flags_win(self):
        self.start_echo()
        self.switch(LEGACY, lanes=3, queue=55)
        stats = self.restart("--lanes", "2")
        self.assertEqual((stats.architecture, stats.config.lanes, stats.config.queue), (LEGACY, 2, 55))
        stats = self.restart("--pool", "pinned")
        self.assertEqual(stats.architecture, PINNED)
        self.assertNotEqual(stats.config.queue, 55)
        stats = self.restart(env={"ISOYARD_POOL": "pinned"})
        self.assertEqual(stats.architecture, PINNED)
        stats = self.restart()
        self.assertEqual((stats.architecture, stats.config.lanes, stats.config.queue), (LEGACY, 3, 55))

    def test_failed_switch_is_not_remembered(self):
        self.start_echo()
        self.refused(INVALID_ARGUMENT, self.switch, LEGACY, lanes=5, isolates=4)
        self.assertEqual(self.restart().architecture, PINNED)

    def test_choice_that_does_not_go_with_the_flags_is_left_out(self):
        self.start_echo()
        self.switch(LEGACY, isolates=4, lanes=2)
        stats = self.restart("--lanes", "8")
        self.assertEqual((stats.architecture, stats.config.lanes, stats.config.isolates), (PINNED, 8, 256))
        self.assertIn("cannot be any more", self.server.log())


class Stopping(Case):
    def test_sigterm_while_the_old_pool_drains(self):
        self.start_echo()
        old = self.call("/sleep?ms=1500")
        switching = self.switching(LEGACY)
        new = self.call("/sleep?ms=1500")
        self.server.signal(signal.SIGTERM)
        response = switching.result()
        self.assertEqual(response.running_executions, 1)
        self.assertFalse(response.HasField("closed_ms"))
        self.assertEqual(old.result().response.body_text, "slept")
        self.assertEqual(new.result().response.body_text, "slept")
        self.assertEqual(self.server.wait(), 0)

    def test_sigterm_after_the_deadline(self):
        self.start_echo("--grace-ms", "300")
        old = self.call("/sleep?ms=20000")
        self.switch(LEGACY, drain_s=0)
        new = self.call("/sleep?ms=20000")
        self.assertEqual(self.server.stop(), 0)
        for call in old, new:
            self.assertIn(call.code(), (grpc.StatusCode.CANCELLED, grpc.StatusCode.UNAVAILABLE))

    def test_sigterm_at_any_moment_of_a_switch(self):
        for delay_ms in 0, 5, 15, 30, 60:
            with self.subTest(delay_ms=delay_ms):
                self.start_echo("--grace-ms", "2000")
                self.api.execute("echo")
                switching = self.api.pool.SwitchArchitecture.future(request(PINNED, 10), timeout=support.PATIENCE)
                time.sleep(delay_ms / 1000)
                self.assertEqual(self.server.stop(), 0, self.server.log())
                if switching.code() is not grpc.StatusCode.OK:
                    self.assertEqual(switching.code(), grpc.StatusCode.UNAVAILABLE)
                self.assertNotIn("Assert", self.server.log())


class CommandLine(Case):
    def test_switch_says_what_happened(self):
        self.start_echo()
        cli = Cli(self.server.address)
        running = self.call("/sleep?ms=2500")
        result = cli.run("pool", "switch", "legacy", "--lanes", "3", "--drain-deadline", "20")
        said, waiting = result.stdout.decode(), result.stderr.decode()
        self.assertEqual(result.returncode, 0, waiting)
        for word in "LEGACY, 3 lanes", "PINNED, ended after", "1 task finished", "memory", "warmed":
            self.assertIn(word, said)
        self.assertIn("waiting; LEGACY serves, 1 execution goes on in PINNED", waiting)
        self.assertEqual(running.result().response.body_text, "slept")
        self.assertIn("1 switch so far", cli.ok("pool", "stats").decode())

    def test_json(self):
        self.start_echo()
        cli = Cli(self.server.address)
        response = cli.json("pool", "switch", "PINNED", "--idle-ttl-ms", "0", "--isolates", "8")
        self.assertEqual(response["architecture"], "ARCHITECTURE_PINNED")
        self.assertEqual((response["config"]["idle_ttl_ms"], response["config"]["isolates"]), (0, 8))
        self.assertIn("closed_ms", response)
        running = self.call("/sleep?ms=1500")
        response = cli.json("pool", "switch", "legacy", "--drain-deadline", "0.1")
        self.assertEqual(response["running_executions"], 1)
        self.assertIn("goes on with 1 execution\n", cli.ok("pool", "stats").decode())
        result = cli.run("pool", "switch", "pinned")
        self.assertEqual(result.returncode, 4, result.stderr)
        self.assertEqual(running.result().response.body_text, "slept")

    def test_wrong_usage(self):
        self.start_echo()
        cli = Cli(self.server.address)
        for arguments in [], ["magic"], ["legacy", "pinned"], ["legacy", "--lanes", "x"], ["legacy", "--lanes", "-1"], \
                ["legacy", "--drain-deadline", "x"], ["legacy", "--drain-deadline", "4000"], ["unspecified"]:
            with self.subTest(arguments=arguments):
                self.assertEqual(cli.run("pool", "switch", *arguments).returncode, 2)
        self.assertEqual(cli.run("pool", "switch", "legacy", "--lanes", "0").returncode, 4)
        self.assertEqual(Cli("127.0.0.1:1").run("pool", "switch", "legacy").returncode, 3)


if __name__ == "__main__":
    support.unittest.main()
