// Figures for people.

/** Three significant digits, and k or M. */
export function count(value) {
    if (value >= 1e6) return `${trim(value / 1e6)} M`;
    if (value >= 1e4) return `${trim(value / 1e3)} k`;
    return value >= 100 || Number.isInteger(value) ? Math.round(value).toLocaleString("en") : trim(value);
}

/** "1 lane", "2 lanes". */
export function many(value, noun) {
    return `${count(value)} ${noun}${value === 1 ? "" : "s"}`;
}

function trim(value) {
    const text = value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(2);
    return text.includes(".") ? text.replace(/\.?0+$/, "") : text;
}

export function us(value) {
    if (value >= 60e6) return `${trim(value / 60e6)} min`;
    if (value >= 1e6) return `${trim(value / 1e6)} s`;
    if (value >= 1e3) return `${trim(value / 1e3)} ms`;
    return `${Math.round(value)} µs`;
}

export function ns(value) {
    return value < 1000 ? `${Math.round(value)} ns` : us(value / 1000);
}

export function bytes(value) {
    if (value >= 2 ** 30) return `${trim(value / 2 ** 30)} GiB`;
    return `${trim(value / 2 ** 20)} MiB`;
}

export function percent(share) {
    if (share > 0 && share < 0.001) return "< 0.1 %";
    return `${(share * 100).toFixed(share < 0.1 && share > 0 ? 1 : 0)} %`;
}

export function duration(ms) {
    const s = Math.floor(ms / 1000);
    if (s < 60) return `${s} s`;
    if (s < 3600) return `${Math.floor(s / 60)} min`;
    if (s < 86400) return `${Math.floor(s / 3600)} h ${Math.floor((s % 3600) / 60)} min`;
    return `${Math.floor(s / 86400)} d ${Math.floor((s % 86400) / 3600)} h`;
}

export function clock(ms) {
    return new Date(ms).toLocaleTimeString("en-GB");
}

/** "ARCHITECTURE_PINNED" is "pinned". */
export function word(name, prefix) {
    return name.slice(prefix.length).toLowerCase().replaceAll("_", " ");
}

export function architecture(name) {
    return word(name, "ARCHITECTURE_");
}

export function workerName({ tenant, worker }) {
    return tenant === "default" ? worker : `${tenant}/${worker}`;
}
