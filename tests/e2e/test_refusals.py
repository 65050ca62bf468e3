"""What is refused, how, and that nothing is left of it."""

import socket
import threading
import time

import grpc
import support
from support import execution_pb2, worker_pb2, wait_until

INVALID = grpc.StatusCode.INVALID_ARGUMENT
EXHAUSTED = grpc.StatusCode.RESOURCE_EXHAUSTED
MIB = 1 << 20
BODY_MAX = 4 * MIB - (64 << 10)
BUNDLE_MAX = 10 * MIB
GOOD = "export default { fetch: () => new Response('good') }"


def unary(channel, method, message):
    """Sends bytes as they are."""
    call = channel.unary_unary(method, request_serializer=lambda data: data, response_deserializer=lambda data: data)
    return call(message, timeout=support.PATIENCE)


METHODS = ["WorkerService/Deploy", "WorkerService/GetWorker", "WorkerService/ListWorkers",
           "WorkerService/DeleteWorker", "WorkerService/ListVersions", "WorkerService/Activate",
           "ExecutionService/Execute", "PoolService/GetStats"]


class BadInput(support.ServerCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.api.deploy("good", GOOD)

    def execute(self, worker="good", tenant="", **fetch):
        return self.api.execution.Execute(
            execution_pb2.ExecuteRequest(tenant=tenant, worker=worker, fetch=execution_pb2.HttpRequest(**fetch)),
            timeout=support.PATIENCE)

    def invalid(self, field, call, *arguments, **fields):
        refusal = self.refused(INVALID, call, *arguments, **fields)
        self.assertEqual(refusal.fields, [field], refusal.message)
        self.assertEqual(refusal.reason, "INVALID")
        return refusal

    def test_garbage_is_refused_by_every_method(self):
        for method in METHODS:
            for garbage in b"\xff\xff\xff", b"\x0a\x7f", b"\x0b":
                with self.subTest(method=method, garbage=garbage):
                    self.refused(INVALID, unary, self.channel, f"/isoyard.v1.{method}", garbage)

    def test_strings_that_are_no_utf8_or_hold_a_nul(self):
        for method in METHODS[1:6]:
            for text in b"\xff", b"a\0b":
                with self.subTest(method=method, text=text):
                    message = b"\x12" + bytes([len(text)]) + text
                    if method.endswith("ListWorkers"):
                        message = b"\x1a" + message[1:]
                    refusal = self.refused(INVALID, unary, self.channel, f"/isoyard.v1.{method}", message)
                    self.assertEqual(len(refusal.fields), 1)

    def test_path_of_a_bad_string_inside_a_message(self):
        file = b"\x0a\x02\xc3\x28"
        good = b"\x0a\x01a"
        message = b"".join(b"\x1a" + bytes([len(part)]) + part for part in (good, file))
        refusal = self.refused(INVALID, unary, self.channel, "/isoyard.v1.WorkerService/Deploy", message)
        self.assertEqual(refusal.fields, ["files[1].name"])

    def test_a_message_of_nothing_but_fields_is_refused_cheaply(self):
        before = self.server.rss_bytes()
        self.refused(INVALID, unary, self.channel, "/isoyard.v1.WorkerService/Deploy", b"\x1a\x00" * (4 * MIB))
        self.refused(INVALID, unary, self.channel, "/isoyard.v1.WorkerService/Deploy", b"\xf8\x01\x01" * (3 * MIB))
        self.assertLess(self.server.rss_bytes() - before, 100 * MIB * self.server.memory_slack())

    def test_names(self):
        requests = {
            "GetWorker": worker_pb2.GetWorkerRequest, "DeleteWorker": worker_pb2.DeleteWorkerRequest,
            "ListVersions": worker_pb2.ListVersionsRequest, "Activate": worker_pb2.ActivateRequest,
            "Deploy": worker_pb2.DeployRequest,
        }
        bad = ["", "-a", "a-", "A", "a_b", "a.b", "a/b", "x" * 64, "\u00e9"]
        for method, request in requests.items():
            call = getattr(self.api.worker, method)
            for name in bad:
                with self.subTest(method=method, name=name):
                    self.invalid("worker", call, request(worker=name), timeout=support.PATIENCE)
                    if name:
                        self.invalid("tenant", call, request(tenant=name, worker="a"), timeout=support.PATIENCE)
        for name in bad[1:]:
            self.invalid("tenant", self.api.worker.ListWorkers, worker_pb2.ListWorkersRequest(tenant=name))
        for name in bad:
            self.invalid("worker", self.execute, worker=name)
            if name:
                self.invalid("tenant", self.execute, tenant=name)

    def test_names_at_their_longest(self):
        name = "x" * 63
        self.api.deploy(name, GOOD, tenant=name)
        self.assertEqual(self.execute(worker=name, tenant=name).response.body_text, "good")

    def test_execute_without_an_event(self):
        self.invalid("event", self.api.execution.Execute, execution_pb2.ExecuteRequest(worker="good"))

    def test_execute_method(self):
        for method in "A B", "GET\n", "CONNECT", "trace", "Track", "\u00e9":
            with self.subTest(method=method):
                self.invalid("fetch.method", self.execute, method=method)

    def test_execute_url(self):
        for url in ["relative", "ftp://host/", "https://", "https:///x", "http://u:p@host/", "http://host:65536/",
                    "http://host:x/", "/a b", "/caf\u00e9", "/a\nb", "http://ho st/", "http://[::1/", "/" + "x" * 8192]:
            with self.subTest(url=url):
                self.invalid("fetch.url", self.execute, url=url)

    def test_execute_headers(self):
        def header(name, value):
            return [execution_pb2.HttpHeader(name="good", value="x"), execution_pb2.HttpHeader(name=name, value=value)]

        for name in "", "a b", "a:b", "\u00e9", "a\n":
            with self.subTest(name=name):
                self.invalid("fetch.headers[1].name", self.execute, headers=header(name, "x"))
        for value in "a\nb", "a\rb", "a\0b", "\u0100", "\u65e5":
            with self.subTest(value=value):
                self.invalid("fetch.headers[1].value", self.execute, headers=header("a", value))
        self.invalid("fetch.headers", self.execute, headers=header("a", "x" * (48 << 10)))

    def test_execute_body(self):
        self.invalid("fetch.body_text", self.execute, method="GET", body_text="x")
        self.invalid("fetch.body_bytes", self.execute, method="head", body_bytes=b"x")
        self.invalid("fetch.body_bytes", self.execute, method="POST", body_bytes=b"x" * (BODY_MAX + 1))
        text = b"\xff"
        fetch = b"\x0a\x04POST\x2a" + bytes([len(text)]) + text
        message = b"\x12\x04good\x1a" + bytes([len(fetch)]) + fetch
        refusal = self.refused(INVALID, unary, self.channel, "/isoyard.v1.ExecutionService/Execute", message)
        self.assertEqual(refusal.fields, ["fetch.body_text"])

    def test_execute_knows_no_such_worker(self):
        refusal = self.refused(grpc.StatusCode.NOT_FOUND, self.execute, worker="nobody")
        self.assertEqual(refusal.reason, "NOT_FOUND")
        self.assertEqual(refusal.fields, [])

    def test_deploy_fields(self):
        def deploy(**fields):
            return self.api.worker.Deploy(worker_pb2.DeployRequest(**{"worker": "bad", **fields}),
                                          timeout=support.PATIENCE)

        def file(name="main.js", kind=worker_pb2.FILE_KIND_MODULE, content=GOOD.encode()):
            return worker_pb2.SourceFile(name=name, kind=kind, content=content)

        self.invalid("files", deploy)
        for name in "", "/abs.js", "../up.js", "a//b.js", "a/./b.js", "a?.js", "x" * 256:
            with self.subTest(name=name):
                self.invalid("files[0].name", deploy, files=[file(name=name)])
        self.invalid("files[1].name", deploy, files=[file(), file()])
        self.invalid("files[0].kind", deploy, files=[file(kind=worker_pb2.FILE_KIND_UNSPECIFIED)])
        self.invalid("files[0].kind", deploy, files=[file(kind=99)])
        self.invalid("files[0].kind", deploy, files=[file(kind=worker_pb2.FILE_KIND_SOURCE_MAP)])
        for kind in worker_pb2.FILE_KIND_TEXT, worker_pb2.FILE_KIND_JSON, worker_pb2.FILE_KIND_WASM, \
                worker_pb2.FILE_KIND_DATA:
            with self.subTest(kind=kind):
                self.invalid("files[0].kind", deploy, files=[file(kind=kind)])
                script = file(kind=worker_pb2.FILE_KIND_SCRIPT)
                self.invalid("files[0].kind", deploy, files=[script, file(name="x", kind=kind)])
        self.invalid("files[1].kind", deploy, files=[file(), file(name="x", kind=8)])
        for kind in worker_pb2.FILE_KIND_TEXT, worker_pb2.FILE_KIND_JSON:
            self.invalid("files[1].content", deploy, files=[file(), file(name="x", kind=kind, content=b"\xff")])
        self.invalid("files[0].content", deploy, files=[file(content=b"\xff")])
        self.invalid("message", deploy, files=[file()], message="m" * 1025)
        self.invalid("files", deploy, files=[file(name=f"{i}.js", content=b"") for i in range(1025)])
        self.refused(grpc.StatusCode.NOT_FOUND, self.api.worker.GetWorker, worker_pb2.GetWorkerRequest(worker="bad"))

    def test_activate(self):
        call = self.api.worker.Activate
        self.invalid("version", call, worker_pb2.ActivateRequest(worker="good"))
        self.refused(grpc.StatusCode.NOT_FOUND, call, worker_pb2.ActivateRequest(worker="good", version=99))
        self.refused(grpc.StatusCode.NOT_FOUND, call, worker_pb2.ActivateRequest(worker="nobody", version=1))

    def test_page_tokens(self):
        for token in "x y", "../", "\u00e9":
            self.invalid("page_token", self.api.worker.ListWorkers, worker_pb2.ListWorkersRequest(page_token=token))
        for token in "x", "-1", "0", "1 ", "4294967296":
            self.invalid("page_token", self.api.worker.ListVersions,
                         worker_pb2.ListVersionsRequest(worker="good", page_token=token))

    def test_missing_workers(self):
        for call, request in ((self.api.worker.GetWorker, worker_pb2.GetWorkerRequest),
                              (self.api.worker.DeleteWorker, worker_pb2.DeleteWorkerRequest),
                              (self.api.worker.ListVersions, worker_pb2.ListVersionsRequest)):
            self.refused(grpc.StatusCode.NOT_FOUND, call, request(worker="nobody"), timeout=support.PATIENCE)

    def test_unknown_methods(self):
        for method in "/isoyard.v1.WorkerService/Nothing", "/nothing/At", "/isoyard.v1.ExecutionService/ExecuteAll":
            refusal = self.refused(grpc.StatusCode.UNIMPLEMENTED, unary, self.channel, method, b"")
            self.assertIn(method, refusal.message)


class Bounds(support.ServerCase):
    flags = ("--buffer-mib", "128")

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.api.deploy("echo", support.worker_source("echo.js"))

    def post(self, size, api=None, **options):
        return (api or self.api).execution.Execute(execution_pb2.ExecuteRequest(
            worker="echo", fetch=execution_pb2.HttpRequest(method="POST", url="/echo", body_bytes=b"x" * size)),
            timeout=support.PATIENCE, **options)

    def test_body_at_its_bound_passes_and_above_does_not(self):
        self.assertEqual(len(self.post(BODY_MAX).response.body_bytes), BODY_MAX)
        self.assertEqual(self.refused(INVALID, self.post, BODY_MAX + 1).fields, ["fetch.body_bytes"])

    def test_message_over_the_methods_bound(self):
        for size in 4 * MIB, 9 * MIB:
            refusal = self.refused(EXHAUSTED, self.post, size)
            self.assertEqual(refusal.reason, "MESSAGE_TOO_LARGE")
            self.assertIn(str(4 * MIB), refusal.message)

    def test_small_methods_have_small_bounds(self):
        request = worker_pb2.GetWorkerRequest(worker="x" * (65 << 10))
        refusal = self.refused(EXHAUSTED, self.api.worker.GetWorker, request)
        self.assertEqual(refusal.reason, "MESSAGE_TOO_LARGE")

    def test_bundle_at_its_bound_passes_and_above_does_not(self):
        good = support.worker_source("echo.js")
        padding = "//" + "x" * (BUNDLE_MAX - len(good.encode()) - 2)
        self.assertEqual(self.api.deploy("large", good + padding).size_bytes, BUNDLE_MAX)
        refusal = self.refused(INVALID, self.api.deploy, "large", good + padding + "x")
        self.assertEqual(refusal.fields, ["files"])
        self.assertEqual(self.api.text("large", "/sleep?ms=1"), "slept")

    def test_64_mib_is_refused(self):
        self.refused(EXHAUSTED, self.post, 64 * MIB)
        self.assertEqual(len(self.post(10).response.body_bytes), 10)

    def test_memory_stays_bounded_under_large_messages_and_is_back_afterwards(self):
        self.post(10)
        before = self.server.rss_bytes()
        peak, codes = [0], []
        is_over = threading.Event()

        def watch():
            while not is_over.is_set():
                peak[0] = max(peak[0], self.server.rss_bytes())
                time.sleep(0.01)

        def send():
            channel = self.server.channel()
            try:
                self.post(64 * MIB, api=support.Api(channel))
            except grpc.RpcError as error:
                codes.append(error.code())
            finally:
                channel.close()

        watcher = threading.Thread(target=watch)
        watcher.start()
        senders = [threading.Thread(target=send) for _ in range(16)]
        for sender in senders:
            sender.start()
        for sender in senders:
            sender.join(2 * support.PATIENCE)
        is_over.set()
        watcher.join()
        # Where memory is short gRPC also closes connections, which is UNAVAILABLE.
        self.assertEqual(len(codes), len(senders))
        self.assertLessEqual(set(codes), {EXHAUSTED, grpc.StatusCode.UNAVAILABLE})
        # 16 x 64 MiB were sent; 128 MiB may be buffered at once.
        slack = self.server.memory_slack()
        self.assertLess(peak[0] - before, 256 * MIB * slack)
        if slack == 1:
            wait_until(lambda: self.server.rss_bytes() - before < 24 * MIB,
                       f"memory to fall from {peak[0]} to about {before}")
        self.assertEqual(len(self.post(10).response.body_bytes), 10)

    def test_compressed_messages_are_refused(self):
        for compression in grpc.Compression.Gzip, grpc.Compression.Deflate:
            self.refused(grpc.StatusCode.UNIMPLEMENTED, self.post, 1000, compression=compression)
        self.assertEqual(len(self.post(1000, compression=grpc.Compression.NoCompression).response.body_bytes), 1000)

    def test_a_flood_of_nonsense_does_not_hurt(self):
        host, port = self.server.address.split(":")
        for data in b"GET / HTTP/1.1\r\n\r\n", b"\0" * 10000, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + b"\xff" * 5000:
            with socket.create_connection((host, int(port)), timeout=5) as connection:
                try:
                    connection.sendall(data)
                    connection.shutdown(socket.SHUT_WR)
                    while connection.recv(4096):
                        pass
                except OSError:
                    pass
        self.assertEqual(len(self.post(10).response.body_bytes), 10)

    def test_answers_to_clients_that_do_not_read_are_bounded(self):
        slack = self.server.memory_slack()
        before = self.server.rss_bytes()
        request = execution_pb2.ExecuteRequest(
            worker="echo", fetch=execution_pb2.HttpRequest(url=f"/large?bytes={4_000_000}"))
        with Miser(self.server.address) as miser:
            for _ in range(150):
                miser.call("/isoyard.v1.ExecutionService/Execute", request.SerializeToString())
            # 150 answers of 4 MB, of which a quarter of 128 MiB may wait; the rest is refused at once.
            wait_until(lambda: miser.refused() >= 140, "the server to refuse")
            self.assertLess(self.server.rss_bytes() - before, 200 * MIB * slack)
            self.assertLessEqual(miser.refused(), 143)
            self.assertEqual(len(self.post(3 * MIB).response.body_bytes), 3 * MIB)
        if slack == 1:
            wait_until(lambda: self.server.rss_bytes() - before < 24 * MIB, "memory to be given back")
        self.assertEqual(len(self.post(10).response.body_bytes), 10)


    def test_clients_that_never_say_that_they_are_done_get_their_answers(self):
        request = execution_pb2.ExecuteRequest(worker="echo")
        with Miser(self.server.address) as miser:
            for _ in range(20):
                miser.call("/isoyard.v1.ExecutionService/Execute", request.SerializeToString(), is_last=False)
            # Without an event they are refused, which takes no window.
            wait_until(lambda: miser.refused() == 20, "the refusals")
        self.assertEqual(len(self.post(10).response.body_bytes), 10)


class Miser:
    """An HTTP/2 client that allows nobody to send it a byte of a body (RFC 9113: a window of 0)."""

    def __init__(self, address):
        host, port = address.split(":")
        self.socket = socket.create_connection((host, int(port)), timeout=support.PATIENCE)
        self.next_stream = 1
        self.received = bytearray()
        initial_window_size = (4).to_bytes(2, "big") + (0).to_bytes(4, "big")
        self.socket.sendall(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + self.frame(4, 0, 0, initial_window_size))
        self.reader = threading.Thread(target=self.read)
        self.reader.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.shutdown(socket.SHUT_RDWR)
        self.reader.join()
        self.socket.close()

    @staticmethod
    def frame(kind, flags, stream, payload):
        return len(payload).to_bytes(3, "big") + bytes([kind, flags]) + stream.to_bytes(4, "big") + payload

    def call(self, method, message, is_last=True):
        def header(name, value):
            # A literal without indexing (RFC 7541, 6.2.2); all are short.
            return b"\0" + bytes([len(name)]) + name + bytes([len(value)]) + value

        headers = b"".join(header(*pair) for pair in (
            (b":method", b"POST"), (b":scheme", b"http"), (b":path", method.encode()), (b":authority", b"miser"),
            (b"te", b"trailers"), (b"content-type", b"application/grpc")))
        body = b"\0" + len(message).to_bytes(4, "big") + message
        self.socket.sendall(self.frame(1, 4, self.next_stream, headers) + self.frame(0, is_last, self.next_stream, body))
        self.next_stream += 2

    def read(self):
        try:
            while data := self.socket.recv(65536):
                self.received += data
        except OSError:
            pass

    def refused(self):
        """Streams that ended with a status, which needs no window."""
        data, ended = bytes(self.received), 0
        while len(data) >= 9 and len(data) >= 9 + int.from_bytes(data[:3], "big"):
            ended += data[3] == 1 and bool(data[4] & 1)
            data = data[9 + int.from_bytes(data[:3], "big"):]
        return ended


class FullQueue(support.ServerCase):
    flags = ("--lanes", "1", "--queue", "2", "--tasks-per-isolate", "1")

    def test_full_queue_is_refused_at_once_with_a_retry_delay(self):
        self.api.deploy("echo", support.worker_source("echo.js"))
        request = execution_pb2.ExecuteRequest(
            worker="echo", fetch=execution_pb2.HttpRequest(url="/sleep?ms=1500"))
        refused_before = self.api.stats().tasks.refused
        begin = time.monotonic()
        futures = [self.api.execution.Execute.future(request, timeout=support.PATIENCE) for _ in range(12)]
        refusals = []
        for future in futures:
            try:
                self.assertEqual(future.result(support.PATIENCE).response.body_text, "slept")
            except grpc.RpcError as error:
                refusals.append(support.Refusal(error))
        self.assertGreaterEqual(len(refusals), 8)
        self.assertLess(len(refusals), 12)
        self.assertLess(time.monotonic() - begin, 15)
        for refusal in refusals:
            self.assertEqual(refusal.code, EXHAUSTED)
            self.assertEqual(refusal.reason, "QUEUE_FULL")
            delay = refusal.detail(support.error_details_pb2.RetryInfo).retry_delay.ToMilliseconds()
            self.assertGreater(delay, 0)
            self.assertEqual(refusal.trailing["grpc-retry-pushback-ms"], str(delay))
        self.assertEqual(self.api.stats().tasks.refused - refused_before, len(refusals))

    def test_a_client_with_a_retry_policy_gets_through(self):
        self.api.deploy("echo", support.worker_source("echo.js"))
        policy = ('{"methodConfig": [{"name": [{}], "retryPolicy": {"maxAttempts": 5, "initialBackoff": "0.01s", '
                  '"maxBackoff": "0.01s", "backoffMultiplier": 1, "retryableStatusCodes": ["RESOURCE_EXHAUSTED"]}}]}')
        channel = self.server.channel(enable_retries=1, service_config=policy)
        api = support.Api(channel)
        request = execution_pb2.ExecuteRequest(worker="echo", fetch=execution_pb2.HttpRequest(url="/sleep?ms=60"))
        futures = [api.execution.Execute.future(request, timeout=support.PATIENCE) for _ in range(4)]
        answers = [future.result(support.PATIENCE).response.body_text for future in futures]
        channel.close()
        self.assertEqual(answers, ["slept"] * 4)


if __name__ == "__main__":
    support.unittest.main()
