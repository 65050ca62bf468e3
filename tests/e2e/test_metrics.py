"""Metrics over HTTP: what is counted, and what happens to it when pools are switched."""

import json
import re
import shutil
import subprocess
import time
import unittest

import grpc
import support
from http_site import HttpCase, Site, WAYS, http_address
from support import wait_until


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
        # Of the exception and the loop.
        wait_until(lambda: self.site.metrics()["isoyard_log_records_total"] == 2, "the two failures to be in the log")
        self.assertEqual(m["isoyard_log_records_dropped_total"], 0)
        self.assertGreater(m["isoyard_log_bytes"], 4096)
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


if __name__ == "__main__":
    unittest.main()
