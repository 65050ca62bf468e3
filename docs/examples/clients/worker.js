// What the clients call: it answers, takes its time, or takes too much of it.
export default {
    async fetch(request) {
        const { pathname } = new URL(request.url);
        if (pathname === "/throw") throw new TypeError("thrown on purpose");
        if (pathname === "/loop") for (;;);
        if (pathname === "/sleep") await new Promise((resolve) => setTimeout(resolve, 20_000));
        return new Response(`hello from ${pathname}`);
    },
};
