"""Many switches, through all architectures and both hand-offs, while two tenants' calls go on.

ISOYARD_SWITCHES says how many, 50 if not.
"""

import itertools
import os
import threading
from pathlib import Path

import grpc
import support
from support import Api, pool_pb2, wait_until, worker_pb2
from test_switch import LEGACY, PINNED, SHARED, Case

SWITCHES = int(os.environ.get("ISOYARD_SWITCHES", "50"))
CYCLE = [(LEGACY, pool_pb2.HANDOFF_FIFO), (SHARED, pool_pb2.HANDOFF_FIFO), (PINNED, pool_pb2.HANDOFF_FIFO),
         (SHARED, pool_pb2.HANDOFF_MUTEX)]
TENANTS = ["one", "two"]
WORKERS = ["a", "b", "c"]
CALLERS = 4

# V8 takes 12 mappings for an isolate: a tenth of the switches, each with one left, would be more than this.
MAPPINGS_MORE_MAX = 40
RESIDENT_MORE_MAX_BYTES = 32 << 20

# Says whose it is, and what it was asked; now and then after a timer.
SOURCE = """
let calls = 0;
export default {
  async fetch(request) {
    if (++calls % 4 === 0) await new Promise((resolve) => setTimeout(resolve, 2));
    return new Response("NAME " + new URL(request.url).pathname);
  },
};
"""


class Callers:
    """Threads that call without a pause, each for both tenants in turn."""

    def __init__(self, server):
        self.errors, self.by_architecture = [], {}
        self._is_over, self._lock = False, threading.Lock()
        self._threads = [threading.Thread(target=self._run, args=(server, number)) for number in range(CALLERS)]
        for thread in self._threads:
            thread.start()

    def _run(self, server, caller):
        pairs = itertools.cycle(itertools.product(TENANTS, WORKERS))
        with server.channel() as channel:
            api = Api(channel)
            for number in itertools.count():
                if self._is_over:
                    return
                self._call(api, *next(pairs), f"/{caller}-{number}")

    def _call(self, api, tenant, worker, path):
        try:
            reply = api.execute(worker, path, tenant=tenant)
        except grpc.RpcError as caught:
            self._note(None, f"{path}: {caught.code()} {caught.details()}")
            return
        text, wanted = reply.response.body_text, f"{tenant}/{worker} {path}"
        self._note(reply.report.architecture, None if text == wanted else f"{wanted}: {text!r}")

    def _note(self, architecture, error):
        with self._lock:
            if error:
                self.errors.append(error)
            self.by_architecture[architecture] = self.by_architecture.get(architecture, 0) + 1

    def stop(self):
        self._is_over = True
        for thread in self._threads:
            thread.join()


class ManySwitches(Case):
    def deploy(self):
        for tenant, worker in itertools.product(TENANTS, WORKERS):
            source = SOURCE.replace("NAME", f"{tenant}/{worker}").encode()
            self.api.worker.Deploy(worker_pb2.DeployRequest(
                tenant=tenant, worker=worker,
                files=[worker_pb2.SourceFile(name="main.js", kind=worker_pb2.FILE_KIND_MODULE, content=source)]))

    def mappings(self):
        return len(Path(f"/proc/{self.server.pid}/maps").read_text().splitlines())

    def look(self):
        """Mappings and resident memory, with a pool that keeps no isolate."""
        wait_until(lambda: self.api.stats().isolates.alive == 0, "isolates to end")
        return self.mappings(), self.server.rss_bytes()

    def switch_some(self, numbers):
        """Under load, and then to legacy, without any."""
        callers = Callers(self.server)
        try:
            for number in numbers:
                architecture, handoff = CYCLE[number % len(CYCLE)]
                response = self.switch(architecture, lanes=1 + number // len(CYCLE) % 3, handoff=handoff)
                self.assertEqual((response.architecture, response.config.handoff), (architecture, handoff))
                self.assertTrue(response.HasField("closed_ms"))
        finally:
            callers.stop()
        self.assertEqual(callers.errors, [])
        self.switch(LEGACY, lanes=1)
        return callers.by_architecture

    def test_every_call_is_answered_and_nothing_is_left(self):
        self.start()
        self.deploy()
        first = max(SWITCHES // 10, 5 * len(CYCLE))  # the heaps have grown to what they need by then
        self.switch_some(range(first))
        mappings, resident = self.look()
        answered = self.switch_some(range(first, SWITCHES))
        for architecture in LEGACY, SHARED, PINNED:
            self.assertGreater(answered[architecture], 0)
        mappings_at_end, resident_at_end = self.look()
        print(f"{SWITCHES} switches; {sum(answered.values())} calls; mappings {mappings} after {first}, "
              f"{mappings_at_end} at the end; resident {resident >> 20} MiB, {resident_at_end >> 20} MiB")
        self.assertLess(mappings_at_end - mappings, MAPPINGS_MORE_MAX * self.server.memory_slack())
        self.assertLess(resident_at_end - resident, RESIDENT_MORE_MAX_BYTES * self.server.memory_slack())
        self.assertEqual(self.server.stop(), 0)


if __name__ == "__main__":
    support.unittest.main()
