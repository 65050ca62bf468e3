// @ts-check

/** @type {import("./isoyard").Worker} */
export default {
    async fetch(request) {
        const url = new URL(request.url);
        const name = url.searchParams.get("name") ?? "world";

        console.log(`${request.method} ${url.pathname}`);
        return Response.json({ hello: name });
    },
};
