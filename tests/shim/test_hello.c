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
    expect(op->answer.response->status == 201);
    expect(op->answer.response->has_body && op->answer.response->is_body_text);
    expect(op->answer.response->body.len == strlen("POST /path Is gr\xc3\xbc\xc3\x9f"));
    expect(memcmp(op->answer.response->body.data, "POST /path Is gr\xc3\xbc\xc3\x9f",
                  op->answer.response->body.len) == 0);
    expect(op->answer.response->headers.len > 0);
    fprintf(stderr, "%.*s", (int)op->answer.response->headers.len, op->answer.response->headers.data);
    op_free(op);
    worker_free(worker);
    engine_close();
    return 0;
}
