// Where the figures come from: the hour before, then an event each second.

const LOST_AFTER_MS = 5000;

/** listener: {history(columns), event(event), missed(count), lost(), back()}. */
export function listen(listener) {
    let last = Date.now();
    let isLost = false;

    function alive() {
        last = Date.now();
        if (isLost) {
            isLost = false;
            listener.back();
        }
    }

    async function loadHistory() {
        const response = await fetch("api/history");
        if (response.ok) listener.history(await response.json());
    }

    function open() {
        const source = new EventSource("api/events");
        source.addEventListener("message", ({ data }) => {
            alive();
            listener.event(JSON.parse(data));
        });
        source.addEventListener("missed", ({ data }) => listener.missed(Number(data)));
        source.addEventListener("error", () => {
            // The browser tries again by itself, but not where it was refused.
            if (source.readyState === EventSource.CLOSED) setTimeout(open, 2000);
        });
    }

    setInterval(() => {
        if (isLost || Date.now() - last < LOST_AFTER_MS) return;
        isLost = true;
        listener.lost();
    }, 1000);
    loadHistory().finally(open);
    return { loadHistory };
}

/** Asks for a change; the answer's error as a text, or null. The token is another one after a restart. */
export async function change(path, value) {
    try {
        const { token } = await (await fetch("api/token")).json();
        const response = await fetch(path, {
            method: "POST",
            headers: { "Content-Type": "application/json", "X-Isoyard-Token": token },
            body: JSON.stringify(value),
        });
        if (response.ok) return null;
        const text = await response.text();
        try {
            return JSON.parse(text).message;
        } catch {
            return text;
        }
    } catch (error) {
        return `The server does not answer: ${error.message}`;
    }
}

/** What a GET answers, or null. */
async function get(path) {
    try {
        const response = await fetch(path);
        return response.ok ? await response.json() : null;
    } catch {
        return null;
    }
}

/** The last report of a comparison that was begun on such a page; or a stored one. */
export function lastReport() {
    return get("api/comparison");
}

export function storedReport(id) {
    return get(`api/comparison?id=${id}`);
}

/** The newest stored comparisons, or those after a page: {comparisons, next_page_token}. */
export function storedComparisons(token) {
    return get(token ? `api/comparisons?after=${token}` : "api/comparisons");
}
