"""The log on the disk: over kills, shutdowns and damage, and within what it is set to."""

import contextlib
import sqlite3
import threading
import time
import unittest

import grpc
from google.protobuf import timestamp_pb2
from log_case import EXECUTION, LogCase, Logs, TALKER
from support import Api, PATIENCE, TestCase, log_pb2, start, wait_until


class Durability(TestCase):
    def setUp(self):
        self.server = start()
        self.addCleanup(lambda: self.server.kill())

    def connect(self, server):
        channel = server.channel()
        self.addCleanup(channel.close)
        return Api(channel), Logs(channel)

    def test_what_was_shown_survives_a_kill(self):
        api, logs = self.connect(self.server)
        api.deploy("talker", TALKER)
        for i in range(50):
            api.execute("talker", f"/?text={i}")
        shown = logs.texts(worker="talker", oldest_first=True)
        self.assertEqual(shown, [str(i) for i in range(50)])
        self.server.kill()
        self.server = start(db=self.server.db)
        api, logs = self.connect(self.server)
        self.assertEqual(logs.texts(worker="talker", oldest_first=True), shown)
        api.execute("talker", "/?text=again")
        self.assertEqual(logs.texts(worker="talker")[0], "again")

    def test_what_is_written_by_a_moment_ago_survives_a_kill(self):
        api, _ = self.connect(self.server)
        api.deploy("talker", TALKER)
        api.execute("talker", "/?text=kept")
        time.sleep(1)  # the server promises 20 ms
        self.server.kill()
        self.server = start(db=self.server.db)
        self.assertEqual(self.connect(self.server)[1].texts(worker="talker"), ["kept"])

    def test_shutdown_writes_the_rest(self):
        api, _ = self.connect(self.server)
        api.deploy("talker", TALKER)
        api.execute("talker", "/?text=last")
        self.assertEqual(self.server.stop(), 0)
        self.server = start(db=self.server.db)
        self.assertEqual(self.connect(self.server)[1].texts(worker="talker"), ["last"])

    def test_log_that_cannot_be_read_is_put_aside(self):
        api, _ = self.connect(self.server)
        api.deploy("talker", TALKER)
        self.assertEqual(self.server.stop(), 0)
        path = self.server.db.with_name("isoyard-logs.db")
        path.write_bytes(b"no database" * 100)
        self.server = start(db=self.server.db)
        api, logs = self.connect(self.server)
        api.execute("talker", "/?text=new")
        self.assertEqual(logs.texts(worker="talker"), ["new"])
        self.assertTrue(path.with_name("isoyard-logs.db.damaged").exists())
        self.assertIn("put aside", self.server.log())

    def test_clock_that_was_ahead_for_hours(self):
        api, _ = self.connect(self.server)
        api.deploy("talker", TALKER)
        api.execute("talker", "/?text=ahead")
        self.assertEqual(self.server.stop(), 0)
        with contextlib.closing(sqlite3.connect(self.server.db.with_name("isoyard-logs.db"), isolation_level=None)) as db:
            db.execute("UPDATE records SET id = id + 3 * 3600 * 1000000")
        self.server = start(db=self.server.db)
        api, logs = self.connect(self.server)
        before = time.time()
        api.execute("talker", "/?text=one")
        api.execute("talker", "/?text=two")
        newest = logs.all(worker="talker")
        self.assertEqual([record.text for record in newest], ["two", "one", "ahead"])
        self.assertLess(abs(newest[0].time.ToMicroseconds() / 1e6 - before), PATIENCE)
        self.assertEqual(logs.texts(worker="talker", oldest_first=True, page_size=1), ["ahead", "one", "two"])
        start_time, end_time = timestamp_pb2.Timestamp(), timestamp_pb2.Timestamp()
        start_time.FromSeconds(int(before) - 1)
        end_time.FromSeconds(int(before + PATIENCE))
        for page_size in (0, 1):
            found = logs.texts(worker="talker", start_time=start_time, end_time=end_time, page_size=page_size)
            self.assertEqual(found, ["two", "one"])
        tail = logs.stub.Tail(log_pb2.TailRequest(backlog=2), timeout=PATIENCE)
        self.assertEqual([record.text for record in next(tail).records], ["one", "two"])
        tail.cancel()

    def damage_and_block(self):
        """The log is damaged, and stays in the way: a folder cannot be replaced by a file, whoever asks."""
        path = self.server.db.with_name("isoyard-logs.db")
        path.write_bytes(b"no database" * 100)
        aside = path.with_name("isoyard-logs.db.damaged")
        aside.mkdir()
        return path, aside

    def test_log_that_cannot_be_put_aside_is_no_reason_not_to_serve(self):
        api, _ = self.connect(self.server)
        api.deploy("talker", TALKER)
        self.assertEqual(self.server.stop(), 0)
        path, aside = self.damage_and_block()
        self.server = start(db=self.server.db)
        api, logs = self.connect(self.server)
        tail = logs.stub.Tail(log_pb2.TailRequest(backlog=10), timeout=PATIENCE)
        for i in range(3):
            self.assertEqual(api.execute("talker", f"/?text={i}").response.body_text, "ok")
            refusal = self.refused(grpc.StatusCode.FAILED_PRECONDITION, logs.page, worker="talker")
            self.assertIn("cannot be put aside", refusal.message)
        self.assertEqual(api.stats().server.dropped_log_records, 3)
        self.assertEqual(self.server.log().count("the log cannot be kept"), 1)
        self.assertIn(f"renamed to '{aside}'", self.server.log())
        self.assertEqual(path.read_bytes(), b"no database" * 100)
        # Once nothing is in the way any more it is as after any damage, without a new start.
        aside.rmdir()
        api.execute("talker", "/?text=kept")
        self.assertEqual(logs.texts(worker="talker"), ["kept"])
        self.assertEqual(aside.read_bytes(), b"no database" * 100)
        # Who follows has seen all of it that came after the beginning.
        self.assertEqual(next(tail).records[-1].worker, "talker")
        tail.cancel()

    def test_drain_ends_tails(self):
        _, logs = self.connect(self.server)
        stream = logs.stub.Tail(log_pb2.TailRequest(), timeout=PATIENCE)
        codes = []

        def read():
            try:
                next(stream)
            except grpc.RpcError as error:
                codes.append(error.code())

        reader = threading.Thread(target=read)
        reader.start()
        time.sleep(0.2)
        self.assertEqual(self.server.stop(), 0)
        reader.join(PATIENCE)
        self.assertEqual(codes, [grpc.StatusCode.UNAVAILABLE])


class Settings(TestCase):
    def start(self, *flags):
        server = start(*flags)
        self.addCleanup(server.kill)
        channel = server.channel()
        self.addCleanup(channel.close)
        return server, Api(channel), Logs(channel)

    def test_console_on_stderr_or_not(self):
        for flags, is_there in (((), True), (("--log-console", "off"), False)):
            server, api, logs = self.start(*flags)
            api.deploy("talker", TALKER)
            api.execute("talker", "/?text=sentinel")
            self.assertEqual(logs.texts(worker="talker"), ["sentinel"])
            server.stop()
            self.assertEqual("text=sentinel" in server.log(), is_there)

    def test_executions(self):
        for which, outcomes in (("failures", ["boom"]), ("all", ["boom", "ok"]), ("off", [])):
            _, api, logs = self.start("--log-executions", which)
            api.deploy("talker", TALKER)
            api.execute("talker", "/levels")
            api.execute("talker", "/throw?text=boom")
            ends = [record.text for record in logs.all(worker="talker") if record.kind == EXECUTION]
            self.assertEqual([text.rsplit(" ", 1)[1] for text in ends], outcomes)

    def test_no_log(self):
        server, api, logs = self.start("--log-mib", "0")
        api.deploy("talker", TALKER)
        self.assertEqual(api.execute("talker", "/").response.body_text, "ok")
        self.refused(grpc.StatusCode.FAILED_PRECONDITION, logs.page)
        self.refused(grpc.StatusCode.FAILED_PRECONDITION, next,
                     logs.stub.Tail(log_pb2.TailRequest(), timeout=PATIENCE))
        self.assertFalse(server.db.with_name("isoyard-logs.db").exists())

    def test_size_is_bounded_and_flood_is_counted(self):
        server, api, logs = self.start("--log-mib", "1", "--log-console", "off")
        api.deploy("talker", TALKER)
        text = "x" * 250
        for _ in range(60):
            api.execute("talker", f"/many?n=200&text={text}")
        logs.page(worker="talker")  # what was queued is written then
        stats = api.stats().server
        self.assertEqual(stats.log_records + stats.dropped_log_records, 12000)
        wait_until(lambda: api.stats().server.log_bytes <= 1 << 20, "the log to be trimmed")
        api.execute("talker", "/?text=end")
        self.assertEqual(logs.page(worker="talker", page_size=1).records[0].text, "end")
        self.assertEqual(server.stop(), 0)
        path = server.db.with_name("isoyard-logs.db")
        self.assertLess(path.stat().st_size, 8 << 20)
        with sqlite3.connect(path) as db:
            self.assertEqual(db.execute("PRAGMA integrity_check").fetchone(), ("ok",))


del LogCase


if __name__ == "__main__":
    unittest.main()
