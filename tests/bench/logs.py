#!/usr/bin/python3
"""What the log of workers costs a call, and how much of a flood it keeps.

The same callers, h2load with 16 connections of 4 calls at a time, call two workers of each of three
servers: hello-world, and one that writes ten lines of 60 bytes. "off" keeps no log and writes none
to stderr (--log-mib 0 --log-console off), "kept" keeps it (--log-console off), "stderr" is as a
server is without flags, which does both. Server CPU is that of the whole process, the log's thread
included. Of the lines of a round so many are dropped, and counted, as the log's thread could not
write while the callers had the cores.
"""

import json

import harness
from harness import Target, measure

CONNECTIONS = 16
STREAMS = 4
LINES = 10
AIM_RATIO = 1.05

SERVERS = {
    "off": ("--log-mib=0", "--log-console=off"),
    "kept": ("--log-console=off",),
    "stderr": (),
}
LOGGING_WORKER = f"""
export default {{
    fetch() {{
        for (let i = 0; i < {LINES}; i++) console.log("a line of sixty bytes, as workers write them, more or less");
        return new Response("Hello, world!");
    }},
}};
"""


class Logged:
    """A server with its two workers."""

    def __init__(self, name, folder, stack):
        self.folder = folder / name
        self.folder.mkdir()
        self.server = stack.enter_context(harness.Isoyardd(self.folder, *SERVERS[name]))
        self.server.wait_ready()
        self.targets = {}
        for worker, source in (("hello", harness.HELLO_WORKER), ("lines", LOGGING_WORKER)):
            self.server.deploy(worker, source)
            self.targets[worker] = Target(self.server, self.server.make_request(worker), CONNECTIONS, STREAMS)

    def measure(self, worker, calls):
        return lambda: measure(self.targets[worker], calls, self.folder)

    def records(self):
        """How many were written, and how many were dropped."""
        stats = json.loads(self.server.cli("pool", "stats", "--json"))["server"]
        return int(stats.get("log_records", 0)), int(stats.get("dropped_log_records", 0))


def run(options, folder, stack):
    servers = {name: Logged(name, folder, stack) for name in SERVERS}
    rounds = harness.run_rounds(options.rounds, {
        f"{worker[0]}-{name}": logged.measure(worker, options.calls)
        for worker in ("hello", "lines") for name, logged in servers.items()})
    records = {name: logged.records() for name, logged in servers.items()}
    for logged in servers.values():
        logged.server.stop()
    return summarise(rounds, records, options)


def summarise(rounds, records, options):
    runs = harness.with_medians(rounds)
    cpu_us = {name: run["median"]["cpu_us"] for name, run in runs.items()}
    ratio = round(cpu_us["h-kept"] / max(cpu_us["h-off"], 0.01), 3)
    return {"calls": options.calls, "runs": runs, "records": records, "hello_ratio": ratio,
            "line_us": {name: round((cpu_us[f"l-{name}"] - cpu_us[f"h-{name}"]) / LINES, 2) for name in SERVERS},
            "aim": {"ratio": AIM_RATIO, "is_met": ratio <= AIM_RATIO}}


def print_summary(summary):
    harness.print_medians(summary["runs"])
    print(f"A call that writes nothing takes {summary['hello_ratio']:.3f} x with a log that is kept; the aim, at most "
          f"{AIM_RATIO} x, is {harness.met(summary['aim']['is_met'])}")
    for name, line_us in summary["line_us"].items():
        written, dropped = summary["records"][name]
        print(f"A line takes {line_us:.2f} us of CPU with {name}; {written} were kept, {dropped} dropped")


def main():
    options = harness.parse_options("logs", __doc__, 5, 20_000, CONNECTIONS * STREAMS, 2000)
    harness.main("logs", options, [], run, print_summary)


if __name__ == "__main__":
    main()
