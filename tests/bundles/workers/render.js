// React on the server: a string, and a stream.

import { Suspense, createContext, createElement as h, use, useContext, useId } from "react";
import { renderToReadableStream, renderToStaticMarkup, renderToString } from "react-dom/server.edge";

const Theme = createContext("light");

function Item({ text }) {
    const theme = useContext(Theme);
    return h("li", { id: useId(), className: theme, style: { marginTop: 3 } }, text);
}

function Late({ promise }) {
    return h("p", null, use(promise));
}

function Page({ items, promise }) {
    const list = items.map((text) => h(Item, { key: text, text }));
    const late = promise && h(Suspense, { fallback: "wait" }, h(Late, { promise }));
    return h(Theme.Provider, { value: "dark" }, h("main", null, h("ul", null, list), late));
}

function later(text) {
    return new Promise((resolve) => setTimeout(() => resolve(text), 5));
}

export default {
    async fetch(request) {
        const { pathname, searchParams } = new URL(request.url);
        const items = searchParams.getAll("item");
        const headers = { "content-type": "text/html" };
        if (pathname === "/stream") {
            const page = h(Page, { items, promise: later("late & shown") });
            const stream = await renderToReadableStream(page);
            await stream.allReady;
            return new Response(stream, { headers });
        }
        const render = pathname === "/static" ? renderToStaticMarkup : renderToString;
        return new Response(render(h(Page, { items })), { headers });
    },
};

export const requests = [
    { url: "/?item=one&item=%3Cscript%3E" },
    { url: "/static?item=one" },
    { url: "/stream?item=a" },
];
