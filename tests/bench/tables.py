#!/usr/bin/python3
"""The tables with which OpenWorkers compared its three architectures, and what isoyardd gives.

Every row is a synthetic comparison (isoyard pool compare --workload ...) by a server of its own on
loopback: pools in one process, which get the same to do in rounds that alternate. Ours is the
median of the rounds; x is the median of a round's ratios, with the interval that covers the median
at 95 % (sign test; none with fewer than six rounds). The source's figures come from another machine
and a debug build, mostly of one caller: ratios can be compared, requests per second cannot.
"""

import argparse
import contextlib
import json
import math
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

import harness

ARMS = ("legacy", "shared fifo", "shared mutex", "pinned")
ROUNDS = 11
PATIENCE_S = 600


class Run:
    """One comparison: what each arm did in each round."""

    def __init__(self, report):
        self.arms = {arm["name"]: arm for arm in report["arms"]}
        self.notes = report.get("notes", [])
        failed = sum(int(arm.get("failed", 0)) for arm in report["arms"])
        if failed:
            raise harness.Failure(f"{report['title']}: {failed} tasks failed: {self.notes}")

    def rounds(self, arm):
        return [round_["tasks_per_s"] for round_ in self.arms[arm]["rounds"]]

    def per_s(self, arm):
        return statistics.median(self.rounds(arm))

    def ratio(self, arm, other):
        """The median of the rounds' ratios, and its interval, or None."""
        ratios = sorted(a / b for a, b in zip(self.rounds(arm), self.rounds(other)))
        rank = interval_rank(len(ratios))
        interval = (ratios[rank - 1], ratios[-rank]) if rank else None
        return statistics.median(ratios), interval

    def latency(self, arm, name):
        return int(self.arms[arm]["latency"][name])

    def kind(self, arm, name):
        """Of "cold", "new_context" and "warm": how many there were, and their median in us."""
        times = self.arms[arm].get(name)
        return (int(times["count"]), int(times["p50_us"])) if times else (0, 0)


def interval_rank(count):
    """Which values, from either end, bound the interval of the median at 95 %; 0: there is none."""
    rank, below = 0, 0.0
    while True:
        below += math.comb(count, rank) / 2**count
        if 2 * below > 0.05:
            return rank
        rank += 1


class Bench:
    def __init__(self, server, options):
        self.server = server
        self.options = options
        self.done = {}

    def compare(self, workload, *arguments, arms=ARMS):
        """Each comparison once, however many rows want it."""
        key = (workload, arms, *arguments)
        if key not in self.done:
            self.done[key] = Run(self._run(workload, arms, arguments))
        return self.done[key]

    def _run(self, workload, arms, arguments):
        words = " ".join((workload, *arguments))
        print(f"{words} ...", file=sys.stderr, flush=True)
        command = [harness.BIN / "isoyard", "pool", "compare", "--json", f"--workload={workload}",
                   f"--rounds={self.options.rounds}",
                   f"--arms={','.join(arm.replace(' ', '-') for arm in arms)}", *arguments]
        if self.options.quick:
            command.append("--tasks=8")
        result = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True,
                                timeout=PATIENCE_S, check=False,
                                env=harness.clean_environment() | {"ISOYARD_ADDRESS": self.server.address})
        if result.returncode != 0:
            raise harness.Failure(f"isoyard pool compare {words}: {result.stderr.decode(errors='replace')}")
        return json.loads(result.stdout)


# Printing.

def number(value):
    return "-" if value is None else f"{value:,.0f}"


def times(ratio):
    """1.44 (1.40 to 1.50)"""
    median, interval = ratio
    return f"{median:.2f}" + (f" ({interval[0]:.2f} to {interval[1]:.2f})" if interval else "")


def print_table(head, rows):
    widths = [max(len(str(row[i])) for row in (head, *rows)) for i in range(len(head))]
    for row in (head, *rows):
        print("  ".join(str(cell).ljust(width) for cell, width in zip(row, widths)).rstrip())


def title(text, *notes):
    print(f"\n## {text}\n")
    for note in notes:
        print(note)
    if notes:
        print()


class Row(NamedTuple):
    """Of a table: the source's requests per second for legacy, shared and pinned, None: none."""
    name: str
    source: tuple
    run: Run


def row_lines(row):
    """A line of the source, where it has one, and one of ours."""
    legacy, shared, pinned = row.source
    run = row.run
    ours = ["ours", *(number(run.per_s(arm)) for arm in ROW_ARMS), times(run.ratio("shared mutex", "legacy")),
            times(run.ratio("pinned", "legacy")), times(run.ratio("pinned", "shared mutex")),
            times(run.ratio("shared fifo", "shared mutex"))]
    if not pinned:
        return [[row.name, *ours]]

    def against(value, base):
        return f"{value / base:.2f}" if value and base else "-"

    source = ["source", *(number(value) for value in row.source), "-", against(shared, legacy), against(pinned, legacy),
              against(pinned, shared), "-"]
    return [[row.name, *source], ["", *ours]]


ROW_ARMS = ("legacy", "shared mutex", "pinned", "shared fifo")
ROW_HEAD = ("test", "", *ROW_ARMS, "mutex : legacy", "pinned : legacy", "pinned : mutex", "fifo : mutex")


def print_rows(*rows):
    print_table(ROW_HEAD, [line for row in rows for line in row_lines(row)])


# Tables.

def complete_table(bench):
    title("Complete comparison (requests per second; one caller)",
          "The source's shared pool is guarded by mutexes, as ours with --handoff mutex; fifo is our default.",
          "Its \"warm\" has a new context for every task: --context fresh. Legacy has no warm isolates, so that",
          "the source left it out; ours is the same task in a new isolate each time.")
    print_rows(Row("CPU-bound (no I/O)", (400, 578, 556), bench.compare("cpu")),
               Row("Standard (5 ms I/O)", (118, 126, 126), bench.compare("standard")),
               Row("Warm cache", (None, 1551, 2077), bench.compare("warm", "--context=fresh")))
    print("\nNot in the source: the same isolate *and* context for every task (--context reuse).\n")
    print_rows(Row("Warm context", (None, None, None), bench.compare("warm")))


def contention_table(bench):
    title("Contention (8 threads, 8 callers, one worker)",
          "The source's figures are of bare V8 with next to no runtime: its legacy makes an isolate in",
          "0.8 ms of eight threads' time, ours also loads a snapshot, evaluates a module, and counts: the",
          "columns of legacy cannot be compared. In its pinned rows each thread called an isolate of its",
          "own, with no routing; ours goes by the worker's hash to one lane, and spreads to others when",
          "that is behind. Its machine had cores for 8 threads; see above how many this one has.")
    print_rows(Row("8 threads, 4 isolates", (9945, 5423, 10450),
                   bench.compare("contention", "--threads=8", "--isolates=4", "--io-ms=0")),
               Row("8 threads, 1 isolate", (10083, 1094, 19511),
                   bench.compare("contention", "--threads=8", "--isolates=1", "--io-ms=0")))
    run = bench.compare("contention", "--threads=8", "--isolates=1", "--io-ms=0")
    print("\nWaits of the last row: where shared pools lose time.\n")
    print_table(("arm", "p50 us", "p99 us", "max us", "lock contended", "isolate contended"),
                [(arm, *(number(run.latency(arm, key)) for key in ("p50_us", "p99_us", "max_us")),
                  share(run.arms[arm].get("lock")), share(run.arms[arm].get("isolate_lock"))) for arm in ARMS])


def share(lock):
    if not lock:
        return "-"
    return f"{100 * int(lock.get('contended', 0)) / int(lock['acquisitions']):.2f} %"


def realistic_table(bench):
    title("Realistic handlers (requests per second; one caller)",
          "I/O is simulated in the source and here, by a timer of 20 ms, which no upstream can be late for.")
    print_rows(Row("Simple handler", (391, 585, 572), bench.compare("simple")),
               Row("With fetch() (20 ms)", (37, 41, 39), bench.compare("fetch")),
               Row("Two fetches (15 ms)", (None, None, None), bench.compare("multi-fetch")))


def scenario_table(bench):
    title("Scenarios: pinned against the others",
          "The source's claims, which summarise its other tables, and the same ratios here.")
    extreme = bench.compare("contention", "--threads=8", "--isolates=1", "--io-ms=0")
    lines = []
    for name, source_legacy, source_shared, run in (
            ("Standard workload", "1.30 to 1.50", "1.03 to 1.05", bench.compare("standard")),
            ("CPU-bound", "1.05", "1.50 to 3.00", bench.compare("cpu")),
            ("Warm cache", "-", "1.34", bench.compare("warm", "--context=fresh")),
            ("High contention", "1.10", "1.10 to 19", extreme)):
        lines.append((name, source_legacy, times(run.ratio("pinned", "legacy")), source_shared,
                      times(run.ratio("pinned", "shared fifo")), times(run.ratio("pinned", "shared mutex"))))
    print_table(("scenario", "vs legacy: source", "ours", "vs shared: source", "fifo, ours", "mutex, ours"), lines)


def milliseconds(kind):
    count, p50_us = kind
    return f"{p50_us / 1000:.3f} ms" if count else "-"


def aspect_table(bench):
    title("Aspects: what a cold and a warm task take",
          "The source's \"cold\" are its CPU-bound means, 20 of whose 30 tasks are not cold. Ours are the",
          "medians of tasks that waited for a new isolate, for a new context, and for neither (simple).",
          "Its other rows (reuse, memory efficiency, isolation, simplicity, recommendations) are no",
          "measurements.")
    simple, fresh = bench.compare("simple"), bench.compare("simple", "--context=fresh")
    print_table(("", "legacy", "shared fifo", "shared mutex", "pinned"), [
        ("cold, source", "2.5 ms", "1.7 ms", "-", "1.8 ms"),
        ("cold isolate", *(milliseconds(simple.kind(arm, "cold")) for arm in ARMS)),
        ("warm, source", "-", "0.64 ms", "-", "0.48 ms"),
        ("warm isolate, new context", *(milliseconds(fresh.kind(arm, "new_context")) for arm in ARMS)),
        ("warm context", *(milliseconds(simple.kind(arm, "warm")) for arm in ARMS))])


def readiness_table(bench):
    title("Synchronous and asynchronous handlers, against legacy")
    simple, fetch = bench.compare("simple"), bench.compare("fetch")
    print_table(("", "sync: source", "ours", "async: source", "ours"), [
        ("shared fifo", "1.50", times(simple.ratio("shared fifo", "legacy")), "1.11",
         times(fetch.ratio("shared fifo", "legacy"))),
        ("pinned", "1.46", times(simple.ratio("pinned", "legacy")), "1.05", times(fetch.ratio("pinned", "legacy")))])


def threads_table(bench):
    arms = ARMS[1:]
    title("Threads: pinned and shared pools with as many isolates (workload \"threads\")",
          "As many callers as lanes, 5 workers and 50 tasks each. Not in the source.")
    lines = []
    for lanes in (1, 2, 8):
        run = bench.compare("threads", f"--threads={lanes}", arms=arms)
        lines.append((lanes, *(number(run.per_s(arm)) for arm in arms), times(run.ratio("pinned", "shared fifo")),
                      times(run.ratio("pinned", "shared mutex")), times(run.ratio("shared fifo", "shared mutex"))))
    print_table(("lanes", *(f"{arm} /s" for arm in arms), "pinned : fifo", "pinned : mutex", "fifo : mutex"), lines)


def run(options):
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        server = stack.enter_context(harness.Isoyardd(folder))
        server.wait_ready()
        bench = Bench(server, options)
        version = server.cli("version").decode().strip().splitlines()[0]
        print(f"{version}, {len(harness.os.sched_getaffinity(0))} processors, {options.rounds} rounds")
        for table in (complete_table, contention_table, realistic_table, scenario_table, aspect_table,
                      readiness_table, threads_table):
            table(bench)
        server.stop()


def main():
    parser = argparse.ArgumentParser(prog="tests/bench/tables.sh", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=harness.within(1, 101), default=ROUNDS, help="of each comparison, 1 to 101 (%(default)s)")
    parser.add_argument("--quick", action="store_true",
                        help="a round of a few tasks: tells that it runs, and no more")
    options = parser.parse_args()
    if options.quick:
        options.rounds = 1
    try:
        harness.check_programs(())
        run(options)
    except harness.Failure as failure:
        sys.exit(f"tables.sh: {failure}")


if __name__ == "__main__":
    main()
