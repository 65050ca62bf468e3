// The architecture: what serves, and choosing another one.

import { body, h } from "./dom.js";
import * as format from "./format.js";
import { change } from "./source.js";

const CHOICES = {
    pinned: "each worker has its lane: no lock, its isolate stays warm there",
    shared: "any lane takes any isolate: even load, one lock",
    legacy: "a new isolate for each task: nothing is left behind, and slow",
};

/* What is not chosen is as the server was started with. */
const AS_STARTED = ["", "as started"];

let serving = null;
let isPending = false;
let parts;

function select(name, options) {
    return h("select", { name }, options.map(([value, label]) => h("option", { value }, label)));
}

function choice(name) {
    return h(
        "label",
        { class: "choice" },
        h("input", { type: "radio", name: "architecture", value: name, onchange: update }),
        h("span", {}, h("b", {}, name), h("small", {}, CHOICES[name])),
    );
}

function field(label, input) {
    return h("label", { class: "field" }, h("span", {}, label), input);
}

function chosen() {
    return parts.form.elements.architecture.value;
}

function update() {
    const name = chosen();
    parts.handoff.hidden = name !== "shared";
    parts.button.disabled = !name || isPending;
    parts.button.textContent = name && name === serving ? `Open ${name} anew…` : name ? `Switch to ${name}…` : "Switch…";
}

function settings() {
    const { handoff, context, lanes, isolates } = parts.form.elements;
    const value = { architecture: chosen() };
    if (handoff.value && value.architecture === "shared") value.handoff = handoff.value;
    if (context.value) value.context = context.value;
    if (lanes.value) value.lanes = Number(lanes.value);
    if (isolates.value) value.isolates = Number(isolates.value);
    return value;
}

/** Asks first; resolves to whether to go on. */
export function confirm(title, text, action) {
    const dialog = document.querySelector("#confirm");
    return new Promise((resolve) => {
        dialog.replaceChildren(
            h("h2", {}, title),
            h("p", {}, text),
            h(
                "div",
                { class: "buttons" },
                h("button", { onclick: () => dialog.close("no"), autofocus: true }, "Cancel"),
                h("button", { class: "primary", onclick: () => dialog.close("yes") }, action),
            ),
        );
        dialog.onclose = () => resolve(dialog.returnValue === "yes");
        dialog.returnValue = "";
        dialog.showModal();
    });
}

function say(text, level) {
    parts.status.textContent = text;
    parts.status.className = `status ${level ?? ""}`;
}

async function submit(event) {
    event.preventDefault();
    const value = settings();
    const isSure = await confirm(
        `Switch to ${value.architecture}?`,
        `${serving} serves now. Tasks that run there end there, new ones go to the new pool; no call fails because of it. ` +
            "Isolates start anew, but for those of the busiest workers, which are warmed first. The choice survives a restart.",
        "Switch",
    );
    if (!isSure) return;
    const error = await change("api/switch", value);
    if (error) say(error, "bad");
}

export function start() {
    const form = h("form", { onsubmit: submit });
    const handoff = field("hand-off", select("handoff", [AS_STARTED, ["fifo", "fifo: a fair queue"], ["mutex", "mutex: lanes block"]]));
    const button = h("button", { class: "primary", type: "submit", disabled: true }, "Switch…");
    const status = h("p", { class: "status", role: "status" });
    form.append(
        ...Object.keys(CHOICES).map(choice),
        h(
            "details",
            {},
            h("summary", {}, "settings"),
            handoff,
            field("context", select("context", [AS_STARTED, ["reuse", "reuse the warm one"], ["fresh", "a fresh one for each task"]])),
            field("lanes", h("input", { name: "lanes", type: "number", min: 1, max: 256, placeholder: "as started" })),
            field("isolates", h("input", { name: "isolates", type: "number", min: 1, max: 100000, placeholder: "as started" })),
        ),
        button,
        status,
    );
    body("switch").replaceChildren(form);
    parts = { form, handoff, button, status };
    update();
}

function report(switched) {
    const { report: r } = switched;
    const before = r.running_executions > 0 ? `${format.count(r.running_executions)} still run in the pool before` : `the pool before has ended`;
    return `Switched to ${format.architecture(r.architecture)} after ${format.count(r.switched_ms)} ms; ${r.warmed_workers} workers were warm; ${before}.`;
}

export function show({ stats, control }) {
    const name = format.architecture(stats.architecture);
    const isFirst = serving === null;
    serving = name;
    if (isFirst) parts.form.elements.architecture.value = name;
    for (const input of parts.form.querySelectorAll("input[name=architecture]"))
        input.closest("label").classList.toggle("serving", input.value === name);
    const state = control.switch;
    isPending = state?.state === "running";
    if (isPending) say(`Switching to ${state.architecture}…`);
    else if (state?.state === "done") say(report(state), "good");
    else if (state?.state === "failed") say(state.message, "bad");
    update();
}
