// A bundle of two modules: this one is the main file, and imports the other by a relative path.
import { greet } from "./lib/greeting.js";

export default {
    async fetch(request) {
        const name = new URL(request.url).searchParams.get("name") ?? "world";

        await new Promise((resolve) => setTimeout(resolve, 20)); // waiting costs nobody a thread
        return new Response(`${greet(name)}\n`, { headers: { "x-module": import.meta.url } });
    },
};
