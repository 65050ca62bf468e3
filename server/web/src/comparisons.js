// The list of stored comparisons.

import { h } from "./dom.js";
import { storedComparisons } from "./source.js";

let list;
let choose; // called with the id of the one that was chosen
let shown = null; // the id of the one on the page
let known = null; // how many had ended when the list was read

function when(time) {
    return new Date(time).toLocaleString("en-GB", { dateStyle: "medium", timeStyle: "short" });
}

function row({ id, create_time, title, verdict }) {
    const button = h(
        "button",
        { type: "button", "data-id": id, "aria-current": id === shown ? "true" : null, onclick: () => choose(id) },
        h("time", { datetime: create_time, class: "muted" }, when(create_time)),
        h("b", {}, title),
        h("span", {}, verdict),
    );
    return h("li", {}, button);
}

/** Puts rows in place of what stands from the index on; the focus stays on what it was on. */
function put(index, page) {
    const focused = list.contains(document.activeElement) ? document.activeElement.dataset.id : null;
    const rows = page.comparisons.map(row);
    if (page.next_page_token) {
        const older = () => read(list.children.length - 1, page.next_page_token, true);
        rows.push(h("li", {}, h("button", { type: "button", class: "older", onclick: older }, "Older ones")));
    }
    list.replaceChildren(...[...list.children].slice(0, index), ...rows);
    if (focused) list.querySelector(`[data-id="${focused}"]`)?.focus();
}

async function read(index, token, movesFocus) {
    const page = await storedComparisons(token);
    if (!page) return false;
    put(index, page);
    list.parentElement.hidden = list.children.length === 0;
    if (movesFocus) list.children[index]?.firstChild.focus();
    return true;
}

/** The element; onchoose(id) is called when one is chosen. */
export function start(onchoose) {
    choose = onchoose;
    list = h("ul", { class: "stored" });
    return h("div", { hidden: true }, h("h3", { class: "stored-title" }, "Stored comparisons"), list);
}

/** Marks the one that is shown. */
export function mark(id) {
    shown = id;
    for (const button of list.querySelectorAll("[data-id]")) {
        if (button.dataset.id === String(id)) button.setAttribute("aria-current", "true");
        else button.removeAttribute("aria-current");
    }
}

/** Whenever one has ended, whoever began it, the list is read anew. */
export async function show({ comparisons }) {
    if (comparisons === known) return;
    const before = known;
    known = comparisons;
    if (!(await read(0))) known = before; // the next event asks again
}
