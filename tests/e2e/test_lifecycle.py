"""Starting, stopping, and what stands in the way of either."""

import os
import signal
import socket
import sqlite3
import stat
import subprocess
import tempfile
import threading
import time
from pathlib import Path

import grpc
import support
from support import Api, Cli, Server, error_details_pb2, execution_pb2, start, wait_until
from grpc.health.v1 import health_pb2, health_pb2_grpc

UNAVAILABLE = grpc.StatusCode.UNAVAILABLE
SERVING = health_pb2.HealthCheckResponse.SERVING
NOT_SERVING = health_pb2.HealthCheckResponse.NOT_SERVING


class Case(support.TestCase):
    def start(self, *flags, **arguments):
        server = start(*flags, **arguments)
        self.addCleanup(server.kill)
        return server

    def api(self, server, **options):
        channel = server.channel(**options)
        self.addCleanup(channel.close)
        return Api(channel)

    def fails(self, *flags, status=1, **arguments):
        """A server that must not start; what it said."""
        server = Server(*flags, **arguments)
        self.addCleanup(server.kill)
        self.assertEqual(server.wait(), status, server.log())
        self.assertNotIn("msg=ready", server.log())
        return server.log()

    def echo(self, server):
        api = self.api(server)
        api.deploy("echo", support.worker_source("echo.js"))
        return api

    def sleeper(self, api, ms):
        """A call that is running by now."""
        before = api.stats().tasks.in_flight
        future = api.execution.Execute.future(execution_pb2.ExecuteRequest(
            worker="echo", fetch=execution_pb2.HttpRequest(url=f"/sleep?ms={ms}")))
        wait_until(lambda: api.stats().tasks.in_flight > before, "the task to run")
        return future


class Stopping(Case):
    def test_sigterm_lets_what_runs_end_and_takes_nothing_new(self):
        server = self.start()
        api = self.echo(server)
        health = health_pb2_grpc.HealthStub(server.channel())
        running = self.sleeper(api, 1500)
        server.signal(signal.SIGTERM)
        wait_until(lambda: "stopping" in server.log(), "the server to stop")
        refusal = self.refused(UNAVAILABLE, api.execute, "echo")
        self.assertEqual(refusal.reason, "DRAINING")
        self.assertGreater(refusal.detail(error_details_pb2.RetryInfo).retry_delay.ToMilliseconds(), 0)
        self.assertIn("grpc-retry-pushback-ms", refusal.trailing)
        self.assertEqual(self.refused(UNAVAILABLE, api.deploy, "new", "x").reason, "DRAINING")
        self.assertEqual(health.Check(health_pb2.HealthCheckRequest()).status, NOT_SERVING)
        self.assertEqual(running.result(support.PATIENCE).response.body_text, "slept")
        self.assertEqual(server.wait(), 0)

    def test_idle_server_stops_quickly_on_either_signal(self):
        for number in signal.SIGTERM, signal.SIGINT:
            server = self.start()
            begin = time.monotonic()
            server.signal(number)
            self.assertEqual(server.wait(), 0)
            self.assertLess(time.monotonic() - begin, 5)

    def test_connections_that_do_nothing_do_not_hold_it(self):
        server = self.start()
        api = self.echo(server)
        api.execute("echo", "/sleep?ms=1")
        host, port = server.address.split(":")
        with socket.create_connection((host, int(port))):
            begin = time.monotonic()
            self.assertEqual(server.stop(), 0)
            self.assertLess(time.monotonic() - begin, 5)

    def test_after_the_grace_period_calls_are_cut_off(self):
        server = self.start("--grace-ms", "400")
        api = self.echo(server)
        running = self.sleeper(api, 20000)
        begin = time.monotonic()
        server.signal(signal.SIGTERM)
        self.assertEqual(server.wait(), 0, server.log())
        self.assertLess(time.monotonic() - begin, 5)
        self.assertIn(running.code(), (UNAVAILABLE, grpc.StatusCode.CANCELLED))

    def test_after_the_grace_period_a_loop_is_cut_off(self):
        server = self.start("--grace-ms", "300", "--cpu-ms", "60000")
        api = self.api(server)
        api.deploy("limits", support.worker_source("limits.js"))
        running = api.execution.Execute.future(execution_pb2.ExecuteRequest(
            worker="limits", fetch=execution_pb2.HttpRequest(url="/loop")))
        wait_until(lambda: api.stats().tasks.in_flight > 0, "the task to run")
        begin = time.monotonic()
        server.signal(signal.SIGTERM)
        self.assertEqual(server.wait(), 0, server.log())
        self.assertLess(time.monotonic() - begin, 5)
        self.assertIn(running.code(), (UNAVAILABLE, grpc.StatusCode.CANCELLED))

    def test_second_signal_ends_at_once(self):
        for second in signal.SIGTERM, signal.SIGINT:
            server = self.start()
            self.sleeper(self.echo(server), 20000)
            server.signal(signal.SIGTERM)
            wait_until(lambda: "stopping" in server.log(), "the server to stop")
            time.sleep(0.3)
            self.assertIsNone(server.process.poll())
            begin = time.monotonic()
            server.signal(second)
            self.assertEqual(server.wait(), 128 + second)
            self.assertLess(time.monotonic() - begin, 2)

    def test_no_call_is_lost_while_the_server_stops_under_load(self):
        server = self.start()
        api = self.echo(server)
        outcomes, is_over = [], threading.Event()

        def ask():
            while not is_over.is_set():
                try:
                    outcomes.append(api.text("echo", "/sleep?ms=20", timeout=support.PATIENCE))
                except grpc.RpcError as error:
                    outcomes.append(error.code())
                    time.sleep(0.01)

        askers = [threading.Thread(target=ask) for _ in range(8)]
        for asker in askers:
            asker.start()
        wait_until(lambda: len(outcomes) > 50, "calls to be answered")
        self.assertEqual(server.stop(), 0)
        is_over.set()
        for asker in askers:
            asker.join(support.PATIENCE)
        # A call that comes between gRPC's end of service and the client's knowing of it is CANCELLED: it never ran.
        self.assertLessEqual(set(outcomes), {"slept", UNAVAILABLE, grpc.StatusCode.CANCELLED})
        self.assertLessEqual(outcomes.count(grpc.StatusCode.CANCELLED), len(askers))

    def test_watchers_are_told_and_let_go(self):
        server = self.start()
        api = self.echo(server)
        running = self.sleeper(api, 800)
        watch = health_pb2_grpc.HealthStub(server.channel()).Watch(health_pb2.HealthCheckRequest())
        self.assertEqual(next(watch).status, SERVING)
        server.signal(signal.SIGTERM)
        self.assertEqual(next(watch).status, NOT_SERVING)
        with self.assertRaises(grpc.RpcError) as caught:
            next(watch)
        self.assertEqual(caught.exception.code(), UNAVAILABLE)
        self.assertEqual(running.result(support.PATIENCE).response.body_text, "slept")
        self.assertEqual(server.wait(), 0)


class Restarting(Case):
    def test_workers_and_versions_are_there_again(self):
        server = self.start()
        api = self.api(server)
        for text in "one", "two", "three":
            api.deploy("kept", f"export default {{ fetch: () => new Response('{text}') }}", message=text)
        api.worker.Activate(support.worker_pb2.ActivateRequest(worker="kept", version=2))
        api.deploy("gone", "export default { fetch: () => new Response('gone') }")
        api.worker.DeleteWorker(support.worker_pb2.DeleteWorkerRequest(worker="gone"))
        before = api.worker.ListVersions(support.worker_pb2.ListVersionsRequest(worker="kept"))
        self.assertEqual(server.stop(), 0)
        again = self.start(db=server.db)
        api = self.api(again)
        self.assertEqual(api.text("kept"), "two")
        after = api.worker.ListVersions(support.worker_pb2.ListVersionsRequest(worker="kept"))
        self.assertEqual(before, after)
        self.refused(grpc.StatusCode.NOT_FOUND, api.execute, "gone")
        self.assertEqual(api.stats().server.workers, 1)

    def test_a_worker_that_is_damaged_or_inactive_stops_nobody_else(self):
        server = self.start()
        api = self.echo(server)
        api.deploy("broken", support.worker_source("echo.js"))
        api.deploy("asleep", support.worker_source("echo.js"), skip_activation=True)
        server.stop()
        with sqlite3.connect(server.db) as db:
            db.execute("UPDATE files SET content = x'33' WHERE version = (SELECT v.id FROM versions AS v"
                       " JOIN workers AS w ON w.id = v.worker WHERE w.name = 'broken')")
        db.close()
        again = self.start(db=server.db)
        self.assertIn('msg="a worker cannot run" tenant=default worker=broken', again.log())
        api = self.api(again)
        self.assertEqual(api.execute("echo").response.status, 200)
        for worker in "broken", "asleep":
            refusal = self.refused(grpc.StatusCode.FAILED_PRECONDITION, api.execute, worker)
            self.assertIn(worker, refusal.message)
        api.deploy("broken", support.worker_source("echo.js"))
        self.assertEqual(api.execute("broken").response.status, 200)

    def test_second_server_on_one_database_is_refused(self):
        server = self.start()
        said = self.fails(db=server.db)
        self.assertIn(str(server.db), said)


class Addresses(Case):
    def test_port_in_use_is_an_error(self):
        server = self.start()
        said = self.fails(listen=server.address)
        self.assertIn("in use", said)
        self.assertIn(server.address, said)
        self.assertIn("--listen", said)
        self.api(server).stats()

    def test_bad_addresses_are_errors(self):
        for address in "nonsense", "127.0.0.1", "127.0.0.1:x", "127.0.0.1:99999", ":7070", "256.1.1.1:0":
            with self.subTest(address=address):
                self.assertIn("listen", self.fails(listen=address))

    def listens_at(self, address):
        server = self.start(listen=address)
        self.assertTrue(server.address.startswith(address[:-1]), server.address)
        self.api(server).stats()
        self.assertEqual(server.stop(), 0)

    def test_ipv6(self):
        self.listens_at("[::1]:0")

    def test_name(self):
        try:
            socket.getaddrinfo("localhost", None)
        except socket.gaierror:
            self.skipTest("this machine does not know localhost")
        self.listens_at("localhost:0")

    def socket_path(self):
        # Short: the path of a socket has at most 107 bytes.
        folder = tempfile.TemporaryDirectory(prefix="isoyard-")
        self.addCleanup(folder.cleanup)
        return Path(folder.name) / "socket"

    def test_unix_socket_beside_tcp_and_alone(self):
        path = self.socket_path()
        server = self.start("--unix", path)
        self.assertTrue(stat.S_ISSOCK(path.stat().st_mode))
        self.assertEqual(Cli(f"unix:{path}").ok("health"), b"SERVING\n")
        self.assertEqual(Cli(server.address).ok("health"), b"SERVING\n")
        self.assertEqual(server.stop(), 0)
        alone = self.start("--unix", path, listen=None)
        self.assertEqual(Cli(f"unix:{path}").ok("health"), b"SERVING\n")
        self.assertEqual(alone.stop(), 0)

    def test_socket_file_of_a_dead_server_is_replaced(self):
        path = self.socket_path()
        dead = self.start("--unix", path)
        dead.kill()
        self.assertTrue(path.exists())
        self.start("--unix", path)
        self.assertEqual(Cli(f"unix:{path}").ok("health"), b"SERVING\n")

    def test_socket_of_a_living_server_is_an_error(self):
        path = self.socket_path()
        self.start("--unix", path)
        self.assertIn("in use", self.fails("--unix", path))
        self.assertEqual(Cli(f"unix:{path}").ok("health"), b"SERVING\n")

    def test_file_that_is_no_socket_is_left_alone(self):
        path = self.socket_path()
        path.write_text("precious")
        self.assertIn("no socket", self.fails("--unix", path))
        self.assertEqual(path.read_text(), "precious")

    def test_path_that_is_too_long(self):
        self.fails("--unix", "/tmp/" + "x" * 200)


class Settings(Case):
    def test_flags_that_are_wrong(self):
        for flags, word in ((["--lanes", "0"], "lanes"), (["--lanes", "x"], "lanes"), (["--lanes=-1"], "lanes"),
                            (["--pool", "magic"], "pinned"), (["--log-level", "loud"], "debug"),
                            (["--spread=-1"], "spread"), (["--nonsense"], "nonsense"), (["argument"], "argument"), (["--cpu-ms", "0"], "cpu-ms"),
                            (["--heap-mib", "1"], "heap-mib"), (["--cpu-ms", "99999999999999999999"], "cpu-ms")):
            with self.subTest(flags=flags):
                self.assertIn(word, self.fails(*flags, status=2))

    def test_environment_counts_and_a_flag_wins(self):
        server = self.start("--lanes", "1", env={"ISOYARD_LANES": "2", "ISOYARD_POOL": "legacy", "ISOYARD_QUEUE": "77"})
        stats = self.api(server).stats()
        self.assertEqual(stats.config.lanes, 1)
        self.assertEqual(stats.config.queue, 77)
        self.assertEqual(stats.architecture, execution_pb2.ARCHITECTURE_LEGACY)

    def test_environment_that_is_wrong(self):
        self.assertIn("ISOYARD_LANES", self.fails(status=2, env={"ISOYARD_LANES": "many"}))

    def test_database_goes_to_the_state_directory(self):
        home = support.SCRATCH / "home"
        for env, path in (({"HOME": home}, home / ".local/state/isoyard/isoyard.db"),
                          ({"HOME": home, "XDG_STATE_HOME": home / "xdg"}, home / "xdg/isoyard/isoyard.db"),
                          ({"HOME": home, "STATE_DIRECTORY": home / "systemd"}, home / "systemd/isoyard.db")):
            home.mkdir(exist_ok=True)
            process = subprocess.Popen(
                [str(support.BIN / "isoyardd"), "--listen", "127.0.0.1:0"], stderr=subprocess.DEVNULL,
                env={**{name: value for name, value in os.environ.items()
                        if name not in ("XDG_STATE_HOME", "STATE_DIRECTORY")},
                     **{name: str(value) for name, value in env.items()}})
            self.addCleanup(process.kill)
            wait_until(path.exists, f"{path} to be made")
            process.terminate()
            process.wait(support.PATIENCE)
            self.assertEqual(stat.S_IMODE(path.parent.stat().st_mode), 0o700)

    def test_help_and_version(self):
        said = subprocess.run([str(support.BIN / "isoyardd"), "--help"], capture_output=True, check=True).stdout.decode()
        for flag in "--listen", "--unix", "--db", "--pool", "--lanes", "--isolates", "--spread", "--grace-ms", "--log-level":
            self.assertIn(flag, said)
        self.assertNotRegex(said, r"(?m) $", "argp breaks a line that just fits twice")
        said = subprocess.run([str(support.BIN / "isoyardd"), "--version"], capture_output=True, check=True).stdout
        self.assertRegex(said.decode(), r"^isoyardd \S+ \(V8 \d+\.\d+")

    def test_log_level(self):
        server = Server("--log-level", "error")
        self.addCleanup(server.kill)
        wait_until(lambda: server.db.exists(), "the server to start")
        time.sleep(0.5)
        self.assertEqual(server.stop(), 0)
        self.assertEqual(server.log(), "")

    def test_more_isolates_than_the_kernel_has_mappings_for(self):
        server = self.start("--isolates", "100000")
        limit = int(Path("/proc/sys/vm/max_map_count").read_text())
        if limit >= 100000 * 14:
            self.skipTest("the kernel has enough")
        self.assertLess(self.api(server).stats().config.isolates, limit // 12)
        self.assertIn("max_map_count", server.log())


class Databases(Case):
    def test_foreign_files_are_refused_and_left_alone(self):
        folder = support.SCRATCH / "foreign"
        folder.mkdir()
        text = folder / "text"
        text.write_text("not a database at all, but a text that is long enough to look like something" * 20)
        other = folder / "other.db"
        with sqlite3.connect(other) as connection:
            connection.execute("CREATE TABLE notes (text)")
            connection.execute("INSERT INTO notes VALUES ('precious')")
        connection.close()
        for path in text, other:
            before = path.read_bytes()
            self.assertIn(str(path), self.fails(db=path))
            self.assertEqual(path.read_bytes(), before)

    def test_database_in_a_folder_that_is_missing(self):
        self.assertIn("isoyard.db", self.fails(db=support.SCRATCH / "missing" / "isoyard.db"))


if __name__ == "__main__":
    support.unittest.main()
