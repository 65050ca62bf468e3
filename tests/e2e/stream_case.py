"""ExecuteStream: messages, answers, and an upstream for what workers fetch, for the tests of it."""

import hashlib
import http.server
import json
import queue
import threading
import urllib.parse

import grpc
import support
from support import execution_pb2

MIB = 1 << 20
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
