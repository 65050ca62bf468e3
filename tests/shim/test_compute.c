/* crypto.subtle asks the host for what takes long; what its task leaves is stopped; keys are
 * counted, and go with the isolate. */
#include "shim_test.h"

#include "shim/crypto/job.h"

static const char source[] =
    "const { subtle } = crypto;\n"
    "const raw = new Uint8Array(16);\n"
    "const base = await subtle.importKey('raw', raw, 'PBKDF2', false, ['deriveBits']);\n"
    "const params = { name: 'PBKDF2', hash: 'SHA-256', salt: raw, iterations: 100000 };\n"
    "const derive = (length) => subtle.deriveBits(params, base, length);\n"
    "let shared;\n"
    "const kept = [];\n"
    "export default { async fetch(request, env, ctx) {\n"
    "  switch (new URL(request.url).pathname) {\n"
    "    case '/short': return new Response(`${(await subtle.digest('SHA-1', raw)).byteLength}`);\n"
    "    case '/long': return new Response(`${(await derive(256)).byteLength}`);\n"
    "    case '/share': shared = derive(256); await new Promise(() => {}); break;\n"
    "    case '/await': try { await shared; } catch (e) { return new Response(e.name); } break;\n"
    "    case '/forget': derive(256); break;\n"
    "    case '/extend': ctx.waitUntil(derive(256).then(() => console.log('derived'))); break;\n"
    "    case '/keep': try { for (;;) kept.push(await subtle.importKey('raw',\n"
    "      new Uint8Array(1 << 15), 'HKDF', false, ['deriveBits']));\n"
    "      } catch (e) { return new Response(e.name); } break;\n"
    "    case '/large': try { await subtle.digest('SHA-1', new Uint8Array(3 << 20));\n"
    "      } catch (e) { return new Response(e.name); } break;\n"
    "    case '/much': try { await derive(8 * (5 << 20));\n"
    "      } catch (e) { return new Response(e.name); } break;\n"
    "  }\n"
    "  return new Response('fine');\n"
    "} };\n";

static struct op *take_start(struct worker *worker, uint32_t ticket)
{
    struct op *op = worker_take(worker, OP_COMPUTE_START);

    expect(op && op->ticket == ticket && op->compute.id != 0 && op->compute.job);
    return op;
}

static void deliver(struct worker *worker, const struct op *op)
{
    struct event event = {.kind = EVENT_COMPUTED,
                          .ticket = op->ticket,
                          .compute = op->compute.id,
                          .job = op->compute.job};

    worker_deliver(worker, &event);
}

static uint32_t get(struct worker *worker, const char *path)
{
    char url[100] = "https://w.test";

    return worker_fetch(worker, "GET", strcat(url, path), "", NULL);
}

static void short_ones_are_done_in_the_call(struct worker *worker)
{
    expect_text(worker_get(worker, "https://w.test/short"), "20");
    expect(!worker_take(worker, OP_COMPUTE_START));
}

static void long_ones_come_back(struct worker *worker)
{
    uint32_t ticket = get(worker, "/long");
    struct op *op = take_start(worker, ticket);

    expect(!worker_take(worker, OP_ANSWER));
    expect(op->compute.job->iterations == 100000 && op->compute.job->kept);
    crypto_job_run(op->compute.job);
    deliver(worker, op);
    worker_expect_answer(worker, ticket, "32", false);
    deliver(worker, op); /* nobody waits for it any more */
    expect(!worker->result.was_terminated);
    op_free(op);
}

/* What an ended task has asked for is stopped, and whoever else waits for it hears of that. */
static void ends_stop_them(struct worker *worker)
{
    uint32_t sharing = get(worker, "/share"), waiting = get(worker, "/await");
    struct op *op = take_start(worker, sharing), *stop;

    worker_end(worker, sharing);
    stop = worker_take(worker, OP_COMPUTE_STOP);
    expect(stop && stop->ticket == sharing && stop->compute.id == op->compute.id);
    worker_expect_answer(worker, waiting, "AbortError", false);
    op_free(stop);
    op_free(op);
}

static void answers_stop_what_is_left(struct worker *worker)
{
    uint32_t ticket = get(worker, "/forget");
    struct op *op = take_start(worker, ticket);

    worker_expect_answer(worker, ticket, "fine", false);
    worker_expect_op(worker, OP_COMPUTE_STOP, ticket);
    op_free(op);
}

static void wait_until_goes_on(struct worker *worker)
{
    uint32_t ticket = get(worker, "/extend");
    struct op *op = take_start(worker, ticket);

    worker_expect_answer(worker, ticket, "fine", true);
    crypto_job_run(op->compute.job);
    deliver(worker, op);
    worker_expect_line(worker, ticket, CONSOLE_INFO, "derived");
    worker_expect_op(worker, OP_END, ticket);
    op_free(op);
}

/* Of 4 MiB in all. */
static void memory_is_bounded(struct worker *worker)
{
    expect_text(worker_get(worker, "https://w.test/large"), "RangeError");
    expect(!worker_take(worker, OP_COMPUTE_START));
    expect_text(worker_get(worker, "https://w.test/much"), "RangeError");
    expect(!worker_take(worker, OP_COMPUTE_START));
    expect_text(worker_get(worker, "https://w.test/keep"), "RangeError");
    expect_text(worker_get(worker, "https://w.test/short"), "20");
}

int main(void)
{
    static const struct file files[] = {{"main.js", source}, {NULL, NULL}};
    struct limits limits = limits_default();
    struct worker *worker;

    limits.external_bytes = (size_t)4 << 20;
    shim_start();
    worker = worker_new(&limits, files);
    worker_load(worker);
    short_ones_are_done_in_the_call(worker);
    long_ones_come_back(worker);
    ends_stop_them(worker);
    answers_stop_what_is_left(worker);
    wait_until_goes_on(worker);
    memory_is_bounded(worker);
    worker_drop_ops(worker);
    worker_free(worker); /* with keys that are left */
    return 0;
}
