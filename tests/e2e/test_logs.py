"""The log: what workers write and how executions end, queried and followed."""

import time
import unittest

import grpc
from log_case import CONSOLE, EXECUTION, LogCase, Logs, TALKER
from support import PATIENCE, execution_pb2, failure_pb2, log_pb2, wait_until

STREAMER = """
export default {
    fetch(request) {
        const { pathname } = new URL(request.url);
        let pulls = 0;
        return new Response(new ReadableStream({
            async pull(controller) {
                if (pulls++ < 2) return controller.enqueue(new Uint8Array(1000));
                console.log("after two");
                switch (pathname) {
                    case "/throw": throw new Error("boom");
                    case "/spin": for (;;) {}
                    case "/hang": return new Promise(() => {});
                    case "/endless": return controller.enqueue(new Uint8Array(60000));
                    default: controller.close();
                }
            },
            cancel() {
                console.log("cancelled");
            },
        }, { highWaterMark: 0 }));
    },
};
"""


class Query(LogCase):
    def test_line_has_all_that_is_known_of_it(self):
        name = self.deploy()
        before = time.time()
        report = self.api.execute(name, "/?text=x").report
        [record] = self.logs.all(worker=name)
        self.assertEqual(record.text, "x")
        self.assertEqual((record.tenant, record.worker, record.version), ("default", name, 1))
        self.assertEqual((record.kind, record.level), (CONSOLE, log_pb2.LOG_LEVEL_INFO))
        self.assertRegex(report.execution_id, "^[0-9a-f]{16}$")
        self.assertEqual(record.execution_id, report.execution_id)
        self.assertFalse(record.HasField("end"))
        self.assertLess(abs(record.time.ToSeconds() - before), 5)

    def test_executions_have_ids_of_their_own(self):
        name = self.deploy()
        ids = {self.api.execute(name).report.execution_id for _ in range(20)}
        self.assertEqual(len(ids), 20)

    def test_levels(self):
        name = self.deploy()
        self.api.execute(name, "/levels")
        everything = ["a debug line", "an info line", "a warning", "an error line"]
        for level in range(5):
            self.assertEqual(self.logs.texts(worker=name, level=level, oldest_first=True),
                             everything[max(level - 1, 0):])

    def test_exception_is_a_record_after_the_lines(self):
        name = self.deploy()
        reply = self.api.execute(name, "/throw?text=boom")
        line, end = self.logs.all(worker=name, oldest_first=True)
        self.assertEqual(line.text, "before boom")
        self.assertEqual((end.kind, end.level), (EXECUTION, log_pb2.LOG_LEVEL_ERROR))
        self.assertEqual(end.execution_id, reply.report.execution_id)
        self.assertEqual(end.end.outcome, log_pb2.LOG_OUTCOME_FAILED)
        self.assertEqual(end.end.failure, reply.failure)
        self.assertEqual(end.end.report, reply.report)
        self.assertEqual(end.end.event, f"GET https://{name}.default.isoyard.internal/throw")
        self.assertIn("Error: boom", end.text)

    def test_lines_survive_limits(self):
        name = self.deploy()
        for path, limit, line in (("/spin", failure_pb2.LIMIT_CPU, "before the loop"),
                                  ("/heap", failure_pb2.LIMIT_HEAP, "before the bomb")):
            refusal = self.refused(grpc.StatusCode.RESOURCE_EXHAUSTED, self.api.execute, name, path)
            report = refusal.detail(execution_pb2.ExecutionReport)
            records = self.logs.all(worker=name, execution_id=report.execution_id, oldest_first=True)
            self.assertEqual(records[0].text, line)
            self.assertEqual(records[1].end.outcome, log_pb2.LOG_OUTCOME_LIMIT)
            self.assertEqual(records[1].end.failure.limit.limit, limit)

    def test_what_is_cut_off_after_the_answer_is_told(self):
        name = self.deploy()
        report = self.api.execute(name, "/later").report
        [record] = wait_until(lambda: self.logs.all(worker=name), "the end of waitUntil")
        self.assertIn("waitUntil", record.text)
        self.assertEqual(record.execution_id, report.execution_id)
        self.assertEqual(record.end.outcome, log_pb2.LOG_OUTCOME_LIMIT)
        self.assertFalse(record.end.HasField("report"))

    def test_cancelled_execution_is_one(self):
        name = self.deploy()
        with self.assertRaises(grpc.RpcError):
            self.api.execute(name, "/spin", timeout=0.1)
        [end] = wait_until(lambda: self.logs.all(worker=name, outcomes=[log_pb2.LOG_OUTCOME_CANCELLED]),
                           "the end of the cancelled execution")
        self.assertEqual(end.level, log_pb2.LOG_LEVEL_WARN)

    def test_filters(self):
        name = self.deploy()
        self.api.execute(name, "/?text=one")
        self.api.deploy(name, TALKER + "// 2")
        self.api.execute(name, "/throw?text=two")
        self.assertEqual(self.logs.texts(worker=name, version=1), ["one"])
        self.assertEqual(len(self.logs.texts(worker=name, version=2)), 2)
        self.assertEqual(self.logs.texts(worker=name, text="on"), ["one"])
        self.assertEqual(len(self.logs.all(worker=name, outcomes=[log_pb2.LOG_OUTCOME_FAILED])), 1)
        self.assertEqual(self.logs.all(worker=name, outcomes=[log_pb2.LOG_OUTCOME_LIMIT]), [])
        self.assertEqual(self.logs.texts(worker=name, tenant="other"), [])
        self.assertEqual(self.logs.texts(worker="nobody-here"), [])
        self.assertIn("one", self.logs.texts())

    def test_range_of_time(self):
        name = self.deploy()
        for text in "abc":
            self.api.execute(name, f"/?text={text}")
        first, second, third = self.logs.all(worker=name, oldest_first=True)
        self.assertLess(first.id, second.id)
        self.assertEqual(self.logs.texts(worker=name, start_time=second.time), ["c", "b"])
        self.assertEqual(self.logs.texts(worker=name, start_time=second.time, end_time=third.time), ["b"])
        self.assertEqual(self.logs.texts(worker=name, end_time=second.time), ["a"])

    def test_pages(self):
        name = self.deploy()
        self.api.execute(name, "/many?n=25&text=line")
        expected = [f"line {i}" for i in range(25)]
        self.assertEqual(self.logs.texts(worker=name, page_size=10, oldest_first=True), expected)
        self.assertEqual(self.logs.texts(worker=name, page_size=10), expected[::-1])
        self.assertEqual(len(self.logs.page(worker=name, page_size=10).records), 10)

    def test_nul_and_odd_characters(self):
        name = self.deploy()
        self.api.execute(name, "/?text=a%00b%C3%A9%F0%9F%98%80")
        self.assertEqual(self.logs.texts(worker=name), ["a\x1ab\u00e9\U0001f600"])

    def test_refusals(self):
        for field, value in (("tenant", "NO"), ("worker", "NO"), ("level", 9), ("outcomes", [9]),
                             ("execution_id", "xyz"), ("text", "x" * 257), ("page_token", "x"), ("page_token", "-1")):
            refusal = self.refused(grpc.StatusCode.INVALID_ARGUMENT, self.logs.page, **{field: value})
            self.assertEqual(refusal.fields, [field])


class Streams(LogCase):
    """Executions whose answer's body streams end with that."""

    flags = LogCase.flags + ("--body-idle-ms", "1000", "--log-executions", "all")

    def call(self, path):
        self.name = self.id().rsplit(".", 1)[1].replace("_", "-")[:60].strip("-")
        self.api.deploy(self.name, STREAMER)
        request = execution_pb2.ExecuteRequest(
            worker=self.name, fetch=execution_pb2.HttpRequest(url=f"{path}?secret=1"))
        part = execution_pb2.ExecuteStreamRequest(start=execution_pb2.ExecuteStreamStart(request=request))
        return self.api.execution.ExecuteStream(iter([part]), timeout=PATIENCE)

    def only_end(self, outcome, level=log_pb2.LOG_LEVEL_ERROR):
        """The one record of how the only execution ended."""
        ends = lambda: [record for record in self.logs.all(worker=self.name) if record.kind == EXECUTION]
        wait_until(ends, "the end of the execution")
        time.sleep(0.5)
        [end] = ends()
        self.assertEqual((end.end.outcome, end.level), (outcome, level))
        self.assertEqual(end.end.event, f"GET https://{self.name}.default.isoyard.internal"
                                        f"{end.end.event[end.end.event.rindex('/'):]}")
        self.assertEqual(end.end.report.execution_id, end.execution_id)
        return end

    def test_whole_one(self):
        report = list(self.call("/"))[-1].end.report
        end = self.only_end(log_pb2.LOG_OUTCOME_SUCCEEDED, log_pb2.LOG_LEVEL_INFO)
        self.assertEqual(end.end.report, report)
        self.assertEqual(end.text, f"{end.end.event}: ok")

    def test_exception(self):
        part = list(self.call("/throw"))[-1].end
        end = self.only_end(log_pb2.LOG_OUTCOME_FAILED)
        self.assertEqual(end.end.failure, part.failure)
        self.assertEqual(end.end.report, part.report)
        self.assertTrue(end.end.event.endswith("/throw"))
        self.assertTrue(end.text.startswith(f"{end.end.event}: the answer's body broke off: "), end.text)
        self.assertIn("boom", end.text)
        line = self.cli.ok("logs", self.name, "--outcome", "failed").decode()
        self.assertIn("the answer's body broke off", line)
        kept = self.logs.all(worker=self.name, oldest_first=True)
        self.assertEqual([record.kind for record in kept], [CONSOLE, EXECUTION])

    def test_limits(self):
        for path, code, limit in (("/spin", grpc.StatusCode.RESOURCE_EXHAUSTED, failure_pb2.LIMIT_CPU),
                                  ("/hang", grpc.StatusCode.DEADLINE_EXCEEDED, failure_pb2.LIMIT_BODY_IDLE)):
            with self.subTest(path):
                since = time.time()
                refusal = self.refused(code, list, self.call(path))
                report = refusal.detail(execution_pb2.ExecutionReport)
                [end] = [record for record in self.logs.all(worker=self.name, execution_id=report.execution_id)
                         if record.kind == EXECUTION]
                self.assertEqual(end.end.outcome, log_pb2.LOG_OUTCOME_LIMIT)
                self.assertEqual(end.end.failure.limit.limit, limit)
                self.assertEqual(end.end.report.wall_us, report.wall_us)
                self.assertGreater(report.wall_us, 250_000)
                self.assertLess(abs(end.time.ToSeconds() - since), 30)

    def test_client_that_goes_away(self):
        call = self.call("/endless")
        for _ in range(4):
            next(call)
        call.cancel()
        end = self.only_end(log_pb2.LOG_OUTCOME_CANCELLED, log_pb2.LOG_LEVEL_WARN)
        self.assertIn("the caller went away", end.text)
        self.assertIn("cancelled", self.logs.texts(worker=self.name))

    def test_client_that_goes_away_at_any_time(self):
        self.call("/endless").cancel()
        for i in range(40):
            call = self.api.execution.ExecuteStream(iter([execution_pb2.ExecuteStreamRequest(
                start=execution_pb2.ExecuteStreamStart(request=execution_pb2.ExecuteRequest(
                    worker=self.name, fetch=execution_pb2.HttpRequest(url="/endless"))))]), timeout=PATIENCE)
            time.sleep(0.001 * (i % 10))
            call.cancel()
        wait_until(lambda: self.api.stats().tasks.in_flight == 0, "the executions to end")
        ends = [record for record in self.logs.all(worker=self.name) if record.kind == EXECUTION]
        self.assertEqual({record.end.outcome for record in ends}, {log_pb2.LOG_OUTCOME_CANCELLED})
        self.assertEqual(len({record.execution_id for record in ends}), len(ends))


class Tail(LogCase):
    def tail(self, **fields):
        """A stream that has begun."""
        stream = self.logs.stub.Tail(log_pb2.TailRequest(**fields), timeout=PATIENCE)
        self.addCleanup(stream.cancel)
        return stream

    def followed(self, name, **fields):
        """A stream that is known to follow: it has shown a line that was written for that."""
        stream = self.tail(worker=name, backlog=1, **fields)
        mark = f"begin-{time.monotonic_ns()}"
        self.api.execute(name, f"/throw?text={mark}")
        records = []
        while not any(f"Error: {mark}" in record.text for record in records):
            records += next(stream).records
        return stream

    def texts(self, stream, count):
        texts = []
        while len(texts) < count:
            texts += [record.text for record in next(stream).records]
        return texts

    def test_lines_come_as_they_are_written(self):
        name = self.deploy()
        stream = self.followed(name)
        for i in range(5):
            self.api.execute(name, f"/?text={i}")
        self.assertEqual(self.texts(stream, 5), [str(i) for i in range(5)])

    def test_backlog_comes_first_and_nothing_twice(self):
        name = self.deploy()
        self.api.execute(name, "/many?n=30&text=old")
        stream = self.tail(worker=name, backlog=5)
        self.assertEqual(self.texts(stream, 5), [f"old {i}" for i in range(25, 30)])
        self.api.execute(name, "/?text=new")
        self.assertEqual(self.texts(stream, 1), ["new"])

    def test_filters(self):
        name = self.deploy()
        warnings = self.followed(name, level=log_pb2.LOG_LEVEL_WARN)
        ends = self.followed(name, outcomes=[log_pb2.LOG_OUTCOME_FAILED])
        self.texts(warnings, 1)  # what made the second one begin
        self.api.execute(name, "/levels")
        self.api.execute(name, "/throw?text=x")
        self.assertEqual(self.texts(warnings, 3)[:2], ["a warning", "an error line"])
        self.assertIn("Error: x", self.texts(ends, 1)[0])

    def test_slow_reader_loses_records_and_is_told(self):
        name = self.deploy()
        # Small windows: what is not read stays with the server.
        channel = self.server.channel(**{"http2.lookahead_bytes": 65536, "http2.bdp_probe": 0})
        self.addCleanup(channel.close)
        stream = Logs(channel).stub.Tail(log_pb2.TailRequest(worker=name, backlog=1), timeout=PATIENCE)
        self.addCleanup(stream.cancel)
        self.api.execute(name, "/?text=begin")
        self.assertEqual(self.texts(stream, 1), ["begin"])
        text, written = "x" * 200, 0

        def write():
            nonlocal written
            start = time.monotonic()
            self.api.execute(name, f"/many?n=200&text={text}")
            written += 200
            return time.monotonic() - start

        slowest = max(write() for _ in range(60))
        self.assertLess(slowest, 5)
        self.api.execute(name, "/?text=end")
        # The end may be among what is lost; then a line that is written afterwards says so.
        received, dropped = 0, 0
        while received + dropped < written + 1:
            message = next(stream)
            received += len(message.records)
            dropped += message.dropped
        self.assertGreater(dropped, 0)
        self.assertEqual(received + dropped, written + 1)

    def test_vanished_reader_is_forgotten(self):
        name = self.deploy()
        streams = [self.followed(name) for _ in range(3)]
        for stream in streams:
            stream.cancel()
        self.api.execute(name, "/?text=after")
        self.assertIn("after", self.logs.texts(worker=name))

    def test_too_many_are_refused(self):
        name = self.deploy()
        streams = [self.followed(name) for _ in range(3)]
        streams += [self.tail(worker=name) for _ in range(61)]
        refusal = wait_until(self._refusal, "a tail to be refused")
        self.assertEqual(refusal, grpc.StatusCode.RESOURCE_EXHAUSTED)

    def _refusal(self):
        stream = self.logs.stub.Tail(log_pb2.TailRequest(), timeout=0.3)
        try:
            next(stream)
        except grpc.RpcError as error:
            return error.code() if error.code() != grpc.StatusCode.DEADLINE_EXCEEDED else None
        return None

    def test_refusals(self):
        for field, value in (("worker", "NO"), ("level", 9), ("backlog", 1001)):
            refusal = self.refused(grpc.StatusCode.INVALID_ARGUMENT, next, self.tail(**{field: value}))
            self.assertEqual(refusal.fields, [field])


if __name__ == "__main__":
    unittest.main()
