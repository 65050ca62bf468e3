"""Deploying TypeScript and bundles: esbuild is run where it is there, and stacks name the original files."""

import base64
import json
import os
import tempfile
import unittest
from pathlib import Path

import support
from support import PATIENCE, ServerCase, worker_pb2

ESBUILD = support.ROOT / "shim/js/node_modules/.bin/esbuild"

WORKER = """\
import { pay, type Cart } from "./lib/pay";
import banner from "./banner.txt";

interface Env {}

export default {
    async fetch(request: Request, env: Env): Promise<Response> {
        const { pathname } = new URL(request.url);
        const cart: Cart = { items: 3 };
        if (pathname === "/throw") pay(cart);
        if (pathname === "/log") {
            try {
                pay(cart);
            } catch (error) {
                console.error("caught", error);
            }
        }
        return new Response(`${banner.trim()} ${cart.items satisfies number}`);
    },
};
"""

PAY = """\
export interface Cart {
    items: number;
}

export function pay(cart: Cart): never {
    throw new TypeError(`no money for ${cart.items} items`);
}
"""


class Case(ServerCase):
    def setUp(self):
        self.folder = Path(tempfile.mkdtemp(dir=self.server.folder))
        self.write("worker.ts", WORKER)
        self.write("lib/pay.ts", PAY)
        self.write("banner.txt", "a shop\n")

    def write(self, name, text):
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode() if isinstance(text, str) else text)
        return path

    def environment(self, **more):
        return {"ISOYARD_ESBUILD": str(ESBUILD), **more}

    def run_in_folder(self, *arguments, env=None):
        before = os.getcwd()
        os.chdir(self.folder)
        try:
            return self.cli.run(*arguments, env=self.environment() if env is None else env)
        finally:
            os.chdir(before)

    def deploy(self, *arguments, env=None):
        name = f"w{self.folder.name.lower().replace('_', '-')}x"
        result = self.run_in_folder("deploy", *arguments, "--name", name, "--json", env=env)
        self.assertEqual(result.returncode, 0, result.stderr)
        return name, json.loads(result.stdout)

    def fails(self, *arguments, env=None):
        result = self.run_in_folder("deploy", *arguments, "--name", "never", env=env)
        self.assertNotEqual(result.returncode, 0)
        return result.stderr.decode()

    def position(self, name, path="/throw"):
        position = self.api.execute(name, path).failure.position
        return position.file, position.line, position.column


class TypeScript(Case):
    def test_is_bundled_and_stacks_name_its_files(self):
        name, version = self.deploy("worker.ts")
        self.assertEqual(version["file_names"], ["worker.js", "worker.js.map"])
        self.assertEqual(self.api.text(name), "a shop 3")
        failure = self.api.execute(name, "/throw").failure
        self.assertEqual((failure.position.file, failure.position.line, failure.position.column), ("lib/pay.ts", 6, 11))
        self.assertIn("at pay (lib/pay.ts:6:11)", failure.stack)
        self.assertIn("(worker.ts:10:36)", failure.stack)
        self.assertNotIn("worker.js", failure.stack)

    def test_console_lines_and_the_log_do_so_too(self):
        name, _ = self.deploy("worker.ts")
        self.api.execute(name, "/log")
        self.api.execute(name, "/throw")
        lines = self.cli.ok("logs", name).decode()
        self.assertIn("caught TypeError: no money for 3 items", lines)
        self.assertEqual(lines.count("at pay (lib/pay.ts:6:11)"), 2)
        self.assertNotIn("prelude", lines)
        self.assertNotIn("worker.js", lines)

    def test_survives_a_restart(self):
        name, _ = self.deploy("worker.ts")
        self.assertEqual(self.server.stop(), 0)
        cls = type(self)
        cls.server = support.start(db=self.server.db)
        cls.addClassCleanup(cls.server.kill)
        cls.cli = support.Cli(cls.server.address)
        cls.channel = cls.server.channel()
        cls.addClassCleanup(cls.channel.close)
        cls.api = support.Api(cls.channel)
        self.assertEqual(self.position(name), ("lib/pay.ts", 6, 11))

    def test_other_extensions(self):
        for extension, source in (("mts", "const text: string = 'mts'; export default { fetch: () => new Response(text) };"),
                                  ("tsx", "/** @jsx h */ const h = (t: string) => 'tsx' + t; "
                                          "export default { fetch: () => new Response(<i/>) };"),
                                  ("jsx", "/** @jsx h */ const h = (t) => 'jsx' + t; "
                                          "export default { fetch: () => new Response(<i/>) };")):
            self.write(f"other.{extension}", source)
            name, _ = self.deploy(f"other.{extension}")
            self.assertTrue(self.api.text(name).startswith(extension))

    def test_bad_source_is_told_by_esbuild(self):
        self.write("worker.ts", "export default {\n  fetch(: number) {}\n};\n")
        message = self.fails("worker.ts")
        self.assertIn("worker.ts:2:8", message)
        self.assertIn("esbuild cannot bundle worker.ts", message)

    def test_import_that_is_not_there(self):
        self.write("worker.ts", "import 'no-such-package';\nexport default { fetch() {} };\n")
        self.assertIn("no-such-package", self.fails("worker.ts"))

    def test_wasm_is_imported_beside_the_bundle(self):
        self.write("empty.wasm", bytes.fromhex("0061736d01000000"))
        self.write("worker.ts", "// @ts-ignore\nimport empty from './empty.wasm';\n"
                                "export default { fetch: () => new Response(String(empty instanceof WebAssembly.Module)) };\n")
        name, _ = self.deploy("worker.ts", "empty.wasm")
        self.assertEqual(self.api.text(name), "true")


class Finding(Case):
    def test_not_there(self):
        env = {"PATH": "/nonexistent", "ISOYARD_ESBUILD": ""}
        message = self.fails("worker.ts", env=env)
        self.assertIn("npm install --save-dev esbuild", message)
        self.assertIn("ISOYARD_ESBUILD", message)

    def test_in_node_modules_above(self):
        script = self.write("node_modules/.bin/esbuild", f"#!/bin/sh\nexec {ESBUILD} \"$@\"\n")
        script.chmod(0o755)
        self.write("src/worker.ts", "export default { fetch: () => new Response('found') };\n")
        name, _ = self.deploy("src/worker.ts", env={"ISOYARD_ESBUILD": "", "PATH": "/usr/bin:/bin"})
        self.assertEqual(self.api.text(name), "found")

    def test_in_path(self):
        folder = self.folder / "programs"
        folder.mkdir()
        script = folder / "esbuild"
        script.write_text(f"#!/bin/sh\nexec {ESBUILD} \"$@\"\n")
        script.chmod(0o755)
        name, _ = self.deploy("worker.ts", env={"ISOYARD_ESBUILD": "", "PATH": f"{folder}:/usr/bin:/bin"})
        self.assertEqual(self.api.text(name), "a shop 3")


class Bundle(Case):
    def test_javascript_with_packages(self):
        self.write("node_modules/greet/package.json",
                   '{"name": "greet", "exports": {"node": "./node.js", "worker": "./worker.js"}}')
        self.write("node_modules/greet/node.js", "export default 'node'")
        self.write("node_modules/greet/worker.js", "export default 'worker'")
        self.write("main.js", "import greet from 'greet';\nimport data from './data.json';\n"
                              "export default { fetch: () => new Response(`${greet} ${data.x} ${process.env.NODE_ENV}`) };\n")
        self.write("data.json", '{"x": 1}')
        name, version = self.deploy("main.js", "--bundle")
        self.assertEqual(version["file_names"], ["main.js", "main.js.map"])
        self.assertEqual(self.api.text(name), "worker 1 production")

    def test_without_it_files_go_as_they_are(self):
        self.write("plain.js", "export default { fetch: () => new Response('plain') };\n")
        name, version = self.deploy("plain.js", env={"ISOYARD_ESBUILD": "/nonexistent"})
        self.assertEqual(version["file_names"], ["plain.js"])


# One segment: the first line is line 7 of its source.
MAP = {"version": 3, "sources": ["original.ts"], "sourcesContent": ["x" * 1000], "names": ["a"], "mappings": "AAMA"}
THROWER = "export default { fetch() { throw new Error('x'); } };\n"


class Maps(Case):
    def data_url(self, text):
        return "data:application/json;charset=utf-8;base64," + base64.b64encode(text.encode()).decode()

    def test_inline(self):
        self.write("main.js", f"{THROWER}//# sourceMappingURL={self.data_url(json.dumps(MAP))}\n")
        name, version = self.deploy("main.js")
        self.assertEqual(version["file_names"], ["main.js", "main.js.map"])
        # Neither the comment nor the contents of the sources travel.
        self.assertLess(version["size_bytes"], len(THROWER) + 200)
        self.assertEqual(self.position(name, "/"), ("original.ts", 7, 1))

    def test_beside(self):
        self.write("main.js", f"{THROWER}//# sourceMappingURL=main.js.map\n")
        self.write("main.js.map", json.dumps(MAP))
        name, version = self.deploy("main.js")
        self.assertEqual(self.position(name, "/"), ("original.ts", 7, 1))
        again, same = self.deploy("main.js", "main.js.map")
        self.assertEqual(same["sha256"], version["sha256"])

    def test_of_a_classic_script(self):
        self.write("main.cjs", "addEventListener('fetch', () => { throw new Error('x'); });\n"
                               f"//# sourceMappingURL={self.data_url(json.dumps(MAP))}\n")
        name, _ = self.deploy("main.cjs")
        self.assertEqual(self.position(name, "/"), ("original.ts", 7, 1))

    def test_what_is_no_map_does_no_harm(self):
        for comment in ("data:application/json;base64,!!!!", "data:application/json;base64,AAAA", "nowhere.map",
                        "https://example.com/x.map", self.data_url("[]"), ""):
            self.write("main.js", f"{THROWER}//# sourceMappingURL={comment}\n")
            name, _ = self.deploy("main.js")
            self.assertEqual(self.position(name, "/")[0], "main.js", comment)
        name, _ = self.deploy("main.js", "banner.txt")
        for text in ("no json", '{"version": 3, "sources": [], "mappings": "AAAA"}', ""):
            self.write("main.js.map", text)
            name, _ = self.deploy("main.js", "main.js.map")
            self.assertEqual(self.position(name, "/")[0], "main.js", text)

    def test_over_grpc(self):
        self.api.worker.Deploy(worker_pb2.DeployRequest(worker="mapped", files=[
            worker_pb2.SourceFile(name="main.js", kind=worker_pb2.FILE_KIND_MODULE, content=THROWER.encode()),
            worker_pb2.SourceFile(name="main.js.map", kind=worker_pb2.FILE_KIND_SOURCE_MAP,
                                  content=json.dumps(MAP).encode())]), timeout=PATIENCE)
        self.assertEqual(self.position("mapped", "/"), ("original.ts", 7, 1))

    def test_failing_deployment_is_mapped(self):
        self.write("main.js", f"throw new Error('at start');\n//# sourceMappingURL={self.data_url(json.dumps(MAP))}\n")
        self.assertIn("original.ts:7:1: Error: at start", self.fails("main.js"))

    def test_map_of_many_segments_is_quick(self):
        """A line of a megabyte: its end is found without reading all that is before each time."""
        pad = ",".join(["EAAA"] * 200_000)
        big = {"version": 3, "sources": ["a.ts"], "mappings": f"AAAA,{pad},EAGA"}
        self.write("main.js", " " * 1000 + THROWER)
        self.write("main.js.map", json.dumps(big))
        name, _ = self.deploy("main.js", "main.js.map")
        self.assertEqual(self.position(name, "/")[0], "a.ts")
        for _ in range(3):
            self.assertLess(self.api.execute(name, "/").report.cpu_us, 50_000)


del Case

if __name__ == "__main__":
    unittest.main()
