/* What a task may ask of the host is bounded: console lines, timers, operations, the answer's size.
 */
#include "shim_test.h"

static const char source[] =
    "export default { async fetch(request) {\n"
    "  const url = new URL(request.url), n = Number(url.searchParams.get('n'));\n"
    "  switch (url.pathname) {\n"
    "    case '/log': for (let i = 0; i < n; i++) console.log('x'.repeat(10)); break;\n"
    "    case '/long': console.log('\\u00e9'.repeat(n)); break;\n"
    "    case '/timers': for (let i = 0; i < n; i++) setTimeout(() => {}, 1000); break;\n"
    "    case '/churn': for (let i = 0; i < n; i++) clearTimeout(setTimeout(() => {}, 1000)); break;\n"
    "    case '/body': return new Response('x'.repeat(n));\n"
    "    case '/bytes': return new Response(new Uint8Array(n));\n"
    "    case '/headers': return new Response('', { headers: { x: 'y'.repeat(n) } });\n"
    "  }\n"
    "  return new Response('fine');\n"
    "} };\n";

static unsigned count_lines(struct worker *worker, struct op **ret_last)
{
    unsigned count = 0;
    struct op *op;

    *ret_last = NULL;
    while ((op = worker_take(worker, OP_LOG))) {
        op_free(*ret_last);
        *ret_last = op;
        count++;
    }
    return count;
}

static void expect_limit(struct worker *worker, const char *url, enum limit limit, size_t used)
{
    const struct failure *failure = worker_get_failure(worker, url);

    expect(failure->reason == FAILURE_LIMIT_EXCEEDED && failure->limit == limit);
    expect(failure->used == used);
}

static void expect_logs_bounded(struct worker *worker)
{
    struct op *last;

    worker_get(worker, "https://h/log?n=256");
    expect(count_lines(worker, &last) == 256);
    op_free(last);
    worker_get(worker, "https://h/log?n=100000");
    expect(count_lines(worker, &last) == 257);
    expect(last->log.level == CONSOLE_WARN && strstr(last->log.text, "used up its log"));
    op_free(last);
    worker_get(worker, "https://h/long?n=20000");
    expect(count_lines(worker, &last) == 1);
    expect(last->log.len == 16384);
    op_free(last);
}

int main(void)
{
    struct limits limits = limits_default();
    struct worker *worker;

    limits.response_body_bytes = 1000;
    limits.response_header_bytes = 1000;
    shim_start();
    worker = worker_new(&limits, (const struct file[]){{"main.js", source}, {NULL, NULL}});
    worker_load(worker);
    expect_logs_bounded(worker);
    expect(strlen(worker_get(worker, "https://h/body?n=1000")) == 1000);
    expect_limit(worker, "https://h/body?n=1001", LIMIT_RESPONSE_BODY, 1001);
    expect_limit(worker, "https://h/bytes?n=1001", LIMIT_RESPONSE_BODY, 1001);
    expect_text(worker_get(worker, "https://h/headers?n=900"), "");
    expect(worker_get_failure(worker, "https://h/headers?n=1001")->limit == LIMIT_RESPONSE_HEADERS);
    expect(
        strstr(worker_get_failure(worker, "https://h/timers?n=20001")->message, "too many timers"));
    worker_drop_ops(worker);
    expect(strstr(worker_get_failure(worker, "https://h/churn?n=100000")->message,
                  "too many operations"));
    worker_drop_ops(worker);
    worker_free(worker);
    engine_close();
    return 0;
}
