"""Memory outside of the heap: whatever a worker makes of WebAssembly and Intl is refused above its limit, by many small
pieces as by a large one; the server stays small, and other tenants notice nothing."""

import threading

import grpc
import support
from support import failure_pb2

MIB = 1 << 20
LIMIT = 64 * MIB
ROOM = 4 * LIMIT + 128 * MIB  # what small blocks cost besides and leave behind in malloc, and the heap

BOMBS = """
const growing = new WebAssembly.Module(new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0, 1, 6, 1, 96, 1, 127, 1, 127, 3, 2, 1,
    0, 5, 3, 1, 0, 1, 7, 9, 2, 1, 109, 2, 0, 1, 103, 0, 0, 10, 8, 1, 6, 0, 32, 0, 64, 0, 11]));
let kept = [];
const makers = {
    memories: () => new WebAssembly.Memory({ initial: 1 }),
    instances: () => new WebAssembly.Instance(growing),
    dates: () => new Intl.DateTimeFormat("en", { dateStyle: "full" }),
    numbers: () => new Intl.NumberFormat("de", { style: "unit", unit: "liter" }),
    segmenters: () => new Intl.Segmenter("th").segment("text")[Symbol.iterator](),
};
const actions = {
    large: () => kept.push(new WebAssembly.Memory({ initial: 1025 })),
    below: () => new Uint8Array(new WebAssembly.Memory({ initial: 600 }).buffer).fill(1),
    grow() {
        const memory = new WebAssembly.Memory({ initial: 1 });
        for (kept.push(memory); ; ) {
            const before = memory.grow(1);
            new Uint8Array(memory.buffer, before * 65536).fill(1);
        }
    },
    drop: () => (kept = []),
};
export default {
    fetch(request) {
        const name = new URL(request.url).pathname.slice(1);
        if (name in makers) {
            for (;;) {
                kept.push(makers[name]()); // newer ICUs share much of it: there can be more than 100,000 numbers
            }
        } else {
            actions[name]();
        }
        return new Response("fine");
    },
};
"""

QUIET = """
const memory = new WebAssembly.Memory({ initial: 16 });
export default { fetch: () => new Response(new Intl.DateTimeFormat("en").format(0) + memory.buffer.byteLength) };
"""


class OutsideMemory(support.ServerCase):
    flags = ("--external-mib", str(LIMIT // MIB), "--cpu-ms", "30000", "--lanes", "2")

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.api.deploy("bombs", BOMBS)
        cls.api.deploy("quiet", QUIET, tenant="quiet")

    def exceed(self, name):
        refusal = self.refused(grpc.StatusCode.RESOURCE_EXHAUSTED, self.api.execute, "bombs", "/" + name)
        exceeded = refusal.detail(failure_pb2.LimitExceeded)
        self.assertEqual(exceeded.limit, failure_pb2.LIMIT_EXTERNAL_MEMORY, refusal.message)
        self.assertEqual(exceeded.allowed, LIMIT)
        self.assertGreater(exceeded.used, LIMIT)

    def test_bombs(self):
        self.assertRegex(self.api.text("quiet", tenant="quiet"), "1048576$")
        before = self.server.rss_bytes()
        is_over = threading.Event()
        wrong = []

        def ask():
            while not is_over.is_set():
                if not self.api.text("quiet", tenant="quiet").endswith("1048576"):
                    wrong.append("an answer")

        asking = threading.Thread(target=ask)
        asking.start()
        try:
            for name in "memories", "instances", "large", "grow", "dates", "numbers", "segmenters", "grow", "memories":
                with self.subTest(name):
                    self.exceed(name)
                    self.assertLess(self.server.rss_bytes(), before + ROOM * self.server.memory_slack())
                    self.assertEqual(self.api.text("bombs", "/drop"), "fine")
            for _ in range(3):
                self.assertEqual(self.api.text("bombs", "/below"), "fine")
        finally:
            is_over.set()
            asking.join()
        self.assertEqual(wrong, [])


if __name__ == "__main__":
    support.unittest.main()
