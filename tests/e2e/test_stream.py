"""ExecuteStream: bodies of requests and answers that come in parts, in every architecture.

ISOYARD_STREAM_MIB (256) is the size of the body with which memory must stay flat.
"""

import hashlib
import http.server
import json
import os
import queue
import threading
import time
import urllib.parse

import grpc
import support
from support import execution_pb2, failure_pb2, wait_until

MIB = 1 << 20
FLAT_BYTES = int(os.environ.get("ISOYARD_STREAM_MIB", "256")) * MIB
EXHAUSTED = grpc.StatusCode.RESOURCE_EXHAUSTED


def start(url, has_body=False, method=None, worker="stream", **fields):
    method = method or ("POST" if has_body else "GET")
    request = execution_pb2.ExecuteRequest(
        worker=worker, fetch=execution_pb2.HttpRequest(url=url, method=method, **fields))
    return execution_pb2.ExecuteStreamRequest(
        start=execution_pb2.ExecuteStreamStart(request=request, has_body=has_body))


def chunk(data):
    return execution_pb2.ExecuteStreamRequest(chunk=data)


def broken(message):
    return execution_pb2.ExecuteStreamRequest(error=execution_pb2.BodyError(message=message))


class Answer:
    """All that came of a call."""

    def __init__(self, call):
        self.head = self.end = None
        self.chunks = []
        for message in call:
            part = message.WhichOneof("part")
            if part == "head":
                assert self.head is None and not self.chunks
                self.head = message.head
            elif part == "chunk":
                assert self.head and not self.end
                self.chunks.append(message.chunk)
            else:
                self.end = message.end

    @property
    def body(self):
        return b"".join(self.chunks)

    @property
    def json(self):
        return json.loads(self.body)


class Feed:
    """Messages of a client that decides as it goes."""

    END = object()

    def __init__(self, *messages):
        self.queue = queue.Queue()
        self.taken = 0
        for message in messages:
            self.queue.put(message)

    def put(self, message):
        self.queue.put(message)

    def end(self):
        self.queue.put(self.END)

    def __iter__(self):
        while (message := self.queue.get()) is not self.END:
            self.taken += 1
            yield message


def pattern(number, size=65536):
    return bytes((number + i) % 256 for i in range(256)) * (size // 256)


PATTERNS = [pattern(number) for number in range(256)]


class Upstream(http.server.BaseHTTPRequestHandler):
    """What workers fetch from: /source?bytes=N, /sink, /echo, /refuse, /cut?bytes=N."""

    protocol_version = "HTTP/1.1"
    sent = 0

    def log_message(self, *_):
        pass

    def pieces(self):
        """The body of the request, as it comes."""
        if "chunked" not in self.headers.get("transfer-encoding", ""):
            left = int(self.headers.get("content-length", 0))
            while left > 0:
                data = self.rfile.read(min(left, 65536))
                if not data:
                    raise ConnectionError
                left -= len(data)
                yield data
            return
        while (size := int(self.rfile.readline() or "x", 16)) > 0:
            yield self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()

    def reply(self, status, length=None):
        self.send_response(status)
        self.send_header(*(("transfer-encoding", "chunked") if length is None else ("content-length", str(length))))
        self.end_headers()

    def put(self, data):
        self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))

    def do_GET(self):
        url = urllib.parse.urlparse(self.path)
        size = int(urllib.parse.parse_qs(url.query).get("bytes", ["0"])[0])
        piece = bytes(65536)
        self.reply(200, size)
        if url.path == "/cut":
            self.wfile.write(bytes(size // 2))
            self.close_connection = True
            return
        Upstream.sent = 0
        try:
            while size > 0:
                part = piece[:min(size, 65536)]
                self.wfile.write(part)
                Upstream.sent += len(part)
                size -= len(part)
        except OSError:
            Upstream.sent = -1

    def do_POST(self):
        if self.path == "/refuse":
            self.reply(403, 7)
            self.wfile.write(b"refused")
            self.close_connection = True
            return
        if self.path == "/echo":
            self.reply(200)
            for data in self.pieces():
                self.put(data)
            self.put(b"")
            return
        digest, length = hashlib.sha256(), 0
        try:
            for data in self.pieces():
                digest.update(data)
                length += len(data)
        except (ValueError, OSError):
            self.close_connection = True
            return
        answer = json.dumps([length, digest.hexdigest()]).encode()
        self.reply(200, len(answer))
        self.wfile.write(answer)


class UpstreamServer(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_):
        pass


class Case(support.ServerCase):
    @classmethod
    def setUpClass(cls):
        cls.upstream = UpstreamServer(("127.0.0.1", 0), Upstream)
        threading.Thread(target=cls.upstream.serve_forever, daemon=True).start()
        cls.addClassCleanup(cls.upstream.server_close)
        cls.addClassCleanup(cls.upstream.shutdown)
        super().setUpClass()
        cls.api.deploy("stream", support.worker_source("stream.js"))

    def call(self, messages, timeout=support.PATIENCE * 4):
        return self.api.execution.ExecuteStream(iter(messages), timeout=timeout)

    def ask(self, url, body=None, **fields):
        messages = [start(url, body is not None, **fields)]
        return Answer(self.call(messages + [chunk(data) for data in body or []]))

    def seen(self):
        return json.loads(self.api.text("stream", "/seen"))

    def to(self, path):
        return urllib.parse.quote(f"http://127.0.0.1:{self.upstream.server_port}{path}", safe="")

    def fails(self, code, messages):
        return self.refused(code, lambda: Answer(self.call(messages)))


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


class Flat(Case):
    """Memory does not grow with the body."""

    flags = ("--lanes", "1", "--external-mib", "32", "--egress-allow", "127.0.0.1/32")

    def flat(self, run):
        run(16 * MIB)
        before = self.server.rss_bytes()
        peak = [before]
        is_over = threading.Event()

        def watch():
            while not is_over.wait(0.02):
                peak[0] = max(peak[0], self.server.rss_bytes())

        watcher = threading.Thread(target=watch)
        watcher.start()
        try:
            run(FLAT_BYTES)
        finally:
            is_over.set()
            watcher.join()
        self.assertLess(peak[0] - before, 96 * MIB * self.server.memory_slack())

    def test_answer(self):
        def run(size):
            call = self.call([start(f"/chunks?count={size // 65536}&size=65536")])
            self.assertEqual(sum(len(message.chunk) for message in call), size)

        self.flat(run)

    def test_request(self):
        def run(size):
            body = ([chunk(bytes(65536))] * (size // 65536))
            self.assertEqual(Answer(self.call([start("/length", True)] + body)).json, {"value": size})

        self.flat(run)

    def test_echo(self):
        def run(size):
            call = self.call([start("/echo", True)] + [chunk(bytes(65536))] * (size // 65536))
            self.assertEqual(sum(len(message.chunk) for message in call), size)

        self.flat(run)


    def test_pass_through(self):
        def run(size):
            call = self.call([start(f"/pass?to={self.to('/echo')}", True)] + [chunk(bytes(65536))] * (size // 65536))
            self.assertEqual(sum(len(message.chunk) for message in call), size)

        self.flat(run)


class Bounds(Case):
    flags = ("--lanes", "1", "--stream-mib", "1", "--body-idle-ms", "700")

    def test_windows_that_are_used_up(self):
        calls = [self.call([start("/chunks?count=1000000000&size=10&pause=50")]) for _ in range(4)]
        for call in calls:
            next(call)
        self.assertEqual(self.fails(EXHAUSTED, [start("/chunks")]).reason, "QUEUE_FULL")
        self.assertEqual(self.fails(EXHAUSTED, [start("/length", True)]).reason, "QUEUE_FULL")
        for call in calls:
            call.cancel()
        wait_until(lambda: self.api.stats().tasks.in_flight == 0, "the streams to end")
        self.assertEqual(len(self.ask("/chunks?count=2&size=10").body), 20)

    def test_a_body_that_does_not_move(self):
        refusal = self.fails(grpc.StatusCode.DEADLINE_EXCEEDED, [start("/never")])
        self.assertEqual(refusal.detail(failure_pb2.LimitExceeded).limit, failure_pb2.LIMIT_BODY_IDLE)


class Cli(Case):
    """isoyard exec --stream."""

    flags = ("--lanes", "1")

    def test_from_stdin_to_stdout(self):
        data = b"".join(PATTERNS) * 2
        self.assertEqual(self.cli.ok("exec", "stream", "--stream", "-p", "/echo", "-d", "@-", stdin=data), data)

    def test_from_a_file(self):
        path = support.SCRATCH / "streamed"
        path.write_bytes(bytes(9 * MIB))
        answer = self.cli.ok("exec", "stream", "--stream", "-p", "/length", "-d", f"@{path}")
        self.assertEqual(json.loads(answer), {"value": 9 * MIB})
        self.assertEqual(self.cli.run("exec", "stream", "--stream", "-p", "/length", "-d", "@/missing").returncode, 2)

    def test_data_of_the_command_line_is_whole(self):
        self.assertEqual(json.loads(self.cli.ok("exec", "stream", "--stream", "-p", "/text", "-d", "abc")), {"value": "abc"})
        self.assertEqual(self.cli.ok("exec", "stream", "--stream", "-p", "/whole?size=3"), b"xxx")

    def test_as_it_comes(self):
        process = self.cli.popen("exec", "stream", "--stream", "-p", "/chunks?count=1000000&size=10&pause=50")
        self.addCleanup(process.stderr.close)
        self.addCleanup(process.stdout.close)
        self.assertEqual(process.stdout.read(10), bytes(10))
        self.assertEqual(process.stdout.read(10), b"\1" * 10)
        process.terminate()
        process.wait(support.PATIENCE)
        wait_until(lambda: self.api.stats().tasks.in_flight == 0, "the stream to be cancelled", 5)

    def test_failures(self):
        result = self.cli.run("exec", "stream", "--stream", "-p", "/breaks?size=4&after=1")
        self.assertEqual((result.returncode, result.stdout), (1, bytes(4)))
        self.assertIn(b"the worker's body broke", result.stderr)
        self.assertEqual(self.cli.run("exec", "nobody", "--stream").returncode,
                         self.cli.run("exec", "nobody").returncode)
        result = self.cli.run("exec", "stream", "--stream", "--fail", "-p", "/missing")
        self.assertEqual((result.returncode, result.stdout), (1, b"no such path"))
        for wrong in (["--json"], ["--event", "task"], ["--print-request"]):
            self.assertEqual(self.cli.run("exec", "stream", "--stream", *wrong).returncode, 2, wrong)

    def test_verbose(self):
        result = self.cli.run("exec", "stream", "--stream", "-v", "-p", "/chunks?count=1&size=3")
        self.assertIn(b"201", result.stderr)
        self.assertIn(b"wall", result.stderr)


class Drain(support.TestCase):
    def test_a_stream_may_end_within_the_grace_period(self):
        server = support.start("--lanes", "1", "--grace-ms", "20000")
        self.addCleanup(server.kill)
        with server.channel() as channel:
            api = support.Api(channel)
            api.deploy("stream", support.worker_source("stream.js"))
            call = api.execution.ExecuteStream(iter([start("/chunks?count=10&size=10&pause=100")]),
                                               timeout=support.PATIENCE)
            next(call)
            server.signal(15)
            self.assertEqual(len(Answer_of(call)), 100)
        self.assertEqual(server.wait(), 0)

    def test_a_stream_that_does_not_is_cut_off(self):
        server = support.start("--lanes", "1", "--grace-ms", "300")
        self.addCleanup(server.kill)
        with server.channel() as channel:
            api = support.Api(channel)
            api.deploy("stream", support.worker_source("stream.js"))
            call = api.execution.ExecuteStream(iter([start("/chunks?count=1000000&size=10&pause=100")]),
                                               timeout=support.PATIENCE)
            next(call)
            server.signal(15)
            with self.assertRaises(grpc.RpcError):
                Answer_of(call)
        self.assertEqual(server.wait(), 0)

    def test_a_switch_of_pools_leaves_streams_where_they_are(self):
        server = support.start("--lanes", "1")
        self.addCleanup(server.kill)
        with server.channel() as channel:
            api = support.Api(channel)
            api.deploy("stream", support.worker_source("stream.js"))
            feed = Feed(start("/echo", True), chunk(b"before"))
            call = api.execution.ExecuteStream(iter(feed), timeout=support.PATIENCE)
            next(call)
            self.assertEqual(next(call).chunk, b"before")
            switch = threading.Thread(target=support.Cli(server.address).ok, args=("pool", "switch", "shared"))
            switch.start()
            wait_until(lambda: api.stats().architecture == execution_pb2.ARCHITECTURE_SHARED, "the switch")
            feed.put(chunk(b"after"))
            self.assertEqual(next(call).chunk, b"after")
            feed.end()
            self.assertEqual(Answer_of(call), b"")
            switch.join()
        self.assertEqual(server.stop(), 0)


def Answer_of(call):
    """The rest of a body whose head has come."""
    return b"".join(message.chunk for message in call)


if __name__ == "__main__":
    support.unittest.main()
