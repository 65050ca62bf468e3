"""W3C Trace Context: from the call's metadata to the worker, its subrequests, and the report."""

import json
import re
import threading
import unittest
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from support import PATIENCE, ServerCase, execution_pb2, wait_until

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
        }
        return Response.json([...request.headers].filter(([name]) => name.startsWith("trace")));
    },
};
"""


class Upstream(BaseHTTPRequestHandler):
    def do_GET(self):
        self.server.seen.append({name.lower(): value for name, value in self.headers.items()})
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *arguments):
        pass


class Traces(ServerCase):
    flags = ("--egress-allow", "127.0.0.0/8")

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.upstream = ThreadingHTTPServer(("127.0.0.1", 0), Upstream)
        cls.upstream.seen = []
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

    def test_cli_prints_them(self):
        path = f"/ask?to=http://127.0.0.1:{self.upstream.server_port}/"
        lines = self.cli.run("exec", "traced", "--trace", "--path", path).stderr.decode().splitlines()
        self.assertEqual(len([line for line in lines if line.endswith(" 200")]), 2)
        self.assertTrue(any(line.endswith("handler") for line in lines))

    def test_failure_and_the_log_tell_the_trace(self):
        reply = self.execute("/throw", metadata=[("traceparent", PARENT)])
        self.assertEqual(reply.report.trace_id, TRACE)
        lines = self.cli.ok("logs", "traced", "--execution", reply.report.execution_id, "--json").decode()
        self.assertIn(TRACE, lines)


if __name__ == "__main__":
    unittest.main()
