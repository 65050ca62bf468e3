// Mustache: sections, partials, escaping, functions.

import Mustache from "mustache";

const PAGE = `<title>{{title}}</title>
{{#items}}{{> item}}{{/items}}{{^items}}none{{/items}}
{{#upper}}{{title}}{{/upper}} {{{raw}}} {{&raw}} {{nested.deep.value}}`;
const ITEM = "<li>{{name}}{{#isLast}}.{{/isLast}}</li>";

export default {
    fetch(request) {
        const { searchParams } = new URL(request.url);
        const names = searchParams.getAll("name");
        const view = {
            title: searchParams.get("title"),
            items: names.map((name, i) => ({ name, isLast: i === names.length - 1 })),
            raw: "<b>&</b>",
            nested: { deep: { value: 0 } },
            upper: () => (text, render) => render(text).toUpperCase(),
        };
        const headers = { "content-type": "text/html;charset=utf-8" };
        return new Response(Mustache.render(PAGE, view, { item: ITEM }), { headers });
    },
};

export const requests = [
    { url: "/?title=A%20%26%20B&name=one&name=%3Ctwo%3E" },
    { url: "/?title=empty" },
];
