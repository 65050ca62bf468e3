/* A module answers a request: status, headers, body; and what the request says arrives. */
#include "shim_test.h"

int main(void)
{
    struct worker *worker;
    struct op *op;

    shim_start();
    worker = worker_loaded(
        "export default {\n"
        "  async fetch(request) {\n"
        "    const url = new URL(request.url);\n"
        "    return new Response(`${request.method} ${url.pathname} ${request.headers.get('x-name')}`"
        " + ` ${await request.text()}`, {status: 201, headers: {'x-a': 'b'}});\n"
        "  }\n"
        "};\n");
    worker_fetch(worker, "POST", "https://host/path?x=1", "x-name\nIs\n", "gr\xc3\xbc\xc3\x9f");
    op = worker_take(worker, OP_ANSWER);
    expect(op);
    expect(op->response->status == 201);
    expect(op->response->has_body && op->response->is_body_text);
    expect(op->response->body.len == strlen("POST /path Is gr\xc3\xbc\xc3\x9f"));
    expect(memcmp(op->response->body.data, "POST /path Is gr\xc3\xbc\xc3\x9f",
                  op->response->body.len) == 0);
    expect(op->response->headers.len > 0);
    fprintf(stderr, "%.*s", (int)op->response->headers.len, op->response->headers.data);
    op_free(op);
    worker_free(worker);
    engine_close();
    return 0;
}
