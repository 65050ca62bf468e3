// Texts that are hard to pass on: long ones, odd ones.
function overflow() {
  return overflow() + 1;
}

const ways = {
  "/message"() {
    throw new Error("\u00e9".repeat(3000000));
  },
  "/stack"() {
    const error = new Error("short");
    error.stack = "s".repeat(3000000);
    throw error;
  },
  "/surrogate"() {
    throw new Error("a\ud800b");
  },
  "/overflow"() {
    return new Response(String(overflow()));
  },
  "/body"() {
    return new Response("a\ud800b");
  },
};

export default {
  fetch(request) {
    return ways[new URL(request.url).pathname]();
  },
};
