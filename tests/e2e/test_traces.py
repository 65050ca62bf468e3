"""W3C Trace Context: from the call's metadata to the worker, its subrequests, and the report."""

import json
import re
import threading
import unittest
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import grpc

from support import PATIENCE, ServerCase, execution_pb2, failure_pb2, wait_until

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
CALLER = "00f067aa0ba902b7"
PARENT = f"00-{TRACE}-{CALLER}-01"

WORKER = """
export default {
    async fetch(request, env, ctx) {
        const url = new URL(request.url);
        const to = url.searchParams.get("to");
        if (url.pathname === "/ask") {
            await Promise.all([fetch(to + "1"), fetch(to + "2")]);
        } else if (url.pathname === "/own") {
            await fetch(to, { headers: { Traceparent: "00-11111111111111111111111111111111-2222222222222222-00" } });
        } else if (url.pathname === "/later") {
            ctx.waitUntil(fetch(to));
        } else if (url.pathname === "/throw") {
            throw new Error("x");
        } else if (url.pathname === "/hang") {
            await fetch(to + "1");
            await fetch(to + "slow");
        } else if (url.pathname === "/hang-many") {
            await Promise.all(Array.from({ length: 40 }, (_, i) => fetch(`${to}${"p".repeat(100)}${i}`)));
            await fetch(to + "slow");
        } else if (url.pathname === "/hang-last") {
            for (let i = 0; i < 4; i++) await Promise.all(Array.from({ length: 17 }, () => fetch(to + "1")));
            await fetch(to + "slow");
        } else if (url.pathname === "/forward") {
            await fetch(to + "1");
            return fetch(to + "drip");
        } else if (url.pathname === "/forward-hang") {
            return fetch(to + "slow-body");
        } else if (url.pathname === "/breaks") {
            await fetch(to + "1");
            let pulls = 0;
            return new Response(new ReadableStream({
                async pull(controller) {
                    await fetch(to + "2");
                    if (pulls++ > 0) throw new Error("broke");
                    controller.enqueue(new Uint8Array(10));
                },
            }, { highWaterMark: 0 }));
        }
        return Response.json([...request.headers].filter(([name]) => name.startsWith("trace")));
    },
};
"""


class Upstream(BaseHTTPRequestHandler):
    def do_GET(self):
        self.server.seen.append({name.lower(): value for name, value in self.headers.items()})
        kind = self.path.lstrip("/").split("?")[0]
        if kind == "slow":
            self.server.leave.wait(PATIENCE)
        self.send_response(200)
        self.send_header("Content-Length", "20" if kind in ("drip", "slow-body") else "0")
        self.end_headers()
        if kind in ("drip", "slow-body"):
            self.wfile.write(bytes(10))
            self.server.leave.wait(PATIENCE if kind == "slow-body" else 0.2)
            self.wfile.write(bytes(10))

    def log_message(self, *arguments):
        pass


class UpstreamServer(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, *_):
        pass


class Traces(ServerCase):
    flags = ("--egress-allow", "127.0.0.0/8", "--wall-ms", "3000", "--body-idle-ms", "1000")

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.upstream = UpstreamServer(("127.0.0.1", 0), Upstream)
        cls.upstream.seen = []
        cls.upstream.leave = threading.Event()
        cls.addClassCleanup(cls.upstream.leave.set)
        threading.Thread(target=cls.upstream.serve_forever, daemon=True).start()
        cls.addClassCleanup(cls.upstream.server_close)
        cls.addClassCleanup(cls.upstream.shutdown)
        cls.api.deploy("traced", WORKER)

    def setUp(self):
        self.upstream.seen.clear()

    def execute(self, path="/", metadata=(), headers=()):
        url = f"{path}?to=http://127.0.0.1:{self.upstream.server_port}/"
        request = execution_pb2.ExecuteRequest(worker="traced", fetch=execution_pb2.HttpRequest(
            url=url, headers=[execution_pb2.HttpHeader(name=name, value=value) for name, value in headers]))
        return self.api.execution.Execute(request, timeout=PATIENCE, metadata=metadata)

    def seen_by_worker(self, reply):
        return dict(json.loads(reply.response.body_text))

    def test_worker_gets_a_parent_that_is_its_execution(self):
        reply = self.execute(metadata=[("traceparent", PARENT), ("tracestate", "vendor=a,other=b")])
        report = reply.report
        self.assertEqual(report.trace_id, TRACE)
        self.assertRegex(report.execution_id, "^[0-9a-f]{16}$")
        self.assertNotEqual(report.execution_id, CALLER)
        self.assertEqual(self.seen_by_worker(reply), {
            "traceparent": f"00-{TRACE}-{report.execution_id}-01", "tracestate": "vendor=a,other=b"})

    def test_subrequests_are_spans_of_their_own(self):
        report = self.execute("/ask", metadata=[("traceparent", PARENT), ("tracestate", "vendor=a")]).report
        parents = [seen["traceparent"] for seen in self.upstream.seen]
        self.assertEqual(len(set(parents)), 2)
        for parent in parents:
            self.assertTrue(re.fullmatch(f"00-{TRACE}-[0-9a-f]{{16}}-01", parent), parent)
            self.assertNotIn(parent.split("-")[2], (CALLER, report.execution_id))
        self.assertEqual([seen["tracestate"] for seen in self.upstream.seen], ["vendor=a"] * 2)

    def test_what_the_worker_sets_stays(self):
        self.execute("/own", metadata=[("traceparent", PARENT)])
        self.assertEqual([seen["traceparent"] for seen in self.upstream.seen],
                         ["00-11111111111111111111111111111111-2222222222222222-00"])

    def test_after_the_answer_too(self):
        self.execute("/later", metadata=[("traceparent", PARENT)])
        [seen] = wait_until(lambda: self.upstream.seen, "the subrequest")
        self.assertIn(TRACE, seen["traceparent"])

    def test_header_of_the_request_wins_for_the_worker(self):
        reply = self.execute(metadata=[("traceparent", PARENT)], headers=[("TraceParent", "mine")])
        self.assertEqual(self.seen_by_worker(reply), {"traceparent": "mine"})
        self.assertEqual(reply.report.trace_id, TRACE)

    def test_without_one_nothing_is_made_up(self):
        for metadata in ([], [("traceparent", "nonsense")], [("traceparent", PARENT.upper())],
                         [("traceparent", PARENT[:-1])], [("tracestate", "vendor=a")]):
            reply = self.execute("/ask", metadata=metadata)
            self.assertEqual(reply.report.trace_id, "")
            self.assertEqual(self.seen_by_worker(reply), {})
        self.assertFalse(any("traceparent" in seen or "tracestate" in seen for seen in self.upstream.seen))

    def test_tracestate_that_is_too_long_is_dropped(self):
        reply = self.execute(metadata=[("traceparent", PARENT), ("tracestate", "a=" + "b" * 511)])
        self.assertEqual(list(self.seen_by_worker(reply)), ["traceparent"])
        reply = self.execute(metadata=[("traceparent", PARENT), ("tracestate", "a=" + "b" * 510)])
        self.assertEqual(len(self.seen_by_worker(reply)["tracestate"]), 512)

    def test_stream_is_one_too(self):
        start_part = execution_pb2.ExecuteStreamRequest(start=execution_pb2.ExecuteStreamStart(
            request=execution_pb2.ExecuteRequest(worker="traced", fetch=execution_pb2.HttpRequest(url="/"))))
        parts = list(self.api.execution.ExecuteStream(iter([start_part]), timeout=PATIENCE,
                                                      metadata=[("traceparent", PARENT)]))
        report = parts[-1].end.report
        self.assertEqual(report.trace_id, TRACE)
        body = b"".join(part.chunk for part in parts if part.WhichOneof("part") == "chunk").decode()
        self.assertIn(f"00-{TRACE}-{report.execution_id}-01", body)

    def spans(self, path, metadata=()):
        url = f"{path}?to=http://127.0.0.1:{self.upstream.server_port}/&secret=1"
        request = execution_pb2.ExecuteRequest(worker="traced", wants_spans=True,
                                               fetch=execution_pb2.HttpRequest(url=url))
        return self.api.execution.Execute(request, timeout=PATIENCE, metadata=metadata)

    def test_spans_on_demand(self):
        reply = self.spans("/ask", metadata=[("traceparent", PARENT)])
        report = reply.report
        self.assertTrue(reply.response.body_text.startswith("[["))
        self.assertEqual(sum(span.duration_us for span in report.spans if span.name == "queue"), report.queue_us)
        [handler] = [span for span in report.spans if span.name == "handler"]
        self.assertEqual(handler.start_us + handler.duration_us, report.wall_us)
        fetches = [span for span in report.spans if span.name == "fetch"]
        self.assertEqual(len(fetches), 2)
        for span in fetches:
            self.assertEqual(span.status, 200)
            self.assertRegex(span.detail, r"^GET http://127\.0\.0\.1:\d+/[12]?$")
            self.assertGreaterEqual(span.start_us + 1000, handler.start_us)
            self.assertLessEqual(span.start_us + span.duration_us, report.wall_us)
        self.assertEqual({span.span_id for span in fetches},
                         {seen["traceparent"].split("-")[2] for seen in self.upstream.seen})
        self.assertEqual(sum(span.duration_us for span in fetches), report.subrequest_us)
        self.assertEqual(list(self.execute("/ask").report.spans), [])

    def test_spans_of_a_failure_and_without_a_trace(self):
        report = self.spans("/throw").report
        self.assertEqual(report.spans[-1].name, "handler")
        self.assertEqual([span.span_id for span in self.spans("/ask").report.spans if span.name == "fetch"], ["", ""])

    def test_spans_are_bounded(self):
        self.api.deploy("many", """
            export default { async fetch(request) {
                const to = new URL(request.url).searchParams.get("to");
                for (let i = 0; i < 70; i++) await fetch(to);
                return new Response("");
            } };""")
        request = execution_pb2.ExecuteRequest(worker="many", wants_spans=True, fetch=execution_pb2.HttpRequest(
            url=f"/?to=http://127.0.0.1:{self.upstream.server_port}/"))
        report = self.api.execution.Execute(request, timeout=PATIENCE).report
        self.assertEqual(report.subrequests, 70)
        self.assertEqual(len([span for span in report.spans if span.name == "fetch"]), 64)

    def names(self, report):
        return [span.name for span in report.spans if span.name not in ("queue", "lock", "startup")]

    def test_failed_call_has_them_in_its_details(self):
        refusal = self.refused(grpc.StatusCode.DEADLINE_EXCEEDED, self.spans, "/hang", [("traceparent", PARENT)])
        self.assertEqual(refusal.detail(failure_pb2.LimitExceeded).limit, failure_pb2.LIMIT_WALL)
        report = refusal.detail(execution_pb2.ExecutionReport)
        self.assertEqual(self.names(report), ["handler", "fetch", "fetch"])
        done, hanging = report.spans[-2:]
        self.assertEqual((done.status, done.unfinished), (200, False))
        self.assertEqual((hanging.status, hanging.unfinished), (0, True))
        self.assertRegex(hanging.detail, "^GET http://127.*/slow$")
        self.assertRegex(hanging.span_id, "^[0-9a-f]{16}$")
        self.assertGreaterEqual(hanging.start_us, done.start_us + done.duration_us)
        self.assertGreater(hanging.duration_us, 500_000)
        self.assertLessEqual(hanging.start_us + hanging.duration_us, report.wall_us)
        self.assertEqual(report.spans_omitted, 0)
        refusal = self.refused(grpc.StatusCode.DEADLINE_EXCEEDED, self.execute, "/hang")
        self.assertEqual(list(refusal.detail(execution_pb2.ExecutionReport).spans), [])

    def test_details_of_many_keep_the_error(self):
        refusal = self.refused(grpc.StatusCode.DEADLINE_EXCEEDED, self.spans, "/hang-many",
                               [("traceparent", PARENT)])
        self.assertLessEqual(len(refusal.trailing["grpc-status-details-bin"]), 4096)
        self.assertEqual(refusal.detail(failure_pb2.LimitExceeded).limit, failure_pb2.LIMIT_WALL)
        report = refusal.detail(execution_pb2.ExecutionReport)
        fetches = [span for span in report.spans if span.name == "fetch"]
        self.assertGreater(len(fetches), 10)
        self.assertEqual(len(fetches) + report.spans_omitted, 41)
        self.assertTrue(fetches[-1].unfinished)

    def test_what_was_waited_for_at_the_end_is_there_in_any_case(self):
        refusal = self.refused(grpc.StatusCode.DEADLINE_EXCEEDED, self.spans, "/hang-last")
        report = refusal.detail(execution_pb2.ExecutionReport)
        self.assertEqual(report.subrequests, 69)
        self.assertTrue(report.spans[-1].detail.endswith("/slow"))
        self.assertTrue(report.spans[-1].unfinished)
        self.assertEqual(self.names(report).count("fetch") + report.spans_omitted, 69)

    def stream(self, path, **fields):
        url = f"{path}?to=http://127.0.0.1:{self.upstream.server_port}/"
        request = execution_pb2.ExecuteRequest(worker="traced", fetch=execution_pb2.HttpRequest(url=url), **fields)
        part = execution_pb2.ExecuteStreamRequest(start=execution_pb2.ExecuteStreamStart(request=request))
        return list(self.api.execution.ExecuteStream(iter([part]), timeout=PATIENCE,
                                                     metadata=[("traceparent", PARENT)]))[-1].end

    def test_stream_that_ends_well_has_them_too(self):
        report = self.stream("/forward", wants_spans=True).report
        self.assertEqual(self.names(report), ["handler", "body", "fetch", "fetch"])
        handler, body, first, forwarded = report.spans[-4:]
        self.assertEqual(handler.start_us + handler.duration_us, body.start_us)
        self.assertEqual(body.start_us + body.duration_us, report.wall_us)
        self.assertLess(first.start_us, body.start_us)
        self.assertLess(forwarded.start_us, body.start_us)
        self.assertGreater(forwarded.start_us + forwarded.duration_us, body.start_us + 100_000)
        self.assertEqual((forwarded.status, forwarded.unfinished), (200, False))
        self.assertEqual(list(self.stream("/forward").report.spans), [])

    def test_stream_without_a_body_that_streams(self):
        report = self.stream("/ask", wants_spans=True).report
        self.assertEqual(self.names(report), ["handler", "fetch", "fetch"])

    def test_stream_that_breaks_off(self):
        end = self.stream("/breaks", wants_spans=True)
        self.assertIn("broke", end.failure.message)
        self.assertEqual(self.names(end.report), ["handler", "body", "fetch", "fetch", "fetch"])
        end = self.stream("/throw", wants_spans=True)
        self.assertEqual(self.names(end.report), ["handler"])

    def test_stream_that_meets_a_limit(self):
        refusal = self.refused(grpc.StatusCode.DEADLINE_EXCEEDED, self.stream, "/forward-hang", wants_spans=True)
        self.assertEqual(refusal.detail(failure_pb2.LimitExceeded).limit, failure_pb2.LIMIT_BODY_IDLE)
        report = refusal.detail(execution_pb2.ExecutionReport)
        self.assertEqual(self.names(report), ["handler", "body", "fetch"])
        self.assertEqual((report.spans[-1].status, report.spans[-1].unfinished), (200, True))
        refusal = self.refused(grpc.StatusCode.DEADLINE_EXCEEDED, self.stream, "/hang", wants_spans=True)
        report = refusal.detail(execution_pb2.ExecutionReport)
        self.assertEqual(self.names(report), ["handler", "fetch", "fetch"])

    def printed(self, path, *options):
        path = f"{path}?to=http://127.0.0.1:{self.upstream.server_port}/"
        return self.cli.run("exec", "traced", "--path", path, *options)

    def test_cli_prints_them(self):
        lines = self.printed("/ask", "--trace").stderr.decode().splitlines()
        self.assertEqual(len([line for line in lines if line.endswith(" 200")]), 2)
        self.assertTrue(any(line.endswith("handler") for line in lines))

    def test_cli_prints_those_of_a_stream(self):
        done = self.printed("/forward", "--trace", "--stream")
        self.assertEqual(done.stdout, bytes(20))
        self.assertRegex(done.stderr.decode(), r"(?s)handler\n.* body\n.*/1 200\n.*/drip 200\n$")
        self.assertEqual(self.printed("/forward", "--stream").stderr, b"")

    def test_cli_prints_those_of_a_failed_call(self):
        for options in (["--trace"], ["--trace", "--stream"]):
            done = self.printed("/hang", *options)
            self.assertEqual(done.returncode, 1)
            self.assertRegex(done.stderr.decode(), r"(?s)limit: WALL.*handler\n.*/1 200\n.*/slow unfinished\n$")
        self.assertRegex(self.printed("/hang-many", "--trace").stderr.decode(), r"\n\d+ more fetches\n$")
        error = json.loads(self.printed("/hang", "--trace", "--json").stderr)
        [report] = [d for d in error["error"]["details"] if d["@type"] == "isoyard.v1.ExecutionReport"]
        self.assertTrue(report["spans"][-1]["unfinished"])

    def test_failure_and_the_log_tell_the_trace(self):
        reply = self.execute("/throw", metadata=[("traceparent", PARENT)])
        self.assertEqual(reply.report.trace_id, TRACE)
        lines = self.cli.ok("logs", "traced", "--execution", reply.report.execution_id, "--json").decode()
        self.assertIn(TRACE, lines)


if __name__ == "__main__":
    unittest.main()
