#!/usr/bin/python3
"""What being observed costs a hello-world Execute: server CPU per call, with everything on against all off.

"on" is a server as it comes, with a dashboard open and /metrics scraped each 5 seconds; "off" one with
--observe off and --http off. Both run all the time; h2load drives one and then the other, 32 connections with
one call each at a time. A processor's speed may change from second to second: each pair is ten short turns of
either, and which comes first alternates. The ratio is taken within each pair; of the ratios the median is told,
and its interval of 95 % from the order of the pairs (sign test), whose upper end is what counts. In the end 1,000 workers are deployed and called, and it is told how long a snapshot of all counters
takes, and a whole scrape.
"""

import contextlib
import http.client
import math
import re
import statistics
import threading
import time

import harness
from harness import Target, measure

CONNECTIONS = 32
SCRAPE_S = 5
AIM_RATIO = 1.05
TURNS = 10

WORKERS = 1000
SNAPSHOTS = 50
AIM_SNAPSHOT_MS = 2

# V8 optimises a worker only after some calls, and a tick of the dashboard comes once a second.
TELLING_CALLS = 10_000


class Observed(harness.Isoyardd):
    """With somebody who watches."""

    def __init__(self, folder):
        super().__init__(folder, "--http", "127.0.0.1:0")
        self.name = "on"
        self.is_over = threading.Event()
        self.watchers = []

    def wait_ready(self):
        super().wait_ready()
        self.http = self.find(r"msg=ready .*? http=(\S+)")
        self.watchers = [threading.Thread(target=watch, daemon=True) for watch in (self.watch, self.scrape)]
        for watcher in self.watchers:
            watcher.start()

    def watch(self):
        """As a dashboard does; ends with the server."""
        connection = http.client.HTTPConnection(self.http, timeout=60)
        with contextlib.suppress(OSError, http.client.HTTPException):
            connection.request("GET", "/api/events")
            response = connection.getresponse()
            while response.readline():
                pass

    def scrape(self):
        while not self.is_over.wait(SCRAPE_S):
            connection = http.client.HTTPConnection(self.http, timeout=60)
            with contextlib.suppress(OSError, http.client.HTTPException):
                connection.request("GET", "/metrics")
                connection.getresponse().read()
            connection.close()

    def metrics(self):
        connection = http.client.HTTPConnection(self.http, timeout=60)
        with contextlib.closing(connection):
            connection.request("GET", "/metrics")
            return connection.getresponse().read().decode()

    def snapshot_ms(self, workers):
        """Medians: of reading the counters, and of a scrape as the server sees it."""
        for number in range(workers):
            self.deploy(f"worker-{number}", harness.HELLO_WORKER)
            self.cli("exec", f"worker-{number}")
        texts = [self.metrics() for _ in range(SNAPSHOTS)]
        return {name: round(statistics.median(1e3 * float(re.search(rf"^isoyard_{name}_seconds (\S+)$", text, re.M)[1])
                                              for text in texts), 3)
                for name in ("stats_snapshot", "metrics_collection")}

    def stop(self):
        self.is_over.set()
        super().stop()


class Unobserved(harness.Isoyardd):
    def __init__(self, folder):
        super().__init__(folder, "--observe", "off")
        self.name = "off"


def open_server(kind, folder, stack):
    (folder / kind.__name__).mkdir()
    return stack.enter_context(kind(folder / kind.__name__))


def run(options, folder, stack):
    servers = [open_server(kind, folder, stack) for kind in (Observed, Unobserved)]
    targets = {}
    for server in servers:
        server.wait_ready()
        server.deploy("hello", harness.HELLO_WORKER)
        targets[server.name] = Target(server, server.make_request("hello"), CONNECTIONS, 1)
    # V8 optimises a worker only after some calls.
    for target in targets.values():
        measure(target, options.calls, folder)
    rounds = run_pairs(options, targets, folder)
    snapshot = servers[0].snapshot_ms(10 if options.quick else WORKERS)
    for server in servers:
        server.stop()
    return summarise(rounds, snapshot, options)


def run_pairs(options, targets, folder):
    harness.print_head()
    rounds = {name: [] for name in targets}
    for number in range(1, options.rounds + 1):
        for name, figures in take_turns(options, targets, folder).items():
            rounds[name].append(figures)
            harness.print_row(number, name, figures)
    return rounds


def take_turns(options, targets, folder):
    """The mean figures of each target's turns."""
    turns = {name: [] for name in targets}
    for number in range(TURNS):
        for name in sorted(targets, reverse=number % 2 == 0):
            turns[name].append(measure(targets[name], options.calls // TURNS, folder))
    return {name: {key: statistics.mean(figures[key] for figures in all_figures) for key in harness.FIGURES}
            for name, all_figures in turns.items()}


def interval(ratios):
    """Of the median, at 95 %; None where there are too few."""
    ordered, count = sorted(ratios), len(ratios)
    below, rank = 0, 0
    while below + math.comb(count, rank) / 2 ** count <= 0.025:
        below += math.comb(count, rank) / 2 ** count
        rank += 1
    return (ordered[rank - 1], ordered[count - rank]) if rank > 0 else None


def summarise(rounds, snapshot, options):
    ratios = [on["cpu_us"] / max(off["cpu_us"], 0.01) for on, off in zip(rounds["on"], rounds["off"])]
    ends = interval(ratios)
    return {"calls": options.calls, "connections": CONNECTIONS, "servers": harness.with_medians(rounds),
            "ratios": [round(ratio, 4) for ratio in ratios], "median": round(statistics.median(ratios), 4),
            "interval": ends and [round(end, 4) for end in ends],
            "snapshot_ms": snapshot, "workers": 10 if options.quick else WORKERS,
            "aim": {"ratio": AIM_RATIO, "snapshot_ms": AIM_SNAPSHOT_MS,
                    "is_met": ends is not None and ends[1] <= AIM_RATIO and
                    snapshot["stats_snapshot"] <= AIM_SNAPSHOT_MS}}


def print_summary(summary):
    harness.print_medians(summary["servers"])
    ends = summary["interval"]
    between = f"{ends[0]:.3f} to {ends[1]:.3f} at 95 %" if ends else "too few pairs for an interval"
    print(f"on takes {summary['median']:.3f} x the CPU of off: {between}; the upper end is to be at most {AIM_RATIO}")
    print(f"with {summary['workers']} workers a snapshot of the counters takes {summary['snapshot_ms']['stats_snapshot']} ms, "
          f"a scrape {summary['snapshot_ms']['metrics_collection']} ms; a snapshot is to take at most {AIM_SNAPSHOT_MS} ms")
    print(f"the aim is {harness.met(summary['aim']['is_met'])}")
    if summary["calls"] < TELLING_CALLS:
        print(f"{summary['calls']} calls of a round are too few to tell.")


def main():
    options = harness.parse_options("observe", __doc__, 40, 50_000, TURNS * CONNECTIONS, 2000)
    harness.main("observe", options, [], run, print_summary)


if __name__ == "__main__":
    main()
