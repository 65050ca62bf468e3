"""The dashboard's data over HTTP: actions, comparisons, events, and what slow clients cost the others."""

import json
import re
import socket
import time
import unittest

import support
from http_site import HttpCase, WAYS
from support import wait_until


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
