"""--context fresh: a context for each task."""

import unittest

import grpc
import support
from support import Api, Cli, execution_pb2, pool_pb2, start

COUNTER = """
let count = 0;
export default {
    async fetch(request) {
        count++;
        const ms = Number(new URL(request.url).searchParams.get("ms"));
        if (ms > 0) {
            await new Promise((done) => setTimeout(done, ms));
        }
        globalThis.seen = (globalThis.seen ?? 0) + 1;
        return new Response(`${count} ${globalThis.seen}`);
    },
};
"""
FRESH = pool_pb2.CONTEXT_USE_FRESH
REUSE = pool_pb2.CONTEXT_USE_REUSE
COLD, WARM, NEW_CONTEXT = (execution_pb2.START_KIND_COLD, execution_pb2.START_KIND_WARM,
                           execution_pb2.START_KIND_NEW_CONTEXT)


class Context(support.TestCase):
    def start(self, *flags, **arguments):
        self.server = start("--lanes", "2", *flags, **arguments)
        self.addCleanup(self.server.kill)
        channel = self.server.channel()
        self.addCleanup(channel.close)
        self.api = Api(channel)
        self.cli = Cli(self.server.address)

    def start_counter(self, *flags):
        self.start(*flags)
        self.api.deploy("counter", COUNTER)

    def call(self, url="/"):
        reply = self.api.execute("counter", url)
        return reply.response.body_text, reply.report.start

    def switch(self, architecture, **config):
        return self.api.pool.SwitchArchitecture(pool_pb2.SwitchArchitectureRequest(
            architecture=architecture, config=pool_pb2.PoolSettings(**config)), timeout=support.PATIENCE)

    def test_reuse_is_the_default(self):
        self.start_counter()
        self.assertEqual([self.call() for _ in range(3)], [("1 1", COLD), ("2 2", WARM), ("3 3", WARM)])
        stats = self.api.stats()
        self.assertEqual(stats.config.context, REUSE)
        self.assertEqual((stats.cold.count, stats.HasField("new_context"), stats.warm.count), (1, False, 2))

    def test_every_task_has_a_context_of_its_own(self):
        for flags in ("--pool", "pinned"), ("--pool", "shared"), ("--pool", "shared", "--handoff", "mutex"):
            with self.subTest(flags=flags):
                self.start_counter("--context", "fresh", "--isolates-per-worker", "1", *flags)
                answers = [self.call() for _ in range(5)]
                self.assertEqual(answers, [("1 1", COLD)] + [("1 1", NEW_CONTEXT)] * 4)
                stats = self.api.stats()
                self.assertEqual((stats.config.context, stats.isolates.created), (FRESH, 2))  # one of them for the check
                self.assertEqual((stats.cold.count, stats.new_context.count, stats.HasField("warm")), (1, 4, False))

    def test_legacy_needs_none(self):
        self.start_counter("--context", "fresh", "--pool", "legacy")
        self.assertEqual([self.call() for _ in range(2)], [("1 1", COLD)] * 2)

    def test_tasks_that_wait_do_not_share_one(self):
        self.start_counter("--context", "fresh")
        futures = [self.api.execution.Execute.future(execution_pb2.ExecuteRequest(
            worker="counter", fetch=execution_pb2.HttpRequest(url="/?ms=50")), timeout=support.PATIENCE)
            for _ in range(8)]
        self.assertEqual({future.result().response.body_text for future in futures}, {"1 1"})

    def test_switch_keeps_it_and_a_flag_wins(self):
        self.start_counter()
        self.switch(execution_pb2.ARCHITECTURE_SHARED, context=FRESH)
        self.assertEqual([self.call()[0] for _ in range(3)], ["1 1"] * 3)
        self.server.stop()
        self.start(db=self.server.db)
        self.assertEqual(self.api.stats().config.context, FRESH)
        self.assertEqual([self.call()[0] for _ in range(3)], ["1 1"] * 3)
        self.server.stop()
        self.start("--context", "reuse", db=self.server.db)
        stats = self.api.stats()
        self.assertEqual((stats.config.context, stats.architecture), (REUSE, execution_pb2.ARCHITECTURE_SHARED))

    def test_memory_stays(self):
        self.start_counter("--context", "fresh")
        for _ in range(200):
            self.call()
        before = self.server.rss_bytes()
        for _ in range(2000):
            self.call()
        self.assertLess(self.server.rss_bytes() - before, (16 << 20) * self.server.memory_slack())
        self.assertEqual(self.api.stats().isolates.alive, 1)

    def test_command_line(self):
        self.start_counter()
        self.cli.ok("pool", "switch", "pinned", "--context", "fresh")
        self.assertIn("context fresh", self.cli.ok("pool", "stats").decode())
        self.assertEqual(self.cli.json("pool", "stats")["config"]["context"], "CONTEXT_USE_FRESH")
        self.cli.ok("exec", "counter")
        self.assertEqual(self.cli.json("exec", "counter")["report"]["start"], "START_KIND_NEW_CONTEXT")
        self.assertEqual(self.cli.run("pool", "switch", "pinned", "--context", "new").returncode, 2)

    def test_refusals(self):
        self.start_counter()
        refusal = self.refused(grpc.StatusCode.INVALID_ARGUMENT, self.switch, execution_pb2.ARCHITECTURE_PINNED, context=9)
        self.assertEqual(refusal.fields, ["config.context"])
        self.assertEqual(self.api.stats().config.context, REUSE)


if __name__ == "__main__":
    unittest.main()
