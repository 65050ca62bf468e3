"""The pool from outside: workers that spread over lanes."""

import concurrent.futures
import unittest

import support

# Computes for as long as it is asked to.
SPINNER = """
export default {
  fetch(request) {
    const end = Date.now() + Number(new URL(request.url).searchParams.get("ms"));
    while (Date.now() < end) {}
    return new Response("done");
  },
};
"""


class Lanes(support.ServerCase):
    def lanes_of(self, name, calls, url):
        """Which lanes answered so many calls at once."""
        with concurrent.futures.ThreadPoolExecutor(calls) as pool:
            replies = list(pool.map(lambda _: self.api.execute(name, url), range(calls)))
        return [reply.report.lane for reply in replies]

    def keep_hot(self, name):
        """16 callers, one call after the other each."""
        with concurrent.futures.ThreadPoolExecutor(16) as pool:
            lanes = pool.map(lambda _: [self.api.execute(name, "/?ms=20").report.lane for _ in range(6)], range(16))
            return [lane for each in lanes for lane in each]


class Spread(Lanes):
    flags = ("--lanes", "2")

    def test_hot_worker_takes_a_second_lane_and_comes_back(self):
        self.api.deploy("spinner", SPINNER)
        first = self.api.execute("spinner", "/?ms=0").report.lane
        before = self.api.stats()
        lanes = self.keep_hot("spinner")
        stats = self.api.stats()
        elsewhere = sum(lane != first for lane in lanes)
        self.assertGreaterEqual(elsewhere, 10, lanes)
        self.assertEqual(stats.tasks.spreads - before.tasks.spreads, elsewhere)
        self.assertEqual(sum(lane.spreads for lane in stats.lanes), stats.tasks.spreads)
        self.assertEqual(stats.lanes[first].spreads, before.lanes[first].spreads)
        self.assertEqual(stats.config.spread, 4)
        self.assertEqual([self.api.execute("spinner", "/?ms=0").report.lane for _ in range(5)], [first] * 5)
        self.assertIn("SPREAD", self.cli.ok("pool", "stats").decode())
        self.assertEqual(self.cli.json("pool", "stats")["tasks"]["spreads"], stats.tasks.spreads)

    def test_worker_that_waits_stays(self):
        self.api.deploy("sleeper", support.worker_source("echo.js"))
        first = self.api.execute("sleeper", "/").report.lane
        self.assertEqual(set(self.lanes_of("sleeper", 60, "/sleep?ms=300")), {first})


class NoSpread(Lanes):
    flags = ("--lanes", "2", "--spread", "0")

    def test_hot_worker_stays(self):
        self.api.deploy("spinner", SPINNER)
        self.assertEqual(len(set(self.keep_hot("spinner"))), 1)
        self.assertEqual(self.api.stats().tasks.spreads, 0)
        self.assertEqual(self.api.stats().config.spread, 0)


if __name__ == "__main__":
    unittest.main()
