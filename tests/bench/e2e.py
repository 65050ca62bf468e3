#!/usr/bin/python3
"""What one hello-world Execute costs over TCP, beside the least that any gRPC C-core server costs.

Starts isoyardd and bench_echo on loopback, and drives the two in turn with h2load: 32 connections
with one call each at a time, the same request bytes to both. Server CPU is the user and system time
of the server's process, divided by the calls that the server itself counts as OK: h2load takes each
HTTP 200 for a success, whatever the grpc-status. A difference between the two counts is a failure.
"""

import argparse
import contextlib
import json
import math
import os
import re
import resource
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

BIN = Path(__file__).resolve().parents[2] / "build/release/bin"
CONNECTIONS = 32
AIM_CPU_US = 24
AIM_RATIO = 2.2
BUSY_PERCENT = 10

# The kernel gives CPU time in steps of 10 ms, and V8 optimises a worker only after some calls.
TELLING_CALLS = 10_000

# How long to wait for what takes a moment, and for how many seconds a connection may be silent.
PATIENCE_S = 20
SILENCE_S = 10
TICKS_PER_S = os.sysconf("SC_CLK_TCK")
WORKER = "export default { fetch() { return new Response('Hello, world!'); } };\n"
ENDING_SIGNALS = (signal.SIGTERM, signal.SIGHUP, signal.SIGINT)
FIGURES = ("cpu_us", "calls_per_s", "p50_us", "p99_us", "others_percent")


class Failure(Exception):
    """Something that makes the figures worthless; its text is for a person."""


def wait_until(condition, what):
    end = time.monotonic() + PATIENCE_S
    while time.monotonic() < end:
        value = condition()
        if value:
            return value
        time.sleep(0.01)
    raise Failure(f"waited {PATIENCE_S} s for {what}")


class Server:
    """A process whose output goes to a file; a context, at whose end it is stopped."""

    def __init__(self, name, command, folder):
        self.name = name
        self.log_path = folder / f"{name}.log"
        with open(self.log_path, "wb") as log:
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log,
                                            stderr=log, env=clean_environment())

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.end()

    def end(self):
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(PATIENCE_S)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()

    def log(self):
        return self.log_path.read_text(errors="replace")

    def check_alive(self):
        if self.process.poll() is not None:
            raise Failure(f"{self.name} ended with status {self.process.returncode}:\n{self.log()}")

    def find(self, pattern, count=1):
        """The last match in its output, once there are so many."""
        def matches():
            self.check_alive()
            found = re.findall(pattern, self.log())
            return found if len(found) >= count else None
        return wait_until(matches, f"{self.name} to say '{pattern}'")[-1]

    def cpu_s(self):
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICKS_PER_S

    def stop(self):
        """Ends it in order, or says so."""
        self.check_alive()
        self.end()
        if self.process.returncode != 0:
            raise Failure(f"{self.name} left with {self.process.returncode}:\n{self.log()}")


class Isoyardd(Server):
    path = "/isoyard.v1.ExecutionService/Execute"

    def __init__(self, folder):
        super().__init__("isoyardd", [BIN / "isoyardd", "--listen", "127.0.0.1:0",
                                      "--db", folder / "isoyard.db"], folder)

    def prepare(self, folder):
        self.address = self.find(r"msg=ready listen=(\S+) ")
        (folder / "hello.js").write_text(WORKER)
        self.cli("deploy", folder / "hello.js", "--name", "hello")
        return self.cli("exec", "hello", "--print-request")

    def cli(self, *arguments):
        environment = clean_environment() | {"ISOYARD_ADDRESS": self.address}
        try:
            result = subprocess.run([BIN / "isoyard", *arguments], stdin=subprocess.DEVNULL,
                                    capture_output=True, timeout=PATIENCE_S, env=environment)
        except subprocess.TimeoutExpired:
            raise Failure(f"isoyard {arguments[0]} has not ended in {PATIENCE_S} s") from None
        if result.returncode != 0:
            self.check_alive()
            raise Failure(f"isoyard {arguments[0]}: {result.stderr.decode(errors='replace')}")
        return result.stdout

    def answered(self):
        return int(json.loads(self.cli("pool", "stats", "--json"))["tasks"]["answered"])


class Echo(Server):
    path = "/isoyard.bench.Echo/Echo"

    def __init__(self, folder):
        super().__init__("echo", [BIN / "bench_echo"], folder)
        self.asked = 0

    def prepare(self):
        self.address = "127.0.0.1:" + self.find(r"port (\d+)\n")

    def answered(self):
        self.check_alive()
        self.process.send_signal(signal.SIGUSR1)
        self.asked += 1
        return int(self.find(r"answered (\d+)\n", self.asked))


def clean_environment():
    return {name: value for name, value in os.environ.items() if not name.startswith("ISOYARD_")}


def drive(server, request, calls, log):
    """Sends the calls; h2load writes start, status and duration of each to the log."""
    command = ["h2load", f"--requests={calls}", f"--clients={CONNECTIONS}",
               "--max-concurrent-streams=1", f"--connection-inactivity-timeout={SILENCE_S}",
               f"--data={request}", f"--log-file={log}", "--header=content-type: application/grpc",
               "--header=te: trailers", f"http://{server.address}{server.path}"]
    log.unlink(missing_ok=True)
    try:
        result = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                stderr=subprocess.STDOUT, timeout=PATIENCE_S + calls / 500)
    except subprocess.TimeoutExpired:
        raise Failure(f"h2load has not ended its {calls} calls to {server.name}") from None
    server.check_alive()
    if result.returncode != 0:
        raise Failure(f"h2load: {result.stdout.decode(errors='replace')}")


def read_log(server, log, calls):
    """(start, duration) of each call, in microseconds."""
    rows = [line.split("\t") for line in log.read_text().splitlines()]
    good = [(int(row[0]), int(row[2])) for row in rows if row[1] == "200"]
    if len(good) != calls:
        raise Failure(f"{server.name}: {len(good)} calls of {calls} have got an HTTP 200")
    return good


def check_answered(server, before, calls):
    """The last calls are counted a moment after their answers have gone."""
    end = time.monotonic() + 2
    while (answered := server.answered() - before) < calls and time.monotonic() < end:
        time.sleep(0.05)
    if answered != calls:
        raise Failure(f"{server.name} counts {answered} calls as OK; h2load sent {calls}")


def busy_s():
    """CPU time of all there is, what the hypervisor takes included."""
    fields = [int(field) for field in Path("/proc/stat").read_text().split("\n")[0].split()[1:9]]
    return (sum(fields) - fields[3] - fields[4]) / TICKS_PER_S


def children_s():
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def meter(server):
    """Seconds: of the clock, and of CPU time of everything, of ended children, of the server."""
    return time.monotonic(), busy_s(), children_s(), server.cpu_s()


def percentile(ordered, share):
    return ordered[math.ceil(share * len(ordered)) - 1]


def latencies(rows):
    ordered = sorted(duration for _, duration in rows)
    span_us = max(start + duration for start, duration in rows) - min(start for start, _ in rows)
    return {"calls_per_s": round(len(rows) * 1e6 / span_us),
            "p50_us": percentile(ordered, 0.5), "p99_us": percentile(ordered, 0.99)}


def measure(server, request, calls, folder):
    log = folder / "h2load.log"
    drive(server, request, max(CONNECTIONS, calls // 4), log)
    # A call of the warm-up may still be on its way into the count.
    time.sleep(0.1)
    answered, start = server.answered(), meter(server)
    drive(server, request, calls, log)
    span, busy, client, cpu = (after - before for before, after in zip(start, meter(server)))
    rows = read_log(server, log, calls)
    check_answered(server, answered, calls)
    others = max(0, busy - client - cpu) / (span * os.cpu_count())
    return {"cpu_us": round(cpu * 1e6 / calls, 2), **latencies(rows),
            "others_percent": round(others * 100, 1)}


def print_row(label, name, figures):
    print(f"{label:<8}{name:<10}{figures['cpu_us']:>10.2f}{figures['calls_per_s']:>10.0f}"
          f"{figures['p50_us']:>9.0f}{figures['p99_us']:>9.0f}{figures['others_percent']:>9.1f} %",
          flush=True)


def run_rounds(servers, request, options, folder):
    print(f"{'round':<8}{'server':<10}{'CPU us':>10}{'calls/s':>10}{'p50 us':>9}{'p99 us':>9}"
          f"{'others':>11}")
    rounds = {server.name: [] for server in servers}
    for number in range(1, options.rounds + 1):
        for server in servers:
            figures = measure(server, request, options.calls, folder)
            rounds[server.name].append(figures)
            print_row(number, server.name, figures)
    return rounds


def run(options, folder):
    with contextlib.ExitStack() as stack:
        isoyardd = stack.enter_context(Isoyardd(folder))
        echo = stack.enter_context(Echo(folder))
        request = folder / "request"
        request.write_bytes(isoyardd.prepare(folder))
        echo.prepare()
        rounds = run_rounds((isoyardd, echo), request, options, folder)
        isoyardd.stop()
        echo.stop()
    return rounds


def summarise(rounds, options):
    servers = {}
    for name, figures in rounds.items():
        medians = {key: statistics.median(row[key] for row in figures) for key in FIGURES}
        servers[name] = {"median": medians, "rounds": figures}
    cpu_us = servers["isoyardd"]["median"]["cpu_us"]
    echo_us = servers["echo"]["median"]["cpu_us"]
    ratio = round(cpu_us / max(echo_us, 0.01), 2)
    is_met = cpu_us <= AIM_CPU_US or ratio <= AIM_RATIO
    return {"calls": options.calls, "connections": CONNECTIONS, "servers": servers, "ratio": ratio,
            "aim": {"cpu_us": AIM_CPU_US, "ratio": AIM_RATIO, "is_met": is_met}}


def print_summary(summary):
    medians = {name: server["median"] for name, server in summary["servers"].items()}
    for name, figures in medians.items():
        print_row("median", name, figures)
    if max(figures["others_percent"] for figures in medians.values()) > BUSY_PERCENT:
        print("The machine had other things to do: these figures say little, and flatter isoyardd, "
              "since\na server that waits for a core finds more calls at once.")
    print(f"isoyardd takes {summary['ratio']:.2f} x the CPU of the echo; the aim, at most "
          f"{AIM_CPU_US} us or {AIM_RATIO} x, is {'met' if summary['aim']['is_met'] else 'missed'}")
    if summary["calls"] < TELLING_CALLS:
        print(f"{summary['calls']} calls of a round are too few to tell.")


def check_programs():
    for program in ("isoyardd", "isoyard", "bench_echo"):
        if not (BIN / program).exists():
            raise Failure(f"there is no {BIN / program}: run scripts/build.sh release first")
    if not shutil.which("h2load"):
        raise Failure("there is no h2load: scripts/setup.sh installs it (nghttp2-client)")


def within(low, high):
    def number(text):
        value = int(text)
        if not low <= value <= high:
            raise argparse.ArgumentTypeError(f"{text} is not from {low} to {high}")
        return value
    return number


def parse_options():
    parser = argparse.ArgumentParser(
        prog="e2e.sh", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="'others' is the share of the machine that neither server nor h2load used: where "
               "it is\nlarge, the figures say little. Exit status: 1 where a run fails, 2 for a "
               "wrong option.")
    parser.add_argument("--rounds", type=within(1, 100), default=5, metavar="N",
                        help="rounds of each server, in turn (5)")
    parser.add_argument("--calls", type=within(CONNECTIONS, 10_000_000), default=40_000,
                        metavar="N", help="calls of a round, after a warm-up (40000)")
    parser.add_argument("--quick", action="store_true", help="1 round of 2000 calls")
    parser.add_argument("--json", type=argparse.FileType("w"), metavar="FILE",
                        help="write the figures there, too")
    parser.add_argument("--check", action="store_true", help="fail where the aim is missed")
    options = parser.parse_args()
    if options.quick:
        options.rounds, options.calls = 1, 2000
    return options


def leave(caught, _):
    """Servers are stopped on the way out, which a signal takes, too; a second one does not help."""
    for ending in ENDING_SIGNALS:
        signal.signal(ending, signal.SIG_IGN)
    sys.exit(128 + caught)


def main():
    options = parse_options()
    for ending in ENDING_SIGNALS:
        signal.signal(ending, leave)
    try:
        check_programs()
        with tempfile.TemporaryDirectory(prefix="isoyard-bench-") as folder:
            summary = summarise(run(options, Path(folder)), options)
        print_summary(summary)
        if options.json:
            print(json.dumps(summary, indent=2), file=options.json, flush=True)
    except Failure as failure:
        sys.exit(f"e2e: {failure}")
    if options.check and not summary["aim"]["is_met"]:
        sys.exit("e2e: the aim was missed")


if __name__ == "__main__":
    main()
