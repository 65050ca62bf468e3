// Asks two upstreams at once, answers when both have, and goes on after the answer.
export default {
    async fetch(request, env, ctx) {
        const upstream = new URL(request.url).searchParams.get("upstream");
        const [weather, traffic] = await Promise.all(
            ["weather", "traffic"].map(async (topic) => (await fetch(`${upstream}/${topic}`)).json()),
        );

        ctx.waitUntil(
            new Promise((resolve) => setTimeout(resolve, 20)).then(() => console.log("answered", topics(weather, traffic))),
        );
        return Response.json({ weather, traffic });
    },
};

function topics(...answers) {
    return answers.map(({ topic }) => topic).join(" and ");
}
