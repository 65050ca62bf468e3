"""ExecuteStream: bodies of requests and answers that come in parts, in every architecture."""

import hashlib
import time
import unittest

import grpc
from stream_case import Answer, Case, EXHAUSTED, Feed, MIB, PATTERNS, Upstream, broken, chunk, start
from support import execution_pb2, failure_pb2, wait_until


class Answers:
    """Bodies of answers."""

    def test_whole(self):
        answer = self.ask("/whole?size=200000")
        self.assertEqual(answer.head.response.status, 200)
        self.assertIn(("x-kind", "whole"), [(h.name, h.value) for h in answer.head.response.headers])
        self.assertEqual(answer.body, b"x" * 200000)
        self.assertLessEqual(max(map(len, answer.chunks)), 65536)
        self.assertGreater(answer.end.report.wall_us, 0)

    def test_none(self):
        answer = self.ask("/none")
        self.assertEqual((answer.head.response.status, answer.head.has_body, answer.body), (204, False, b""))

    def test_chunked(self):
        answer = self.ask("/chunks?count=5&size=100000")
        self.assertEqual(answer.head.response.status, 201)
        self.assertTrue(answer.head.has_body)
        self.assertEqual(answer.body, b"".join(bytes([i]) * 100000 for i in range(5)))
        self.assertFalse(answer.end.HasField("failure"))
        self.assertEqual(answer.end.report.version, 1)

    def test_empty(self):
        answer = self.ask("/chunks?count=0")
        self.assertEqual((answer.head.has_body, answer.body), (True, b""))

    def test_chunks_come_as_they_are_made(self):
        times = []
        for message in self.call([start("/chunks?count=4&size=10&pause=150")]):
            if message.WhichOneof("part") == "chunk":
                times.append(time.monotonic())
        self.assertEqual(len(times), 4)
        self.assertGreater(times[-1] - times[0], 0.3)

    def test_the_head_comes_before_the_body(self):
        call = self.call([start("/chunks?count=1&pause=5000")])
        began = time.monotonic()
        self.assertEqual(next(call).WhichOneof("part"), "head")
        self.assertLess(time.monotonic() - began, 4)
        call.cancel()

    def test_a_slow_reader_stops_the_pulls(self):
        before = self.seen()["pulls"]
        call = self.call([start("/chunks?count=4000&size=65536")])
        next(call)
        next(call)
        pulls = lambda: self.seen()["pulls"] - before
        wait_until(lambda: (a := pulls()) == (time.sleep(0.3) or pulls()) and a > 0, "the pulls to stop")
        # Its window, and what client and server have on the way: no more than some MiB of 250.
        self.assertLess(pulls(), 400)
        total = sum(len(message.chunk) for message in call if message.WhichOneof("part") == "chunk")
        self.assertGreater(total, 3900 * 65536)
        self.assertEqual(pulls(), 4001)

    def test_error_in_the_middle(self):
        answer = self.ask("/breaks?after=2&size=1000")
        self.assertEqual(answer.body, bytes(1000) + b"\1" * 1000)
        self.assertEqual(answer.end.failure.reason, failure_pb2.FAILURE_REASON_EXCEPTION)
        self.assertIn("the worker's body broke", answer.end.failure.message)

    def test_a_chunk_that_is_no_bytes(self):
        answer = self.ask("/bad-chunk")
        self.assertIn("not a Uint8Array", answer.end.failure.message)

    def test_limit_in_the_middle(self):
        refusal = self.fails(EXHAUSTED, [start("/loop")])
        self.assertEqual(refusal.detail(failure_pb2.LimitExceeded).limit, failure_pb2.LIMIT_CPU)
        self.assertIsNotNone(refusal.detail(execution_pb2.ExecutionReport))

    def test_cancelled_by_the_client(self):
        before = len(self.seen()["cancelled"])
        call = self.call([start("/chunks?count=1000000000&size=65536")])
        for _ in range(5):
            next(call)
        call.cancel()
        wait_until(lambda: len(self.seen()["cancelled"]) == before + 1, "the stream to be cancelled", 5)
        wait_until(lambda: self.api.stats().tasks.in_flight <= 1, "the execution to end", 5)

    def test_the_grace_after_a_cancellation(self):
        call = self.call([start("/slow-cancel")])
        next(call)
        next(call)
        call.cancel()
        wait_until(lambda: "cancel ends" in self.seen()["log"], "the cancellation to be dealt with", 5)
        time.sleep(0.3)
        self.assertLessEqual(self.api.stats().tasks.in_flight, 1)
        time.sleep(2)
        self.assertNotIn("after the grace", self.seen()["log"])

    def test_wait_until_outlives_a_cancellation(self):
        before = self.seen()["log"].count("waited")
        call = self.call([start("/wait")])
        next(call)
        call.cancel()
        wait_until(lambda: self.seen()["log"].count("waited") == before + 1, "ctx.waitUntil's work", 5)

    def test_unary_collects_a_stream(self):
        reply = self.api.execute("stream", "/chunks?count=3&size=1000")
        self.assertEqual(reply.response.body_bytes, bytes(1000) + b"\1" * 1000 + b"\2" * 1000)
        refusal = self.refused(EXHAUSTED, self.api.execute, "stream", "/chunks?count=1000000&size=65536")
        self.assertEqual(refusal.detail(failure_pb2.LimitExceeded).limit, failure_pb2.LIMIT_RESPONSE_BODY)

    def test_32_mib_with_a_digest(self):
        answer = self.ask("/chunks?count=512&size=65536")
        wanted = hashlib.sha256()
        for i in range(512):
            wanted.update(bytes([i % 256]) * 65536)
        self.assertEqual(hashlib.sha256(answer.body).hexdigest(), wanted.hexdigest())


class Requests:
    """Bodies of requests."""

    def test_text(self):
        self.assertEqual(self.ask("/text", [b"h\xc3", b"\xa4llo"]).json, {"value": "hällo"})

    def test_no_chunk(self):
        self.assertEqual(self.ask("/length", []).json, {"value": 0})

    def test_without_has_body_the_body_may_be_whole(self):
        answer = Answer(self.call([start("/text", method="POST", body_text="whole")]))
        self.assertEqual(answer.json, {"value": "whole"})

    def test_chunked(self):
        self.assertEqual(self.ask("/length", [b"x" * n for n in (1, 70000, 0, MIB)]).json, {"value": MIB + 70001})

    def test_a_slow_writer(self):
        feed = Feed(start("/length", True))
        call = self.call(feed)
        for _ in range(4):
            time.sleep(0.1)
            feed.put(chunk(b"x" * 1000))
        feed.end()
        self.assertEqual(Answer(call).json, {"value": 4000})

    def test_a_slow_worker_stops_the_writes(self):
        sent = []

        def messages():
            yield start("/length?pause=20", True)
            for _ in range(400):
                sent.append(time.monotonic())
                yield chunk(bytes(65536))

        call = self.call(messages())
        time.sleep(1)
        # At most 50 chunks a second, and what fits in the windows of worker, server and connection.
        self.assertLess(len(sent), 300)
        self.assertEqual(Answer(call).json, {"value": 400 * 65536})

    def test_the_answer_may_come_before_the_request_has_ended(self):
        feed = Feed(start("/echo", True), chunk(b"first"))
        call = self.call(feed)
        self.assertEqual(next(call).WhichOneof("part"), "head")
        self.assertEqual(next(call).chunk, b"first")
        feed.put(chunk(b"second"))
        self.assertEqual(next(call).chunk, b"second")
        feed.end()
        self.assertFalse(Answer(call).end.HasField("failure"))

    def test_error_in_the_middle(self):
        answer = Answer(self.call([start("/text", True), chunk(b"abc"), broken("the disk is full")]))
        self.assertEqual(answer.json, {"error": "TypeError: the client broke the body off: the disk is full"})

    def test_error_passes_through_to_the_answer(self):
        answer = Answer(self.call([start("/echo", True), chunk(b"abc"), broken("the disk is full")]))
        self.assertEqual(answer.body, b"abc")
        self.assertIn("the disk is full", answer.end.failure.message)

    def test_a_client_that_goes_away_is_no_end(self):
        for i in range(50):
            feed = Feed(start("/note", True), chunk(b"abc"))
            call = self.call(feed)
            time.sleep(0.002 * (i % 10))
            call.cancel()
            feed.end()
        wait_until(lambda: self.api.stats().tasks.in_flight <= 1, "the executions to end", 5)
        self.assertNotIn("whole", self.seen()["log"])

    def test_ignored(self):
        self.assertEqual(self.ask("/ignored", [bytes(65536)] * 200).body, b"not read")

    def test_ignored_by_an_execution_that_outlasts_its_call(self):
        before = self.seen()["log"].count("ignored it")
        for body in ([], [bytes(1000)], [bytes(65536)] * 20):
            self.assertEqual(self.ask("/ignored-for-long", body).body, b"not read")
        call = self.call(Feed(start("/ignored-for-long", True), *[chunk(bytes(65536))] * 20))
        self.assertEqual(next(call).WhichOneof("part"), "head")
        call.cancel()
        wait_until(lambda: self.seen()["log"].count("ignored it") == before + 4, "ctx.waitUntil's work", 5)
        wait_until(lambda: self.api.stats().tasks.in_flight <= 1, "the executions to end", 5)

    def test_partly_read(self):
        self.assertGreater(self.ask("/some", [bytes(1000)] * 200).json, 0)

    def test_consumed_twice(self):
        answer = self.ask("/twice", [b"abc"]).json
        self.assertEqual((answer["first"], answer["used"]), (3, True))
        self.assertIn("TypeError", answer["second"]["error"])

    def test_cloned(self):
        self.assertEqual(self.ask("/clone", [b"abc"] * 1000).json, [3000, 3000, True])

    def test_32_mib_echoed_with_a_digest(self):
        wanted, got = hashlib.sha256(), hashlib.sha256()

        def messages():
            yield start("/echo", True)
            for i in range(512):
                wanted.update(PATTERNS[i % 256])
                yield chunk(PATTERNS[i % 256])

        for message in self.call(messages()):
            got.update(message.chunk)
        self.assertEqual(got.hexdigest(), wanted.hexdigest())

    def test_what_is_no_request(self):
        invalid = grpc.StatusCode.INVALID_ARGUMENT
        self.fails(invalid, [])
        self.fails(invalid, [chunk(b"x")])
        self.fails(invalid, [start("/", True, method="GET")])
        self.fails(invalid, [start("/echo", True, body_text="twice")])
        self.fails(invalid, [start("/echo", True), start("/echo", True)])
        self.fails(invalid, [start("/length", True), chunk(bytes(MIB + 1))])
        self.fails(grpc.StatusCode.NOT_FOUND, [start("/", worker="nobody")])
        scheduled = execution_pb2.ExecuteRequest(worker="stream", scheduled=execution_pb2.ScheduledEvent())
        self.fails(invalid, [execution_pb2.ExecuteStreamRequest(
            start=execution_pb2.ExecuteStreamStart(request=scheduled))])


class Fetches:
    """Bodies of fetch(), in both directions."""

    def test_forwarded(self):
        for size in 0, 10, 70000, 3000000:
            answer = self.ask(f"/forward?to={self.to(f'/source?bytes={size}')}")
            self.assertEqual((answer.head.response.status, len(answer.body)), (200, size))
            self.assertFalse(answer.end.HasField("failure"))

    def test_a_slow_worker_stops_the_upstream(self):
        call = self.call([start(f"/forward?to={self.to('/source?bytes=100000000')}")])
        next(call)
        next(call)
        wait_until(lambda: (a := Upstream.sent) > 0 and a == (time.sleep(0.3) or Upstream.sent), "the upstream to stop")
        # Windows, and what sockets and clients hold.
        self.assertLess(Upstream.sent, 50 * MIB)
        self.assertGreater(sum(len(message.chunk) for message in call), 99000000)

    def test_cancelled_by_the_worker(self):
        self.assertEqual(self.ask(f"/fetch-cancel?to={self.to('/source?bytes=1000000000')}").body, b"cancelled")
        wait_until(lambda: Upstream.sent == -1, "the connection to be closed", 5)

    def test_cancelled_with_the_client(self):
        call = self.call([start(f"/forward?to={self.to('/source?bytes=1000000000')}")])
        next(call)
        next(call)
        call.cancel()
        wait_until(lambda: Upstream.sent == -1, "the connection to be closed", 5)

    def test_cut_off(self):
        outcome = self.ask(f"/fetch-length?to={self.to('/cut?bytes=1000000')}").json
        self.assertIn("TypeError", outcome["error"])
        answer = self.ask(f"/forward?to={self.to('/cut?bytes=1000000')}")
        self.assertLessEqual(len(answer.body), 500000)
        self.assertEqual(answer.end.failure.reason, failure_pb2.FAILURE_REASON_EXCEPTION)

    def test_upload(self):
        wanted = hashlib.sha256(b"".join(bytes([i]) * 100000 for i in range(50))).hexdigest()
        self.assertEqual(self.ask(f"/upload?count=50&size=100000&to={self.to('/sink')}").json, [5000000, wanted])

    def test_upload_that_breaks_off(self):
        outcome = self.ask(f"/upload-outcome?count=50&size=1000&after=3&to={self.to('/sink')}").json
        self.assertEqual(outcome, {"error": "Error: the worker's body broke"})

    def test_upload_that_nobody_reads(self):
        answer = self.ask(f"/upload?count=1000000&size=65536&to={self.to('/refuse')}")
        self.assertEqual((answer.head.response.status, answer.body), (403, b"refused"))

    def test_pass_through(self):
        data = [PATTERNS[i % 256] for i in range(64)]
        wanted = hashlib.sha256(b"".join(data)).hexdigest()
        self.assertEqual(self.ask(f"/pass?to={self.to('/sink')}", data).json, [64 * 65536, wanted])

    def test_pass_through_both_ways(self):
        digests = hashlib.sha256(), hashlib.sha256()

        def messages():
            yield start(f"/pass?to={self.to('/echo')}", True)
            for i in range(160):
                digests[0].update(PATTERNS[i % 256])
                yield chunk(PATTERNS[i % 256])

        for message in self.call(messages()):
            digests[1].update(message.chunk)
        self.assertEqual(digests[0].hexdigest(), digests[1].hexdigest())


class Pinned(Case, Answers, Requests, Fetches):
    flags = ("--lanes", "2", "--cpu-ms", "400", "--egress-allow", "127.0.0.1/32")


class Legacy(Case, Answers, Requests, Fetches):
    flags = Pinned.flags + ("--pool", "legacy")

    # Each task has an isolate of its own, so that no request sees what another one did.
    test_a_slow_reader_stops_the_pulls = None
    test_cancelled_by_the_client = None
    test_the_grace_after_a_cancellation = None
    test_wait_until_outlives_a_cancellation = None
    test_a_client_that_goes_away_is_no_end = None
    test_ignored_by_an_execution_that_outlasts_its_call = None
    test_limit_in_the_middle = None


class Shared(Case, Answers, Requests, Fetches):
    flags = Pinned.flags + ("--pool", "shared", "--isolates-per-worker", "1")


class SharedByMutex(Case, Answers, Requests, Fetches):
    flags = Shared.flags + ("--handoff", "mutex")


class Adopted(Case, Answers, Requests, Fetches):
    """Lanes change hands in the midst of turns all the time."""

    flags = Pinned.flags + ("--adopt-every", "3")


class SmallHeap(Case):
    flags = ("--lanes", "1", "--heap-mib", "16", "--external-mib", "16")
    test_request = Requests.test_32_mib_echoed_with_a_digest
    test_answer = Answers.test_32_mib_with_a_digest


if __name__ == "__main__":
    unittest.main()
