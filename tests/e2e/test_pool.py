"""The pool from outside: workers that spread over lanes, and watching it."""

import concurrent.futures
import json
import re
import signal
import subprocess
import threading
import time
import unittest

import grpc
import support
from support import pool_pb2, wait_until
from terminal import Terminal

# Computes for as long as it is asked to.
SPINNER = """
export default {
  fetch(request) {
    const end = Date.now() + Number(new URL(request.url).searchParams.get("ms"));
    while (Date.now() < end) {}
    return new Response("done");
  },
};
"""


class Lanes(support.ServerCase):
    def lanes_of(self, name, calls, url):
        """Which lanes answered so many calls at once."""
        with concurrent.futures.ThreadPoolExecutor(calls) as pool:
            replies = list(pool.map(lambda _: self.api.execute(name, url), range(calls)))
        return [reply.report.lane for reply in replies]

    def keep_hot(self, name):
        """16 callers, one call after the other each."""
        with concurrent.futures.ThreadPoolExecutor(16) as pool:
            lanes = pool.map(lambda _: [self.api.execute(name, "/?ms=20").report.lane for _ in range(6)], range(16))
            return [lane for each in lanes for lane in each]


class Spread(Lanes):
    flags = ("--lanes", "2")

    def test_hot_worker_takes_a_second_lane_and_comes_back(self):
        self.api.deploy("spinner", SPINNER)
        first = self.api.execute("spinner", "/?ms=0").report.lane
        before = self.api.stats()
        lanes = self.keep_hot("spinner")
        stats = self.api.stats()
        elsewhere = sum(lane != first for lane in lanes)
        self.assertGreaterEqual(elsewhere, 10, lanes)
        self.assertEqual(stats.tasks.spreads - before.tasks.spreads, elsewhere)
        self.assertEqual(sum(lane.spreads for lane in stats.lanes), stats.tasks.spreads)
        self.assertEqual(stats.lanes[first].spreads, before.lanes[first].spreads)
        self.assertEqual(stats.config.spread, 4)
        self.assertEqual([self.api.execute("spinner", "/?ms=0").report.lane for _ in range(5)], [first] * 5)
        self.assertIn("SPREAD", self.cli.ok("pool", "stats").decode())
        self.assertEqual(self.cli.json("pool", "stats")["tasks"]["spreads"], stats.tasks.spreads)

    def test_worker_that_waits_stays(self):
        self.api.deploy("sleeper", support.worker_source("echo.js"))
        first = self.api.execute("sleeper", "/").report.lane
        self.assertEqual(set(self.lanes_of("sleeper", 60, "/sleep?ms=300")), {first})


class NoSpread(Lanes):
    flags = ("--lanes", "2", "--spread", "0")

    def test_hot_worker_stays(self):
        self.api.deploy("spinner", SPINNER)
        self.assertEqual(len(set(self.keep_hot("spinner"))), 1)
        self.assertEqual(self.api.stats().tasks.spreads, 0)
        self.assertEqual(self.api.stats().config.spread, 0)


class Watch(support.ServerCase):
    flags = ("--lanes", "2")

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.api.deploy("echo", support.worker_source("echo.js"))

    def watch(self, interval_ms=100, api=None, timeout=support.PATIENCE):
        call = (api or self.api).pool.WatchStats(pool_pb2.WatchStatsRequest(interval_ms=interval_ms), timeout=timeout)
        self.addCleanup(call.cancel)
        return call

    def test_ticks_come_in_time_and_the_first_at_once(self):
        start = time.monotonic()
        call = self.watch(300)
        first = next(call)
        self.assertLess(time.monotonic() - start, 0.25)
        self.assertFalse(first.HasField("interval"))
        self.assertEqual(len(first.stats.lanes), 2)
        self.assertEqual(first.stats.config, self.api.stats().config)
        ticks = [next(call) for _ in range(4)]
        self.assertGreaterEqual(time.monotonic() - start, 1.2)
        for tick in ticks:
            self.assertEqual([lane.lane for lane in tick.interval.lanes], [0, 1])
            self.assertGreater(tick.interval.duration_us, 0)
        # Each is late by what the machine makes of it, but their beginnings stay where they were.
        self.assertAlmostEqual(sum(tick.interval.duration_us for tick in ticks) / 1e6, 1.2, delta=0.25)

    def test_default_is_a_second(self):
        call = self.watch(0)
        next(call)
        self.assertAlmostEqual(next(call).interval.duration_us / 1e6, 1, delta=0.3)

    def test_rates_are_those_of_the_interval(self):
        call = self.watch(500)
        before = next(call).stats.tasks
        for _ in range(50):
            self.api.execute("echo", "/")
        for _ in range(5):
            self.api.execute("echo", "/throw")
        ticks = []
        wait_until(lambda: ticks.append(next(call)) or ticks[-1].stats.tasks.answered - before.answered >= 50 and
                   ticks[-1].stats.tasks.failed - before.failed >= 5, "the tasks to be told")
        total = lambda name: sum(getattr(tick.interval, name) * tick.interval.duration_us / 1e6 for tick in ticks)
        self.assertAlmostEqual(total("submitted_per_s"), 55, delta=0.01)
        self.assertAlmostEqual(total("answered_per_s"), 50, delta=0.01)
        self.assertAlmostEqual(total("failed_per_s"), 5, delta=0.01)
        self.assertEqual(total("refused_per_s"), 0)
        lanes = [lane for tick in ticks for lane in tick.interval.lanes if lane.tasks_per_s > 0]
        self.assertTrue(lanes)
        self.assertTrue(all(lane.busy > 0 for lane in lanes))
        for name in "queue_wait", "wall", "cpu":
            self.assertEqual(sum(getattr(tick.interval, name).count for tick in ticks), 55, name)
        self.assertEqual(sum(tick.interval.hits + tick.interval.misses for tick in ticks), 55)
        entered = lambda name: sum(q.entered for tick in ticks for q in tick.interval.queues if q.name == name)
        self.assertEqual((entered("mailbox"), entered("turn")), (55, 55))
        quiet = next(call).interval
        self.assertEqual((quiet.wall.count, quiet.wall.max_us, quiet.hits), (0, 0, 0))
        self.assertEqual((quiet.submitted_per_s, quiet.answered_per_s, quiet.failed_per_s), (0, 0, 0))

    def test_busy_is_that_of_the_interval(self):
        self.api.deploy("spinner", SPINNER)
        call = self.watch(1000)
        next(call)
        lane = self.api.execute("spinner", "/?ms=700").report.lane
        ticks = [next(call), next(call)]
        self.assertGreaterEqual(max(tick.interval.lanes[lane].busy for tick in ticks), 0.5)
        self.assertLess(min(tick.interval.lanes[lane].busy for tick in ticks), 0.3)

    def test_top_workers_are_those_of_the_interval(self):
        self.api.deploy("heavy", SPINNER)
        self.api.deploy("light", SPINNER)
        self.api.execute("heavy", "/?ms=300")
        # A turn is counted once it has been settled, a moment after its answers.
        of = lambda uses: {use.worker: use for use in uses}
        wait_until(lambda: "heavy" in of(self.api.stats().top_by_cpu), "the worker to be counted")
        stats = self.api.stats()
        heavy = of(stats.top_by_cpu)["heavy"]
        self.assertEqual((heavy.tenant, heavy.error_us), ("default", 0))
        self.assertGreater(heavy.total_us, 10000)
        self.assertEqual(sorted(use.total_us for use in stats.top_by_cpu)[::-1],
                         [use.total_us for use in stats.top_by_cpu])
        call = self.watch(100)
        self.assertIn("heavy", of(next(call).stats.top_by_cpu))
        self.api.execute("light", "/?ms=50")
        ticks = []
        wait_until(lambda: ticks.append(next(call)) or "light" in of(ticks[-1].interval.top_by_cpu), "it in a tick")
        self.assertEqual(of(ticks[-1].interval.top_by_cpu)["light"].tasks, 1)
        self.assertFalse(any("heavy" in of(tick.interval.top_by_cpu) for tick in ticks))
        self.assertEqual(len(next(call).interval.top_by_cpu), 0)

    def test_top_workers_are_ten_at_most(self):
        for i in range(12):
            self.api.deploy(f"many{i}", SPINNER)
            self.api.execute(f"many{i}", "/?ms=2")
        wait_until(lambda: len(self.api.stats().top_by_cpu) == 10, "ten workers")
        self.assertEqual(len(self.api.stats().top_by_queue_wait), 10)

    def test_deleted_worker_stays_in_the_figures(self):
        self.api.deploy("gone", SPINNER)
        self.api.execute("gone", "/?ms=400")
        names = lambda: [use.worker for use in self.api.stats().top_by_cpu]
        wait_until(lambda: "gone" in names(), "the worker to be counted")
        self.cli.ok("workers", "delete", "gone")
        self.assertIn("gone", names())

    def test_interval_that_is_out_of_bounds_is_refused(self):
        for interval_ms in 1, 99, 3600001, 2 ** 64 - 1:
            refusal = self.refused(grpc.StatusCode.INVALID_ARGUMENT, lambda: next(self.watch(interval_ms)))
            self.assertEqual(refusal.fields, ["interval_ms"])
            self.assertIn(str(interval_ms), refusal.message)
        for interval_ms in 100, 3600000:
            next(self.watch(interval_ms))

    def test_slow_reader_misses_ticks(self):
        """Nothing is kept for it but what is on its way."""
        server = support.start("--lanes", "256", "--isolates", "256")
        self.addCleanup(server.kill)
        channel = server.channel(**{"http2.bdp_probe": 0, "http2.lookahead_bytes": 1024})
        self.addCleanup(channel.close)
        call = self.watch(100, support.Api(channel))
        next(call)
        time.sleep(4)
        ticks = [next(call).interval.duration_us / 1e6 for _ in range(30)]
        self.assertGreaterEqual(max(ticks), 0.5, ticks)
        call.cancel()
        self.assertEqual(server.stop(), 0)

    def test_cancelled_watch_makes_room(self):
        server = support.start()
        self.addCleanup(server.kill)
        channel = server.channel()
        self.addCleanup(channel.close)
        api = support.Api(channel)
        calls = [self.watch(1000, api) for _ in range(16)]
        for call in calls:
            next(call)
        refusal = self.refused(grpc.StatusCode.RESOURCE_EXHAUSTED, lambda: next(self.watch(1000, api)))
        self.assertIn("16", refusal.message)
        calls[0].cancel()

        def can_watch():
            try:
                return next(self.watch(1000, api))
            except grpc.RpcError:
                return None

        wait_until(can_watch, "room for one more")

    def test_deadline_ends_it(self):
        call = self.watch(100, timeout=0.5)
        refusal = self.refused(grpc.StatusCode.DEADLINE_EXCEEDED, lambda: list(call))
        self.assertIsNone(refusal.status)


class WatchCli(support.ServerCase):
    flags = ("--lanes", "2")

    def popen(self, *arguments, address=None):
        command = [str(support.BIN / "isoyard"), "pool", "watch", "-a", address or self.server.address, *arguments]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.addCleanup(process.stderr.close)
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        return process

    def test_text_is_a_line_a_tick(self):
        said = self.cli.ok("pool", "watch", "--interval", "0.1", "--count", "21").decode().splitlines()
        self.assertEqual(len(said), 23)
        self.assertTrue(said[0].startswith("TIME") and said[0] == said[21], said)
        self.assertRegex(said[1], r"^\d\d:\d\d:\d\d +- +- +- +- +0 +0 +- +- +- +- +-$")
        self.assertRegex(said[2], r"^\d\d:\d\d:\d\d +0\.0 +0\.0 +0\.0 +0\.0 +0 +0 +- +- +- +0 0 +-$")

    def busy_server(self):
        """Six lanes that block for isolates: as wide as lines get."""
        server = support.start("--pool", "shared", "--handoff", "mutex", "--lanes", "6", "--isolates-per-worker", "1")
        self.addCleanup(server.kill)
        channel = server.channel()
        self.addCleanup(channel.close)
        api = support.Api(channel)
        api.deploy("spinner", SPINNER)
        is_over = threading.Event()

        def load():
            while not is_over.is_set():
                api.execute("spinner", "/?ms=20")
        threads = [threading.Thread(target=load) for _ in range(4)]
        for thread in threads:
            thread.start()
            self.addCleanup(thread.join)
        self.addCleanup(is_over.set)
        return server

    def test_lines_fit_the_terminal_and_columns_line_up(self):
        server = self.busy_server()
        for columns, shown, left_out in ((200, ["SUBMIT/S", "WAIT P50", "LOCK %", "QUEUES"], []),
                                         (80, ["ANSWER/S", "FAIL/S", "WAIT P99", "BUSY %"], ["QUEUES", "WAIT P50"]),
                                         (60, ["ANSWER/S", "FAIL/S", "WAIT P99"], ["LOCK %", "BUSY %", "QUEUES"]),
                                         (12, ["TIME"], ["FAIL/S"])):
            with self.subTest(columns=columns):
                terminal = Terminal([support.BIN / "isoyard", "pool", "watch", "-a", server.address, "-i", "0.1",
                                     "-n", "6", "--color", "never"], columns=columns)
                self.addCleanup(terminal.close)
                self.assertEqual(terminal.end(), 0)
                lines = terminal.said.splitlines()
                self.assertEqual(len(lines), 7, lines)
                for name in shown:
                    self.assertIn(name, lines[0])
                for name in left_out:
                    self.assertNotIn(name, lines[0])
                for line in lines:
                    self.assertLessEqual(len(line), columns, lines)
                if columns > 12:
                    end = lines[0].index("WAIT P99") + len("WAIT P99")
                    for line in lines[2:]:
                        self.assertRegex(line[:end], r"(s|-)$")
                        self.assertEqual(line[end:end + 2].strip(), "")

    def test_a_terminal_of_another_size_gets_heads_anew(self):
        terminal = Terminal([support.BIN / "isoyard", "pool", "watch", "-a", self.server.address, "-i", "0.1",
                             "--color", "never"], columns=150)
        self.addCleanup(terminal.close)
        self.assertIn("QUEUES", terminal.wait_for("QUEUES"))
        terminal.resize(60, 24)
        self.assertNotIn("QUEUES", terminal.wait_for("WAIT P99\r\n").rpartition("TIME")[2])

    def test_text_in_a_pipe_is_complete_and_lines_up(self):
        server = self.busy_server()
        said = self.cli.ok("pool", "watch", "-a", server.address, "-i", "0.2", "-n", "8").decode().splitlines()
        self.assertEqual(re.split(r" {2,}", said[0]), ["TIME", "SUBMIT/S", "ANSWER/S", "FAIL/S", "REFUSE/S", "IN FLIGHT",
                                                       "ISOLATES", "WAIT P50", "WAIT P99", "LOCK %", "BUSY %", "QUEUES"])
        busy, queues = said[0].index("BUSY %"), said[0].index("QUEUES")
        for line in said[2:]:
            self.assertEqual(len(line[busy:queues].split()), 6, line)
            self.assertRegex(line[queues:], r"^(-|[a-z])")
            self.assertIn("/", line[:busy])

    def test_text_shows_waits_and_queues_of_the_interval(self):
        server = support.start("--lanes", "1", "--tasks-per-isolate", "1")
        self.addCleanup(server.kill)
        channel = server.channel()
        self.addCleanup(channel.close)
        api = support.Api(channel)
        api.deploy("spinner", SPINNER)
        process = self.popen("--interval", "0.2", address=server.address)
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            for _ in range(8):
                pool.submit(api.execute, "spinner", "/?ms=200")
            lines = [process.stdout.readline() for _ in range(10)]
        self.assertTrue(any(re.search(r" turn [1-9]\d*$", line.rstrip()) for line in lines), lines)
        self.assertTrue(any(re.search(r"\d (us|ms|s) +[\d.]+ (us|ms|s) +- ", line) for line in lines), lines)

    def test_json_is_an_object_a_line(self):
        start = time.monotonic()
        said = self.cli.ok("pool", "watch", "--interval", "0.2", "--count", "3", "--json").decode().splitlines()
        self.assertGreaterEqual(time.monotonic() - start, 0.4)
        ticks = [json.loads(line) for line in said]
        self.assertEqual(len(ticks), 3)
        self.assertNotIn("interval", ticks[0])
        for tick in ticks[1:]:
            self.assertEqual(len(tick["interval"]["lanes"]), 2)
            self.assertEqual(tick["interval"]["answered_per_s"], 0)
            self.assertEqual(tick["stats"]["config"]["lanes"], 2)

    def test_lines_come_when_they_are_due_and_an_interrupt_ends_it(self):
        process = self.popen("--interval", "0.2", "--json")
        for _ in range(3):
            json.loads(process.stdout.readline())
        process.send_signal(signal.SIGINT)
        self.assertEqual(process.wait(support.PATIENCE), -signal.SIGINT)
        for line in process.stdout.read().splitlines():
            json.loads(line)
        self.assertEqual(process.stderr.read(), "")

    def test_wrong_usage(self):
        for arguments in (["--interval", "0"], ["--interval", "0.01"], ["--interval", "3601"], ["--interval", "x"],
                          ["--interval", "nan"], ["--count", "0"], ["--count", "-1"], ["--count", "x"], ["more"]):
            result = self.cli.run("pool", "watch", *arguments)
            self.assertEqual(result.returncode, 2, arguments)
            self.assertIn(b"isoyard pool watch", result.stderr)

    def test_no_server(self):
        result = self.cli.run("pool", "watch", "-a", "127.0.0.1:1")
        self.assertEqual(result.returncode, 3, result.stderr)

    def test_server_that_shuts_down(self):
        server = support.start()
        self.addCleanup(server.kill)
        process = self.popen("--interval", "0.1", "--json", address=server.address)
        process.stdout.readline()
        self.assertEqual(server.stop(), 0)
        self.assertEqual(process.wait(support.PATIENCE), 5)
        self.assertIn("DRAINING", process.stderr.read())

    def test_server_that_says_nothing_more(self):
        server = support.start()
        self.addCleanup(server.kill)
        process = self.popen("--interval", "0.1", "--timeout", "0.5", address=server.address)
        process.stdout.readline()
        server.signal(signal.SIGSTOP)
        self.addCleanup(server.signal, signal.SIGCONT)
        self.assertEqual(process.wait(support.PATIENCE), 6)


class Shutdown(support.TestCase):
    def test_watchers_are_told(self):
        server = support.start()
        self.addCleanup(server.kill)
        channel = server.channel()
        self.addCleanup(channel.close)
        api = support.Api(channel)
        # One that waits for an hour, too.
        calls = [api.pool.WatchStats(pool_pb2.WatchStatsRequest(interval_ms=ms)) for ms in (100, 3600000)]
        for call in calls:
            next(call)
        ends = []

        def read(call):
            try:
                for _ in call:
                    pass
            except grpc.RpcError as error:
                ends.append(support.Refusal(error))

        threads = [threading.Thread(target=read, args=(call,)) for call in calls]
        for thread in threads:
            thread.start()
        start = time.monotonic()
        server.signal(signal.SIGTERM)
        for thread in threads:
            thread.join(support.PATIENCE)
        self.assertEqual([end.code for end in ends], [grpc.StatusCode.UNAVAILABLE] * 2)
        self.assertEqual({end.reason for end in ends}, {"DRAINING"})
        self.assertEqual(server.wait(), 0)
        self.assertLess(time.monotonic() - start, 8)

    def test_watcher_that_does_not_read_holds_nothing_up(self):
        server = support.start()
        self.addCleanup(server.kill)
        channel = server.channel()
        self.addCleanup(channel.close)
        call = support.Api(channel).pool.WatchStats(pool_pb2.WatchStatsRequest(interval_ms=100))
        next(call)
        time.sleep(0.5)
        self.assertEqual(server.stop(), 0)


if __name__ == "__main__":
    unittest.main()
