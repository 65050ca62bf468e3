// Comparing architectures, and what came of it.

import { body, h, number, table } from "./dom.js";
import * as format from "./format.js";
import * as comparisons from "./comparisons.js";
import { confirm } from "./control.js";
import { change, lastReport, storedReport } from "./source.js";

const ARMS = ["pinned", "shared fifo", "shared mutex", "legacy"];
const WORKLOADS = [
    ["cpu", "cpu: computing, warm isolates"],
    ["standard", "standard: computing, pauses between"],
    ["warm", "warm: very short tasks"],
    ["simple", "simple: short tasks of many workers"],
    ["fetch", "fetch: one wait each"],
    ["multi-fetch", "multi-fetch: several waits each"],
    ["threads", "threads: many callers"],
    ["contention", "contention: callers for few isolates"],
];

let parts;
let noted = null; // the id of the last report of one that was begun here
let wanted = 0; // counts reports that are asked for: the last one is shown
let isRunning = false;
let isAwaited = false; // one was begun: what becomes of it is said once

function say(text, level) {
    parts.status.textContent = text;
    parts.status.className = `status ${level ?? ""}`;
}

function request() {
    const { kind, workload, rounds, other, seconds } = parts.form.elements;
    if (kind.value === "live") return { kind: "live", other: other.value, seconds: Number(seconds.value) };
    const arms = [...parts.form.querySelectorAll("input[name=arm]:checked")].map((input) => input.value);
    return { kind: "synthetic", workload: workload.value, rounds: Number(rounds.value), arms };
}

async function begin() {
    const value = request();
    say("");
    if (value.arms && value.arms.length < 2) return say("Choose two at least.", "bad");
    if (value.kind === "live") {
        const text = `For ${value.seconds} s half of the tenants' real calls go to a pool of ${value.other}, then the other half. It ends by itself.`;
        if (!(await confirm("Compare on real calls?", text, "Compare"))) return;
    }
    const error = await change("api/compare", value);
    if (error) say(error, "bad");
    else isAwaited = true;
}

async function submit(event) {
    event.preventDefault();
    if (!isRunning) return begin();
    const error = await change("api/compare/cancel", {});
    if (error) say(error, "bad");
}

function select(name, options) {
    return h("select", { name }, options.map(([value, label]) => h("option", { value }, label ?? value)));
}

function field(label, input) {
    return h("label", { class: "field" }, h("span", {}, label), input);
}

function showKind() {
    const isLive = parts.form.elements.kind.value === "live";
    parts.synthetic.hidden = isLive;
    parts.live.hidden = !isLive;
}

export function start() {
    const synthetic = h(
        "div",
        { class: "fields" },
        field("workload", select("workload", WORKLOADS)),
        field("rounds", h("input", { name: "rounds", type: "number", min: 1, max: 101, value: 11 })),
        h(
            "fieldset",
            {},
            h("legend", {}, "pools"),
            ARMS.map((name) => h("label", {}, h("input", { type: "checkbox", name: "arm", value: name, checked: true }), ` ${name}`)),
        ),
    );
    const live = h(
        "div",
        { class: "fields", hidden: true },
        field("beside the one that serves", select("other", ARMS.map((name) => [name]))),
        field("seconds", h("input", { name: "seconds", type: "number", min: 2, max: 3600, value: 60 })),
    );
    const button = h("button", { class: "primary", type: "submit" }, "Compare");
    const status = h("p", { class: "status", role: "status" });
    const progress = h("progress", { max: 1, value: 0, hidden: true });
    const result = h("div", { class: "result" });
    const kind = select("kind", [["synthetic", "in pools of their own, on a workload"], ["live", "on the real calls"]]);
    const form = h("form", { onsubmit: submit }, field("how", kind), synthetic, live, button, progress, status);
    kind.addEventListener("change", showKind);
    body("compare").replaceChildren(form, result, comparisons.start(choose));
    parts = { form, synthetic, live, button, status, progress, result };
    fetchLast();
}

/* The result. */

function median(values) {
    const sorted = [...values].sort((a, b) => a - b);
    const middle = sorted.length >> 1;
    return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** A bar to the median of the rounds, with a whisker from the least to the most. */
function whisker(values, most, show) {
    const low = Math.min(...values), high = Math.max(...values), middle = median(values);
    const label = `median ${show(middle)}, from ${show(low)} to ${show(high)}`;
    const track = h("span", { class: "whisker", role: "img", "aria-label": label, title: label });
    const fill = h("span", { class: "fill" });
    const line = h("span", { class: "line" });
    fill.style.width = `${(middle / most) * 100}%`;
    line.style.left = `${(low / most) * 100}%`;
    line.style.width = `${((high - low) / most) * 100}%`;
    track.append(fill, line);
    return track;
}

function bars(title, arms, read, show) {
    const values = arms.map((arm) => arm.rounds.map(read).filter((value) => value > 0));
    const most = Math.max(...values.flat(), 1e-9);
    const rows = arms.map((arm, i) =>
        h(
            "tr",
            { "data-arm": arm.name },
            h("th", { scope: "row" }, arm.name),
            h("td", { class: "grow" }, values[i].length ? whisker(values[i], most, show) : "–"),
            number(values[i].length ? show(median(values[i])) : "–"),
        ),
    );
    return table([title, "", "median"], rows, { class: "bars" });
}

function interval(ratio) {
    return ratio.interval ? `${ratio.interval.low.toPrecision(3)} to ${ratio.interval.high.toPrecision(3)}` : "too few rounds";
}

const METRICS = { THROUGHPUT: "tasks/s", LATENCY_P50: "p50", LATENCY_P99: "p99", CPU: "CPU a task" };

function ratioRow(report, ratio) {
    const metric = ratio.metric.slice("COMPARISON_METRIC_".length);
    return h(
        "tr",
        {},
        h("th", { scope: "row" }, report.arms[ratio.arm].name),
        h("td", {}, METRICS[metric] ?? metric),
        number(`× ${ratio.median.toPrecision(3)}`),
        number(interval(ratio)),
    );
}

function showReport(report) {
    const perSecond = (value) => `${format.count(value)}/s`;
    parts.result.replaceChildren(
        h("p", { class: "verdict", role: "status" }, report.verdict),
        h("p", { class: "muted" }, `${report.title}, ${report.arms[0].rounds.length} rounds. Bars: median of the rounds; lines: the least to the most.`),
        h(
            "div",
            { class: "columns" },
            bars("throughput", report.arms, (round) => round.tasks_per_s, perSecond),
            bars("latency p99", report.arms, (round) => round.p99_us, format.us),
            bars("CPU a task", report.arms, (round) => round.cpu_us_per_task, format.us),
        ),
        h(
            "details",
            {},
            h("summary", {}, "ratios and notes"),
            table(["", "figure", `as a multiple of ${report.arms[0].name}`, "95 % interval"], report.ratios.map((ratio) => ratioRow(report, ratio))),
            report.notes.map((note) => h("p", { class: "muted" }, note)),
        ),
    );
}

/** Shows what is asked for, and resolves to it (null: it could not be had), unless something else is asked for meanwhile. */
async function fetchReport(asking) {
    const number = ++wanted;
    const report = await asking;
    if (number !== wanted) return undefined;
    if (report) {
        showReport(report);
        comparisons.mark(report.id);
    }
    return report;
}

async function fetchLast() {
    const report = await fetchReport(lastReport());
    noted = report?.id ?? noted;
}

async function choose(id) {
    if (!isRunning) say(""); // it was about another one
    const report = await fetchReport(storedReport(id));
    if (report === null) parts.result.replaceChildren(h("p", { class: "status bad", role: "status" }, `Comparison ${id} could not be read.`));
    parts.result.scrollIntoView({ block: "nearest" });
}

function sayOutcome(state) {
    isAwaited = false;
    if (state.state === "failed") say(state.message, "bad");
    else say(state.id > 0 ? `stored as comparison ${state.id}` : "not stored", "good");
}

export function show(event) {
    const state = event.control.compare;
    comparisons.show(event);
    isRunning = state?.state === "running";
    parts.button.textContent = isRunning ? "Stop" : "Compare";
    parts.progress.hidden = !isRunning;
    if (isRunning) {
        isAwaited = true;
        parts.progress.value = state.share;
        say(`${state.title}: round ${state.round} of ${state.rounds}${state.arm ? `, ${state.arm}` : ""}`);
    } else if (state && isAwaited) {
        sayOutcome(state);
    }
    if (state?.state === "done" && noted !== state.id) {
        noted = state.id;
        fetchLast();
    }
}
