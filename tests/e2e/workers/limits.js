// One path for each way of using too much.
let calls = 0;

const ways = {
  "/loop"() {
    for (;;);
  },
  async "/microtask"() {
    await null;
    for (;;);
  },
  "/getter"() {
    return new Response("", { get status() { for (;;); } });
  },
  "/recursion"() {
    const recurse = () => recurse() + 1;
    return new Response(String(recurse()));
  },
  "/heap"() {
    const kept = [];
    for (;;) kept.push({ a: kept.length, b: [1, 2, 3] });
  },
  "/buffers"() {
    const kept = [];
    for (;;) kept.push(new Uint8Array(1 << 20).fill(1));
  },
  "/never"() {
    return new Promise(() => {});
  },
  async "/wall"() {
    await new Promise((resolve) => setTimeout(resolve, 60000));
    return new Response("late");
  },
  "/body"() {
    return new Response("x".repeat(5 << 20));
  },
  "/headers"() {
    return new Response("", { headers: { "x-long": "x".repeat(64 << 10) } });
  },
};

export default {
  fetch(request) {
    calls++;
    const way = ways[new URL(request.url).pathname];
    return way ? way() : new Response("call " + calls);
  },
};
