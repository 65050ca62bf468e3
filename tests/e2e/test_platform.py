"""The web platform's tests, tests/js, in workers that were deployed and are called over gRPC."""

import json
import unittest

import support
from support import Api, execution_pb2, start

FOLDER = support.ROOT / "tests/js"

# As the files expect it: see harness.js.
URL = "https://tests.test/tests/run?case=1&name=a%20b"
HEADERS = [("content-type", "text/plain;charset=utf-8"), ("x-test", "a"), ("x-test", "b"),
           ("cookie", "sid=1"), ("cookie", "lang=de")]
BODY = "hällo wörld"

# They need the upstream that js_run gives them.
NOT_HERE = {"harness.js", "fetch.js"}


class Platform(support.TestCase):
    def check(self, *flags):
        server = start("--lanes", "2", "--cpu-ms", "60000", "--wall-ms", "120000", *flags)
        self.addCleanup(server.kill)
        channel = server.channel()
        self.addCleanup(channel.close)
        api = Api(channel)
        harness = (FOLDER / "harness.js").read_bytes()
        for file in sorted(FOLDER.glob("*.js")):
            if file.name not in NOT_HERE:
                with self.subTest(file=file.name, flags=flags):
                    api.deploy(file.stem, None, files={file.name: file.read_bytes(), "harness.js": harness})
                    self.run_tests(api, file.stem, body_text=BODY)
                    self.run_tests(api, file.stem, body_bytes=BODY.encode())

    def run_tests(self, api, name, **body):
        headers = [execution_pb2.HttpHeader(name=key, value=value) for key, value in HEADERS]
        reply = api.execute(name, URL, timeout=support.PATIENCE * 4, method="POST", headers=headers, **body)
        self.assertEqual(reply.WhichOneof("outcome"), "response", reply)
        response = reply.response
        report = json.loads(response.body_bytes or response.body_text)
        self.assertEqual(report["failed"], [])
        self.assertGreater(report["passed"], 0)

    def test_pinned(self):
        self.check("--pool", "pinned")

    def test_shared(self):
        self.check("--pool", "shared")

    def test_shared_mutex(self):
        self.check("--pool", "shared", "--handoff", "mutex")

    def test_legacy(self):
        self.check("--pool", "legacy")


if __name__ == "__main__":
    unittest.main()
