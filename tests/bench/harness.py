"""What the benchmarks over TCP have in common: servers as processes, h2load, CPU time, rounds.

Server CPU is the user and system time of the server's process, divided by the calls that the
server itself counts as OK: h2load takes each HTTP 200 for a success, whatever the grpc-status. A
difference between the two counts is a failure.
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
from typing import NamedTuple

BIN = Path(os.environ.get("ISOYARD_BIN",
                          Path(__file__).resolve().parents[2] / "build/release/bin")).absolute()
EXECUTE = "/isoyard.v1.ExecutionService/Execute"
HELLO_WORKER = "export default { fetch() { return new Response('Hello, world!'); } };\n"
BUSY_PERCENT = 10

# How long to wait for what takes a moment, and for how many seconds a connection may be silent.
PATIENCE_S = 20
SILENCE_S = 10
TICKS_PER_S = os.sysconf("SC_CLK_TCK")
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


def clean_environment():
    return {name: value for name, value in os.environ.items() if not name.startswith("ISOYARD_")}


def cpu_s(pid):
    """User and system time of a process, by its CPU clock (clock_getcpuclockid), which /proc gives in steps of 10 ms."""
    return time.clock_gettime(~pid << 3 | 2)


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
        return cpu_s(self.process.pid)

    def resident_kib(self):
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(r"VmRSS:\s+(\d+) kB", status)[1])

    def stop(self):
        """Ends it in order, or says so."""
        self.check_alive()
        self.end()
        if self.process.returncode != 0:
            raise Failure(f"{self.name} left with {self.process.returncode}:\n{self.log()}")


class Isoyardd(Server):
    path = EXECUTE

    def __init__(self, folder, *flags):
        super().__init__("isoyardd", [BIN / "isoyardd", "--listen", "127.0.0.1:0", "--http", "off",
                                      "--db", folder / "isoyard.db", *flags], folder)
        self.folder = folder

    def wait_ready(self):
        self.address = self.find(r"msg=ready listen=(\S+) ")

    def deploy(self, name, source):
        file = self.folder / f"{name}.js"
        file.write_text(source)
        self.cli("deploy", file, "--name", name)

    def make_request(self, name, path="/"):
        """A file with the bytes of a call of the worker."""
        file = self.folder / f"{name}{path.replace('/', '-')}.request"
        file.write_bytes(self.cli("exec", name, "--path", path, "--print-request"))
        return file

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

    def tasks(self):
        return json.loads(self.cli("pool", "stats", "--json"))["tasks"]

    def answered(self):
        return int(self.tasks()["answered"])


class CountingServer(Server):
    """It says "port N" when it listens, and "answered N" at each SIGUSR1."""

    def __init__(self, name, command, folder):
        super().__init__(name, command, folder)
        self.asked = 0

    def wait_ready(self):
        self.address = "127.0.0.1:" + self.find(r"port (\d+)\n")

    def answered(self):
        self.check_alive()
        self.process.send_signal(signal.SIGUSR1)
        self.asked += 1
        return int(self.find(r"answered (\d+)\n", self.asked))


class Target(NamedTuple):
    """What h2load is to do: so many connections, with so many calls each at a time."""
    server: Server
    request: Path
    connections: int
    streams: int


def h2load_command(target, calls, *arguments):
    return ["h2load", f"--requests={calls}", f"--clients={target.connections}",
            f"--max-concurrent-streams={target.streams}", f"--data={target.request}", *arguments,
            "--header=content-type: application/grpc", "--header=te: trailers",
            f"http://{target.server.address}{target.server.path}"]


def drive(target, calls, log):
    """Sends the calls; h2load writes start, status and duration of each to the log."""
    log.unlink(missing_ok=True)
    command = h2load_command(target, calls, f"--connection-inactivity-timeout={SILENCE_S}",
                             f"--log-file={log}")
    try:
        result = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                stderr=subprocess.STDOUT, timeout=PATIENCE_S + calls / 500)
    except subprocess.TimeoutExpired:
        raise Failure(f"h2load has not ended its {calls} calls to {target.server.name}") from None
    target.server.check_alive()
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
        raise Failure(f"{server.name} counts {answered} calls as OK; there were {calls}")


def busy_s():
    """CPU time of all there is, what the hypervisor takes included."""
    fields = [int(field) for field in Path("/proc/stat").read_text().split("\n")[0].split()[1:9]]
    return (sum(fields) - fields[3] - fields[4]) / TICKS_PER_S


def children_s():
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def meter(*servers):
    """Seconds: of the clock, and of CPU time of everything, of ended children, of each server."""
    return time.monotonic(), busy_s(), children_s(), *(server.cpu_s() for server in servers)


def since(start, *servers):
    """CPU time of the children and of each server, and the percentage of the machine's time that
    went to others than these."""
    span, busy, *used = (after - before for before, after in zip(start, meter(*servers)))
    others = max(0, busy - sum(used)) / (span * os.cpu_count())
    return used, round(others * 100, 1)


def warm_up_calls(target, calls):
    return max(target.connections * target.streams, calls // 4)


def percentile(ordered, share):
    return ordered[math.ceil(share * len(ordered)) - 1]


def latencies(rows):
    ordered = sorted(duration for _, duration in rows)
    span_us = max(start + duration for start, duration in rows) - min(start for start, _ in rows)
    return {"calls_per_s": round(len(rows) * 1e6 / span_us),
            "p50_us": percentile(ordered, 0.5), "p99_us": percentile(ordered, 0.99)}


def measure(target, calls, folder, beside=()):
    """beside: servers that work for these calls, too, whose CPU is not the target's."""
    server, log = target.server, folder / "h2load.log"
    drive(target, warm_up_calls(target, calls), log)
    # A call of the warm-up may still be on its way into the count.
    time.sleep(0.1)
    answered, start = server.answered(), meter(server, *beside)
    drive(target, calls, log)
    (_, cpu, *_), others = since(start, server, *beside)
    rows = read_log(server, log, calls)
    check_answered(server, answered, calls)
    return {"cpu_us": round(cpu * 1e6 / calls, 2), **latencies(rows), "others_percent": others}


def print_head():
    print(f"{'round':<8}{'what':<10}{'CPU us':>10}{'calls/s':>10}{'p50 us':>9}{'p99 us':>9}"
          f"{'others':>11}")


def print_row(label, name, figures):
    print(f"{label:<8}{name:<10}{figures['cpu_us']:>10.2f}{figures['calls_per_s']:>10.0f}"
          f"{figures['p50_us']:>9.0f}{figures['p99_us']:>9.0f}{figures['others_percent']:>9.1f} %",
          flush=True)


def run_rounds(count, measures):
    """measures: what gives the figures of a round, by name; they take turns."""
    print_head()
    rounds = {name: [] for name in measures}
    for number in range(1, count + 1):
        for name, take in measures.items():
            figures = take()
            rounds[name].append(figures)
            print_row(number, name, figures)
    return rounds


def with_medians(rounds):
    return {name: {"median": {key: statistics.median(row[key] for row in rows) for key in FIGURES},
                   "rounds": rows} for name, rows in rounds.items()}


def print_medians(measured):
    """Says, too, whether the machine was busy."""
    medians = {name: rows["median"] for name, rows in measured.items()}
    for name, figures in medians.items():
        print_row("median", name, figures)
    if max(figures["others_percent"] for figures in medians.values()) > BUSY_PERCENT:
        print("The machine had other things to do: these figures say little, and flatter isoyardd, "
              "since\na server that waits for a core finds more calls at once.")


def met(is_met):
    return "met" if is_met else "missed"


def check_programs(programs):
    for program in ("isoyardd", "isoyard", *programs):
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


def parse_options(name, text, rounds, calls, calls_min, quick_calls):
    parser = argparse.ArgumentParser(
        prog=f"{name}.sh", description=text, formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="'others' is the share of the machine that nobody of these used: where it is large, "
               "the\nfigures say little. The variable ISOYARD_BIN names another folder of programs "
               "than that of\nthe release build. Exit status: 1 where a run fails, 2 for a wrong "
               "option.")
    parser.add_argument("--rounds", type=within(1, 100), default=rounds, metavar="N",
                        help=f"rounds of each, in turn ({rounds})")
    parser.add_argument("--calls", type=within(calls_min, 10_000_000), default=calls,
                        metavar="N", help=f"calls of a round, after a warm-up ({calls})")
    parser.add_argument("--quick", action="store_true", help=f"1 round of {quick_calls} calls")
    parser.add_argument("--json", type=argparse.FileType("w"), metavar="FILE",
                        help="write the figures there, too")
    parser.add_argument("--check", action="store_true", help="fail where the aim is missed")
    options = parser.parse_args()
    if options.quick:
        options.rounds, options.calls = 1, quick_calls
    return options


def leave(caught, _):
    """Servers are stopped on the way out, which a signal takes, too; a second one does not help."""
    for ending in ENDING_SIGNALS:
        signal.signal(ending, signal.SIG_IGN)
    sys.exit(128 + caught)


def run_in_folder(run, options):
    """run(options, folder, stack): what enters the stack is stopped at the end."""
    with tempfile.TemporaryDirectory(prefix="isoyard-bench-") as folder:
        with contextlib.ExitStack() as stack:
            return run(options, Path(folder), stack)


def main(name, options, programs, run, print_summary):
    """run's result has aim.is_met, and is what --json writes."""
    for ending in ENDING_SIGNALS:
        signal.signal(ending, leave)
    try:
        check_programs(programs)
        summary = run_in_folder(run, options)
    except Failure as failure:
        sys.exit(f"{name}: {failure}")
    print_summary(summary)
    if options.json:
        print(json.dumps(summary, indent=2), file=options.json, flush=True)
    if options.check and not summary["aim"]["is_met"]:
        sys.exit(f"{name}: the aim was missed")
