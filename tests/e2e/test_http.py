"""Metrics, health, and the dashboard's data over HTTP: what is told, to whom, and what it costs those who do not ask."""

import concurrent.futures
import http.client
import json
import re
import shutil
import signal
import socket
import subprocess
import time
import unittest

import grpc
import support
from support import wait_until

WAYS = """
export default {
  async fetch(request) {
    const path = new URL(request.url).pathname;
    if (path === "/throw") throw new TypeError("on purpose");
    if (path === "/loop") for (;;);
    if (path === "/wait") await new Promise((resolve) => setTimeout(resolve, 3000));
    return new Response("hi");
  },
};
"""


def http_address(server):
    return re.search(r"msg=ready .*? http=(\S+)", server.log())[1]


class Site:
    """An HTTP client of one server, which sends what it is told to."""

    def __init__(self, address):
        self.address = address
        self.origin = f"http://{address}"

    def request(self, method, path, headers=None, body=None):
        connection = http.client.HTTPConnection(self.address, timeout=support.PATIENCE)
        try:
            connection.request(method, path, body=body, headers=headers or {})
            response = connection.getresponse()
            return response, response.read().decode()
        finally:
            connection.close()

    def get(self, path, **headers):
        return self.request("GET", path, headers)

    def token(self):
        return json.loads(self.get("/api/token")[1])["token"]

    def post(self, path, value, **changed):
        """As the page does it, but for headers that are changed, or left out: None."""
        headers = {"Origin": self.origin, "X-Isoyard-Token": self.token(), "Content-Type": "application/json"}
        headers.update({name.replace("_", "-"): text for name, text in changed.items()})
        headers = {name: text for name, text in headers.items() if text is not None}
        body = value if isinstance(value, str) else json.dumps(value)
        return self.request("POST", path, headers, body)

    def metrics(self):
        """Samples by name and labels, as they stand in the text."""
        samples = {}
        for line in self.get("/metrics")[1].splitlines():
            if not line.startswith("#"):
                name, value = line.rsplit(" ", 1)
                samples[name] = float(value)
        return samples

    def event(self):
        """The next event of the dashboard's."""
        connection = http.client.HTTPConnection(self.address, timeout=support.PATIENCE)
        try:
            connection.request("GET", "/api/events")
            response = connection.getresponse()
            if response.status != 200:
                raise AssertionError(response.read())
            while True:
                line = response.readline().decode()
                if line.startswith("data: {"):
                    return json.loads(line[6:])
        finally:
            connection.close()

    def control(self):
        return self.event()["control"]


class HttpCase(support.ServerCase):
    flags = ("--http", "127.0.0.1:0")

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.site = Site(http_address(cls.server))


class Metrics(HttpCase):
    flags = ("--http", "127.0.0.1:0", "--lanes", "2", "--cpu-ms", "100")

    def test_samples_are_what_the_stats_say(self):
        self.api.deploy("ways", WAYS)
        for _ in range(5):
            self.api.execute("ways")
        self.api.execute("ways", "/throw")
        with self.assertRaises(grpc.RpcError):
            self.api.execute("ways", "/loop")
        stats = wait_until(lambda: self.ended(7), "the tasks to be counted")
        m = self.site.metrics()
        pinned = 'architecture="pinned"'
        self.assertEqual(m[f'isoyard_tasks_total{{{pinned},outcome="answered"}}'], stats.tasks.answered)
        self.assertEqual(m[f'isoyard_tasks_total{{{pinned},outcome="failed"}}'], 1)
        self.assertEqual(m[f'isoyard_tasks_total{{{pinned},outcome="limit_exceeded"}}'], 1)
        self.assertEqual(m[f'isoyard_tasks_limit_exceeded_total{{{pinned},limit="cpu"}}'], 1)
        self.assertEqual(m[f'isoyard_tasks_limit_exceeded_total{{{pinned},limit="heap"}}'], 0)
        self.assertEqual(m[f"isoyard_task_wall_seconds_count{{{pinned}}}"], stats.wall.count)
        self.assertAlmostEqual(m[f"isoyard_task_wall_seconds_sum{{{pinned}}}"], stats.wall.sum_us / 1e6, 5)
        self.assertAlmostEqual(m[f"isoyard_task_cpu_seconds_sum{{{pinned}}}"], stats.cpu.sum_us / 1e6, 5)
        self.assertEqual(m[f'isoyard_task_service_seconds_count{{{pinned},start="cold"}}'], stats.cold.count)
        self.assertEqual(m[f'isoyard_task_service_seconds_count{{{pinned},start="warm"}}'], stats.warm.count)
        self.assertEqual(m[f"isoyard_isolates_created_total{{{pinned}}}"], stats.isolates.created)
        self.assertEqual(sum(m[f'isoyard_lane_tasks_total{{lane="{i}"}}'] for i in range(2)), 7)
        self.assertEqual(m["isoyard_workers"], 1)
        cpu = m['isoyard_worker_cpu_seconds_total{tenant="default",worker="ways"}']
        self.assertAlmostEqual(cpu, stats.top_by_cpu[0].total_us / 1e6, 5)
        self.assertGreater(m["process_resident_memory_bytes"], 10e6)
        self.assertGreater(m["process_threads"], 5)
        self.assertLess(abs(m["process_start_time_seconds"] - time.time()), 600)

    def ended(self, requests):
        """Once so many, and the deployment's check, have been counted."""
        stats = self.api.stats()
        tasks = stats.tasks
        ended = tasks.answered + tasks.failed + tasks.limit_exceeded
        # What a turn's tasks used is counted a moment after them: the loop's 100 ms.
        is_all = ended == requests + 1 and stats.wall.count == ended and stats.top_by_cpu[0].total_us > 90000
        return stats if is_all else None

    def test_buckets_add_up(self):
        self.site.get("/metrics")
        text = self.site.get("/metrics")[1]
        series = {}
        for name, labels, le, value in re.findall(r'^(\w+)_bucket\{(?:(.*),)?le="(\S+)"\} (\d+)$', text, re.M):
            series.setdefault((name, labels), []).append((float(le), int(value)))
        self.assertGreater(len(series), 5)
        for (name, labels), buckets in series.items():
            self.assertEqual(buckets, sorted(buckets), name)
            self.assertEqual(buckets[-1][0], float("inf"))
            counts = [count for _, count in buckets]
            self.assertEqual(counts, sorted(counts), name)
            braces = f"{{{labels}}}" if labels else ""
            self.assertIn(f"{name}_count{braces} {counts[-1]}\n", text)

    @unittest.skipUnless(shutil.which("promtool"), "Debian's prometheus is not installed")
    def test_promtool_finds_nothing_wrong(self):
        text = self.site.get("/metrics")[1]
        result = subprocess.run(["promtool", "check", "metrics"], input=text.encode(), capture_output=True)
        self.assertEqual((result.returncode, result.stdout, result.stderr), (0, b"", b""))

    def test_content_type_is_prometheus(self):
        response, _ = self.site.get("/metrics")
        self.assertEqual(response.getheader("Content-Type"), "text/plain; version=0.0.4; charset=utf-8")

    def test_series_of_workers_are_bounded(self):
        for i in range(24):
            self.api.deploy(f"many-{i:02}", WAYS)
            self.api.execute(f"many-{i:02}")
        names = [name for name in self.site.metrics() if name.startswith("isoyard_worker_cpu_seconds_total")]
        self.assertEqual(len(names), 20)


class CompiledCode(HttpCase):
    flags = ("--http", "127.0.0.1:0", "--pool", "legacy")

    def test_figures_of_compiled_code(self):
        self.api.deploy("cached", WAYS + "// padding\n" * 200)
        self.api.execute("cached")
        names = ("hits", "misses", "rejected", "restored", "discarded", "lost", "files", "bytes", "disk_bytes")
        kept = wait_until(lambda: (s := self.api.stats().server).code_cache_disk_bytes and s, "the code to be kept")
        m = self.site.metrics()
        sample = lambda name: m.get(f"isoyard_code_cache_{name}_total", m.get(f"isoyard_code_cache_{name}"))
        self.assertEqual({name: sample(name) for name in names},
                         {name: getattr(kept, f"code_cache_{name}") for name in names})
        self.assertGreater(kept.code_cache_misses, 0)
        self.assertGreater(kept.code_cache_files, 0)

    def test_figures_of_the_disk_are_of_one_that_is_there(self):
        server = support.start("--http", "127.0.0.1:0", "--code-cache-mib", "0", http=None)
        self.addCleanup(server.kill)
        m = Site(http_address(server)).metrics()
        self.assertIn("isoyard_code_cache_hits_total", m)
        self.assertNotIn("isoyard_code_cache_disk_bytes", m)


class Switched(HttpCase):
    def test_counters_survive_a_switch(self):
        self.api.deploy("ways", WAYS)
        for _ in range(3):
            self.api.execute("ways")
        before = self.site.metrics()
        self.cli.ok("pool", "switch", "shared")
        self.api.execute("ways")
        after = wait_until(lambda: self.counted(), "the task to be counted")
        answered = 'isoyard_tasks_total{architecture="pinned",outcome="answered"}'
        self.assertGreaterEqual(after[answered], before[answered])
        self.assertEqual(after['isoyard_pool_serving{architecture="shared"}'], 1)
        self.assertEqual(after['isoyard_pool_serving{architecture="pinned"}'], 0)
        self.assertEqual(after["isoyard_pool_switches_total"], 1)
        self.assertGreater(after['isoyard_lock_acquisitions_total{architecture="shared",lock="pool"}'], 0)
        self.assertGreater(after['isoyard_lock_hold_seconds_count{architecture="shared",lock="pool"}'], -1)

    def test_what_grafana_asks_for_is_there(self):
        panels = json.loads((support.ROOT / "packaging/grafana/isoyard.json").read_text())["panels"]
        asked = [target["expr"] for panel in panels for target in panel["targets"]]
        self.assertGreater(len(asked), 15)
        text = self.site.get("/metrics")[1]
        for name in {name for expression in asked for name in re.findall(r"\b(?:isoyard|process)_\w+", expression)}:
            family = re.sub(r"_(bucket|count|sum)$", "", name)
            self.assertIn(f"# TYPE {family} ", text)
        if shutil.which("promtool"):
            rules = [{"record": f"r{i}", "expr": text.replace("$__rate_interval", "5m").replace("$instance", ".*")}
                     for i, text in enumerate(asked)]
            path = support.SCRATCH / "rules.json"
            path.write_text(json.dumps({"groups": [{"name": "panels", "rules": rules}]}))
            result = subprocess.run(["promtool", "check", "rules", path], capture_output=True)
            self.assertEqual(result.returncode, 0, result.stderr)

    def counted(self):
        m = self.site.metrics()
        return m if m.get('isoyard_tasks_total{architecture="shared",outcome="answered"}', 0) >= 1 else None


class Health(support.TestCase):
    def test_ready_until_the_server_drains(self):
        server = support.start("--http", "127.0.0.1:0", "--grace-ms", "20000")
        self.addCleanup(server.kill)
        site = Site(http_address(server))
        with server.channel() as channel:
            api = support.Api(channel)
            api.deploy("ways", WAYS)
            self.assertEqual(site.get("/healthz")[0].status, 200)
            self.assertEqual(site.get("/readyz")[0].status, 200)
            with concurrent.futures.ThreadPoolExecutor(1) as pool:
                waiting = pool.submit(api.execute, "ways", "/wait")
                wait_until(lambda: api.stats().tasks.in_flight == 1, "the call to be there")
                server.signal(signal.SIGTERM)
                wait_until(lambda: site.get("/readyz")[0].status == 503, "the server not to be ready")
                self.assertEqual(site.get("/healthz")[0].status, 200)
                self.assertEqual(site.post("/api/switch", {"architecture": "shared"})[0].status, 503)
                self.assertEqual(waiting.result().response.body_text, "hi")
        self.assertEqual(server.wait(), 0)


class Address(support.TestCase):
    def test_off_opens_nothing(self):
        server = support.start("--http", "off")
        self.addCleanup(server.kill)
        self.assertEqual(http_address(server), '""')
        self.assertEqual(server.stop(), 0)

    def test_address_in_use_is_an_error_where_it_was_given(self):
        with socket.create_server(("127.0.0.1", 0)) as taken:
            address = f"127.0.0.1:{taken.getsockname()[1]}"
            server = support.Server("--http", address)
            self.addCleanup(server.kill)
            self.assertEqual(server.wait(), 1)
            self.assertIn(f"{address} is in use", server.log())
            self.assertIn("--http", server.log())

    def test_unix_socket_alone_opens_no_port(self):
        path = support.SCRATCH / "only.sock"
        server = support.Server("--unix", path, listen=None, http=None)
        self.addCleanup(server.kill)
        wait_until(lambda: "msg=ready" in server.log(), "the server to be ready")
        self.assertEqual(http_address(server), '""')
        self.assertEqual(server.stop(), 0)

    def test_name_that_is_none_is_refused(self):
        server = support.Server("--http", "7071")
        self.addCleanup(server.kill)
        self.assertEqual(server.wait(), 1)
        self.assertIn("HOST:PORT", server.log())

    def test_observe_off_leaves_metrics_and_health(self):
        server = support.start("--http", "127.0.0.1:0", "--observe", "off")
        self.addCleanup(server.kill)
        site = Site(http_address(server))
        for path, status in [("/metrics", 200), ("/healthz", 200), ("/readyz", 200), ("/", 404), ("/api/events", 404),
                             ("/api/history", 404), ("/api/token", 404)]:
            self.assertEqual(site.get(path)[0].status, status, path)
        self.assertEqual(server.stop(), 0)


class Security(HttpCase):
    def refused(self, answer, status=403):
        response, body = answer
        self.assertEqual(response.status, status, body)
        return body

    def test_headers_of_every_answer(self):
        for path in ("/", "/app.js", "/app.css", "/metrics", "/healthz", "/api/history", "/nothing"):
            response, _ = self.site.get(path)
            policy = response.getheader("Content-Security-Policy")
            self.assertIn("default-src 'none'", policy)
            self.assertIn("frame-ancestors 'none'", policy)
            self.assertNotIn("unsafe", policy)
            self.assertEqual(response.getheader("X-Frame-Options"), "DENY")
            self.assertEqual(response.getheader("Cache-Control"), "no-store")
            self.assertEqual(response.getheader("X-Content-Type-Options"), "nosniff")
            self.assertEqual(response.getheader("Cross-Origin-Resource-Policy"), "same-origin")
            self.assertIsNone(response.getheader("Access-Control-Allow-Origin"))

    def test_page_asks_for_nothing_from_elsewhere(self):
        for path in ("/", "/app.css"):
            self.assertNotRegex(self.site.get(path)[1], r"(src|href|url|import)\s*[=(]\s*[\"']?(https?:)?//")

    def test_rebound_name_is_refused(self):
        for path in ("/", "/metrics", "/api/events", "/api/token", "/healthz"):
            self.assertIn("Host", self.refused(self.site.get(path, Host="evil.example:7071")))
        self.assertIn("Host", self.refused(self.site.post("/api/switch", {"architecture": "shared"},
                                                          Host="evil.example", Origin="http://evil.example")))
        self.assertEqual(self.site.get("/healthz", Host="localhost:1")[0].status, 200)

    def test_pages_of_other_sites_read_nothing(self):
        for path in ("/api/token", "/api/history", "/metrics", "/app.js"):
            self.refused(self.site.get(path, **{"Sec-Fetch-Site": "cross-site"}))
        self.assertEqual(self.site.get("/", **{"Sec-Fetch-Site": "cross-site"})[0].status, 200)

    def test_switch_without_what_the_page_sends_is_refused(self):
        value = {"architecture": "shared"}
        self.assertIn("Origin", self.refused(self.site.post("/api/switch", value, Origin=None)))
        self.assertIn("Origin", self.refused(self.site.post("/api/switch", value, Origin="http://evil.example")))
        self.assertIn("Origin", self.refused(self.site.post("/api/switch", value, Origin="null")))
        self.assertIn("Token", self.refused(self.site.post("/api/switch", value, X_Isoyard_Token=None)))
        self.assertIn("Token", self.refused(self.site.post("/api/switch", value, X_Isoyard_Token="0" * 32)))
        self.assertIn("Content-Type", self.refused(self.site.post("/api/switch", value, Content_Type="text/plain")))
        self.assertIn("this machine", self.refused(self.site.post("/api/switch", value, X_Forwarded_For="10.0.0.7")))
        self.assertEqual(self.api.stats().switches, 0)

    def test_other_methods_change_nothing(self):
        self.refused(self.site.get("/api/switch"), 405)
        self.refused(self.site.request("PUT", "/api/switch"))
        self.refused(self.site.request("OPTIONS", "/api/switch"))
        self.refused(self.site.get("/../etc/passwd"), 404)
        self.assertEqual(self.api.stats().switches, 0)

    def test_body_is_bounded(self):
        self.refused(self.site.post("/api/switch", {"architecture": "x" * 16300}), 400)
        self.refused(self.site.post("/api/switch", {"architecture": "x" * 17000}), 413)

    def test_body_without_end_is_cut_off(self):
        with socket.create_connection(self.site.address.split(":"), support.PATIENCE) as client:
            client.sendall(f"GET /healthz HTTP/1.1\r\nHost: {self.site.address}\r\n"
                           "Transfer-Encoding: chunked\r\n\r\n".encode())
            with self.assertRaises(ConnectionError):
                for _ in range(100000):
                    client.sendall(b"400\r\n" + b"x" * 1024 + b"\r\n")

    def test_heads_that_contradict_themselves_are_refused(self):
        host = f"Host: {self.site.address}"
        smuggled = f"GET /readyz HTTP/1.1\r\n{host}\r\nConnection: close\r\n\r\n"
        for headers in ("Content-Length: 4\r\nTransfer-Encoding: chunked",
                        "Transfer-Encoding: chunked\r\nContent-Length: 4",
                        f"Content-Length: {len(smuggled)}\r\nContent-Length: 0",
                        f"Host: {self.site.address}"):
            with socket.create_connection(self.site.address.split(":"), support.PATIENCE) as client:
                client.sendall(f"GET /healthz HTTP/1.1\r\n{host}\r\n{headers}\r\n\r\n0\r\n\r\n{smuggled}".encode())
                answer = client.makefile("rb").read()
            self.assertEqual(len(re.findall(rb"HTTP/1\.1 \d", answer)), 1, answer)
            self.assertTrue(answer.startswith(b"HTTP/1.1 400 "), answer)

    def test_refusal_of_long_text_is_well_formed(self):
        for name in "x" + "é" * 100, "xx" + "日" * 100:
            body = self.refused(self.site.post("/api/compare", {"kind": "synthetic", "workload": name}), 400)
            self.assertIn(name[:10], json.loads(body)["message"])

    def test_body_that_is_no_object_is_refused(self):
        for body in ("", "{", "[]", "1", '{"architecture": "shared"', '{"a": 1, "a": 2}'):
            self.refused(self.site.post("/api/switch", body), 400)


class Elsewhere(support.TestCase):
    """On all addresses of the machine: one that is no loopback address stands for another machine."""

    def own_address(self):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            try:
                probe.connect(("192.0.2.1", 9))  # nothing is sent
            except OSError:
                return None
            name = probe.getsockname()[0]
        return None if name.startswith("127.") else name

    def test_changes_from_elsewhere_are_refused(self):
        name = self.own_address()
        if not name:
            self.skipTest("the machine has loopback addresses only")
        server = support.start("--http", "0.0.0.0:0")
        self.addCleanup(server.kill)
        self.assertIn("this machine only", server.log())
        port = http_address(server).rsplit(":", 1)[1]
        site = Site(f"{name}:{port}")
        self.assertEqual(site.get("/metrics")[0].status, 200)
        response, body = site.post("/api/switch", {"architecture": "shared"})
        self.assertEqual(response.status, 403)
        self.assertIn("this machine", body)
        self.assertEqual(Site(f"127.0.0.1:{port}").post("/api/switch", {"architecture": "shared"})[0].status, 202)
        self.assertEqual(server.stop(), 0)


class Places(HttpCase):
    """The connections that there may be are held by clients of which nothing comes."""

    def hold(self, text):
        client = socket.create_connection(self.site.address.split(":"), support.PATIENCE)
        self.addCleanup(client.close)
        client.sendall(text.format(host=self.site.address).encode())
        return client

    def test_probes_are_answered(self):
        for text in "", "GET / HTTP/1.1\r\nHos", "GET /app.js HTTP/1.1\r\nHost: {host}\r\n\r\n":
            first = [self.hold(text) for _ in range(100)][0]
            began = time.monotonic()
            for path in "/healthz", "/readyz", "/metrics":
                self.assertEqual(self.site.get(path)[0].status, 200)
            self.assertLess(time.monotonic() - began, 10)
            with self.assertRaises((ConnectionError, EOFError)):  # it made room
                while True:
                    if not first.recv(65536):
                        raise EOFError


class Actions(HttpCase):
    flags = ("--http", "127.0.0.1:0", "--lanes", "2")

    def state(self, action, state):
        def found():
            now = self.site.control()[action]
            return now if now and now["state"] == state else None

        return wait_until(found, f"the {action} to be {state}")

    def test_switch(self):
        response, body = self.site.post("/api/switch", {"architecture": "shared", "handoff": "mutex", "lanes": 1})
        self.assertEqual(response.status, 202, body)
        report = self.state("switch", "done")["report"]
        self.assertEqual(report["architecture"], "ARCHITECTURE_SHARED")
        stats = self.api.stats()
        self.assertEqual(stats.config.lanes, 1)
        self.assertEqual(stats.config.handoff, support.pool_pb2.HANDOFF_MUTEX)
        self.assertEqual(stats.switches, 1)

    def test_switch_to_what_cannot_be_is_refused(self):
        response, body = self.site.post("/api/switch", {"architecture": "pinned", "lanes": 1000})
        self.assertEqual(response.status, 400)
        self.assertEqual(json.loads(body)["field"], "config.lanes")
        response, body = self.site.post("/api/switch", {"architecture": "best"})
        self.assertEqual((response.status, json.loads(body)["field"]), (400, "architecture"))

    def test_compare(self):
        self.assertEqual(self.site.get("/api/comparison")[1], "null")
        value = {"kind": "synthetic", "workload": "cpu", "arms": ["pinned", "shared mutex"], "rounds": 6, "tasks": 20}
        self.assertEqual(self.site.post("/api/compare", value)[0].status, 202)
        done = self.state("compare", "done")
        report = json.loads(self.site.get("/api/comparison")[1])
        self.assertEqual(report["id"], done["id"])
        self.assertEqual([arm["name"] for arm in report["arms"]], ["pinned", "shared mutex"])
        stored = self.cli.json("pool", "comparisons", report["id"])
        self.assertEqual(stored["verdict"], report["verdict"])

    def test_compare_is_cancelled(self):
        value = {"kind": "synthetic", "workload": "cpu", "rounds": 101}
        self.assertEqual(self.site.post("/api/compare", value)[0].status, 202)
        self.assertEqual(self.site.post("/api/compare", value)[0].status, 409)
        self.assertEqual(self.site.post("/api/compare/cancel", {})[0].status, 202)
        self.state("compare", "failed")
        self.assertEqual(self.site.post("/api/compare/cancel", {})[0].status, 409)

    def test_live_comparison_without_tenants_says_so(self):
        value = {"kind": "live", "other": "legacy", "seconds": 2}
        self.assertEqual(self.site.post("/api/compare", value)[0].status, 202)
        self.assertIn("tenant", self.state("compare", "failed")["message"])


class StoredComparisons(HttpCase):
    def store(self, count):
        for _ in range(count):
            self.cli.ok("pool", "compare", "--workload", "warm", "--rounds", "1", "--tasks", "1",
                        "--arms", "legacy,pinned")

    def page(self, query=""):
        response, body = self.site.get(f"/api/comparisons{query}")
        self.assertEqual(response.status, 200, body)
        return json.loads(body)

    def test_list_and_reports(self):
        self.assertEqual(self.page(), {"comparisons": [], "next_page_token": ""})
        ended = self.site.event()["comparisons"]
        self.store(1)
        wait_until(lambda: self.site.event()["comparisons"] == ended + 1, "an event to tell of it")
        self.store(21)
        first = self.page()
        second = self.page(f"?after={first['next_page_token']}")
        self.assertEqual((len(first["comparisons"]), len(second["comparisons"])), (20, 2))
        self.assertEqual(second["next_page_token"], "")
        listed = first["comparisons"] + second["comparisons"]
        self.assertEqual(listed, self.cli.json("pool", "comparisons", "--limit", "100")["comparisons"])
        self.assertEqual([one["id"] for one in listed], list(range(22, 0, -1)))
        report = json.loads(self.site.get("/api/comparison?id=7")[1])
        stored = self.cli.json("pool", "comparisons", 7)
        self.assertEqual([report[name] for name in ("id", "title", "verdict", "notes")],
                         [stored[name] for name in ("id", "title", "verdict", "notes")])
        self.assertEqual([arm["name"] for arm in report["arms"]], ["legacy", "pinned"])
        self.assertEqual(report["create_time"], listed[-7]["create_time"])

    def test_what_is_not_there_or_no_number(self):
        for path, status, field in (("/api/comparison?id=999", 404, "id"), ("/api/comparison?id=0", 400, "id"),
                                    ("/api/comparison?id=", 400, "id"), ("/api/comparison?id=1x", 400, "id"),
                                    ("/api/comparison?id=-1", 400, "id"),
                                    ("/api/comparison?id=9223372036854775808", 400, "id"),
                                    ("/api/comparisons?after=x", 400, "page_token")):
            response, body = self.site.get(path)
            self.assertEqual((response.status, json.loads(body)["field"]), (status, field), path)

    def test_guards(self):
        for path in ("/api/comparisons", "/api/comparison?id=1"):
            self.assertEqual(self.site.get(path, Host="evil.example:7071")[0].status, 403)
            self.assertEqual(self.site.get(path, **{"Sec-Fetch-Site": "cross-site"})[0].status, 403)
            self.assertEqual(self.site.post(path, {})[0].status, 405)


class Events(HttpCase):
    flags = ("--http", "127.0.0.1:0", "--lanes", "2", "--cpu-ms", "100")

    def connect(self):
        """A client that has asked for events, and reads nothing."""
        client = socket.create_connection(self.site.address.split(":"))
        self.addCleanup(client.close)
        client.sendall(f"GET /api/events HTTP/1.1\r\nHost: {self.site.address}\r\n\r\n".encode())
        return client

    def test_event_is_what_the_stats_say(self):
        self.api.deploy("ways", WAYS)
        self.api.execute("ways", "/throw")
        wait_until(lambda: self.api.stats().tasks.failed == 1, "the failure to be counted")
        event = self.site.event()
        stats = self.api.stats()
        self.assertEqual(event["stats"]["tasks"]["failed"], 1)
        self.assertEqual(event["stats"]["tasks"]["submitted"], stats.tasks.submitted)
        self.assertEqual(event["stats"]["wall"]["count"], stats.wall.count)
        self.assertEqual(len(event["stats"]["lanes"]), 2)
        failure = event["failures"][0]
        self.assertRegex(failure["execution"], "^[0-9a-f]{16}$")
        self.assertEqual((failure["worker"], failure["reason"], failure["phase"]), ("ways", "EXCEPTION", "HANDLER"))
        self.assertIn("on purpose", failure["message"])
        self.assertEqual((failure["file"], failure["line"]), ("main.js", 5))

    def test_history_has_each_second(self):
        def points():
            history = json.loads(self.site.get("/api/history")[1])
            return history if len(history["time_ms"]) >= 3 else None

        history = wait_until(points, "three points of history")
        self.assertEqual(len({len(figures) for figures in history.values()}), 1)
        steps = [b - a for a, b in zip(history["time_ms"], history["time_ms"][1:])]
        self.assertTrue(all(step > 0 for step in steps), steps)
        self.assertEqual(set(history["architecture"]), {"pinned"})

    def test_clients_are_bounded(self):
        clients = [self.connect() for _ in range(16)]
        for client in clients:
            self.assertTrue(client.recv(1024).startswith(b"HTTP/1.1 200"))
        self.assertEqual(self.site.metrics()["isoyard_http_event_clients"], 16)
        self.assertEqual(self.site.get("/api/events")[0].status, 503)
        for client in clients:
            client.close()
        wait_until(lambda: self.site.metrics()["isoyard_http_event_clients"] == 0, "the clients to be gone")
        self.site.event()

    def test_place_of_a_client_that_was_reset_is_free_at_once(self):
        clients = [self.connect() for _ in range(16)]
        for client in clients:
            text = b""
            while b"\n\n" not in text:
                text += client.recv(65536)
        for client in clients:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
            client.close()
        self.site.event()


class SlowClients(HttpCase):
    """Events of 64 lanes are large: few fill what the kernel keeps."""

    flags = ("--http", "127.0.0.1:0", "--lanes", "64", "--isolates", "64")

    def setUp(self):
        self.client = socket.socket()
        self.addCleanup(self.client.close)
        self.client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        host, port = self.site.address.split(":")
        self.client.connect((host, int(port)))
        self.client.sendall(f"GET /api/events HTTP/1.1\r\nHost: {self.site.address}\r\n\r\n".encode())

    def dropped(self):
        return self.site.metrics()["isoyard_http_events_dropped_total"]

    def read_until(self, words):
        text = b""
        self.client.settimeout(support.PATIENCE)
        while words not in text:
            piece = self.client.recv(65536)
            self.assertTrue(piece, "the server has hung up")
            text += piece
        return text

    def test_one_that_does_not_read_misses_events_and_slows_nobody(self):
        self.api.deploy("ways", WAYS)
        self.api.execute("ways")
        self.read_until(b"data: {")
        before = self.dropped()
        waits = []
        while self.dropped() < before + 2:
            began = time.monotonic()
            self.assertEqual(self.api.text("ways"), "hi")
            waits.append(time.monotonic() - began)
        self.assertLess(sorted(waits)[len(waits) // 2], 0.1)
        # Who does read goes on getting one a second.
        first = self.site.event()["point"]["time_ms"]
        time.sleep(2)
        self.assertGreater(self.site.event()["point"]["time_ms"], first + 900)
        # Once it reads on it is told how many it has missed, and gets the latest one.
        text = self.read_until(b"event: missed")
        if b"\n\n" not in text.split(b"event: missed")[1]:
            text += self.read_until(b"\n\n")
        self.assertGreaterEqual(int(re.search(rb"event: missed\ndata: (\d+)\n\n", text)[1]), 1)
        self.read_until(b"data: {")

    def test_one_that_vanishes_leaves_nothing(self):
        self.read_until(b"data: {")
        self.client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")  # a reset
        self.client.close()
        wait_until(lambda: self.site.metrics()["isoyard_http_event_clients"] == 0, "the client to be gone")
        self.site.event()


if __name__ == "__main__":
    unittest.main()
