"""The dashboard in a real browser, and Prometheus itself: both against a server under a gentle load."""

import json
import os
import shutil
import socket
import subprocess
import sys
import threading
import time
import unittest
import urllib.parse
import urllib.request
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "e2e"))

import grpc  # noqa: E402
import support  # noqa: E402
from support import wait_until  # noqa: E402

BROWSER = os.environ.get("CHROMIUM", "/usr/bin/chromium")
# Screenshots are kept where they can be looked at.
SHOTS = Path(os.environ.get("ISOYARD_SHOTS", support.SCRATCH))

WORKER = """
export default {
  async fetch(request) {
    const url = new URL(request.url);
    if (url.pathname === "/throw") throw new TypeError("on purpose");
    if (url.pathname === "/loop") for (;;);
    if (url.pathname === "/wait") await new Promise((resolve) => setTimeout(resolve, 5));
    let sum = 0;
    for (let i = 0; i < 20000; i++) sum += i % 7;
    return new Response(String(sum));
  },
};
"""

WORKERS = ["hello", "checkout", "search", "thumbnails", "mailer"]


class Load:
    """Some callers of some workers, of two tenants, until it is stopped."""

    def __init__(self, server):
        self.is_over = threading.Event()
        self.channel = server.channel()
        self.api = support.Api(self.channel)
        for tenant in ("", "acme"):
            for name in WORKERS:
                self.api.deploy(name, WORKER, tenant=tenant)
        self.threads = [threading.Thread(target=self.call, args=(i,)) for i in range(4)]
        for thread in self.threads:
            thread.start()

    def call(self, number):
        count = 0
        while not self.is_over.is_set():
            count += 1
            path = "/loop" if count % 400 == 10 else "/throw" if count % 60 == 5 else "/wait" if count % 3 else "/"
            name = WORKERS[min((count * (number + 3)) % 11, 4)]
            try:
                self.api.execute(name, path, tenant="acme" if count % 4 == 0 else "")
            except grpc.RpcError:
                pass
            time.sleep(0.004)

    def stop(self):
        self.is_over.set()
        for thread in self.threads:
            thread.join()
        self.channel.close()


class WebCase(support.TestCase):
    def setUp(self):
        self.server = support.start("--http", "127.0.0.1:0", "--lanes", "2", "--cpu-ms", "50")
        self.addCleanup(self.server.kill)
        self.address = support.re.search(r"msg=ready .*? http=(\S+)", self.server.log())[1]
        self.load = Load(self.server)
        self.addCleanup(self.load.stop)

    def stop_server(self):
        self.load.stop()
        self.assertEqual(self.server.stop(), 0, self.server.log())


@unittest.skipUnless(Path(BROWSER).exists(), "Debian's chromium is not installed")
class Page(WebCase):
    def test_page(self):
        command = ["node", HERE / "page.mjs", f"http://{self.address}/", support.BIN / "isoyard", self.server.address, SHOTS]
        page = subprocess.Popen([str(part) for part in command], cwd=HERE, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE, text=True)
        self.addCleanup(page.kill)
        if page.stdout.readline() == "quiet\n":
            self.load.stop()
            # What a turn's tasks used is counted a moment after them.
            time.sleep(1)
        _, errors = page.communicate("quiet\n", timeout=240)
        self.assertEqual(page.returncode, 0, errors)
        self.stop_server()


@unittest.skipUnless(shutil.which("prometheus"), "Debian's prometheus is not installed")
class Prometheus(WebCase):
    def start_prometheus(self):
        folder = support.SCRATCH / "prometheus"
        folder.mkdir()
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.prometheus = f"127.0.0.1:{free.getsockname()[1]}"
        (folder / "prometheus.yml").write_text(json.dumps({
            "global": {"scrape_interval": "1s"},
            "scrape_configs": [{"job_name": "isoyard", "static_configs": [{"targets": [self.address]}]}]}))
        with open(folder / "log", "wb") as log:
            process = subprocess.Popen(
                ["prometheus", f"--config.file={folder}/prometheus.yml", f"--storage.tsdb.path={folder}/data",
                 f"--web.listen-address={self.prometheus}"], stdout=log, stderr=log)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)

    def query(self, text):
        """The values by their labels; None while it does not answer."""
        url = f"http://{self.prometheus}/api/v1/query?{urllib.parse.urlencode({'query': text})}"
        try:
            with urllib.request.urlopen(url, timeout=support.PATIENCE) as response:
                answer = json.load(response)
        except OSError:
            return None
        return [(result["metric"], float(result["value"][1])) for result in answer["data"]["result"]]

    def one(self, text):
        found = self.query(text)
        return found[0][1] if found else None

    def test_prometheus_scrapes(self):
        self.start_prometheus()
        wait_until(lambda: self.one("up{job='isoyard'}") == 1, "Prometheus to have scraped")
        rate = wait_until(lambda: self.one("sum(rate(isoyard_tasks_total{outcome='answered'}[10s]))"), "a rate")
        self.assertGreater(rate, 1)
        p99 = self.one("histogram_quantile(0.99, sum by (le) (rate(isoyard_task_wall_seconds_bucket[10s])))")
        self.assertGreater(p99, 0)
        self.assertLess(p99, 33.6)
        self.load.stop()
        stats = self.load_stats()
        wait_until(lambda: self.one("sum(isoyard_tasks_total{outcome='answered'})") == stats.tasks.answered,
                   "Prometheus to have the last figures")
        self.assertEqual(self.one("sum(isoyard_tasks_total{outcome='failed'})"), stats.tasks.failed)
        self.assertEqual(len(self.query("isoyard_lane_busy_seconds_total")), 2)
        self.assertGreater(self.one("process_resident_memory_bytes{job='isoyard'}"), 1e7)
        self.stop_server()

    def load_stats(self):
        with self.server.channel() as channel:
            return support.Api(channel).stats()


if __name__ == "__main__":
    unittest.main()
