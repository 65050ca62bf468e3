"""crypto.subtle: what takes long holds nobody up, is charged, and ends with its task."""

import json
import time
import unittest

import grpc
import support
from support import execution_pb2, failure_pb2, wait_until

ENDLESS = 4_000_000_000


class Case(support.ServerCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.api.deploy("crypto", support.worker_source("crypto.js"))
        cls.api.deploy("quick", "export default { fetch: () => new Response('fine') }")

    def begin(self, path, worker="crypto"):
        request = execution_pb2.ExecuteRequest(worker=worker, fetch=execution_pb2.HttpRequest(url=path))
        return self.api.execution.Execute.future(request, timeout=support.PATIENCE)

    def in_flight(self):
        return self.api.stats().tasks.in_flight


class Crypto(Case):
    flags = ("--lanes", "1", "--spares", "0", "--cpu-ms", "3000")

    def test_rsa_key_is_made_and_signs(self):
        reply = self.api.execute("crypto", "/sign?n=2048")
        answer = json.loads(reply.response.body_text)
        self.assertEqual((answer["isValid"], answer["bits"]), (True, 2048))
        self.assertGreater(reply.report.cpu_us, 1000)

    def test_others_on_the_lane_stay_quick(self):
        """With a lane that nobody would adopt: it must not be held."""
        self.assertEqual(self.api.text("quick"), "fine")
        futures = [self.begin(f"/derive?n={ENDLESS}") for _ in range(2)]
        futures.append(self.begin("/sign?n=4096"))
        wait_until(lambda: self.in_flight() == 3, "the tasks to begin")
        waits = []
        for _ in range(50):
            begin = time.monotonic()
            self.assertEqual(self.api.text("quick"), "fine")
            waits.append(time.monotonic() - begin)
        self.assertEqual(self.in_flight(), 3)
        self.assertLess(sorted(waits)[25], 0.25)
        for future in futures:
            future.cancel()
        wait_until(lambda: self.in_flight() == 0, "the tasks to end")
        self.assertEqual(json.loads(self.api.text("crypto", "/derive?n=1000"))["bytes"], 32)


class CryptoShared(Crypto):
    flags = Crypto.flags + ("--pool", "shared")


class CryptoMutex(Crypto):
    flags = CryptoShared.flags + ("--handoff", "mutex")


class CryptoLegacy(Crypto):
    flags = Crypto.flags + ("--pool", "legacy")


class CryptoFresh(Case):
    flags = ("--lanes", "1", "--context", "fresh", "--cpu-ms", "3000")

    def test_each_context_has_its_results(self):
        futures = [self.begin("/derive?n=20000") for _ in range(8)]
        futures += [self.begin("/sign?n=1024") for _ in range(4)]
        answers = [json.loads(future.result().response.body_text) for future in futures]
        self.assertEqual([answer["bytes"] for answer in answers[:8]], [32] * 8)
        self.assertEqual([(answer["isValid"], answer["bits"]) for answer in answers[8:]], [(True, 1024)] * 4)


class CpuLimit(Case):
    flags = ("--cpu-ms", "500")

    def test_cpu_time_is_the_tasks(self):
        """What its threads use is bounded by its limit, and said."""
        reply = self.api.execute("crypto", "/derive?n=300000")
        self.assertGreater(reply.report.cpu_us, 20_000)
        refusal = self.refused(grpc.StatusCode.RESOURCE_EXHAUSTED, self.begin(f"/derive?n={ENDLESS}").result)
        self.assertEqual(refusal.detail(failure_pb2.LimitExceeded).limit, failure_pb2.LIMIT_CPU)


if __name__ == "__main__":
    unittest.main()
