// For the demo: an HTTP server on a loopback port of its choice, which it prints, that takes 50 ms for each answer.
import { createServer } from "node:http";

const server = createServer((request, response) => {
    setTimeout(() => {
        response.setHeader("content-type", "application/json");
        response.end(JSON.stringify({ topic: request.url.slice(1), fine: true }));
    }, 50);
});

server.listen(0, "127.0.0.1", () => console.log(server.address().port));
