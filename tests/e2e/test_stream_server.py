"""ExecuteStream and the server: memory, bounds, and how it ends.

ISOYARD_STREAM_MIB (256) is the size of the body with which memory must stay flat.
"""

import os
import threading
import unittest

import grpc
import support
from stream_case import Answer, Case, EXHAUSTED, Feed, MIB, chunk, start
from support import execution_pb2, failure_pb2, wait_until

FLAT_BYTES = int(os.environ.get("ISOYARD_STREAM_MIB", "256")) * MIB


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
    unittest.main()
