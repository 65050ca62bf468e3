/* The fixture of the shim's test programs. */
#include "shim_test.h"

#include "api/bytes.h"
#include "api/clock.h"

#include <pthread.h>
#include <unistd.h>

void shim_start(void)
{
    struct engine_config config = {.worker_threads = 1};
    struct error error = {0};

    if (engine_open(&config, &error) != 0) {
        fprintf(stderr, "%s\n", error.message);
        abort();
    }
}

static void on_platform_task(void *arg, uint64_t delay_ns)
{
    struct worker *worker = arg;

    (void)delay_ns;
    __atomic_fetch_add(&worker->platform_tasks, 1, __ATOMIC_RELAXED);
}

static enum file_kind kind_of(const char *name)
{
    static const struct {
        const char *ending;
        enum file_kind kind;
    } kinds[] = {
        {".cjs", FILE_SCRIPT}, {".txt", FILE_TEXT}, {".json", FILE_JSON},
        {".wasm", FILE_WASM},  {".bin", FILE_DATA}, {".map", FILE_SOURCE_MAP},
    };
    const char *dot = strrchr(name, '.');

    for (size_t i = 0; dot && i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        if (strcmp(dot, kinds[i].ending) == 0)
            return kinds[i].kind;
    }
    return FILE_MODULE;
}

static size_t decode_hex(const char *text, unsigned char *ret)
{
    size_t len = 0;
    int used;

    while (sscanf(text, " %2hhx%n", &ret[len], &used) == 1) {
        text += used;
        len++;
    }
    return len;
}

static void set_file(struct script *script, size_t index, const struct file *file)
{
    enum file_kind kind = kind_of(file->name);
    size_t len = strlen(file->content);
    unsigned char *bytes = NULL;

    if (kind == FILE_WASM || kind == FILE_DATA) {
        bytes = xmalloc(len + 1);
        len = decode_hex(file->content, bytes);
    }
    expect(script_set_file(script, index, file->name, kind, bytes ? (void *)bytes : file->content,
                           len) == 0);
    free(bytes);
}

struct worker *worker_new(const struct limits *limits, const struct file *files)
{
    struct limits standard = limits_default();
    struct worker *worker = xcalloc(1, sizeof(*worker));
    struct isolate_host host = {.platform_task = on_platform_task, .arg = worker};
    struct error error = {0};
    size_t count = 0;

    while (files[count].name)
        count++;
    worker->script = script_new("tenant", "worker", count, limits ? limits : &standard);
    for (size_t i = 0; i < count; i++)
        set_file(worker->script, i, &files[i]);
    if (script_seal(worker->script, &error) != 0) {
        fprintf(stderr, "%s\n", error.message);
        abort();
    }
    expect(isolate_open(worker->script, &host, &worker->isolate) == 0);
    return worker;
}

struct worker *worker_new_module(const char *source)
{
    return worker_new(NULL, (const struct file[]){{"main.js", source}, {NULL, NULL}});
}

static void free_ops(struct op *op)
{
    while (op) {
        struct op *next = op->next;

        op_free(op);
        op = next;
    }
}

void worker_drop_ops(struct worker *worker)
{
    free_ops(worker->ops);
    worker->ops = NULL;
}

void worker_free(struct worker *worker)
{
    isolate_close(worker->isolate);
    script_unref(worker->script);
    free_ops(worker->ops);
    free(worker);
}

struct delivery {
    struct worker *worker;
    const struct event *event;
};

static void deliver(void *arg)
{
    struct delivery *delivery = arg;
    struct worker *worker = delivery->worker;
    struct op_list ops;
    struct op **end = &worker->ops;

    worker->result = isolate_deliver(worker->isolate, delivery->event);
    if (worker->result.was_terminated)
        isolate_clear_termination(worker->isolate);
    isolate_take_ops(worker->isolate, &ops);
    while (*end)
        end = &(*end)->next;
    *end = ops.first;
}

void worker_deliver(struct worker *worker, const struct event *event)
{
    struct delivery delivery = {worker, event};

    isolate_enter(worker->isolate, deliver, &delivery);
}

void worker_load(struct worker *worker)
{
    struct event event = {.kind = EVENT_LOAD};
    struct op *op;

    worker_deliver(worker, &event);
    op = worker_take(worker, OP_LOAD_FAILED);
    if (op) {
        fprintf(stderr, "the worker does not load: %s\n", op->failure.message);
        abort();
    }
    op = worker_take(worker, OP_LOADED);
    expect(op);
    op_free(op);
}

struct worker *worker_loaded(const char *source)
{
    struct worker *worker = worker_new_module(source);

    worker_load(worker);
    return worker;
}

/* Takes the request. */
static uint32_t deliver_request(struct worker *worker, struct request *request)
{
    struct event event = {
        .kind = EVENT_REQUEST, .ticket = TICKET_OF(++worker->next_slot, 1), .request = request};

    worker_deliver(worker, &event);
    request_unref(request);
    return event.ticket;
}

uint32_t worker_fetch(struct worker *worker, const char *method, const char *url,
                      const char *headers, const char *body)
{
    struct bytes content = body ? bytes_of(body) : (struct bytes){NULL, 0};

    return deliver_request(
        worker, request_new(bytes_of(method), bytes_of(url), bytes_of(headers), content));
}

static struct request *request_without_http(enum request_kind kind, struct bytes body)
{
    struct bytes none = {NULL, 0};
    struct request *request = request_new(none, none, none, body);

    request->kind = kind;
    return request;
}

uint32_t worker_schedule(struct worker *worker, int64_t scheduled_ms, const char *cron)
{
    struct request *request = request_without_http(REQUEST_SCHEDULED, (struct bytes){NULL, 0});

    request->scheduled_ms = scheduled_ms;
    request->cron = bytes_of(cron);
    return deliver_request(worker, request);
}

uint32_t worker_task(struct worker *worker, const char *json, uint32_t attempt)
{
    struct request *request = request_without_http(REQUEST_TASK, bytes_of(json));

    request->attempt = attempt;
    return deliver_request(worker, request);
}

void worker_end(struct worker *worker, uint32_t ticket)
{
    worker_deliver(worker, &(struct event){.kind = EVENT_END, .ticket = ticket});
}

uint32_t worker_fire_timer(struct worker *worker)
{
    struct op *op = worker_take(worker, OP_TIMER_START);
    struct event event;
    uint32_t delay_ms;

    expect(op);
    event = (struct event){.kind = EVENT_TIMER, .ticket = op->ticket, .timer = op->timer.id};
    delay_ms = op->timer.delay_ms;
    op_free(op);
    worker_deliver(worker, &event);
    return delay_ms;
}

struct op *worker_take(struct worker *worker, enum op_kind kind)
{
    for (struct op **at = &worker->ops; *at; at = &(*at)->next) {
        struct op *op = *at;

        if (op->kind != kind)
            continue;
        *at = op->next;
        op->next = NULL;
        return op;
    }
    return NULL;
}

static void expect_bytes(const char *data, size_t len, const char *text)
{
    if (len == strlen(text) && (len == 0 || memcmp(data, text, len) == 0))
        return;
    fprintf(stderr, "got '%.*s', expected '%s'\n", (int)len, data, text);
    abort();
}

void worker_expect_line(struct worker *worker, uint32_t ticket, enum console_level level,
                        const char *text)
{
    struct op *op = worker_take(worker, OP_LOG);

    expect(op);
    expect_bytes(op->log.text, op->log.len, text);
    expect(op->ticket == ticket && op->log.level == level);
    op_free(op);
}

void worker_expect_answer(struct worker *worker, uint32_t ticket, const char *text, bool has_more)
{
    struct op *op = worker_take(worker, OP_ANSWER);
    struct response *response;

    expect(op && op->ticket == ticket);
    expect(op->answer.has_more == has_more);
    response = op->answer.response;
    if (response)
        expect_bytes(response->body.data, response->body.len, text);
    else if (op->answer.result)
        expect_bytes(op->answer.result, op->answer.len, text);
    else
        expect(!text);
    op_free(op);
}

void worker_expect_failure(struct worker *worker, uint32_t ticket, enum failure_reason reason,
                           const char *text)
{
    struct op *op = worker_take(worker, OP_FAIL);

    expect(op && op->ticket == ticket);
    fprintf(stderr, "%s\n", op->failure.message);
    expect(op->failure.reason == reason && op->failure.phase == PHASE_HANDLER);
    expect(strstr(op->failure.message, text));
    op_free(op);
}

void worker_expect_op(struct worker *worker, enum op_kind kind, uint32_t ticket)
{
    struct op *op = worker_take(worker, kind);

    expect(op && op->ticket == ticket);
    op_free(op);
}

/* Keeps an operation until the next one is kept, so that what it holds can be returned. */
static struct op *keep(struct op *op)
{
    static struct op *kept;

    op_free(kept);
    kept = op;
    return op;
}

static bool has_ended(const struct worker *worker)
{
    for (const struct op *op = worker->ops; op; op = op->next) {
        if (op->kind == OP_ANSWER || op->kind == OP_FAIL)
            return true;
    }
    return false;
}

/* From V8 11 on, promises of WebAssembly are settled by a task of V8's. */
static void fetch_to_end(struct worker *worker, const char *url)
{
    struct event event = {.kind = EVENT_PLATFORM};

    worker_fetch(worker, "GET", url, "", NULL);
    while (!has_ended(worker) && isolate_has_platform_task(worker->isolate))
        worker_deliver(worker, &event);
}

const char *worker_get(struct worker *worker, const char *url)
{
    static char body[65536];
    struct op *op;

    fetch_to_end(worker, url);
    op = worker_take(worker, OP_FAIL);
    if (op) {
        fprintf(stderr, "the worker fails: %s\n%s\n", op->failure.message,
                op->failure.stack ? op->failure.stack : "");
        abort();
    }
    op = worker_take(worker, OP_ANSWER);
    expect(op);
    snprintf(body, sizeof(body), "%.*s", (int)op->answer.response->body.len,
             op->answer.response->body.data);
    keep(op);
    return body;
}

const struct failure *worker_get_failure(struct worker *worker, const char *url)
{
    struct op *op;

    fetch_to_end(worker, url);
    op = keep(worker_take(worker, OP_FAIL));
    expect(op);
    return &op->failure;
}

const struct failure *worker_load_failure(struct worker *worker)
{
    struct event event = {.kind = EVENT_LOAD};
    struct op *op;

    worker_deliver(worker, &event);
    op = keep(worker_take(worker, OP_LOAD_FAILED));
    expect(op);
    return &op->failure;
}

static void *terminate(void *arg)
{
    struct terminator *terminator = arg;

    usleep(20 * 1000);
    while (!__atomic_load_n(&terminator->is_stopped, __ATOMIC_ACQUIRE)) {
        isolate_terminate(terminator->worker->isolate);
        usleep(1000);
    }
    return NULL;
}

void terminator_start(struct terminator *terminator, struct worker *worker)
{
    *terminator = (struct terminator){.worker = worker};
    expect(pthread_create(&terminator->thread, NULL, terminate, terminator) == 0);
}

void terminator_stop(struct terminator *terminator)
{
    __atomic_store_n(&terminator->is_stopped, true, __ATOMIC_RELEASE);
    expect(pthread_join(terminator->thread, NULL) == 0);
}
