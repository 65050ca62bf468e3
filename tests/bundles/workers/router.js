// Hono: routes, middleware, cookies, errors.

import { Hono } from "hono";
import { getCookie, setCookie } from "hono/cookie";
import { HTTPException } from "hono/http-exception";
import { etag } from "hono/etag";
import { secureHeaders } from "hono/secure-headers";

const app = new Hono();

app.use(secureHeaders());
app.use("/cached/*", etag());
app.get("/", (c) => c.text("home"));
app.get("/books/:id{[0-9]+}", (c) => c.json({ id: c.req.param("id"), query: c.req.query() }));
app.get("/cached/page", (c) => c.html("<h1>page</h1>"));
app.get("/cookies", (c) => {
    setCookie(c, "seen", "yes", { path: "/", httpOnly: true, maxAge: 60 });
    return c.text(getCookie(c, "sid") ?? "none");
});
app.post("/echo", async (c) => c.json(await c.req.json(), 201));
app.post("/form", async (c) => {
    const { title, file } = await c.req.parseBody();
    return c.json({ title, name: file.name, type: file.type, text: await file.text() });
});
app.get("/old", (c) => c.redirect("/books/1", 301));
app.get("/forbidden", () => {
    throw new HTTPException(403, { message: "not you" });
});
app.get("/broken", () => {
    throw new TypeError("broken");
});
app.notFound((c) => c.text(`nothing at ${c.req.path}`, 404));
app.onError((error, c) =>
    error instanceof HTTPException ? error.getResponse() : c.text(`${error}`, 500),
);

export default app;

const MULTIPART = [
    "--x",
    'content-disposition: form-data; name="title"',
    "",
    "T\u00eates",
    "--x",
    'content-disposition: form-data; name="file"; filename="a.txt"',
    "content-type: text/plain",
    "",
    "in the file",
    "--x--",
    "",
].join("\r\n");

export const requests = [
    { url: "/" },
    { url: "/books/12?a=1&b=%C3%A4" },
    { url: "/books/twelve" },
    { url: "/cached/page" },
    { url: "/cookies", headers: { cookie: "sid=7; other=x" } },
    {
        url: "/echo",
        method: "POST",
        headers: { "content-type": "application/json" },
        body: '{"text":"\u2603"}',
    },
    {
        url: "/form",
        method: "POST",
        headers: { "content-type": "multipart/form-data; boundary=x" },
        body: MULTIPART,
    },
    { url: "/old" },
    { url: "/forbidden" },
    { url: "/broken" },
];
