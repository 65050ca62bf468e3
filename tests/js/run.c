/*
 * Runs a file of this folder as a worker, twice, in one isolate, as harness.js says, and prints
 * what failed. It is the isolate's host: timers are real, fetch() reaches upstream.c.
 *
 * usage: js_run HARNESS FILE
 */
#include "api/bytes.h"
#include "api/clock.h"
#include "shim/crypto/job.h"
#include "shim/shim.h"
#include "upstream.h"

#include <jansson.h>
#include <limits.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static const char headers[] =
    "host\nworker.example\ncontent-type\ntext/plain;charset=utf-8\nx-test\na\nx-test\nb\n"
    "cookie\nsid=1\ncookie\nlang=de\n";
static const char url[] = "https://worker.example/tests/run?case=1&name=a%20b";
static const char body[] = "h\xc3\xa4llo w\xc3\xb6rld";

/* An event that is to come. */
struct pending {
    struct pending *next;
    struct event event;
    uint64_t due_ns;
};

/* One thread's, but for platform_due_ns. */
struct host {
    struct script *script;
    struct isolate *isolate;
    struct pending *pending; /* by due time; equal ones in order of arrival */
    struct upstream_stats stats;
    struct op *uploading;          /* an OP_FETCH_START whose body streams, and ... */
    struct buffer upload;          /* ... what has come of it */
    atomic_ullong platform_due_ns; /* when V8 has a task; lowered on V8's threads too */
    json_t *lines;                 /* the console lines of a run */
    uint32_t ticket;               /* of the run's task */
    struct op *end;                /* its OP_ANSWER or OP_FAIL */
    bool is_loaded;
    bool is_over; /* nothing is left of the run's task */
};

static void die(const char *what, const char *detail)
{
    fprintf(stderr, "js_run: %s: %s\n", what, detail);
    exit(1);
}

static void read_file(const char *path, struct buffer *ret)
{
    FILE *file = fopen(path, "rb");
    size_t len;

    if (!file)
        die("cannot open", path);
    do {
        len = fread(buffer_reserve(ret, 4096), 1, 4096, file);
        ret->len += len;
    } while (len > 0);
    fclose(file);
}

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash ? slash + 1 : path;
}

static struct script *make_script(const char *harness, const char *file)
{
    struct limits limits = limits_default();
    const char *paths[] = {file, harness};
    struct error error = {0};
    struct script *script;

    limits.log_lines = 1000;
    limits.subrequests = 200;
    limits.concurrent_subrequests = 4;
    script = script_new("js", "tests", 2, &limits);
    for (size_t i = 0; i < 2; i++) {
        struct buffer content = {0};

        read_file(paths[i], &content);
        if (script_set_file(script, i, base_name(paths[i]), FILE_MODULE, content.data,
                            content.len) != 0)
            die("no memory for", paths[i]);
        buffer_release(&content);
    }
    if (script_seal(script, &error) != 0)
        die(file, error.message);
    return script;
}

/* What is to come. */

static void add_pending(struct host *host, struct event event, uint64_t delay_ms)
{
    struct pending *pending = xcalloc(1, sizeof(*pending)), **at = &host->pending;

    pending->event = event;
    pending->due_ns = clock_now_ns() + delay_ms * NS_PER_MS;
    while (*at && (*at)->due_ns <= pending->due_ns)
        at = &(*at)->next;
    pending->next = *at;
    *at = pending;
}

static struct pending *take_pending(struct host *host, struct pending **at)
{
    struct pending *pending = *at;

    *at = pending->next;
    if (pending->event.kind == EVENT_FETCHED)
        host->stats.running--;
    return pending;
}

static void free_pending(struct pending *pending)
{
    if (pending->event.kind == EVENT_FETCHED)
        fetch_result_free(pending->event.result);
    else if (pending->event.kind == EVENT_BODY)
        body_event_free(pending->event.body);
    crypto_job_free(pending->event.job);
    free(pending);
}

static void drop_pending(struct host *host, struct pending **at)
{
    free_pending(take_pending(host, at));
}

static void stop_timer(struct host *host, uint32_t id)
{
    struct pending **at = &host->pending;

    while (*at && !((*at)->event.kind == EVENT_TIMER && (*at)->event.timer == id))
        at = &(*at)->next;
    if (*at)
        drop_pending(host, at);
}

static void stop_fetch(struct host *host, uint32_t id)
{
    struct pending **at = &host->pending;

    host->stats.stopped++;
    while (*at && !((*at)->event.kind == EVENT_FETCHED && (*at)->event.fetch == id))
        at = &(*at)->next;
    if (*at)
        drop_pending(host, at);
}

static void stop_computation(struct host *host, uint32_t id)
{
    struct pending **at = &host->pending;

    while (*at && !((*at)->event.kind == EVENT_COMPUTED && (*at)->event.compute == id))
        at = &(*at)->next;
    if (*at)
        drop_pending(host, at);
}

static void drop_task(struct host *host)
{
    struct pending **at = &host->pending;

    while (*at) {
        if ((*at)->event.ticket == host->ticket)
            drop_pending(host, at);
        else
            at = &(*at)->next;
    }
    op_free(host->uploading);
    host->uploading = NULL;
    buffer_release(&host->upload);
    host->is_over = true;
}

#define NEVER_MS (3600 * 1000)
#define UPLOAD_MAX ((size_t)1 << 20)

static void answer_fetch(struct host *host, const struct op *op)
{
    unsigned delay_ms;
    struct fetch_result *result = upstream_answer(op->fetch.request, &host->stats, &delay_ms);

    add_pending(
        host,
        (struct event){
            .kind = EVENT_FETCHED, .ticket = op->ticket, .fetch = op->fetch.id, .result = result},
        result ? delay_ms : NEVER_MS);
}

/* Takes the event. */
static void tell_upload(struct host *host, const struct op *fetch, struct body_event *event)
{
    add_pending(
        host,
        (struct event){
            .kind = EVENT_BODY, .ticket = fetch->ticket, .body_id = fetch->fetch.id, .body = event},
        0);
}

/* Whether the operation was kept: it waits for its body. One at a time. */
static bool start_fetch(struct host *host, struct op *op)
{
    struct body_event *room;

    host->stats.started++;
    host->stats.running++;
    if (host->stats.running > host->stats.most)
        host->stats.most = host->stats.running;
    if (!op->fetch.request->has_stream) {
        answer_fetch(host, op);
        return false;
    }
    if (host->uploading)
        die("the worker", "streams two bodies at once");
    host->uploading = op;
    room = body_event_new(BODY_ROOM);
    room->room = UPLOAD_MAX;
    tell_upload(host, op, room);
    return true;
}

static void append_upload(struct host *host, const struct op *op)
{
    if (host->uploading && host->uploading->fetch.id == op->body.id)
        buffer_append(&host->upload, op->body.chunk.data, op->body.chunk.len);
}

/* Whether it was that of the subrequest. */
static bool is_uploading(const struct host *host, uint32_t id)
{
    return host->uploading && host->uploading->fetch.id == id;
}

static void forget_upload(struct host *host)
{
    op_free(host->uploading);
    host->uploading = NULL;
    buffer_release(&host->upload);
}

static void end_upload(struct host *host, uint32_t id)
{
    if (!is_uploading(host, id))
        return;
    host->uploading->fetch.request->body = (struct bytes){host->upload.data, host->upload.len};
    answer_fetch(host, host->uploading);
    forget_upload(host);
}

static void drop_upload(struct host *host, uint32_t id)
{
    if (!is_uploading(host, id))
        return;
    host->stats.running--;
    tell_upload(host, host->uploading, body_event_new(BODY_CANCELLED));
    forget_upload(host);
}

/* At once, though JavaScript hears of it later. */
static void start_computation(struct host *host, struct op *op)
{
    crypto_job_run(op->compute.job);
    add_pending(host,
                (struct event){.kind = EVENT_COMPUTED,
                               .ticket = op->ticket,
                               .compute = op->compute.id,
                               .job = op->compute.job},
                0);
    op->compute.job = NULL;
}

/* Operations. */

static void add_line(struct host *host, const struct op *op)
{
    json_array_append_new(
        host->lines, json_pack("[i, s%]", (int)op->log.level, op->log.text, (size_t)op->log.len));
}

static void apply_end(struct host *host, struct op *op)
{
    if (host->end)
        die("the task", "has two ends");
    host->end = op;
    if (op->kind == OP_FAIL || !op->answer.has_more)
        drop_task(host);
}

/* Whether the operation was kept. */
static bool apply_op(struct host *host, struct op *op)
{
    switch (op->kind) {
    case OP_LOADED:
        host->is_loaded = true;
        break;
    case OP_LOAD_FAILED:
        die("the worker does not load", op->failure.message);
        break;
    case OP_ANSWER:
    case OP_FAIL:
        apply_end(host, op);
        return true;
    case OP_END:
        drop_task(host);
        break;
    case OP_TIMER_START:
        add_pending(
            host, (struct event){.kind = EVENT_TIMER, .ticket = op->ticket, .timer = op->timer.id},
            op->timer.delay_ms);
        break;
    case OP_TIMER_STOP:
        stop_timer(host, op->timer.id);
        break;
    case OP_FETCH_START:
        return start_fetch(host, op);
    case OP_FETCH_STOP:
        stop_fetch(host, op->fetch.id);
        drop_upload(host, op->fetch.id);
        break;
    case OP_COMPUTE_START:
        start_computation(host, op);
        break;
    case OP_COMPUTE_STOP:
        stop_computation(host, op->compute.id);
        break;
    case OP_LOG:
        add_line(host, op);
        break;
    case OP_BODY_CHUNK:
        append_upload(host, op);
        break;
    case OP_BODY_END:
        end_upload(host, op->body.id);
        break;
    case OP_BODY_FAIL:
        drop_upload(host, op->body.id);
        break;
    case OP_BODY_PULL:
    case OP_BODY_CANCEL:
        die("the worker", "streams a body, which nobody has asked for");
        break;
    }
    return false;
}

/* Turns. */

struct delivery {
    struct host *host;
    const struct event *event;
};

static void deliver_in_turn(void *arg)
{
    const struct delivery *delivery = arg;
    struct host *host = delivery->host;
    struct event_result result = isolate_deliver(host->isolate, delivery->event);
    struct op_list ops;

    if (result.was_terminated)
        die("the isolate", "has reached its heap limit");
    isolate_take_ops(host->isolate, &ops);
    while (ops.first) {
        struct op *op = ops.first;

        ops.first = op->next;
        if (!apply_op(host, op))
            op_free(op);
    }
}

static void deliver(struct host *host, const struct event *event)
{
    struct delivery delivery = {host, event};

    isolate_enter(host->isolate, deliver_in_turn, &delivery);
}

static void on_platform_task(void *arg, uint64_t delay_ns)
{
    struct host *host = arg;
    unsigned long long due_ns = clock_now_ns() + delay_ns;
    unsigned long long before = atomic_load(&host->platform_due_ns);

    while (due_ns < before &&
           !atomic_compare_exchange_weak(&host->platform_due_ns, &before, due_ns))
        ;
}

static void sleep_until(uint64_t due_ns)
{
    uint64_t now_ns = clock_now_ns();
    uint64_t left_ns = due_ns > now_ns ? due_ns - now_ns : 0;

    /* V8 may have something meanwhile. */
    if (left_ns > NS_PER_MS)
        left_ns = NS_PER_MS;
    nanosleep(&(struct timespec){.tv_nsec = (long)left_ns}, NULL);
}

static void deliver_next(struct host *host)
{
    struct pending *pending = host->pending;

    if (atomic_load(&host->platform_due_ns) <= clock_now_ns()) {
        atomic_store(&host->platform_due_ns, ULLONG_MAX);
        deliver(host, &(struct event){.kind = EVENT_PLATFORM});
    } else if (pending && pending->due_ns <= clock_now_ns()) {
        take_pending(host, &host->pending);
        deliver(host, &pending->event);
        free_pending(pending);
    } else if (pending || engine_is_busy()) {
        sleep_until(pending ? pending->due_ns : UINT64_MAX);
    } else {
        die("the worker", "waits for nothing");
    }
}

/* Runs. */

static int print_failures(const struct host *host, json_t *report)
{
    json_t *failed = json_object_get(report, "failed"), *wanted = json_object_get(report, "logs"),
           *failure;
    size_t i;
    int failures = 0;

    json_array_foreach(failed, i, failure)
    {
        fprintf(stderr, "FAILED %s\n       %s\n",
                json_string_value(json_object_get(failure, "name")),
                json_string_value(json_object_get(failure, "message")));
        failures++;
    }
    if (json_is_array(wanted) && !json_equal(wanted, host->lines)) {
        fprintf(stderr, "FAILED the console lines\n wanted %s\n    got %s\n", json_dumps(wanted, 0),
                json_dumps(host->lines, 0));
        failures++;
    }
    fprintf(stderr, "%lld passed, %d failed\n",
            json_integer_value(json_object_get(report, "passed")), failures);
    return failures;
}

static int check_end(const struct host *host)
{
    const struct op *end = host->end;
    json_error_t error;
    json_t *report;
    int failures;

    if (end->kind == OP_FAIL) {
        fprintf(stderr, "FAILED %s\n%s\n", end->failure.message,
                end->failure.stack ? end->failure.stack : "");
        return 1;
    }
    report = json_loadb(end->answer.response->body.data, end->answer.response->body.len, 0, &error);
    if (!report || !json_is_integer(json_object_get(report, "passed")))
        die("the worker's answer is no report", error.text);
    failures = print_failures(host, report);
    if (json_integer_value(json_object_get(report, "passed")) == 0)
        failures++;
    json_decref(report);
    return failures;
}

static int run(struct host *host, bool is_text)
{
    struct request *request =
        request_new(bytes_of("POST"), bytes_of(url), bytes_of(headers), bytes_of(body));
    struct event event = {.kind = EVENT_REQUEST, .request = request};
    int failures;

    event.ticket = host->ticket = TICKET_OF(1, is_text ? 1 : 2);
    request->is_body_text = is_text;
    host->lines = json_array();
    host->is_over = false;
    deliver(host, &event);
    while (!host->is_over)
        deliver_next(host);
    failures = check_end(host);
    op_free(host->end);
    host->end = NULL;
    json_decref(host->lines);
    request_unref(request);
    return failures;
}

static int run_twice(struct host *host)
{
    struct isolate_host callbacks = {.platform_task = on_platform_task, .arg = host};
    int failures;

    if (isolate_open(host->script, &callbacks, &host->isolate) != 0)
        die("no memory for", "an isolate");
    host->lines = json_array();
    deliver(host, &(struct event){.kind = EVENT_LOAD});
    while (!host->is_loaded)
        deliver_next(host);
    json_decref(host->lines);
    failures = run(host, true);
    failures += run(host, false);
    while (host->pending)
        drop_pending(host, &host->pending);
    isolate_close(host->isolate);
    return failures;
}

/* V8 wants a stack of its own size. */
static void *run_on_thread(void *arg)
{
    struct host *host = arg;

    return run_twice(host) > 0 ? host : NULL;
}

static bool has_failed(struct host *host)
{
    pthread_attr_t attributes;
    pthread_t thread;
    void *failed;

    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, SHIM_STACK_BYTES);
    if (pthread_create(&thread, &attributes, run_on_thread, host) != 0 ||
        pthread_join(thread, &failed) != 0)
        die("no thread", "");
    pthread_attr_destroy(&attributes);
    return failed != NULL;
}

int main(int argc, char **argv)
{
    struct engine_config engine = {.worker_threads = 1};
    struct error error = {0};
    struct host host = {.platform_due_ns = ULLONG_MAX};
    bool failed;

    if (argc != 3)
        die("usage", "js_run HARNESS FILE");
    if (engine_open(&engine, &error) != 0)
        die("cannot start", error.message);
    host.script = make_script(argv[1], argv[2]);
    failed = has_failed(&host);
    script_unref(host.script);
    engine_close();
    return failed;
}
