"""Deploying: what is stored, what is refused and where it says the fault is; versions; pages."""

import contextlib
import sqlite3
import tempfile
import time
from pathlib import Path

import grpc
import support
from support import failure_pb2, worker_pb2

INVALID = grpc.StatusCode.INVALID_ARGUMENT
GOOD = "export default { fetch: () => new Response('good') }"


def answering(text):
    return f"export default {{ fetch: () => new Response({text!r}) }}"


class Deploy(support.ServerCase):
    flags = ("--startup-ms", "300", "--heap-mib", "32")

    def fault(self, files, reason, place=None, **fields):
        """The refusal of a bundle that fails its check."""
        if isinstance(files, str):
            files = {"main.js": files}
        refusal = self.refused(INVALID, self.api.deploy, "bad", None, files=files, **fields)
        failure = refusal.detail(failure_pb2.Failure)
        self.assertEqual(failure.reason, reason, failure.message)
        self.assertEqual(failure.phase, failure_pb2.PHASE_STARTUP)
        self.assertEqual(refusal.fields, ["files"])
        if place:
            position = failure.position
            self.assertEqual((position.file, position.line, position.column), place)
            self.assertIn("%s:%d:%d: " % place, refusal.message)
        return failure

    def test_version_is_described(self):
        before = time.time()
        version = self.api.deploy("described", None, files={"main.js": "import './lib/a.js'; " + GOOD, "lib/a.js": "1"},
                                  message="caf\u00e9")
        self.assertEqual(version.number, 1)
        self.assertEqual(version.message, "caf\u00e9")
        self.assertEqual(version.size_bytes, len("import './lib/a.js'; " + GOOD) + 1)
        self.assertEqual(list(version.file_names), ["main.js", "lib/a.js"])
        self.assertTrue(version.is_active)
        self.assertRegex(version.sha256, "^[0-9a-f]{64}$")
        self.assertLess(abs(version.create_time.ToSeconds() - before), 60)

    def test_same_files_have_the_same_hash(self):
        first, second = self.api.deploy("hash", GOOD), self.api.deploy("hash", GOOD)
        third = self.api.deploy("hash", GOOD + " ")
        self.assertEqual((first.number, second.number, third.number), (1, 2, 3))
        self.assertEqual(first.sha256, second.sha256)
        self.assertNotEqual(first.sha256, third.sha256)

    def test_several_modules(self):
        files = {
            "main.js": "import { text } from './lib/text.js';\n"
                       "export default { async fetch() {\n"
                       "  const { late } = await import('./lib/late.js');\n"
                       "  return new Response(text + late);\n} };",
            "lib/text.js": "export const text = 'static ';",
            "lib/late.js": "export const late = 'dynamic';",
        }
        self.api.deploy("several", None, files=files)
        self.assertEqual(self.api.text("several"), "static dynamic")

    ADD_WASM = bytes.fromhex("0061736d01000000 0107016002 7f7f017f 03020100 0707010361646400 00"
                             "0a09010700200020016a0b")

    def test_other_kinds_of_files(self):
        source = ("import text from './a.txt'; import json from './a.json';"
                  "import wasm from './a.wasm'; import data from './a.bin';"
                  "const { exports } = new WebAssembly.Instance(wasm);"
                  "export default { fetch: () => Response.json("
                  "[text, json, exports.add(3, 4), [...new Uint8Array(data)]]) }")
        version = self.api.worker.Deploy(worker_pb2.DeployRequest(worker="kinds", files=[
            worker_pb2.SourceFile(name=name, kind=kind, content=content) for name, kind, content in (
                ("main.js", worker_pb2.FILE_KIND_MODULE, source.encode()),
                ("a.txt", worker_pb2.FILE_KIND_TEXT, "caf\u00e9".encode()),
                ("a.json", worker_pb2.FILE_KIND_JSON, b'{"b": 1}'),
                ("a.wasm", worker_pb2.FILE_KIND_WASM, self.ADD_WASM),
                ("a.bin", worker_pb2.FILE_KIND_DATA, b"\xff\x00"))]), timeout=support.PATIENCE).version
        self.assertEqual(len(version.file_names), 5)
        self.assertEqual(self.api.text("kinds"), '["caf\u00e9",{"b":1},7,[255,0]]')

    def test_what_is_not_of_its_kind_is_refused(self):
        def deploy(kind, content):
            self.api.worker.Deploy(worker_pb2.DeployRequest(worker="bad", files=[
                worker_pb2.SourceFile(name="main.js", kind=worker_pb2.FILE_KIND_MODULE,
                                      content=b"import './x';" + GOOD.encode()),
                worker_pb2.SourceFile(name="x", kind=kind, content=content)]), timeout=support.PATIENCE)

        for kind, content, words in ((worker_pb2.FILE_KIND_JSON, b"{\n!", "SyntaxError: x:2:1: "),
                                     (worker_pb2.FILE_KIND_WASM, b"wasm", "CompileError: x: ")):
            refusal = self.refused(INVALID, deploy, kind, content)
            self.assertEqual(refusal.detail(failure_pb2.Failure).reason, failure_pb2.FAILURE_REASON_SYNTAX)
            self.assertIn(words, refusal.message)

    def test_eval(self):
        source = "export default { fetch: () => new Response(eval('6 * 7')) }"
        version = self.api.deploy("evaluating", source)
        self.assertFalse(version.allow_eval)
        failure = self.api.execute("evaluating").failure
        self.assertEqual(failure.reason, failure_pb2.FAILURE_REASON_EXCEPTION)
        self.assertRegex(failure.message, "^EvalError: .*--allow-eval")
        self.assertTrue(self.api.deploy("evaluating", source, allow_eval=True).allow_eval)
        self.assertEqual(self.api.text("evaluating"), "42")
        self.api.worker.Activate(worker_pb2.ActivateRequest(worker="evaluating", version=1), timeout=support.PATIENCE)
        self.assertIn("EvalError", self.api.execute("evaluating").failure.message)
        versions = self.api.worker.ListVersions(worker_pb2.ListVersionsRequest(worker="evaluating"),
                                                timeout=support.PATIENCE).versions
        self.assertEqual([version.allow_eval for version in versions], [True, False])

    def test_classic_script(self):
        self.api.deploy("classic", "addEventListener('fetch', (event) => event.respondWith(new Response('classic')));",
                        kind=worker_pb2.FILE_KIND_SCRIPT)
        self.assertEqual(self.api.text("classic"), "classic")

    def test_syntax_error_says_where(self):
        self.fault("export default {\n  fetch() { return 1 + ; }\n};", failure_pb2.FAILURE_REASON_SYNTAX,
                   ("main.js", 2, 24))

    def test_syntax_error_in_an_imported_file_says_where(self):
        files = {"main.js": "import './lib/a.js';\n" + GOOD, "lib/a.js": "let a = 1;\nlet a = 2;\n"}
        self.fault(files, failure_pb2.FAILURE_REASON_SYNTAX, ("lib/a.js", 2, 5))

    def test_exception_at_start_says_where(self):
        failure = self.fault("const a = 1;\n\n  null.x;\n" + GOOD, failure_pb2.FAILURE_REASON_EXCEPTION,
                             ("main.js", 3, 8))
        self.assertIn("null", failure.message)
        self.assertIn("main.js:3:8", failure.stack)

    def test_missing_handler(self):
        self.fault("export const x = 1;", failure_pb2.FAILURE_REASON_NO_HANDLER)
        self.fault("export default {};", failure_pb2.FAILURE_REASON_NO_HANDLER)

    def test_imports_that_nobody_has(self):
        for name in "node:fs", "lodash", "./missing.js":
            failure = self.fault(f"import x from '{name}';\n" + GOOD, failure_pb2.FAILURE_REASON_UNRESOLVED_IMPORT)
            self.assertIn(name, failure.message)

    def test_module_that_never_settles(self):
        self.fault("await new Promise(() => {});\n" + GOOD, failure_pb2.FAILURE_REASON_NEVER_SETTLES)

    def passes_limit(self, api, source, limit):
        refusal = self.refused(grpc.StatusCode.RESOURCE_EXHAUSTED, api.deploy, "bad", source + "\n" + GOOD)
        exceeded = refusal.detail(failure_pb2.LimitExceeded)
        self.assertEqual((exceeded.limit, exceeded.phase), (limit, failure_pb2.PHASE_STARTUP))
        self.assertEqual(api.deploy("after-limits", GOOD).is_active, True)

    def test_start_up_limit(self):
        for source in "for (;;);", "await new Promise((r) => setTimeout(r, 60000));":
            with self.subTest(source=source):
                self.passes_limit(self.api, source, failure_pb2.LIMIT_STARTUP)

    def test_heap_limit_at_start_up(self):
        # Filling the heap takes a busy machine longer than start-up may by default.
        server = support.start("--startup-ms", "60000", "--heap-mib", "32")
        self.addCleanup(server.kill)
        with server.channel() as channel:
            self.passes_limit(support.Api(channel), "const a = []; for (;;) a.push({});", failure_pb2.LIMIT_HEAP)

    def test_long_stack_and_message_fit_in_the_details(self):
        source = "throw new Error('\u65e5\\u{1f600}'.repeat(20000));\n" + GOOD
        failure = self.fault(source, failure_pb2.FAILURE_REASON_EXCEPTION)
        self.assertGreater(len(failure.message), 100)

    def test_refused_deployment_changes_nothing(self):
        self.api.deploy("kept", answering("first"))
        self.refused(INVALID, self.api.deploy, "kept", "syntax error")
        worker = self.api.worker.GetWorker(worker_pb2.GetWorkerRequest(worker="kept")).worker
        self.assertEqual((worker.active_version, worker.latest_version), (1, 1))
        self.assertEqual(self.api.text("kept"), "first")

    def test_cancelled_deployment_is_not_stored(self):
        self.refused(grpc.StatusCode.DEADLINE_EXCEEDED, self.api.worker.Deploy, worker_pb2.DeployRequest(
            worker="hasty", files=[worker_pb2.SourceFile(
                name="main.js", kind=worker_pb2.FILE_KIND_MODULE,
                content=("await new Promise((r) => setTimeout(r, 250));" + GOOD).encode())]), timeout=0.05)
        time.sleep(0.5)
        self.refused(grpc.StatusCode.NOT_FOUND, self.api.worker.GetWorker, worker_pb2.GetWorkerRequest(worker="hasty"))


class Versions(support.ServerCase):
    def versions(self, worker, **fields):
        return self.api.worker.ListVersions(worker_pb2.ListVersionsRequest(worker=worker, **fields))

    def test_activation_is_what_runs(self):
        for text in "one", "two", "three":
            self.api.deploy("rolling", answering(text))
        self.assertEqual(self.api.text("rolling"), "three")
        reply = self.api.worker.Activate(worker_pb2.ActivateRequest(worker="rolling", version=1))
        self.assertEqual((reply.previous_version, reply.worker.active_version), (3, 1))
        answer = self.api.execute("rolling")
        self.assertEqual((answer.response.body_text, answer.report.version), ("one", 1))
        self.assertEqual([(v.number, v.is_active) for v in self.versions("rolling").versions],
                         [(3, False), (2, False), (1, True)])

    def test_version_without_activation(self):
        self.api.deploy("careful", answering("one"))
        version = self.api.deploy("careful", answering("two"), skip_activation=True)
        self.assertEqual((version.number, version.is_active), (2, False))
        self.assertEqual(self.api.text("careful"), "one")
        self.api.worker.Activate(worker_pb2.ActivateRequest(worker="careful", version=2))
        self.assertEqual(self.api.text("careful"), "two")

    def test_worker_without_an_active_version(self):
        self.api.deploy("sleeping", answering("x"), skip_activation=True)
        refusal = self.refused(grpc.StatusCode.FAILED_PRECONDITION, self.api.execute, "sleeping")
        self.assertIn("activate", refusal.message)
        worker = self.api.worker.GetWorker(worker_pb2.GetWorkerRequest(worker="sleeping")).worker
        self.assertEqual((worker.active_version, worker.latest_version), (0, 1))

    def test_deleted_worker_is_gone_and_numbers_begin_anew(self):
        for _ in range(3):
            self.api.deploy("brief", answering("x"))
        reply = self.api.worker.DeleteWorker(worker_pb2.DeleteWorkerRequest(worker="brief"))
        self.assertEqual(reply.deleted_versions, 3)
        self.refused(grpc.StatusCode.NOT_FOUND, self.api.execute, "brief")
        self.assertEqual(self.api.deploy("brief", answering("again")).number, 1)
        self.assertEqual(self.api.text("brief"), "again")

    def test_task_runs_on_when_its_worker_is_deleted(self):
        self.api.deploy("doomed", support.worker_source("echo.js"))
        running = self.api.execution.Execute.future(support.execution_pb2.ExecuteRequest(
            worker="doomed", fetch=support.execution_pb2.HttpRequest(url="/sleep?ms=700")))
        support.wait_until(lambda: self.api.stats().tasks.in_flight > 0, "the task to run")
        self.api.worker.DeleteWorker(worker_pb2.DeleteWorkerRequest(worker="doomed"))
        self.assertEqual(running.result(support.PATIENCE).response.body_text, "slept")

    def test_pages_of_versions(self):
        for i in range(7):
            self.api.deploy("paged", answering(str(i)))
        seen, token = [], ""
        for _ in range(10):
            page = self.versions("paged", page_size=3, page_token=token)
            self.assertLessEqual(len(page.versions), 3)
            seen += [version.number for version in page.versions]
            token = page.next_page_token
            if not token:
                break
        self.assertEqual(seen, [7, 6, 5, 4, 3, 2, 1])

    def test_pages_of_workers(self):
        names = [f"w-{i:03}" for i in range(25)]
        for name in names:
            self.api.deploy(name, answering("x"), tenant="many")
        seen, token, pages = [], "", 0
        while True:
            page = self.api.worker.ListWorkers(worker_pb2.ListWorkersRequest(tenant="many", page_size=10,
                                                                             page_token=token))
            seen += [worker.name for worker in page.workers]
            pages += 1
            token = page.next_page_token
            if not token:
                break
        self.assertEqual((seen, pages), (names, 3))
        everything = self.api.worker.ListWorkers(worker_pb2.ListWorkersRequest(tenant="many", page_size=5000))
        self.assertEqual(len(everything.workers), 25)
        self.assertEqual({worker.tenant for worker in everything.workers}, {"many"})
        nobody = self.api.worker.ListWorkers(worker_pb2.ListWorkersRequest(tenant="nobody"))
        self.assertEqual(len(nobody.workers), 0)

    def test_deployments_at_once_all_get_their_numbers(self):
        requests = [worker_pb2.DeployRequest(worker="crowd", files=[worker_pb2.SourceFile(
            name="main.js", kind=worker_pb2.FILE_KIND_MODULE, content=answering(str(i)).encode())])
            for i in range(12)]
        futures = [self.api.worker.Deploy.future(request, timeout=support.PATIENCE) for request in requests]
        numbers = sorted(future.result().version.number for future in futures)
        self.assertEqual(numbers, list(range(1, 13)))
        self.assertEqual(self.api.execute("crowd").report.version, 12)


class CodeCache(support.ServerCase):
    flags = ("--pool", "legacy")

    def test_later_isolates_take_compiled_code(self):
        source = "export default { fetch: () => new Response('cached') };" + "// padding\n" * 200
        self.api.deploy("cached", source)
        for _ in range(4):
            self.assertEqual(self.api.text("cached"), "cached")
        server = self.api.stats().server
        # The deployment's check and the first task found none.
        self.assertEqual((server.code_cache_misses, server.code_cache_hits), (2, 3))
        self.assertEqual((server.code_cache_rejected, server.code_cache_files), (0, 1))
        self.assertGreater(server.code_cache_bytes, 100)


class CodeCacheOnDisk(support.TestCase):
    """Compiled code of one server is there for the next one on the same database."""

    SOURCE = "export default { fetch: () => new Response('kept') };" + "// padding\n" * 200

    def setUp(self):
        self.db = Path(tempfile.mkdtemp(dir=support.SCRATCH)) / "isoyard.db"
        self.code = self.db.with_name("isoyard-code.db")

    def start(self, *flags):
        server = support.start("--pool", "legacy", *flags, db=self.db)
        self.addCleanup(server.kill)
        channel = server.channel()
        self.addCleanup(channel.close)
        return server, support.Api(channel)

    def leave_code(self):
        server, api = self.start()
        api.deploy("kept", self.SOURCE)
        self.assertEqual(api.text("kept"), "kept")
        support.wait_until(lambda: api.stats().server.code_cache_disk_bytes > 100, "the code to be written")
        server.kill()

    def expect_compiled(self, discarded):
        """The server compiles, since nothing was there to be read back, and then keeps that."""
        server, api = self.start()
        support.wait_until(lambda: api.stats().server.code_cache_discarded == discarded, "the code to be read")
        self.assertEqual(api.text("kept"), "kept")
        stats = api.stats().server
        self.assertEqual((stats.code_cache_restored, stats.code_cache_hits, stats.code_cache_misses), (0, 0, 1))
        support.wait_until(lambda: api.stats().server.code_cache_disk_bytes > 100, "the code to be written")
        self.assertEqual(server.stop(), 0)

    def change(self, sql):
        with contextlib.closing(sqlite3.connect(self.code)) as db, db:
            self.assertEqual(db.execute(sql).rowcount, 1)

    def test_first_isolate_after_a_restart_takes_it(self):
        self.leave_code()
        self.assertEqual(self.code.stat().st_mode & 0o777, 0o600)
        server, api = self.start()
        support.wait_until(lambda: api.stats().server.code_cache_restored == 1, "the code to be read")
        self.assertEqual(api.text("kept"), "kept")
        stats = api.stats().server
        self.assertEqual((stats.code_cache_hits, stats.code_cache_misses), (1, 0))
        self.assertEqual((stats.code_cache_rejected, stats.code_cache_discarded, stats.code_cache_lost), (0, 0, 0))
        shown = support.Cli(server.address).ok("pool", "stats").decode()
        self.assertRegex(shown, r"code +\S+ \S+, 1 files, 1 hits, 0 misses, 0 rejected,\n"
                                r" +\S+ \S+ on disk, 1 restored, 0 discarded, 0 lost\n")
        self.assertEqual(server.stop(), 0)

    def test_damaged_code_is_dropped(self):
        self.leave_code()
        self.change("UPDATE codes SET code = zeroblob(length(code))")
        self.expect_compiled(discarded=1)

    def test_code_of_another_v8_is_dropped(self):
        self.leave_code()
        self.change("UPDATE codes SET engine = '1.2.3-0'")
        self.expect_compiled(discarded=1)

    def test_damaged_file_is_put_aside(self):
        self.leave_code()
        self.code.write_bytes(b"no database" * 1000)
        self.expect_compiled(discarded=1)
        self.assertTrue(self.code.with_name("isoyard-code.db.damaged").exists())

    def test_without_a_place_the_server_serves(self):
        self.code.mkdir()
        server, api = self.start()
        api.deploy("kept", self.SOURCE)
        self.assertEqual(api.text("kept"), "kept")
        self.assertIn('msg="no compiled code is kept on disk"', server.log())
        self.assertEqual(server.stop(), 0)

    def test_none_is_kept_where_none_is_wanted(self):
        server, api = self.start("--code-cache-mib", "0")
        api.deploy("kept", self.SOURCE)
        self.assertEqual(api.text("kept"), "kept")
        self.assertEqual(server.stop(), 0)
        self.assertFalse(self.code.exists())


if __name__ == "__main__":
    support.unittest.main()
