"""Where tasks wait besides a pool's own queues: for a connection, for a thread that computes, for the server's locks."""

import socket
import threading
import unittest

import support
from support import execution_pb2, pool_pb2, wait_until

ENDLESS = 4_000_000_000
CALLS = 40

FETCHER = """
export default {
    async fetch(request) {
        return new Response((await fetch(new URL(request.url).searchParams.get("url"))).body);
    },
};
"""


class SilentServer:
    """Takes connections and never answers, until it is let go."""

    def __init__(self):
        self._socket = socket.create_server(("127.0.0.1", 0))
        self._connections = []
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._thread.start()

    def _accept(self):
        while True:
            try:
                self._connections.append(self._socket.accept()[0])
            except OSError:
                return

    @property
    def url(self):
        return f"http://127.0.0.1:{self._socket.getsockname()[1]}/"

    def close(self):
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        self._thread.join()
        for connection in self._connections:
            connection.close()


class Case(support.ServerCase):
    def begin(self, worker, path):
        request = execution_pb2.ExecuteRequest(worker=worker, fetch=execution_pb2.HttpRequest(url=path))
        return self.api.execution.Execute.future(request, timeout=support.PATIENCE)

    def queue(self, name, message=None):
        message = message or self.api.stats()
        return {queue.name: queue for queue in message.queues}.get(name, pool_pb2.QueueStats())

    def locks(self, message=None):
        locks = (message or self.api.stats()).server_locks
        found = {lock.name: lock for lock in locks}
        self.assertEqual(len(found), len(locks))
        return found


class Queues(Case):
    flags = ("--lanes", "2", "--crypto-threads", "1", "--connections-per-tenant", "1", "--egress-allow", "127.0.0.0/8",
             "--cpu-ms", "60000", "--wall-ms", "120000")

    before = 0  # what had come to the queue

    def check(self, name, futures):
        """Of these the first is under way, and the others wait; then all end."""
        waiting, total = len(futures) - 1, self.before + len(futures)
        wait_until(lambda: self.queue(name).depth == waiting, f"the others to wait in '{name}'")
        queue = self.queue(name)
        self.assertEqual((queue.entered, queue.wait.count), (total, self.before + 1))
        self.assertIn(f"{name}: {waiting} wait now, {total} came", self.cli.ok("pool", "stats").decode())
        for future in futures:
            future.cancel()
        wait_until(lambda: self.queue(name).depth == 0, "them to end")
        self.assertEqual(self.queue(name).wait.count, total)
        self.assertGreater(self.queue(name).wait.max_us, 0)

    def test_computations_wait_for_a_thread(self):
        self.api.deploy("crypto", support.worker_source("crypto.js"))
        self.before = self.queue("computation").entered
        self.check("computation", [self.begin("crypto", f"/derive?n={ENDLESS}") for _ in range(4)])

    def test_fetches_wait_for_a_connection(self):
        self.api.deploy("fetcher", FETCHER)
        upstream = SilentServer()
        self.addCleanup(upstream.close)
        self.check("fetch", [self.begin("fetcher", f"/?url={upstream.url}") for _ in range(3)])

    def test_both_are_told_of_the_interval(self):
        self.api.deploy("deriver", support.worker_source("crypto.js"))
        call = self.api.pool.WatchStats(pool_pb2.WatchStatsRequest(interval_ms=300), timeout=support.PATIENCE)
        next(call)
        for _ in range(3):
            self.api.execute("deriver", "/derive?n=20000")
        ticks = []
        entered = lambda: sum(self.queue("computation", tick.interval).entered for tick in ticks)
        wait_until(lambda: ticks.append(next(call)) or entered() == 3, "the computations to be told")
        self.assertEqual(self.queue("computation", next(call).interval).entered, 0)
        call.cancel()


class Locks(Case):
    def setUp(self):
        self.api.deploy("quick", "export default { fetch: () => new Response('fine') }")

    def test_locks_on_the_way_of_a_call_are_counted(self):
        before = self.locks()
        for _ in range(CALLS):
            self.api.execute("quick")
        after = self.locks()
        for name in "registry", "turn":
            grown = after[name].acquisitions - before[name].acquisitions
            self.assertGreaterEqual(grown, CALLS, name)
        for name, lock in after.items():
            self.assertLessEqual(lock.contended, lock.acquisitions, name)
            self.assertEqual(lock.wait.count, lock.contended, name)
            self.assertLessEqual(lock.hold.count, lock.acquisitions / 16 + 64, name)
        self.assertGreater(after["registry"].hold_p99_ns, 0)

    def test_a_line_of_the_console_takes_the_logs_lock(self):
        self.api.deploy("talker", "export default { fetch() { console.log('hm'); return new Response('') } }")
        before = self.locks()
        for _ in range(CALLS):
            self.api.execute("talker")
        grown = lambda: self.locks()["log"].acquisitions - before["log"].acquisitions
        wait_until(lambda: grown() >= CALLS, "the lines to be kept")

    def test_interval_has_what_was_taken_in_it(self):
        call = self.api.pool.WatchStats(pool_pb2.WatchStatsRequest(interval_ms=300), timeout=support.PATIENCE)
        first = self.locks(next(call).stats)["registry"].acquisitions
        for _ in range(CALLS):
            self.api.execute("quick")
        ticks = []
        taken = lambda tick: self.locks(tick.interval)["registry"].acquisitions if tick.interval.server_locks else 0
        wait_until(lambda: ticks.append(next(call)) or sum(map(taken, ticks)) >= CALLS, "the calls to be told")
        self.assertEqual(first + sum(map(taken, ticks)), self.locks(ticks[-1].stats)["registry"].acquisitions)
        call.cancel()


if __name__ == "__main__":
    unittest.main()
