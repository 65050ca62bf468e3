// The dashboard: one event a second, and every panel from it.

import "./style.css";
import * as charts from "./charts.js";
import * as compare from "./compare.js";
import * as control from "./control.js";
import * as format from "./format.js";
import * as panels from "./panels.js";
import { listen } from "./source.js";

const $ = (id) => document.getElementById(id);

let missed = 0;
let startedMs = null; // of the server: another one has another history

function setHealth(level, text) {
    $("health").className = `pill ${level}`;
    $("health").textContent = text;
}

function serving({ stats }) {
    const { config } = stats;
    const name = format.architecture(stats.architecture);
    const handoff = name === "shared" ? ` ${format.word(config.handoff, "HANDOFF_")}` : "";
    const fresh = config.context === "CONTEXT_USE_FRESH" ? ", fresh contexts" : "";
    const draining = stats.draining ? ` · ${format.architecture(stats.draining.architecture)} drains, ${stats.draining.running_executions} left` : "";
    const rival = stats.rival_architecture !== "ARCHITECTURE_UNSPECIFIED" ? ` · beside ${format.architecture(stats.rival_architecture)}` : "";
    return `${name}${handoff}${fresh}, ${format.many(config.lanes, "lane")}${draining}${rival}`;
}

function server({ stats, clients, dropped_events }) {
    const loss = missed > 0 ? ` · ${missed} events missed here` : dropped_events > 0 ? ` · ${dropped_events} events missed by dashboards` : "";
    const lines = stats.server.dropped_log_lines > 0 ? ` · ${stats.server.dropped_log_lines} log lines dropped` : "";
    return `up ${format.duration(stats.server.uptime_ms)} · ${stats.server.version} · V8 ${stats.server.v8_version} · ${format.many(clients, "dashboard")} open${loss}${lines}`;
}

function showHead(event) {
    const [level, text] = panels.diagnose(event);
    setHealth(level, { good: "healthy", warn: "slow", bad: "failing" }[level]);
    $("diagnosis").className = level;
    $("diagnosis").textContent = text;
    $("serving").textContent = serving(event);
    $("server").textContent = server(event);
}

/** A server that was started anew has none of what is on the page. */
function noteStart(event) {
    const started = Date.now() - event.stats.server.uptime_ms;
    const isOther = startedMs !== null && Math.abs(started - startedMs) > 5000;
    startedMs = started;
    if (isOther) source.loadHistory();
}

function showEvent(event) {
    noteStart(event);
    showHead(event);
    charts.addPoint(event.point);
    for (const name of ["tiles", "lanes", "time", "waits", "isolates", "workers", "failures", "totals"]) panels[name](event);
    control.show(event);
    compare.show(event);
    document.body.dataset.events = String(Number(document.body.dataset.events ?? 0) + 1);
}

charts.start();
control.start();
compare.start();
const source = listen({
    history: charts.setHistory,
    event: showEvent,
    missed: (count) => (missed += count),
    lost: () => {
        setHealth("bad", "no answer");
        $("diagnosis").className = "bad";
        $("diagnosis").textContent = "The server has not been heard of for some seconds; what is below is old.";
        document.body.classList.add("old");
    },
    back: () => document.body.classList.remove("old"),
});
