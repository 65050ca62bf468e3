// The two curves, on one time axis.

import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import * as format from "./format.js";

const KEPT = 3600;
const RANGES = [
    ["5 min", 300],
    ["15 min", 900],
    ["1 hour", 3600],
];

const columns = {};
const FIGURES = ["time_ms", "architecture", "answered_per_s", "failed_per_s", "p50_us", "p90_us", "p99_us"];
for (const name of FIGURES) columns[name] = [];

let range = 300;
let plots = [];

function color(name) {
    return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

/** Nothing ended in that second: no latency, and not one of 0. */
function latency(values) {
    return values.map((value) => (value > 0 ? value / 1000 : null));
}

function clockTicks(_, ticks) {
    const isFine = ticks.length > 1 && ticks[1] - ticks[0] < 60;
    return ticks.map((at) => format.clock(at * 1000).slice(0, isFine ? 8 : 5));
}

function axes(values) {
    const font = `${0.8 * remPx()}px system-ui`;
    const shared = { stroke: color("--muted"), grid: { stroke: color("--line"), width: 1 }, ticks: { show: false } };
    return [
        { ...shared, font, space: 5 * remPx(), size: 2.2 * remPx(), values: clockTicks },
        { ...shared, font, size: 4.2 * remPx(), values },
    ];
}

/** A line where the architecture changed. */
function drawSwitches(plot) {
    const { ctx, bbox } = plot;
    const { architecture, time_ms } = columns;
    ctx.save();
    ctx.strokeStyle = ctx.fillStyle = color("--accent");
    ctx.setLineDash([4, 4]);
    ctx.font = `${0.75 * remPx() * devicePixelRatio}px system-ui`;
    for (let i = 1; i < time_ms.length; i++) {
        const at = time_ms[i] / 1000;
        if (architecture[i] === architecture[i - 1] || at < plot.scales.x.min || at > plot.scales.x.max) continue;
        const x = plot.valToPos(at, "x", true);
        ctx.beginPath();
        ctx.moveTo(x, bbox.top);
        ctx.lineTo(x, bbox.top + bbox.height);
        ctx.stroke();
        const isLeft = x > bbox.left + bbox.width * 0.8;
        ctx.textAlign = isLeft ? "right" : "left";
        ctx.fillText(`→ ${architecture[i]}`, x + (isLeft ? -4 : 4), bbox.top + 12 * devicePixelRatio);
    }
    ctx.restore();
}

// The figures below it take a line, or two where there is little room.
const PLOT_REM = 13.8;

function remPx() {
    return parseFloat(getComputedStyle(document.documentElement).fontSize);
}

function sizeOf(place) {
    return { width: place.clientWidth, height: Math.round(PLOT_REM * remPx()) };
}

function make(id, series, values, scale) {
    const place = document.querySelector(`#${id} .chart`);
    const plot = new uPlot(
        {
            ...sizeOf(place),
            series: [{ label: "at", value: (_, at) => (at == null ? "–" : format.clock(at * 1000)) }, ...series],
            axes: axes(values),
            scales: { x: { time: true, range: (_, min, max) => [Math.min(max - range, min), max] }, y: scale },
            legend: { live: true },
            cursor: { sync: { key: "time" }, drag: { x: false, y: false } },
            hooks: { draw: [drawSwitches] },
        },
        data(id),
        place,
    );
    return { id, plot, place };
}

function data(id) {
    const from = Math.max(0, columns.time_ms.length - range);
    const cut = (name) => columns[name].slice(from);
    const times = cut("time_ms").map((ms) => ms / 1000);
    if (id === "throughput") return [times, cut("answered_per_s"), cut("failed_per_s")];
    return [times, latency(cut("p50_us")), latency(cut("p90_us")), latency(cut("p99_us"))];
}

/** Seconds between two in which nothing ended: no line leads there. */
function lonely(plot, series) {
    const values = plot.data[series];
    return values.flatMap((value, i) => (value != null && values[i - 1] == null && values[i + 1] == null ? [i] : []));
}

function line(label, name, value, fill) {
    const stroke = color(name);
    const points = { show: false, filter: lonely, size: 5, fill: stroke };
    return { label, stroke, width: 1.75, fill: fill && color(fill), value, points };
}

function ms(_, value) {
    return value == null ? "–" : format.us(value * 1000);
}

function perSecond(_, value) {
    return value == null ? "–" : format.count(value);
}

function makeAll() {
    for (const { plot } of plots) plot.destroy();
    plots = [
        make(
            "throughput",
            [line("answered", "--good", perSecond, "--good-soft"), line("failed", "--bad", perSecond, "--bad-soft")],
            (_, ticks) => ticks.map(format.count),
            { range: (_, min, max) => [0, Math.max(1, max * 1.1)] },
        ),
        make(
            "latency",
            [line("p50", "--c1", ms), line("p90", "--c2", ms), line("p99", "--c3", ms)],
            (_, ticks) => ticks.map((tick) => (tick == null ? "" : format.us(tick * 1000))),
            { distr: 3, range: (_, min, max) => [10 ** Math.floor(Math.log10(min || 0.1)), 10 ** Math.ceil(Math.log10(max || 100))] },
        ),
    ];
}

/** The line below a curve tells of the second under the mouse, or else of the last one. */
function showLast(plot) {
    if (plot.cursor.left >= 0) return;
    plot.setLegend({ idx: plot.data[0].length - 1 });
}

function redraw() {
    for (const { id, plot } of plots) {
        plot.setData(data(id));
        if (plot.data[0].length > 0) showLast(plot);
    }
}

export function setHistory(history) {
    for (const name of FIGURES) columns[name] = history[name].slice();
    redraw();
}

export function addPoint(point) {
    const { time_ms } = columns;
    if (time_ms.length > 0 && point.time_ms <= time_ms[time_ms.length - 1]) return;
    for (const name of FIGURES) {
        columns[name].push(point[name]);
        if (columns[name].length > KEPT) columns[name].shift();
    }
    redraw();
}

function addRanges() {
    const choices = RANGES.map(([label, seconds]) => {
        const button = document.createElement("button");
        button.textContent = label;
        button.setAttribute("aria-pressed", String(seconds === range));
        button.addEventListener("click", () => {
            range = seconds;
            for (const other of choices) other.setAttribute("aria-pressed", String(other === button));
            redraw();
        });
        return button;
    });
    const group = document.createElement("span");
    group.className = "ranges";
    group.append(...choices);
    document.querySelector("#throughput h2").append(group);
}

export function start() {
    addRanges();
    makeAll();
    new ResizeObserver(() => {
        for (const { plot, place } of plots) plot.setSize(sizeOf(place));
    }).observe(document.querySelector("main"));
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", makeAll);
}
