// What is read, and not touched: made anew of each event.

import { bar, body, empty, h, number, table } from "./dom.js";
import * as format from "./format.js";

function tile(label, value, detail, level, figure) {
    return h(
        "div",
        { class: `tile ${level ?? ""}`, "data-tile": figure },
        h("span", { class: "label" }, label),
        h("strong", {}, value),
        h("span", { class: "detail" }, detail),
    );
}

function refusedShare(interval) {
    const all = interval.submitted_per_s + interval.refused_per_s;
    return all > 0 ? interval.refused_per_s / all : 0;
}

export function tiles({ stats, interval }) {
    const place = document.querySelector("#tiles");
    if (!interval) {
        place.replaceChildren(empty("The pool was just opened."));
        return;
    }
    const ended = interval.answered_per_s + interval.failed_per_s;
    const failing = ended > 0 ? interval.failed_per_s / ended : 0;
    const busy = interval.lanes.reduce((sum, lane) => sum + lane.busy, 0) / interval.lanes.length;
    const waiting = stats.lanes.reduce((sum, lane) => sum + lane.queued, 0);
    const starts = interval.hits + interval.misses;
    const { wall, queue_wait } = interval;
    place.replaceChildren(
        tile("answered", `${format.count(interval.answered_per_s)}/s`, `${format.count(stats.tasks.in_flight)} in flight`, "", "answered"),
        tile("latency p99", wall.count ? format.us(wall.p99_us) : "–", wall.count ? `p50 ${format.us(wall.p50_us)}` : "nothing ended", "", "p99"),
        tile("failed", `${format.count(interval.failed_per_s)}/s`, `${format.percent(failing)} of all`, failing > 0.05 ? "bad" : failing > 0 ? "warn" : "good", "failed"),
        tile("waiting", format.count(waiting), queue_wait.count ? `p99 ${format.us(queue_wait.p99_us)}` : "nobody", queue_wait.p99_us > 100000 ? "warn" : "", "waiting"),
        tile("refused", `${format.count(interval.refused_per_s)}/s`, interval.refused_per_s > 0 ? "queues full" : "no queue is full", refusedShare(interval) > 0 ? "bad" : "good", "refused"),
        tile("lanes busy", format.percent(busy), format.many(interval.lanes.length, "lane"), busy > 0.95 ? "warn" : "", "busy"),
        tile("warm starts", starts ? format.percent(interval.hits / starts) : "–", format.many(stats.isolates.alive, "isolate"), "", "warm"),
        tile("memory", format.bytes(stats.server.rss_bytes), format.many(stats.server.workers, "worker"), "", "memory"),
    );
}

/** How it is, in a word and a sentence: [level, text]. */
export function diagnose({ stats, interval }) {
    if (!interval) return ["good", "The pool was just opened; figures come with the next second."];
    const { wall, queue_wait, startup, cpu } = interval;
    if (stats.threads.quarantined > 0)
        return ["bad", `${stats.threads.quarantined} of the threads are lost in turns that do not end.`];
    if (interval.refused_per_s > 0)
        return ["bad", `${format.count(interval.refused_per_s)} tasks a second are refused: their queues are full.`];
    const ended = interval.answered_per_s + interval.failed_per_s;
    if (interval.failed_per_s > 0.05 * ended)
        return ["bad", `${format.percent(interval.failed_per_s / ended)} of the tasks fail; the list below says why.`];
    if (wall.count === 0) return ["good", "Nothing ended in the last second."];
    const waiting = queue_wait.sum_us / wall.sum_us;
    const starting = startup.sum_us / wall.sum_us;
    const lock = interval.lock ?? interval.isolate_lock;
    if ((waiting > 0.5 && queue_wait.p99_us > 10000) || queue_wait.p99_us > 100000) return ["warn", waitingReason(stats, interval, waiting)];
    if (starting > 0.5)
        return ["warn", `Start-up of isolates is ${format.percent(starting)} of tasks' time: ${startAdvice(stats)}`];
    if (lock && lock.acquisitions > 0 && lock.contended / lock.acquisitions > 0.2)
        return ["warn", `${format.percent(lock.contended / lock.acquisitions)} of a lock's acquisitions have to wait: pinned has no such lock.`];
    const computing = Math.min(cpu.sum_us / wall.sum_us, 1);
    return ["good", `All is well: ${format.percent(computing)} of a task's time is its own computing, ${format.percent(waiting)} waiting for a turn.`];
}

/* What waits in these is no task that waits for its turn. */
const AFTER_TURN = { ready: true, fetch: true, computation: true };

function waitingReason(stats, interval, share) {
    const busiest = [...interval.lanes].sort((a, b) => b.busy - a.busy)[0];
    const worst = interval.queues.filter(({ name }) => !(name in AFTER_TURN)).sort((a, b) => b.wait.sum_us - a.wait.sum_us)[0];
    const top = interval.top_by_cpu[0];
    const who = top ? ` Most CPU time: ${format.workerName(top)}.` : "";
    const where = worst ? `, most of it in the queue “${worst.name}”` : "";
    const lane = busiest && busiest.busy > 0.9 ? ` Lane ${busiest.lane} is ${format.percent(busiest.busy)} busy.` : "";
    return `Tasks spend ${format.percent(share)} of their time waiting for a turn${where}.${lane}${who}`;
}

function startAdvice(stats) {
    return stats.architecture === "ARCHITECTURE_LEGACY"
        ? "legacy makes an isolate for each; shared and pinned keep them warm."
        : "few tasks find a warm isolate; more isolates, or a longer idle time, would help.";
}

/* Lanes. */

/** Left out where there is little room. */
function minor(text) {
    return number(text, { class: "number minor" });
}

function minorHead(text) {
    return { text, isMinor: true };
}

function laneRow(lane, now) {
    const busy = now?.busy ?? lane.busy;
    const who = lane.is_running ? (lane.running_worker ? format.workerName({ tenant: lane.running_tenant, worker: lane.running_worker }) : "a worker") : "";
    return h(
        "tr",
        { "data-lane": lane.lane },
        h("th", { scope: "row" }, `lane ${lane.lane}`),
        h("td", { class: "grow" }, bar([{ share: busy, kind: busy > 0.95 ? "hot" : "busy" }], `${format.percent(busy)} busy`)),
        number(format.percent(busy)),
        h("td", { class: "who", title: who }, who || h("span", { class: "muted" }, "idle")),
        number(format.count(lane.queued), { class: `number ${lane.queued > 0 ? "strong" : ""}` }),
        minor(format.count(lane.in_flight)),
        minor(format.count(lane.isolates)),
        number(now ? format.count(now.tasks_per_s) : "–"),
        minor(format.count(lane.adoptions)),
    );
}

const LANES_SHOWN = 64;

export function lanes({ stats, interval }) {
    const shown = stats.lanes.slice(0, LANES_SHOWN);
    const rows = shown.map((lane, i) => laneRow(lane, interval?.lanes[i]));
    const more = stats.lanes.length - shown.length;
    body("lanes").replaceChildren(
        table(["", "busy", "", "runs now", "waiting", minorHead("in flight"), minorHead("isolates"), "tasks/s", minorHead("takeovers")], rows),
        more > 0 ? empty(`${more} more lanes`) : "",
    );
}

/* Time. */

export function time({ stats, interval }) {
    const place = body("time");
    if (!interval || interval.wall.count === 0) {
        place.replaceChildren(empty("Nothing ended in the last second."));
        return;
    }
    const { wall, queue_wait, startup, cpu } = interval;
    // Start-ups are those of isolates.
    const hasContexts = stats.config.context === "CONTEXT_USE_FRESH";
    const all = Math.max(wall.sum_us, queue_wait.sum_us + startup.sum_us + cpu.sum_us);
    const parts = [
        ["waiting for a turn", queue_wait.sum_us, "c3"],
        ["start-up", startup.sum_us, "c2"],
        ["computing", cpu.sum_us, "c1"],
        [hasContexts ? "new contexts, I/O, and the rest" : "waiting for I/O, and the rest", Math.max(0, all - queue_wait.sum_us - startup.sum_us - cpu.sum_us), "rest"],
    ];
    place.replaceChildren(
        bar(parts.map(([title, sum, kind]) => ({ share: sum / all, kind, title })), "shares of tasks' time"),
        h(
            "ul",
            { class: "legend", title: "share of all tasks' time, and the mean of a task" },
            parts.map(([title, sum, kind]) =>
                h("li", {}, h("i", { class: kind }), h("span", {}, title), h("b", {}, format.percent(sum / all)), h("span", {}, format.us(sum / wall.count))),
            ),
        ),
    );
}

/* Waits. */

const QUEUES = {
    mailbox: "sent to a lane",
    lane: "for its lane to come to it",
    isolate: "for an isolate",
    turn: "for its turn",
    ready: "isolates, for a lane",
    fetch: "fetches, for a connection",
    computation: "crypto, for a thread",
};

function queueRow(queue) {
    return h(
        "tr",
        {},
        h("th", { scope: "row", title: queue.name }, QUEUES[queue.name] ?? queue.name),
        number(format.count(queue.depth)),
        number(queue.wait.count ? format.us(queue.wait.p50_us) : "–"),
        number(queue.wait.count ? format.us(queue.wait.p99_us) : "–"),
    );
}

function lockRow(name, lock) {
    const share = lock.acquisitions > 0 ? lock.contended / lock.acquisitions : 0;
    return h(
        "tr",
        {},
        h("th", { scope: "row" }, name),
        number(format.percent(share), { class: share > 0.2 ? "number hot" : "number" }),
        number(lock.wait.count ? format.us(lock.wait.p99_us) : "–"),
        minor(format.ns(lock.hold_p99_ns)),
        number(format.count(lock.waiters)),
    );
}

export function waits({ interval }) {
    const locks = [];
    if (interval?.lock) locks.push(lockRow("pool", interval.lock));
    if (interval?.isolate_lock) locks.push(lockRow("isolates", interval.isolate_lock));
    for (const lock of interval?.server_locks ?? []) if (lock.contended > 0 || lock.waiters > 0) locks.push(lockRow(lock.name, lock));
    const queues = interval?.queues ?? [];
    body("waits").replaceChildren(
        queues.length > 0 ? table(["waiting", "now", "p50", "p99"], queues.map(queueRow)) : empty("No task has come yet."),
        locks.length > 0
            ? table(["lock", "had to wait", "p99", minorHead("hold p99"), "now"], locks)
            : empty("No task had to wait for a lock in the last second."),
    );
}

/* Isolates. */

function servicePart(name, distribution) {
    return h(
        "tr",
        {},
        h("th", { scope: "row" }, name),
        number(distribution ? format.count(distribution.count) : "0"),
        number(distribution ? format.us(distribution.p50_us) : "–"),
        number(distribution ? format.us(distribution.p99_us) : "–"),
    );
}

export function isolates({ stats, interval }) {
    const { alive } = stats.isolates;
    const max = stats.config.isolates;
    const created = interval ? format.count(interval.isolates_created_per_s) : "–";
    const evicted = interval ? format.count(interval.isolates_evicted_per_s) : "–";
    body("isolates").replaceChildren(
        bar([{ share: alive / max, kind: alive / max > 0.95 ? "hot" : "busy" }], `${alive} of ${max} isolates`),
        h("p", { class: "line" }, h("b", {}, format.count(alive)), ` of ${format.count(max)} isolates · `, h("b", {}, created), "/s made · ", h("b", {}, evicted), "/s evicted"),
        table(["a task found", "tasks", "p50", "p99"], [
            servicePart("a warm context", stats.warm),
            servicePart("a warm isolate", stats.new_context),
            servicePart("nothing: cold", stats.cold),
        ]),
    );
}

/* Workers. */

/** A line may end behind the tenant. */
function breakable(name) {
    return name.split(/(?<=\/)/).map((part, i) => (i > 0 ? [h("wbr"), part] : part));
}

function useRow(use, most, unit) {
    return h(
        "tr",
        {},
        h("th", { scope: "row" }, breakable(format.workerName(use))),
        h("td", { class: "grow" }, bar([{ share: use.total_us / most, kind: unit }], format.us(use.total_us))),
        number(format.us(use.total_us)),
        number(use.tasks ? format.us(use.total_us / use.tasks) : "–"),
    );
}

function useTable(title, uses, kind) {
    const shown = uses.slice(0, 5);
    if (shown.length === 0) return empty(`${title}: nobody yet`);
    return table([title, "", "in all", "a task"], shown.map((use) => useRow(use, shown[0].total_us || 1, kind)));
}

export function workers({ stats }) {
    body("workers").replaceChildren(
        useTable("most CPU time", stats.top_by_cpu, "c1"),
        useTable("waited longest", stats.top_by_queue_wait, "c3"),
    );
}

/* Failures. */

/** The same failure of the same worker is one row, with how often it came: a flood of one must not hide the others. */
function grouped(all) {
    const groups = new Map();
    for (const failure of all) {
        const key = JSON.stringify([failure.tenant, failure.worker, failure.reason, failure.limit, failure.file, failure.line]);
        const group = groups.get(key);
        if (group) group.times++;
        else groups.set(key, { failure, times: 1 });
    }
    return [...groups.values()];
}

function failureRow({ failure, times }) {
    const limit = failure.limit ? `: ${failure.limit.toLowerCase().replaceAll("_", " ")}` : "";
    const place = failure.file ? ` (${failure.file}:${failure.line})` : "";
    return h(
        "tr",
        { title: `execution ${failure.execution}` },
        h("td", { class: "when" }, format.clock(failure.time_ms)),
        h("th", { scope: "row" }, format.workerName(failure), h("span", { class: "muted" }, ` v${failure.version}`)),
        h("td", {}, h("span", { class: "reason" }, failure.reason.toLowerCase().replaceAll("_", " ") + limit)),
        h("td", { class: "message" }, failure.message + place),
        number(format.us(failure.wall_us)),
        number(times > 1 ? `× ${times}` : ""),
    );
}

const FAILURES_SHOWN = 12;

export function failures(event) {
    const groups = grouped(event.failures);
    const shown = groups.slice(0, FAILURES_SHOWN);
    body("failures").replaceChildren(
        shown.length > 0
            ? table(["last", "worker", "reason", "message", "after", "of late"], shown.map(failureRow))
            : empty("None since the server started."),
        groups.length > shown.length ? empty(`and ${groups.length - shown.length} others`) : "",
    );
}

/* Totals. */

const TOTALS = [
    ["submitted", "tasks submitted", (s) => s.tasks.submitted],
    ["answered", "answered", (s) => s.tasks.answered],
    ["failed", "failed by their code", (s) => s.tasks.failed],
    ["limit_exceeded", "reached a limit", (s) => s.tasks.limit_exceeded],
    ["cancelled", "cancelled", (s) => s.tasks.cancelled],
    ["refused", "refused, queues full", (s) => s.tasks.refused],
    ["condemned", "lost with an isolate", (s) => s.tasks.condemned],
    ["spreads", "went to another lane", (s) => s.tasks.spreads],
    ["alive", "isolates alive", (s) => s.isolates.alive],
    ["created", "isolates made", (s) => s.isolates.created],
    ["evicted", "isolates evicted", (s) => s.isolates.evicted],
    ["adoptions", "lanes taken over", (s) => s.threads.adoptions],
    ["terminations", "events stopped since the start", (s) => s.threads.terminations],
    ["wall_p99_us", "latency p99", (s) => s.wall.p99_us, (us) => (us > 0 ? format.us(us) : "–")],
];

export function totals({ stats }) {
    body("totals").replaceChildren(
        h(
            "dl",
            {},
            TOTALS.map(([name, label, read, show = format.count]) => [
                h("dt", {}, label),
                h("dd", { "data-figure": name, "data-value": read(stats) }, show(read(stats))),
            ]),
        ),
    );
}
