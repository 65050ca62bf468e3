"""The server over HTTP: health, where it listens, and who may ask for what."""

import concurrent.futures
import json
import re
import signal
import socket
import time
import unittest

import support
from http_site import HttpCase, Site, WAYS, http_address
from support import wait_until


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
        self.assertIn(b"--observe off", support.Cli(server.address).run("logs").stderr)
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


if __name__ == "__main__":
    unittest.main()
