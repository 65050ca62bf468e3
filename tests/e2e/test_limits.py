"""Every limit ends in a typed failure, and the worker's next call succeeds."""

import time

import grpc
import support
from support import failure_pb2

EXHAUSTED = grpc.StatusCode.RESOURCE_EXHAUSTED
MIB = 1 << 20


class Limits(support.ServerCase):
    flags = ("--cpu-ms", "600", "--wall-ms", "6000", "--heap-mib", "32", "--external-mib", "32")

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.api.deploy("limits", support.worker_source("limits.js"))

    def check_next_call(self):
        self.assertRegex(self.api.text("limits"), r"^call \d+$")

    def exceed(self, path, code, limit, allowed=None):
        refusal = self.refused(code, self.api.execute, "limits", path)
        self.check_next_call()
        exceeded = refusal.detail(failure_pb2.LimitExceeded)
        failure = refusal.detail(failure_pb2.Failure)
        self.assertEqual(refusal.reason, "LIMIT_EXCEEDED")
        self.assertEqual(exceeded.limit, limit)
        self.assertEqual(exceeded.phase, failure_pb2.PHASE_HANDLER)
        self.assertGreaterEqual(exceeded.used, exceeded.allowed)
        if allowed is not None:
            self.assertEqual(exceeded.allowed, allowed)
        self.assertEqual(failure.reason, failure_pb2.FAILURE_REASON_LIMIT_EXCEEDED)
        self.assertEqual(failure.limit, exceeded)
        self.assertTrue(failure.message)
        self.assertEqual(refusal.detail(support.execution_pb2.ExecutionReport).version, 1)
        self.assertIsNone(refusal.detail(support.error_details_pb2.RetryInfo))
        return exceeded

    def test_endless_loop(self):
        exceeded = self.exceed("/loop", EXHAUSTED, failure_pb2.LIMIT_CPU, 600_000)
        self.assertLess(exceeded.used, 5_000_000)

    def test_endless_loop_in_a_microtask(self):
        self.exceed("/microtask", EXHAUSTED, failure_pb2.LIMIT_CPU, 600_000)

    def test_endless_loop_in_a_getter(self):
        self.exceed("/getter", EXHAUSTED, failure_pb2.LIMIT_CPU, 600_000)

    def test_endless_recursion(self):
        self.exceed("/recursion", EXHAUSTED, failure_pb2.LIMIT_STACK)

    def test_heap_bomb_of_small_objects(self):
        self.exceed("/heap", EXHAUSTED, failure_pb2.LIMIT_HEAP, 32 * MIB)

    def test_array_buffer_bomb(self):
        self.exceed("/buffers", EXHAUSTED, failure_pb2.LIMIT_EXTERNAL_MEMORY, 32 * MIB)

    def test_wall_time(self):
        self.exceed("/wall", grpc.StatusCode.DEADLINE_EXCEEDED, failure_pb2.LIMIT_WALL, 6_000_000)

    def test_response_body(self):
        self.exceed("/body", EXHAUSTED, failure_pb2.LIMIT_RESPONSE_BODY, 4 * MIB - (64 << 10))

    def test_response_headers(self):
        self.exceed("/headers", EXHAUSTED, failure_pb2.LIMIT_RESPONSE_HEADERS)

    def test_promise_that_never_settles(self):
        reply = self.api.execute("limits", "/never")
        self.assertEqual(reply.failure.reason, failure_pb2.FAILURE_REASON_NEVER_SETTLES)
        self.check_next_call()

    def test_port_that_is_open_is_nothing_to_wait_for(self):
        self.api.deploy("listening", "const { port1, port2 } = new MessageChannel();\n"
                        "export default { async fetch({ url }) {\n"
                        "  const message = new Promise((resolve) => { port2.onmessage = resolve; });\n"
                        "  if (url.endsWith('/posted')) port1.postMessage('came');\n"
                        "  return new Response((await message).data);\n} }")
        self.assertEqual(self.api.text("listening", "/posted"), "came")
        reply = self.api.execute("listening", "/never")
        self.assertEqual(reply.failure.reason, failure_pb2.FAILURE_REASON_NEVER_SETTLES)

    def test_timers_of_start_up_end_with_it(self):
        """They settle nothing, so that a promise nobody settles still fails at once; nor do they tick on."""
        self.api.deploy("ticking", "setInterval(() => console.log('tick'), 1); let late;\n"
                        "Promise.resolve().then(() => { late = setTimeout(() => console.log('late'), 1); });\n"
                        "export default { fetch: () => new Promise(() => {}) }")
        begin = time.monotonic()
        reply = self.api.execute("ticking")
        self.assertEqual(reply.failure.reason, failure_pb2.FAILURE_REASON_NEVER_SETTLES)
        self.assertLess(time.monotonic() - begin, 3)

    def test_one_task_over_its_limit_leaves_the_others_alone(self):
        self.api.deploy("echo", support.worker_source("echo.js"))
        slow = self.api.execution.Execute.future(support.execution_pb2.ExecuteRequest(
            worker="echo", fetch=support.execution_pb2.HttpRequest(url="/sleep?ms=800")))
        for path in "/loop", "/heap":
            self.refused(EXHAUSTED, self.api.execute, "limits", path)
        self.assertEqual(slow.result(support.PATIENCE).response.body_text, "slept")

    def test_stats_count_them(self):
        before = self.api.stats().tasks.limit_exceeded
        self.refused(EXHAUSTED, self.api.execute, "limits", "/loop")
        self.assertEqual(self.api.stats().tasks.limit_exceeded, before + 1)


class LimitsShared(Limits):
    flags = Limits.flags + ("--pool", "shared", "--lanes", "3")


if __name__ == "__main__":
    support.unittest.main()
