// What waits: fetch(), timers, ctx.waitUntil; and the other events.
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

async function describe(promise) {
    try {
        const response = await promise;
        return { status: response.status, url: response.url, redirected: response.redirected, text: await response.text() };
    } catch (error) {
        return { name: error.name, message: error.message, cause: error.cause?.message };
    }
}

export default {
    async fetch(request, env, ctx) {
        const { pathname, searchParams } = new URL(request.url);
        const target = searchParams.get("url");
        switch (pathname) {
            case "/one":
                return Response.json(await describe(fetch(target, JSON.parse(searchParams.get("init") ?? "{}"))));
            case "/many": {
                const count = Number(searchParams.get("count"));
                const answers = await Promise.all(Array.from({ length: count }, () => describe(fetch(target))));
                return Response.json(answers);
            }
            case "/aborted": {
                const signal = AbortSignal.timeout(Number(searchParams.get("ms")));
                return Response.json(await describe(fetch(target, { signal })));
            }
            case "/after":
                ctx.waitUntil(sleep(Number(searchParams.get("ms"))).then(() => console.log("waited until")));
                return new Response("at once");
            case "/rejects-after":
                ctx.waitUntil(Promise.reject(new Error("too late")));
                return new Response("at once");
            case "/fetches-after":
                ctx.waitUntil(fetch(target).then((response) => console.log("fetched", response.status)));
                return new Response("at once");
            case "/burns-later":
                setTimeout(() => {}, 60000); // or nothing could settle this
                await new Promise((resolve) => (globalThis.go = resolve));
                for (const end = performance.now() + 40; performance.now() < end; );
                return new Response("burnt");
            case "/resolves":
                globalThis.go();
                return new Response("resolved");
            case "/unhandled":
                Promise.reject(new Error("nobody cares"));
                return new Response("fine");
            case "/cannot-be-interrupted":
                // The prelude guards the built-ins that people call by accident; this is none of them.
                return new Response(String([].every.call({ length: 2 ** 53 - 1 }, (x) => x)));
            case "/out-of-memory":
                return new Response("a,".repeat(2 ** 27).split(",")[0]);
        }
        return new Response("?", { status: 404 });
    },
    scheduled(controller) {
        console.log("scheduled", controller.cron, controller.scheduledTime);
    },
    task(event) {
        if (event.payload === "throw") {
            throw new Error("no");
        }
        return { got: event.payload, attempt: event.attempt };
    },
};
