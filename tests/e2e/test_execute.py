"""Execute, as a client of another language sees it."""

import collections
import json
import random
import threading
import time

import grpc
import support
from support import execution_pb2, failure_pb2, pool_pb2, wait_until


class Execute(support.ServerCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.api.deploy("echo", support.worker_source("echo.js"))

    def seen(self, **fields):
        return json.loads(self.api.text("echo", **fields))

    def test_report_first_cold_then_warm(self):
        self.api.deploy("fresh", support.worker_source("echo.js"))
        first = self.api.execute("fresh").report
        second = self.api.execute("fresh").report
        self.assertEqual(first.start, execution_pb2.START_KIND_COLD)
        self.assertGreater(first.startup_us, 0)
        self.assertEqual(second.start, execution_pb2.START_KIND_WARM)
        self.assertEqual(second.startup_us, 0)
        for report in first, second:
            self.assertEqual(report.version, 1)
            self.assertEqual(report.architecture, execution_pb2.ARCHITECTURE_PINNED)
            self.assertGreater(report.heap_bytes, 100_000)
            self.assertGreaterEqual(report.wall_us, report.cpu_us)

    def test_request_head_reaches_the_worker(self):
        seen = self.seen(url="/a/b?c=d", method="PUT", body_text="h\u00e9llo",
                         headers=[execution_pb2.HttpHeader(name="X-One", value=" padded\t"),
                                  execution_pb2.HttpHeader(name="x-two", value="caf\u00e9")])
        self.assertEqual(seen["method"], "PUT")
        self.assertEqual(seen["url"], "https://echo.default.isoyard.internal/a/b?c=d")
        self.assertIn("x-one=padded", seen["headers"])
        self.assertIn("x-two=caf\u00e9", seen["headers"])
        self.assertEqual(seen["body"], "h\u00e9llo")

    def test_defaults_are_get_and_slash(self):
        response = self.api.execution.Execute(execution_pb2.ExecuteRequest(
            worker="echo", fetch=execution_pb2.HttpRequest()), timeout=support.PATIENCE).response
        seen = json.loads(response.body_text)
        self.assertEqual((seen["method"], seen["url"]), ("GET", "https://echo.default.isoyard.internal/"))

    def test_absolute_url_is_kept(self):
        self.assertEqual(self.seen(url="http://example.org:8080/x")["url"], "http://example.org:8080/x")

    def test_methods_are_normalised_as_fetch_says(self):
        self.assertEqual(self.seen(method="post", body_text="")["method"], "POST")
        self.assertEqual(self.seen(method="patch", body_text="")["method"], "patch")

    def test_many_headers(self):
        headers = [execution_pb2.HttpHeader(name=f"x-{i}", value="v" * 90) for i in range(400)]
        seen = self.seen(headers=headers)
        self.assertEqual(sum(header.startswith("x-") for header in seen["headers"]), 400)

    def test_body_of_bytes_comes_as_bytes(self):
        response = self.api.execute("echo", "/bytes").response
        self.assertEqual(response.WhichOneof("body"), "body_bytes")
        self.assertEqual(response.body_bytes, bytes([0, 1, 254, 255]))

    def test_text_keeps_its_nul_characters_both_ways(self):
        response = self.api.execute("echo", "/nul").response
        self.assertEqual(response.WhichOneof("body"), "body_text")
        self.assertEqual(response.body_text, "before\0after")
        self.assertEqual(self.seen(method="POST", body_text="a\0b")["body"], "a\0b")

    def test_bodies_of_all_sizes_come_back_whole(self):
        for size in 0, 1, 1000, (16 << 10) - 1, 16 << 10, 100_000, (4 << 20) - (64 << 10):
            body = bytes(i * 7 & 255 for i in range(256)) * (size // 256 + 1)
            response = self.api.execute("echo", "/echo", method="POST", body_bytes=body[:size]).response
            self.assertEqual(response.body_bytes, body[:size], f"{size} bytes")

    def test_status_and_headers_of_the_answer(self):
        response = self.api.execute("echo", "/status?code=404").response
        self.assertEqual(response.status, 404)
        self.assertIn(("x-why", "asked"), [(header.name, header.value) for header in response.headers])

    def test_throwing_worker_is_a_reply_with_a_failure(self):
        reply = self.api.execute("echo", "/throw")
        self.assertEqual(reply.WhichOneof("outcome"), "failure")
        failure = reply.failure
        self.assertEqual(failure.reason, failure_pb2.FAILURE_REASON_EXCEPTION)
        self.assertEqual(failure.phase, failure_pb2.PHASE_HANDLER)
        self.assertIn("thrown on purpose", failure.message)
        self.assertEqual(failure.position.file, "main.js")
        line = support.worker_source("echo.js").splitlines()[failure.position.line - 1]
        self.assertIn("thrown on purpose", line)
        self.assertIn("main.js", failure.stack)
        self.assertEqual(reply.report.version, 1)

    def test_tenants_do_not_see_each_others_workers(self):
        self.api.deploy("mine", "export default { fetch: () => new Response('b') }", tenant="tenant-b")
        self.assertEqual(self.api.execute("mine", tenant="tenant-b").response.body_text, "b")
        refusal = self.refused(grpc.StatusCode.NOT_FOUND, self.api.execute, "mine")
        self.assertIn("default", refusal.message)
        self.assertIn("mine", refusal.message)

    def test_deadline_ends_the_call_in_time(self):
        cancelled = self.api.stats().tasks.cancelled
        begin = time.monotonic()
        self.refused(grpc.StatusCode.DEADLINE_EXCEEDED, self.api.execute, "echo", "/sleep?ms=20000", timeout=0.3)
        self.assertLess(time.monotonic() - begin, 5)
        wait_until(lambda: self.api.stats().tasks.cancelled == cancelled + 1, "the task to be cancelled")
        self.assertIn("slept", self.api.text("echo", "/sleep?ms=1"))

    def test_cancellation_ends_the_task(self):
        before = self.api.stats().tasks
        request = execution_pb2.ExecuteRequest(
            worker="echo", fetch=execution_pb2.HttpRequest(url="/sleep?ms=20000"))
        future = self.api.execution.Execute.future(request)
        wait_until(lambda: self.api.stats().tasks.in_flight > before.in_flight, "the task to run")
        future.cancel()
        wait_until(lambda: self.api.stats().tasks.cancelled == before.cancelled + 1, "the task to be cancelled")
        self.assertEqual(self.api.stats().tasks.in_flight, before.in_flight)

    def test_calls_beside_a_crowd_that_waits(self):
        """Beyond some hundred, calls complete in another queue: they are answered, cancelled and timed out there, too."""
        before = self.api.stats().tasks

        def start(ms, count, timeout):
            request = execution_pb2.ExecuteRequest(
                worker="echo", fetch=execution_pb2.HttpRequest(url=f"/sleep?ms={ms}"))
            return [self.api.execution.Execute.future(request, timeout=timeout) for _ in range(count)]

        crowd = start(20000, 700, 60)
        wait_until(lambda: self.api.stats().tasks.in_flight == before.in_flight + 700, "the crowd to wait")
        time.sleep(0.1)
        answered, late = start(200, 100, 60), start(20000, 100, 0.5)
        self.assertEqual({future.result(support.PATIENCE).response.body_text for future in answered}, {"slept"})
        self.assertEqual({future.code() for future in late}, {grpc.StatusCode.DEADLINE_EXCEEDED})
        for future in crowd:
            future.cancel()
        wait_until(lambda: self.api.stats().tasks.in_flight == before.in_flight, "all to end")
        tasks = self.api.stats().tasks
        self.assertEqual(tasks.cancelled, before.cancelled + 800)
        self.assertEqual(tasks.answered, before.answered + 100)

    def test_a_client_that_vanishes_cancels_its_task(self):
        before = self.api.stats().tasks
        channel = self.server.channel()
        api = support.Api(channel)
        future = api.execution.Execute.future(execution_pb2.ExecuteRequest(
            worker="echo", fetch=execution_pb2.HttpRequest(url="/sleep?ms=20000")))
        wait_until(lambda: self.api.stats().tasks.in_flight > before.in_flight, "the task to run")
        channel.close()
        self.assertEqual(future.code(), grpc.StatusCode.CANCELLED)
        wait_until(lambda: self.api.stats().tasks.cancelled == before.cancelled + 1, "the task to be cancelled")

    def test_tasks_that_wait_run_side_by_side(self):
        begin = time.monotonic()
        futures = [self.api.execution.Execute.future(execution_pb2.ExecuteRequest(
            worker="echo", fetch=execution_pb2.HttpRequest(url="/sleep?ms=300"))) for _ in range(200)]
        self.assertEqual({future.result(support.PATIENCE).response.body_text for future in futures}, {"slept"})
        self.assertLess(time.monotonic() - begin, 10, "200 tasks of 0.3 s in one isolate")

    def test_many_clients_get_their_own_answers(self):
        wrong = []

        def ask(client):
            channel = self.server.channel()
            api = support.Api(channel)
            for i in range(50):
                body = f"{client}/{i}"
                if json.loads(api.text("echo", method="POST", body_text=body))["body"] != body:
                    wrong.append(body)
            channel.close()

        threads = [threading.Thread(target=ask, args=(client,)) for client in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(support.PATIENCE)
        self.assertEqual(wrong, [])

    def test_console_becomes_log_lines(self):
        self.api.execute("echo", "/log")
        log = wait_until(lambda: self.server.log() if "lines" in self.server.log() else None, "the log line")
        line = next(line for line in log.splitlines() if 'said' in line and 'echo' in line)
        self.assertIn("tenant=default worker=echo version=1", line)
        self.assertIn("level=info", line)
        line = next(line for line in log.splitlines() if "two\\nlines" in line)
        self.assertIn("level=error", line)


class Texts(support.ServerCase):
    """What a worker writes itself, of any length and shape, reaches clients that take 4 MiB of UTF-8."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        # The name that a script gives itself stands in its failures.
        source = support.worker_source("texts.js") + "\n//# sourceURL=" + "n" * 100_000
        cls.api.deploy("texts", source)
        cls.plain_channel = grpc.insecure_channel(cls.server.address)
        cls.addClassCleanup(cls.plain_channel.close)
        cls.plain = support.Api(cls.plain_channel)

    def test_long_message(self):
        failure = self.plain.execute("texts", "/message").failure
        self.assertRegex(failure.message, "^Error: \u00e9{1000,}$")
        self.assertLess(len(failure.position.file), 2000)

    def test_long_stack(self):
        failure = self.plain.execute("texts", "/stack").failure
        self.assertLess(len(failure.stack), 100_000)

    def test_lone_surrogate(self):
        failure = self.plain.execute("texts", "/surrogate").failure
        self.assertRegex(failure.message, "^Error: a.+b$")
        self.assertEqual(self.plain.text("texts", "/body"), "a\ufffdb")

    def test_long_details(self):
        refusal = self.refused(grpc.StatusCode.RESOURCE_EXHAUSTED, self.plain.execute, "texts", "/overflow")
        failure = refusal.detail(failure_pb2.Failure)
        self.assertEqual(failure.limit.limit, failure_pb2.LIMIT_STACK)
        self.assertLess(len(failure.position.file), 300)


class Storm(support.ServerCase):
    flags = ("--cq-threads", "3", "--lanes", "3")

    def test_deadlines_and_cancellations_at_all_moments(self):
        self.api.deploy("echo", support.worker_source("echo.js"))
        end = time.monotonic() + 3
        outcomes = collections.Counter()

        def ask(seed):
            dice = random.Random(seed)
            channel = self.server.channel()
            api = support.Api(channel)
            while time.monotonic() < end:
                request = execution_pb2.ExecuteRequest(
                    worker="echo", fetch=execution_pb2.HttpRequest(url=f"/sleep?ms={dice.choice([0, 1, 5, 20])}"))
                calls = [api.execution.Execute.future(request, timeout=dice.choice([0.001, 0.003, 0.01, 30]))
                         for _ in range(dice.randrange(1, 10))]
                if dice.random() < 0.3:
                    time.sleep(dice.random() * 0.01)
                    for call in calls:
                        call.cancel()
                for call in calls:
                    outcomes[call.code()] += 1
            channel.close()

        threads = [threading.Thread(target=ask, args=(seed,)) for seed in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(support.PATIENCE)
        self.assertEqual(set(outcomes), {grpc.StatusCode.OK, grpc.StatusCode.DEADLINE_EXCEEDED,
                                         grpc.StatusCode.CANCELLED})
        wait_until(lambda: self.api.stats().tasks.in_flight == 0, "all tasks to end")
        tasks = self.api.stats().tasks
        self.assertEqual(tasks.submitted, tasks.answered + tasks.failed + tasks.limit_exceeded + tasks.cancelled
                         + tasks.condemned)
        self.assertEqual(self.api.text("echo", "/sleep?ms=1"), "slept")


class Legacy(support.ServerCase):
    flags = ("--pool", "legacy")

    def test_every_task_gets_a_new_isolate(self):
        self.api.deploy("count", "let n = 0; export default { fetch: () => new Response(String(++n)) }")
        for _ in range(5):
            reply = self.api.execute("count")
            self.assertEqual(reply.response.body_text, "1")
            self.assertEqual(reply.report.start, execution_pb2.START_KIND_COLD)
            self.assertEqual(reply.report.architecture, execution_pb2.ARCHITECTURE_LEGACY)


class Shared(support.ServerCase):
    flags = ("--pool", "shared", "--lanes", "4", "--isolates", "4")

    def test_isolates_serve_one_tenant_each_whoever_plays_them(self):
        """More workers than isolates, many calls at once: each is answered by its own worker, once."""
        source = "const me = %r; let n = 0; export default { async fetch() {" \
                 " await new Promise((resolve) => setTimeout(resolve, 1)); return new Response(`${me} ${++n}`); } }"
        names = [(f"w{i}", f"tenant-{i % 3}") for i in range(9)]
        for name, tenant in names:
            self.api.deploy(name, source % f"{tenant}/{name}", tenant=tenant)
        futures = [(name, tenant, self.api.execution.Execute.future(
            execution_pb2.ExecuteRequest(worker=name, tenant=tenant, fetch=execution_pb2.HttpRequest(url="/")),
            timeout=support.PATIENCE)) for _ in range(60) for name, tenant in names]
        lanes = set()
        for name, tenant, future in futures:
            reply = future.result()
            self.assertEqual(reply.response.body_text.split()[0], f"{tenant}/{name}")
            self.assertEqual(reply.report.architecture, execution_pb2.ARCHITECTURE_SHARED)
            lanes.add(reply.report.lane)
        stats = self.api.stats()
        self.assertGreater(len(lanes), 1)
        self.assertEqual(stats.tasks.answered, len(futures) + 9)
        self.assertEqual(stats.tasks.tenant_mismatches, 0)
        self.assertGreater(stats.isolates.evicted, 0)
        self.assertGreater(stats.lock.acquisitions, len(futures))
        self.assertLessEqual(stats.isolates.alive, 4 + 1)
        self.check_hand_off(stats)
        self.check_queues(stats.tasks.submitted)

    def check_queues(self, tasks):
        """Each task has been in an isolate's queue, and nothing waits any more."""
        idle = lambda stats: all(q.depth == 0 and q.wait.count == q.entered for q in stats.queues)
        support.wait_until(lambda: idle(self.api.stats()), "the queues to be empty")
        stats = self.api.stats()
        queues = {queue.name: queue for queue in stats.queues}
        self.assertGreaterEqual(queues["turn"].entered, tasks)
        self.assertGreaterEqual(queues["mailbox"].entered, tasks)
        self.assertGreater(queues["ready"].entered, 0)
        self.assertEqual("lane" in queues, stats.config.handoff == pool_pb2.HANDOFF_MUTEX)
        # One of 16 is timed, from the first on.
        self.assertAlmostEqual(stats.lock.hold.count, stats.lock.acquisitions / 16, delta=2)
        self.assertGreater(stats.lock.hold_p50_ns, 0)
        for name in "hits", "misses", "evicted":
            self.assertEqual(sum(getattr(lane, name) for lane in stats.lanes), getattr(stats.isolates, name))

    def check_hand_off(self, stats):
        self.assertEqual(stats.config.handoff, pool_pb2.HANDOFF_FIFO)
        self.assertFalse(stats.HasField("isolate_lock"))


class SharedByMutex(Shared):
    flags = Shared.flags + ("--handoff", "mutex")

    def check_hand_off(self, stats):
        self.assertEqual(stats.config.handoff, pool_pb2.HANDOFF_MUTEX)
        self.assertGreater(stats.isolate_lock.acquisitions, 0)
        free = lambda lock: lock.hold.count == lock.acquisitions and lock.waiters == 0
        support.wait_until(lambda: free(self.api.stats().isolate_lock), "the isolates to be released")


if __name__ == "__main__":
    support.unittest.main()
