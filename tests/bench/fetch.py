#!/usr/bin/python3
"""What a fetch() costs a worker's task, beside the least that it costs with libcurl.

200 callers, h2load with 20 connections of 10 calls at a time, call a worker that fetches a small
JSON answer from bench_upstream on loopback, which answers after 20 ms, and returns a part of it.
The same callers call a hello-world worker; what the first costs more is the fetch. Beside it
bench_multi does 200 fetches at a time from the same upstream in one libuv loop, and nothing else. A
worker that only waits, for a timer of 20 ms, tells how much of the difference comes of waiting.
Server CPU is the user and system time of the server's process by the calls that it counts as OK,
and the upstream must have answered just as many fetches.
"""

import re
import subprocess

import harness
from harness import Failure, Target, measure

CONNECTIONS = 20
STREAMS = 10
CALLERS = CONNECTIONS * STREAMS
DELAY_MS = 20
AIM_RATIO = 1.8
AIM_CALLS_PER_S = round(0.7 * CALLERS * 1000 / DELAY_MS)

# V8 optimises a worker only after some calls.
TELLING_CALLS = 10_000

# Loopback is closed to workers, and a tenant's connections are fewer by default.
FLAGS = ("--egress-allow=127.0.0.1", f"--connections={CALLERS}",
         f"--connections-per-tenant={CALLERS}")
WAIT_WORKER = f"""
export default {{
    async fetch() {{
        await new Promise((resolve) => setTimeout(resolve, {DELAY_MS}));
        return new Response("Hello, world!");
    }},
}};
"""
FETCH_WORKER = """
export default {{
    async fetch() {{
        const answer = await fetch("http://{address}/");
        const {{ message }} = await answer.json();
        return new Response(message);
    }},
}};
"""
MULTI_OUTPUT = r"fetched (\d+) seconds (\S+) cpu_us (\S+) p50_us (\d+) p99_us (\d+)"


class Upstream(harness.CountingServer):
    def __init__(self, folder):
        super().__init__("upstream", [harness.BIN / "bench_upstream", f"--delay-ms={DELAY_MS}"],
                         folder)


def measure_fetch(target, upstream, calls, folder):
    before = upstream.answered()
    figures = measure(target, calls, folder, [upstream])
    harness.check_answered(upstream, before, calls + harness.warm_up_calls(target, calls))
    return figures


def run_multi(upstream, calls, warm_up):
    command = [harness.BIN / "bench_multi", f"--concurrency={CALLERS}", f"--fetches={calls}",
               f"--warm-up={warm_up}", f"http://{upstream.address}/"]
    try:
        result = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                                timeout=harness.PATIENCE_S + calls / 500)
    except subprocess.TimeoutExpired:
        raise Failure(f"bench_multi has not ended its {calls} fetches") from None
    said = re.match(MULTI_OUTPUT, result.stdout)
    if result.returncode != 0 or not said:
        raise Failure(f"bench_multi: {result.stdout}{result.stderr}")
    return said


def measure_multi(upstream, calls):
    warm_up = max(CALLERS, calls // 4)
    before, start = upstream.answered(), harness.meter(upstream)
    said = run_multi(upstream, calls, warm_up)
    _, others = harness.since(start, upstream)
    harness.check_answered(upstream, before, calls + warm_up)
    return {"cpu_us": float(said[3]), "calls_per_s": round(int(said[1]) / float(said[2])),
            "p50_us": int(said[4]), "p99_us": int(said[5]), "others_percent": others}


def run(options, folder, stack):
    upstream = stack.enter_context(Upstream(folder))
    isoyardd = stack.enter_context(harness.Isoyardd(folder, *FLAGS))
    upstream.wait_ready()
    isoyardd.wait_ready()
    isoyardd.deploy("hello", harness.HELLO_WORKER)
    isoyardd.deploy("wait", WAIT_WORKER)
    isoyardd.deploy("fetch", FETCH_WORKER.format(address=upstream.address))
    hello, wait, fetch = (Target(isoyardd, isoyardd.make_request(name), CONNECTIONS, STREAMS)
                          for name in ("hello", "wait", "fetch"))
    rounds = harness.run_rounds(options.rounds, {
        "hello": lambda: measure(hello, options.calls, folder),
        "wait": lambda: measure(wait, options.calls, folder),
        "fetch": lambda: measure_fetch(fetch, upstream, options.calls, folder),
        "multi": lambda: measure_multi(upstream, options.calls)})
    isoyardd.stop()
    upstream.stop()
    return summarise(rounds, options)


def summarise(rounds, options):
    runs = harness.with_medians(rounds)
    cpu_us = {name: run["median"]["cpu_us"] for name, run in runs.items()}
    fetch_us = round(cpu_us["fetch"] - cpu_us["hello"], 2)
    ratio = round(fetch_us / max(cpu_us["multi"], 0.01), 2)
    calls_per_s = runs["fetch"]["median"]["calls_per_s"]
    aims = {"ratio": ratio <= AIM_RATIO, "calls_per_s": calls_per_s >= AIM_CALLS_PER_S}
    return {"calls": options.calls, "callers": CALLERS, "delay_ms": DELAY_MS, "runs": runs,
            "fetch_cpu_us": fetch_us, "wait_cpu_us": round(cpu_us["wait"] - cpu_us["hello"], 2),
            "ratio": ratio, "calls_per_s": calls_per_s,
            "aim": {"ratio": AIM_RATIO, "is_ratio_met": aims["ratio"],
                    "calls_per_s": AIM_CALLS_PER_S, "is_calls_per_s_met": aims["calls_per_s"],
                    "is_met": all(aims.values())}}


def print_summary(summary):
    aim = summary["aim"]
    harness.print_medians(summary["runs"])
    print(f"A fetch takes {summary['fetch_cpu_us']:.1f} us more than hello-world, "
          f"{summary['ratio']:.2f} x libcurl alone; the aim, at most {AIM_RATIO} x, is "
          f"{harness.met(aim['is_ratio_met'])}")
    print(f"{summary['wait_cpu_us']:.1f} us of that are what waiting for a timer takes, too.")
    print(f"{CALLERS} callers get {summary['calls_per_s']:.0f} calls/s, of "
          f"{CALLERS * 1000 // DELAY_MS} that the upstream allows; the aim, at least "
          f"{AIM_CALLS_PER_S}, is {harness.met(aim['is_calls_per_s_met'])}")
    if summary["calls"] < TELLING_CALLS:
        print(f"{summary['calls']} calls of a round are too few to tell.")


def main():
    options = harness.parse_options("fetch", __doc__, 5, 40_000, CALLERS, 2000)
    harness.main("fetch", options, ["bench_upstream", "bench_multi"], run, print_summary)


if __name__ == "__main__":
    main()
