#!/usr/bin/python3
"""What one hello-world Execute costs over TCP, beside the least that any gRPC C-core server costs.

Starts isoyardd and bench_echo on loopback, and drives the two in turn with h2load: 32 connections
with one call each at a time, the same request bytes to both. Server CPU is the user and system time
of the server's process, divided by the calls that the server itself counts as OK: h2load takes each
HTTP 200 for a success, whatever the grpc-status. A difference between the two counts is a failure.
"""

import harness
from harness import Target, measure

CONNECTIONS = 32
AIM_CPU_US = 24
AIM_RATIO = 2.2

# V8 optimises a worker only after some calls.
TELLING_CALLS = 10_000


class Echo(harness.CountingServer):
    path = "/isoyard.bench.Echo/Echo"

    def __init__(self, folder):
        super().__init__("echo", [harness.BIN / "bench_echo"], folder)


def run(options, folder, stack):
    isoyardd = stack.enter_context(harness.Isoyardd(folder))
    echo = stack.enter_context(Echo(folder))
    isoyardd.wait_ready()
    echo.wait_ready()
    isoyardd.deploy("hello", harness.HELLO_WORKER)
    request = isoyardd.make_request("hello")
    rounds = harness.run_rounds(options.rounds, {
        server.name: lambda target=Target(server, request, CONNECTIONS, 1):
            measure(target, options.calls, folder)
        for server in (isoyardd, echo)})
    isoyardd.stop()
    echo.stop()
    return summarise(rounds, options)


def summarise(rounds, options):
    servers = harness.with_medians(rounds)
    cpu_us = servers["isoyardd"]["median"]["cpu_us"]
    echo_us = servers["echo"]["median"]["cpu_us"]
    ratio = round(cpu_us / max(echo_us, 0.01), 2)
    is_met = cpu_us <= AIM_CPU_US or ratio <= AIM_RATIO
    return {"calls": options.calls, "connections": CONNECTIONS, "servers": servers, "ratio": ratio,
            "aim": {"cpu_us": AIM_CPU_US, "ratio": AIM_RATIO, "is_met": is_met}}


def print_summary(summary):
    harness.print_medians(summary["servers"])
    print(f"isoyardd takes {summary['ratio']:.2f} x the CPU of the echo; the aim, at most "
          f"{AIM_CPU_US} us or {AIM_RATIO} x, is {harness.met(summary['aim']['is_met'])}")
    if summary["calls"] < TELLING_CALLS:
        print(f"{summary['calls']} calls of a round are too few to tell.")


def main():
    options = harness.parse_options("e2e", __doc__, 5, 40_000, CONNECTIONS, 2000)
    harness.main("e2e", options, ["bench_echo"], run, print_summary)


if __name__ == "__main__":
    main()
