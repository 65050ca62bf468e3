// A worker whose answer is a stream that is fed while it is read.

import { equal, run, sleep, test } from "./harness.js";

test("text through a stream, piece by piece", async ({ request }) => {
    equal(await new Response(request.body).text(), "hällo wörld");
});

export default {
    async fetch(request, env, ctx) {
        const report = await run(request, env, ctx);
        const bytes = await report.bytes();
        let at = 0;
        const stream = new ReadableStream({
            async pull(controller) {
                await sleep(1);
                if (at >= bytes.length) {
                    controller.close();
                } else {
                    controller.enqueue(bytes.slice(at, (at += 100)));
                }
            },
        });
        return new Response(stream, report);
    },
};
