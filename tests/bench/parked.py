#!/usr/bin/python3
"""What 10000 parked tasks take: memory, and what a hello-world call costs more beside them.

A parked task waits for a timer of an hour; h2load holds them, on 10 connections. For each round a
server starts anew, and is driven with hello-world calls of the same worker, so in the same isolate:
32 connections with one call each at a time, alone at first, then beside the parked tasks. Memory is
what the process has resident right before and after they are parked. Server CPU is the user and
system time of the server's process by the calls that it counts as OK.
"""

import statistics

import harness
from harness import Target, measure

CONNECTIONS = 32
PARKED = 10_000
PARKED_CONNECTIONS = 10
AIM_RATIO = 1.2

# V8 optimises a worker only after some calls.
TELLING_CALLS = 10_000

FLAGS = (f"--queue={PARKED}", f"--tasks-per-isolate={PARKED + CONNECTIONS}", "--wall-ms=7200000")
WORKER = """
export default {
    async fetch(request) {
        if (request.url.endsWith("/park")) {
            await new Promise((resolve) => setTimeout(resolve, 3_600_000));
        }
        return new Response("Hello, world!");
    },
};
"""


class Callers(harness.Server):
    """h2load with calls that nobody answers before it is ended."""

    def __init__(self, isoyardd, request, folder):
        target = Target(isoyardd, request, PARKED_CONNECTIONS, PARKED // PARKED_CONNECTIONS)
        super().__init__("h2load", harness.h2load_command(target, PARKED), folder)
        self.isoyardd = isoyardd

    def wait_parked(self):
        self._wait_in_flight(PARKED)

    def leave(self):
        """The server cancels what they have called."""
        self.check_alive()
        self.end()
        self._wait_in_flight(0)

    def _wait_in_flight(self, count):
        harness.wait_until(lambda: int(self.isoyardd.tasks()["in_flight"]) == count,
                           f"{count} tasks to be in flight")


def run_round(number, options, folder, stack):
    isoyardd = stack.enter_context(harness.Isoyardd(folder, *FLAGS))
    isoyardd.wait_ready()
    isoyardd.deploy("worker", WORKER)
    hello = Target(isoyardd, isoyardd.make_request("worker"), CONNECTIONS, 1)
    parking = isoyardd.make_request("worker", "/park")
    alone = measure(hello, options.calls, folder)
    harness.print_row(number, "alone", alone)
    resident_kib = isoyardd.resident_kib()
    callers = stack.enter_context(Callers(isoyardd, parking, folder))
    callers.wait_parked()
    kib = round((isoyardd.resident_kib() - resident_kib) / PARKED, 2)
    beside = measure(hello, options.calls, folder)
    harness.print_row(number, "beside", beside)
    print(f"{number:<8}{'memory':<10}{kib:>10.2f} KiB a parked task", flush=True)
    callers.leave()
    isoyardd.stop()
    return {"alone": alone, "beside": beside, "kib": kib}


def run(options, *_):
    harness.print_head()
    rounds = [harness.run_in_folder(
        lambda *place, number=number: run_round(number, *place), options)
        for number in range(1, options.rounds + 1)]
    return summarise(rounds, options)


def summarise(rounds, options):
    runs = harness.with_medians({name: [figures[name] for figures in rounds]
                                 for name in ("alone", "beside")})
    alone_us, beside_us = (runs[name]["median"]["cpu_us"] for name in ("alone", "beside"))
    kib = [figures["kib"] for figures in rounds]
    ratio = round(beside_us / max(alone_us, 0.01), 2)
    return {"calls": options.calls, "parked": PARKED, "runs": runs, "ratio": ratio,
            "kib_per_parked": {"median": statistics.median(kib), "rounds": kib},
            "aim": {"ratio": AIM_RATIO, "is_met": ratio <= AIM_RATIO}}


def print_summary(summary):
    harness.print_medians(summary["runs"])
    print(f"A parked task takes {summary['kib_per_parked']['median']:.1f} KiB, of {PARKED}.")
    print(f"Beside them a hello-world call takes {summary['ratio']:.2f} x the CPU; the aim, at "
          f"most {AIM_RATIO} x, is {harness.met(summary['aim']['is_met'])}")
    if summary["calls"] < TELLING_CALLS:
        print(f"{summary['calls']} calls of a round are too few to tell.")


def main():
    options = harness.parse_options("parked", __doc__, 5, 40_000, CONNECTIONS, 2000)
    harness.main("parked", options, [], run, print_summary)


if __name__ == "__main__":
    main()
