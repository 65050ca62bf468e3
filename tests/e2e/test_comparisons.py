"""Comparisons that are stored: listing them, and reading their reports."""

import contextlib
import sqlite3
import unittest

import grpc
import support
from support import pool_pb2

CREATED_US = 1_767_225_600_123_456  # 2026-01-01 00:00:00.123456 UTC


def report(title, **fields):
    """A Comparison as the store has it: without id and time."""
    arms = [pool_pb2.ComparisonArmResult(name=name, tasks=30, tasks_per_s=per_s)
            for name, per_s in (("legacy", 100.5), ("pinned", 200.25))]
    return pool_pb2.Comparison(title=title, verdict="pinned has 1.99 times the throughput of legacy.", is_decided=True,
                               arms=arms, notes=["I/O was simulated."], processors=2, **fields)


class Comparisons(support.ServerCase):
    """A server with comparisons that were put into its file while it was stopped."""

    rows = []

    @classmethod
    def setUpClass(cls):
        server = support.start()
        cls.addClassCleanup(server.kill)
        server.stop()
        with contextlib.closing(sqlite3.connect(server.db)) as db, db:
            db.executemany("INSERT INTO comparisons (created_us, title, verdict, is_decided, report) VALUES (?, ?, ?, ?, ?)",
                           cls.rows)
        cls.server = support.start(db=server.db)
        cls.addClassCleanup(cls.server.kill)
        cls.cli = support.Cli(cls.server.address)
        cls.channel = cls.server.channel()
        cls.addClassCleanup(cls.channel.close)
        cls.api = support.Api(cls.channel)

    def list(self, **fields):
        return self.api.pool.ListComparisons(pool_pb2.ListComparisonsRequest(**fields), timeout=support.PATIENCE)

    def get(self, id):
        return self.api.pool.GetComparison(pool_pb2.GetComparisonRequest(id=id), timeout=support.PATIENCE).comparison


def row(i, **fields):
    kept = report(f"synthetic, cpu, {i} callers", **fields)
    return (CREATED_US + i, kept.title, kept.verdict, kept.is_decided, kept.SerializeToString())


class None_(Comparisons):
    def test_list_is_empty(self):
        self.assertEqual(self.list(), pool_pb2.ListComparisonsResponse())

    def test_get_is_not_found(self):
        for id in 0, 1, 2**63, 2**64 - 1:
            with self.subTest(id=id):
                refusal = self.refused(grpc.StatusCode.NOT_FOUND, self.get, id)
                self.assertIn(f"no comparison {id}", refusal.message)

    def test_cli(self):
        self.assertEqual(self.cli.ok("pool", "comparisons"), b"no comparison is stored; isoyard pool compare makes one\n")
        self.assertEqual(self.cli.json("pool", "comparisons"), {"comparisons": []})
        result = self.cli.run("pool", "comparisons", "7")
        self.assertEqual(result.returncode, 4)
        self.assertIn("no comparison 7", result.stderr.decode())


class Some(Comparisons):
    rows = [row(i) for i in range(1, 251)]

    def test_list_goes_from_the_newest_page_by_page(self):
        seen, token = [], ""
        while True:
            page = self.list(page_size=120, page_token=token)
            seen.append([each.id for each in page.comparisons])
            token = page.next_page_token
            if not token:
                break
        self.assertEqual(seen, [list(range(250, 130, -1)), list(range(130, 10, -1)), list(range(10, 0, -1))])

    def test_page_sizes(self):
        self.assertEqual(len(self.list().comparisons), 100)
        self.assertEqual(len(self.list(page_size=1).comparisons), 1)
        everything = self.list(page_size=2**32 - 1)
        self.assertEqual((len(everything.comparisons), everything.next_page_token), (250, ""))

    def test_summary(self):
        summary = self.list(page_size=1).comparisons[0]
        self.assertEqual((summary.id, summary.title, summary.is_decided), (250, "synthetic, cpu, 250 callers", True))
        self.assertEqual(summary.verdict, "pinned has 1.99 times the throughput of legacy.")
        self.assertEqual(summary.create_time.ToMicroseconds(), CREATED_US + 250)

    def test_bad_tokens(self):
        for token in "x", "0", "-1", "1x", " 1", "9223372036854775808", "99999999999999999999999":
            with self.subTest(token=token):
                refusal = self.refused(grpc.StatusCode.INVALID_ARGUMENT, self.list, page_token=token)
                self.assertEqual(refusal.fields, ["page_token"])

    def test_get_gives_the_report_with_id_and_time_of_the_row(self):
        expected = report("synthetic, cpu, 7 callers", id=7)
        expected.create_time.FromMicroseconds(CREATED_US + 7)
        self.assertEqual(self.get(7), expected)
        self.refused(grpc.StatusCode.NOT_FOUND, self.get, 251)

    def test_cli_lists_and_shows(self):
        lines = self.cli.ok("pool", "comparisons").decode().splitlines()
        self.assertEqual(lines[0].split(), ["ID", "CREATED", "TITLE", "VERDICT"])
        self.assertEqual(len(lines), 251)
        self.assertTrue(lines[1].startswith("250  2026-01-01 00:00:00 UTC  synthetic, cpu, 250 callers  pinned has"), lines[1])
        self.assertEqual(len(self.cli.ok("pool", "comparisons", "--limit", "120").decode().splitlines()), 121)
        listed = self.cli.json("pool", "comparisons", "--limit", "3")["comparisons"]
        self.assertEqual([each["id"] for each in listed], [250, 249, 248])
        said = self.cli.ok("pool", "comparisons", "7").decode()
        for word in "synthetic, cpu, 7 callers", "legacy", "200.2", "I/O was simulated.", "stored as comparison 7":
            self.assertIn(word, said)
        self.assertEqual(self.cli.json("pool", "comparisons", "7")["title"], "synthetic, cpu, 7 callers")
        self.assertEqual(len(self.cli.ok("pool", "comparisons", "7", "--csv").decode().splitlines()), 3)

    def test_cli_usage(self):
        for arguments in ["0"], ["x"], ["-1"], ["1", "2"], ["--limit", "0"], ["--limit", "x"], ["1", "--limit", "2"], \
                ["--csv"], ["1", "--csv", "--json"], ["1", "--rounds-detail"]:
            with self.subTest(arguments=arguments):
                result = self.cli.run("pool", "comparisons", *arguments)
                self.assertEqual(result.returncode, 2, result.stderr)


class Damaged(Comparisons):
    rows = [(CREATED_US, "title", "verdict", 0, b"\xff\xff\xff")]

    def test_get_is_data_loss(self):
        self.assertEqual(self.list().comparisons[0].title, "title")
        refusal = self.refused(grpc.StatusCode.DATA_LOSS, self.get, 1)
        self.assertIn("comparison 1 is damaged", refusal.message)


class Large(Comparisons):
    rows = [(CREATED_US, "t" * 1024, "v" * 4096, 0, report("large").SerializeToString()) for _ in range(1000)]

    def test_pages_stay_below_what_clients_take(self):
        first = self.list(page_size=1000)
        self.assertLess(len(first.comparisons), 1000)
        self.assertTrue(first.next_page_token)
        rest = self.list(page_size=1000, page_token=first.next_page_token)
        self.assertEqual([each.id for each in [*first.comparisons, *rest.comparisons]], list(range(1000, 0, -1)))


if __name__ == "__main__":
    unittest.main()
