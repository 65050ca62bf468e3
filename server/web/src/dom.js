// Making elements.

/** h("td", {class: "number"}, "1", other): text is text, never markup; null children are left out. */
export function h(tag, attributes, ...children) {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes ?? {})) {
        if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
        else if (value === true) element.setAttribute(name, "");
        else if (value !== false && value != null) element.setAttribute(name, String(value));
    }
    element.append(...children.flat(Infinity).filter((child) => child != null));
    return element;
}

export function body(id) {
    return document.querySelector(`#${id} .body`);
}

/** A bar of one or more parts: [{share: 0..1, kind: "busy", title}]. Widths are set by CSSOM, which the policy allows. */
export function bar(parts, label) {
    const track = h("span", { class: "bar", role: "img", "aria-label": label, title: label });
    for (const { share, kind, title } of parts) {
        const part = h("span", { class: `part ${kind}`, title });
        part.style.width = `${Math.min(Math.max(share, 0), 1) * 100}%`;
        track.append(part);
    }
    return track;
}

/** A name, or {text, isMinor}; the cell below it tells on which side it stands. */
function headCell(name, below) {
    const kinds = [name.isMinor && "minor", below?.classList.contains("number") && "number"].filter(Boolean);
    return h("th", { scope: "col", class: kinds.length > 0 ? kinds.join(" ") : null }, name.text ?? name);
}

export function table(head, rows, attributes) {
    return h(
        "table",
        attributes,
        h("thead", {}, h("tr", {}, head.map((name, i) => headCell(name, rows[0]?.children[i])))),
        h("tbody", {}, rows),
    );
}

export function number(text, attributes) {
    return h("td", { class: "number", ...attributes }, text);
}

export function empty(text) {
    return h("p", { class: "empty" }, text);
}
