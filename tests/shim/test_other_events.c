/* Points in time and tasks reach their handlers, and their answers come back. */
#include "shim_test.h"

static const char source[] =
    "const sleep = () => new Promise(resolve => setTimeout(resolve, 1));\n"
    "export default {\n"
    "  async scheduled(controller, env, ctx) {\n"
    "    console.log(controller.type, controller.scheduledTime, controller.cron);\n"
    "    controller.noRetry();\n"
    "    if (controller.cron === 'fail') throw new Error('missed');\n"
    "    if (controller.cron === 'extend') ctx.waitUntil(sleep());\n"
    "    if (controller.cron === 'wait') await sleep();\n"
    "    return 'ignored';\n"
    "  },\n"
    "  task(event, env, ctx) {\n"
    "    const { payload, attempt, type } = event;\n"
    "    switch (payload && payload.do) {\n"
    "      case 'echo': return Promise.resolve({ payload, attempt, type });\n"
    "      case 'nothing': return;\n"
    "      case 'refuse': return { success: false, error: 'no', data: 1, other: 2 };\n"
    "      case 'error': return { success: false, error: new TypeError('mine') };\n"
    "      case 'text': return { success: 'yes' };\n"
    "      case 'throw': throw new Error('broken');\n"
    "      case 'bigint': return 1n;\n"
    "      case 'function': return () => 1;\n"
    "      case 'cycle': { const o = {}; o.o = o; return o; }\n"
    "      case 'toJSON': return { toJSON() { throw new Error('not me'); } };\n"
    "      case 'large': return 'x'.repeat(1000);\n"
    "      case 'extend': ctx.waitUntil(sleep()); return 1;\n"
    "      default: return payload;\n"
    "    }\n"
    "  },\n"
    "};\n";

static const char listeners[] =
    "addEventListener('scheduled', event => {\n"
    "  console.log(event.type, event instanceof ScheduledEvent, event.scheduledTime, event.cron);\n"
    "  if (event.cron === 'throw') throw new Error('at once');\n"
    "  event.waitUntil((async () => {\n"
    "    await new Promise(resolve => setTimeout(resolve, 1));\n"
    "    if (event.cron === 'fail') throw new Error('later');\n"
    "    event.waitUntil(new Promise(resolve => setTimeout(resolve, 2)));\n"
    "  })());\n"
    "});\n"
    "addEventListener('task', event => {\n"
    "  if (event.payload === 'nobody') return;\n"
    "  event.respondWith(Promise.resolve([event.payload, event.attempt, event instanceof TaskEvent]));\n"
    "});\n";

static void expect_scheduled(struct worker *worker)
{
    uint32_t ticket = worker_schedule(worker, 1700000000123, "*/5 * * * *");

    worker_expect_line(worker, ticket, CONSOLE_INFO, "scheduled 1700000000123 */5 * * * *");
    worker_expect_answer(worker, ticket, NULL, false);
    ticket = worker_schedule(worker, -1, "wait");
    worker_expect_line(worker, ticket, CONSOLE_INFO, "scheduled -1 wait");
    expect(!worker_take(worker, OP_ANSWER));
    worker_fire_timer(worker);
    worker_expect_answer(worker, ticket, NULL, false);
    ticket = worker_schedule(worker, 0, "extend");
    worker_expect_answer(worker, ticket, NULL, true);
    worker_fire_timer(worker);
    worker_expect_op(worker, OP_END, ticket);
    ticket = worker_schedule(worker, 0, "fail");
    worker_expect_failure(worker, ticket, FAILURE_EXCEPTION, "Error: missed");
    worker_drop_ops(worker);
}

static void expect_result(struct worker *worker, const char *json, const char *result)
{
    uint32_t ticket = worker_task(worker, json, 3);

    worker_expect_answer(worker, ticket, result, false);
    expect(!worker->ops);
}

static void expect_task_failure(struct worker *worker, const char *json, enum failure_reason reason,
                                const char *message)
{
    uint32_t ticket = worker_task(worker, json, 1);

    worker_expect_failure(worker, ticket, reason, message);
    expect(!worker->ops);
}

static void expect_tasks(struct worker *worker)
{
    uint32_t ticket;

    expect_result(worker, "{\"do\":\"echo\",\"\xc3\xa4\":[1]}",
                  "{\"success\":true,\"data\":{\"payload\":{\"do\":\"echo\",\"\xc3\xa4\":[1]},"
                  "\"attempt\":3,\"type\":\"task\"}}");
    expect_result(worker, "null", "{\"success\":true,\"data\":null}");
    expect_result(worker, "[1,2]", "{\"success\":true,\"data\":[1,2]}");
    expect_result(worker, "{\"do\":\"nothing\"}", "{\"success\":true}");
    expect_result(worker, "{\"do\":\"refuse\"}", "{\"success\":false,\"data\":1,\"error\":\"no\"}");
    expect_result(worker, "{\"do\":\"error\"}", "{\"success\":false,\"error\":\"mine\"}");
    expect_result(worker, "{\"do\":\"text\"}", "{\"success\":true,\"data\":{\"success\":\"yes\"}}");
    expect_task_failure(worker, "{\"do\":\"throw\"}", FAILURE_EXCEPTION, "Error: broken");
    expect_task_failure(worker, "{\"do\":\"bigint\"}", FAILURE_INVALID_RESPONSE, "BigInt");
    expect_task_failure(worker, "{\"do\":\"function\"}", FAILURE_INVALID_RESPONSE, "JSON");
    expect_task_failure(worker, "{\"do\":\"cycle\"}", FAILURE_INVALID_RESPONSE, "circular");
    expect_task_failure(worker, "{\"do\":\"toJSON\"}", FAILURE_INVALID_RESPONSE, "not me");
    expect_task_failure(worker, "{\"do\":\"large\"}", FAILURE_LIMIT_EXCEEDED, "1");
    expect_task_failure(worker, "{no json", FAILURE_INVALID_PAYLOAD, "not JSON");
    ticket = worker_task(worker, "{\"do\":\"extend\"}", 1);
    worker_expect_answer(worker, ticket, "{\"success\":true,\"data\":1}", true);
    worker_fire_timer(worker);
    worker_expect_op(worker, OP_END, ticket);
}

static void expect_no_handler(void)
{
    struct worker *worker = worker_loaded("export default { scheduled() {} };");
    uint32_t ticket = worker_fetch(worker, "GET", "https://h/", "", NULL);

    worker_expect_failure(worker, ticket, FAILURE_NO_HANDLER, "\"fetch\"");
    expect_task_failure(worker, "1", FAILURE_NO_HANDLER, "\"task\"");
    ticket = worker_schedule(worker, 0, "");
    worker_expect_answer(worker, ticket, NULL, false);
    worker_free(worker);
}

static void expect_listeners(void)
{
    struct worker *worker =
        worker_new(NULL, (const struct file[]){{"main.cjs", listeners}, {NULL, NULL}});
    uint32_t ticket;

    worker_load(worker);
    ticket = worker_schedule(worker, 7, "x");
    worker_expect_line(worker, ticket, CONSOLE_INFO, "scheduled true 7 x");
    expect(worker_fire_timer(worker) == 1);
    expect(!worker_take(worker, OP_ANSWER));
    expect(worker_fire_timer(worker) == 2);
    worker_expect_answer(worker, ticket, NULL, false);
    expect(!worker->ops);

    ticket = worker_schedule(worker, 7, "fail");
    worker_expect_line(worker, ticket, CONSOLE_INFO, "scheduled true 7 fail");
    worker_fire_timer(worker);
    worker_expect_failure(worker, ticket, FAILURE_EXCEPTION, "Error: later");
    ticket = worker_schedule(worker, 7, "throw");
    worker_expect_failure(worker, ticket, FAILURE_EXCEPTION, "Error: at once");
    worker_drop_ops(worker);

    expect_result(worker, "\"a\"", "{\"success\":true,\"data\":[\"a\",3,true]}");
    expect_task_failure(worker, "\"nobody\"", FAILURE_INVALID_RESPONSE, "respondWith");
    ticket = worker_fetch(worker, "GET", "https://h/", "", NULL);
    worker_expect_failure(worker, ticket, FAILURE_NO_HANDLER, "\"fetch\"");
    worker_free(worker);
}

int main(void)
{
    struct limits limits = limits_default();
    struct worker *worker;

    limits.response_body_bytes = 500;
    shim_start();
    worker = worker_new(&limits, (const struct file[]){{"main.js", source}, {NULL, NULL}});
    worker_load(worker);
    expect_scheduled(worker);
    expect_tasks(worker);
    worker_free(worker);
    expect_no_handler();
    expect_listeners();
    engine_close();
    return 0;
}
