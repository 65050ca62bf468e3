// Says what it was asked.
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

export default {
  async fetch(request) {
    const url = new URL(request.url);
    if (url.pathname === "/sleep") {
      await sleep(Number(url.searchParams.get("ms")));
      return new Response("slept");
    }
    if (url.pathname === "/bytes") {
      return new Response(new Uint8Array([0, 1, 254, 255]));
    }
    if (url.pathname === "/echo") {
      return new Response(await request.arrayBuffer());
    }
    if (url.pathname === "/status") {
      return new Response("no", { status: Number(url.searchParams.get("code")), headers: { "x-why": "asked" } });
    }
    if (url.pathname === "/large") {
      return new Response("x".repeat(Number(url.searchParams.get("bytes"))));
    }
    if (url.pathname === "/throw") {
      throw new TypeError("thrown on purpose");
    }
    if (url.pathname === "/escape") {
      throw new Error("red \u001b[31m and back");
    }
    if (url.pathname === "/nul") {
      return new Response("before\0after");
    }
    if (url.pathname === "/log") {
      console.log("said", { by: "echo" });
      console.error("two\nlines");
      return new Response("logged");
    }
    const headers = [...request.headers].map(([name, value]) => `${name}=${value}`);
    return Response.json({
      method: request.method,
      url: request.url,
      headers,
      body: await request.text(),
    });
  },
};
