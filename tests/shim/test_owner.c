/* What a task asks for carries its ticket, also after it has waited, and also when another task's
 * event resumes it. */
#include "shim_test.h"

static const char source[] =
    "let resume;\n"
    "export default { async fetch(request) {\n"
    "  switch (new URL(request.url).pathname) {\n"
    "    case '/wait': await new Promise(resolve => { resume = resolve; }); console.log('waited'); break;\n"
    "    case '/resume': resume(); console.log('resumed'); break;\n"
    "    case '/timer': await new Promise(resolve => setTimeout(resolve, 5)); console.log('timer');\n"
    "      queueMicrotask(() => console.warn('microtask')); await null; break;\n"
    "    case '/thenable': await { then(resolve) { console.log('then'); setTimeout(resolve, 7); } };\n"
    "      console.log('resolved'); break;\n"
    "  }\n"
    "  return new Response('');\n"
    "} };\n";

static void expect_line(struct worker *worker, uint32_t ticket, enum console_level level,
                        const char *text)
{
    struct op *op = worker_take(worker, OP_LOG);

    expect(op);
    fprintf(stderr, "%u %.*s\n", op->ticket, (int)op->log.len, op->log.text);
    expect(op->ticket == ticket && op->log.level == level);
    expect(op->log.len == strlen(text) && memcmp(op->log.text, text, op->log.len) == 0);
    op_free(op);
}

static void expect_answer(struct worker *worker, uint32_t ticket)
{
    struct op *op = worker_take(worker, OP_ANSWER);

    expect(op && op->ticket == ticket);
    op_free(op);
}

/* V8 does not know whose a thenable's then() is: it is the event's. */
static void expect_thenable(struct worker *worker)
{
    uint32_t ticket = worker_fetch(worker, "GET", "https://h/thenable", "", NULL);

    expect_line(worker, ticket, CONSOLE_INFO, "then");
    expect(worker->ops && worker->ops->ticket == ticket);
    expect(worker_fire_timer(worker) == 7);
    expect_line(worker, ticket, CONSOLE_INFO, "resolved");
    expect_answer(worker, ticket);
}

int main(void)
{
    struct worker *worker;
    uint32_t wait, resume, timer;

    shim_start();
    worker = worker_loaded(source);
    wait = worker_fetch(worker, "GET", "https://h/wait", "", NULL);
    expect(!worker->ops);
    resume = worker_fetch(worker, "GET", "https://h/resume", "", NULL);
    expect_line(worker, resume, CONSOLE_INFO, "resumed");
    expect_line(worker, wait, CONSOLE_INFO, "waited");
    expect_answer(worker, resume);
    expect_answer(worker, wait);
    timer = worker_fetch(worker, "GET", "https://h/timer", "", NULL);
    expect(worker->ops && worker->ops->ticket == timer);
    expect(worker_fire_timer(worker) == 5);
    expect_line(worker, timer, CONSOLE_INFO, "timer");
    expect_line(worker, timer, CONSOLE_WARN, "microtask");
    expect_answer(worker, timer);
    expect_thenable(worker);
    worker_free(worker);
    engine_close();
    return 0;
}
