"""Workers that are bundled from npm packages: each answers what Node.js answers for the same bundle."""

import json
import shutil
import subprocess
import sys
import unittest
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "e2e"))

import support  # noqa: E402
from support import execution_pb2  # noqa: E402

OUT = support.SCRATCH / "bundles"


def setUpModule():
    subprocess.run([shutil.which("node"), HERE / "bundle.mjs", OUT], check=True)


class Bundles(support.ServerCase):
    flags = ("--startup-ms", "10000", "--cpu-ms", "10000")

    def answer(self, worker, request):
        headers = [execution_pb2.HttpHeader(name=name, value=value)
                   for name, value in request.get("headers", {}).items()]
        fields = {"body_text": request["body"]} if "body" in request else {}
        reply = self.api.execute(worker, request["url"], method=request.get("method", "GET"), headers=headers, **fields)
        self.assertFalse(reply.HasField("failure"), reply.failure)
        response = reply.response
        kind = response.WhichOneof("body")
        body = "" if kind is None else response.body_text if kind == "body_text" else response.body_bytes.decode()
        return {"status": response.status,
                "headers": sorted([header.name, header.value] for header in response.headers),
                "body": body}

    def check(self, name):
        self.api.deploy(name, (OUT / f"{name}.mjs").read_text())
        pairs = json.loads((OUT / f"{name}.json").read_text())
        self.assertGreater(len(pairs), 0)
        for pair in pairs:
            expected = {**pair["answer"], "headers": sorted(pair["answer"]["headers"])}
            with self.subTest(url=pair["request"]["url"]):
                self.assertEqual(self.answer(name, pair["request"]), expected)

    def test_router(self):
        self.check("router")

    def test_schema(self):
        self.check("schema")

    def test_jwt(self):
        self.check("jwt")

    def test_render(self):
        self.check("render")

    def test_template(self):
        self.check("template")

    def test_graphql(self):
        self.check("api")


if __name__ == "__main__":
    unittest.main()
