"""What waits: fetch() against servers on loopback, ctx.waitUntil, other events than requests, and turns that never
end."""

import json
import subprocess
import sys
import time
import unittest
import urllib.parse

import grpc
import support
from support import execution_pb2, failure_pb2, wait_until

EXHAUSTED = grpc.StatusCode.RESOURCE_EXHAUSTED


class Upstream:
    """tests/net/upstream.py, with the ports that it printed."""

    def __init__(self):
        self.process = subprocess.Popen([sys.executable, "-B", str(support.ROOT / "tests/net/upstream.py")],
                                        stdout=subprocess.PIPE, text=True)
        words = dict(word.split("=", 1) for word in self.process.stdout.readline().split())
        self.ca = words.pop("ca")
        self.ports = {name: int(port) for name, port in words.items()}

    def url(self, path, name="http"):
        return f"http://127.0.0.1:{self.ports[name]}{path}"

    def stop(self):
        self.process.terminate()
        self.process.wait(support.PATIENCE)
        self.process.stdout.close()


class Case(support.ServerCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.api.deploy("async", support.worker_source("async.js"))

    def ask(self, path, **query):
        reply = self.api.execute("async", f"{path}?{urllib.parse.urlencode(query)}")
        self.assertEqual(reply.response.status, 200, reply)
        return reply

    def answer(self, path, **query):
        return json.loads(self.ask(path, **query).response.body_text)

    def task(self, payload, **fields):
        request = execution_pb2.ExecuteRequest(worker="async", task=execution_pb2.TaskEvent(payload_json=payload, **fields))
        return self.api.execution.Execute(request, timeout=support.PATIENCE)


class Fetch(Case):
    flags = ("--egress-allow", "127.0.0.1/32", "--max-fetch-body-bytes", "100000")

    @classmethod
    def setUpClass(cls):
        cls.upstream = Upstream()
        cls.addClassCleanup(cls.upstream.stop)
        super().setUpClass()

    def fetch(self, path, init=None, name="http"):
        return self.answer("/one", url=self.upstream.url(path, name), init=json.dumps(init or {}))

    def fails(self, path, said, init=None):
        answer = self.fetch(path, init)
        self.assertEqual(answer.get("name"), "TypeError", answer)
        self.assertIn(said, answer["cause"])

    def test_request_goes_out_as_it_was_made(self):
        answer = self.fetch("/echo?x=1", {"method": "PUT", "headers": {"X-Mine": "here"}, "body": "hello"})
        echoed = json.loads(answer["text"])
        self.assertEqual((answer["status"], echoed["method"], echoed["target"], echoed["body"]),
                         (200, "PUT", "/echo?x=1", "hello"))
        self.assertIn("x-mine: here\n", echoed["headers"].lower())

    def test_report_counts_subrequests(self):
        report = self.ask("/many", url=self.upstream.url("/slow?ms=50"), count=3).report
        self.assertEqual(report.subrequests, 3)
        self.assertGreaterEqual(report.subrequest_us, 150_000)
        self.assertGreater(report.subrequest_sent_bytes, 100)
        self.assertGreater(report.subrequest_received_bytes, 100)

    def test_redirects(self):
        answer = self.fetch("/redirect/count/3")
        self.assertEqual((answer["status"], answer["redirected"]), (200, True))
        self.fails("/redirect/count/30", "redirect")
        self.fails("/redirect/count/1", "redirect", {"redirect": "error"})
        self.assertIn(self.fetch("/redirect/count/1", {"redirect": "manual"})["status"], (301, 302, 303, 307, 308))

    def test_private_addresses_are_refused_also_behind_a_redirect(self):
        elsewhere = f"http://127.0.0.2:{self.upstream.ports['http']}/echo"
        direct = self.answer("/one", url=elsewhere)
        self.assertEqual(direct["name"], "TypeError")
        self.assertIn("127.0.0.2", direct["cause"])
        self.fails("/redirect?" + urllib.parse.urlencode({"status": 302, "to": elsewhere}), "127.0.0.2")

    def test_other_sides_that_misbehave(self):
        for path in ("/raw/garbage", "/raw/cut", "/raw/cut-headers", "/raw/length-conflict", "/raw/nothing",
                     "/raw/bad-chunk", "/bomb?mib=1000"):
            with self.subTest(path=path):
                self.assertEqual(self.fetch(path)["name"], "TypeError")

    def test_signal_ends_a_stalled_fetch(self):
        for path in "/stall/headers", "/stall/body":
            with self.subTest(path=path):
                answer = self.answer("/aborted", url=self.upstream.url(path), ms=100)
                self.assertEqual(answer["name"], "TimeoutError", answer)

    def test_deadline_ends_a_task_that_waits_for_a_fetch(self):
        url = "/one?" + urllib.parse.urlencode({"url": self.upstream.url("/stall/headers")})
        self.refused(grpc.StatusCode.DEADLINE_EXCEEDED, self.api.execute, "async", url, timeout=0.3)
        wait_until(lambda: self.api.stats().tasks.in_flight == 0, "the task to end")

    def test_a_thousand_tasks_wait_at_once(self):
        url = "/one?" + urllib.parse.urlencode({"url": self.upstream.url("/slow?ms=100")})
        request = execution_pb2.ExecuteRequest(worker="async", fetch=execution_pb2.HttpRequest(url=url))
        futures = [self.api.execution.Execute.future(request, timeout=support.PATIENCE) for _ in range(1000)]
        statuses = {json.loads(future.result().response.body_text).get("status") for future in futures}
        self.assertEqual(statuses, {200})

    def test_wait_until_may_fetch(self):
        self.ask("/fetches-after", url=self.upstream.url("/slow?ms=50"))
        wait_until(lambda: 'text="fetched 200"' in self.server.log(), "the line of the log")


class FetchAdopted(Fetch):
    """The same, with lanes adopted in the middle of every other turn."""
    flags = Fetch.flags + ("--adopt-every", "2")


class FetchShared(Fetch):
    """The same, with isolates that every lane plays."""
    flags = Fetch.flags + ("--pool", "shared", "--lanes", "3", "--adopt-every", "5")


class FetchLegacy(Fetch):
    """The same, with an isolate for each task."""
    flags = Fetch.flags + ("--pool", "legacy")


class NoEgress(Case):
    def test_loopback_is_refused(self):
        for url in "http://127.0.0.1:8080/", "http://[::1]:8080/", "http://169.254.169.254/", "http://10.0.0.1/":
            answer = self.answer("/one", url=url)
            self.assertEqual(answer["name"], "TypeError", answer)
        self.assertEqual(self.answer("/one", url="data:text/plain,inline")["text"], "inline")

    def test_ports_of_mail_are_refused(self):
        self.assertEqual(self.answer("/one", url="http://192.0.2.1:25/")["name"], "TypeError")


class After(Case):
    flags = ("--wait-until-ms", "500")

    def test_answer_leaves_at_once_and_work_goes_on(self):
        begin = time.monotonic()
        self.assertEqual(self.ask("/after", ms=300).response.body_text, "at once")
        self.assertLess(time.monotonic() - begin, 0.29)
        wait_until(lambda: 'text="waited until"' in self.server.log(), "the line of the log")

    def test_rejection_changes_no_answer(self):
        self.assertEqual(self.ask("/rejects-after").response.body_text, "at once")
        wait_until(lambda: "too late" in self.server.log(), "the line of the log")

    def test_limit_of_its_own(self):
        self.ask("/after", ms=60000)
        wait_until(lambda: "ctx.waitUntil was given was cut off" in self.server.log(), "the line of the log")
        wait_until(lambda: self.api.stats().tasks.in_flight == 0, "the execution to end")

    def test_unhandled_rejection_is_in_the_log(self):
        self.ask("/unhandled")
        wait_until(lambda: "nobody cares" in self.server.log(), "the line of the log")


    def test_continuation_is_charged_to_its_owner(self):
        request = execution_pb2.ExecuteRequest(worker="async", fetch=execution_pb2.HttpRequest(url="/burns-later"))
        burner = self.api.execution.Execute.future(request, timeout=support.PATIENCE)
        wait_until(lambda: self.api.stats().tasks.in_flight > 0, "the task to wait")
        resolver = self.ask("/resolves").report
        burnt = burner.result().report.cpu_us # of 40 ms, where the machine does nothing else
        self.assertGreaterEqual(burnt, 4_000)
        self.assertGreaterEqual(burnt, 9 * resolver.cpu_us)


class AfterShared(After):
    flags = After.flags + ("--pool", "shared", "--lanes", "3", "--isolates-per-worker", "1")


class AfterAdopted(After):
    flags = After.flags + ("--adopt-every", "2")


class Events(Case):
    def test_scheduled(self):
        event = execution_pb2.ScheduledEvent(cron="*/5 * * * *")
        event.time.FromMilliseconds(1234567)
        reply = self.api.execution.Execute(execution_pb2.ExecuteRequest(worker="async", scheduled=event),
                                           timeout=support.PATIENCE)
        self.assertEqual(reply.WhichOneof("outcome"), "scheduled")
        wait_until(lambda: "scheduled */5 * * * * 1234567" in self.server.log(), "the line of the log")

    def test_task(self):
        self.assertEqual(json.loads(self.task('{"a": [1]}', attempt=3).task.result_json),
                         {"success": True, "data": {"got": {"a": [1]}, "attempt": 3}})
        self.assertEqual(json.loads(self.task("").task.result_json)["data"], {"got": None, "attempt": 1})

    def test_throwing_task_is_a_failure(self):
        reply = self.task('"throw"')
        self.assertEqual(reply.failure.reason, failure_pb2.FAILURE_REASON_EXCEPTION)

    def test_payload_that_is_no_json(self):
        for payload in "{", "undefined", "'x'", "1 2":
            refusal = self.refused(grpc.StatusCode.INVALID_ARGUMENT, self.task, payload)
            self.assertEqual((refusal.reason, refusal.fields), ("INVALID_PAYLOAD", ["task.payload_json"]))

    def test_missing_handler(self):
        self.api.deploy("only-fetch", "export default { fetch: () => new Response() }")
        request = execution_pb2.ExecuteRequest(worker="only-fetch", scheduled=execution_pb2.ScheduledEvent())
        reply = self.api.execution.Execute(request, timeout=support.PATIENCE)
        self.assertEqual(reply.failure.reason, failure_pb2.FAILURE_REASON_NO_HANDLER)

    def test_cli(self):
        result = self.cli.run("exec", "async", "--event", "task", "--data", '{"x": 1}', "--attempt", "2")
        self.assertEqual(json.loads(result.stdout), {"success": True, "data": {"got": {"x": 1}, "attempt": 2}})
        answer = self.cli.json("exec", "async", "--event", "task", "--data", "7")
        self.assertEqual(answer["result"]["data"]["got"], 7)
        self.assertEqual(self.cli.run("exec", "async", "--event", "scheduled", "--cron", "@daily").stdout, b"")
        self.assertEqual(self.cli.run("exec", "async", "--event", "task", "--path", "/").returncode, 2)


class EventsAdopted(Events):
    flags = ("--adopt-every", "2")


class EventsShared(Events):
    flags = ("--pool", "shared", "--lanes", "3")


class EventsLegacy(Events):
    flags = ("--pool", "legacy")


class Quarantine(support.TestCase):
    pool = "pinned"

    def start(self, *flags):
        server = support.start("--quarantine-after-ms", "200", "--cpu-ms", "200", "--pool", self.pool, *flags)
        self.addCleanup(server.kill)
        channel = server.channel()
        self.addCleanup(channel.close)
        api = support.Api(channel)
        api.deploy("async", support.worker_source("async.js"))
        api.deploy("other", "export default { fetch: () => new Response('fine') }")
        return server, api

    def lose_thread(self, api, path, limit):
        refusal = self.refused(EXHAUSTED, api.execute, "async", path)
        self.assertEqual(refusal.detail(failure_pb2.LimitExceeded).limit, limit)
        self.assertEqual(api.text("other"), "fine")

    def test_what_v8_cannot_interrupt_is_survived(self):
        server, api = self.start("--lanes", "1", "--spares", "1")
        for i in range(3):
            self.lose_thread(api, "/cannot-be-interrupted", failure_pb2.LIMIT_CPU)
            self.assertEqual(api.stats().threads.quarantines, i + 1)
        begin = time.monotonic()
        self.assertEqual(server.stop(), 0)
        self.assertLess(time.monotonic() - begin, 10)

    def test_fatal_out_of_memory_is_survived(self):
        server, api = self.start("--cpu-ms", "60000")
        self.lose_thread(api, "/out-of-memory", failure_pb2.LIMIT_HEAP)
        self.assertEqual(api.stats().threads.quarantined, 1)
        self.assertEqual(server.stop(), 0)

    def test_turn_lost_while_the_server_drains_does_not_hold_it(self):
        server, api = self.start("--lanes", "1", "--cpu-ms", "500")
        future = api.execution.Execute.future(execution_pb2.ExecuteRequest(
            worker="async", fetch=execution_pb2.HttpRequest(url="/cannot-be-interrupted")))
        wait_until(lambda: api.stats().tasks.in_flight == 1, "the task to begin")
        begin = time.monotonic()
        self.assertEqual(server.stop(), 0)
        self.assertLess(time.monotonic() - begin, 10)
        self.assertIsNotNone(future.exception(support.PATIENCE))

    def test_too_many_end_the_server_with_a_status_of_its_own(self):
        server, api = self.start("--quarantine", "1")
        self.lose_thread(api, "/cannot-be-interrupted", failure_pb2.LIMIT_CPU)
        self.refused(EXHAUSTED, api.execute, "async", "/cannot-be-interrupted")
        self.assertEqual(server.wait(), 3)
        self.assertIn("should be started anew", server.log())


class QuarantineShared(Quarantine):
    pool = "shared"


if __name__ == "__main__":
    unittest.main()
