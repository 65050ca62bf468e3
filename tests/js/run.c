/*
 * Runs a file of this folder as a worker, twice, on a pinned pool, as harness.js says, and prints
 * what failed.
 *
 * usage: js_run HARNESS FILE
 */
#include "api/bytes.h"
#include "pools/crew.h"
#include "pools/pool.h"
#include "shim/shim.h"

#include <jansson.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>

static const char headers[] =
    "host\nworker.example\ncontent-type\ntext/plain;charset=utf-8\nx-test\na\nx-test\nb\n"
    "cookie\nsid=1\ncookie\nlang=de\n";
static const char url[] = "https://worker.example/tests/run?case=1&name=a%20b";
static const char body[] = "h\xc3\xa4llo w\xc3\xb6rld";

static json_t *lines; /* the console lines of a run; written on the lane's thread, read when the
                         task is done */
static sem_t is_done;

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

static void on_console(void *arg, const struct script *script, enum console_level level,
                       const char *text, size_t len)
{
    (void)arg;
    (void)script;
    json_array_append_new(lines, json_pack("[i, s%]", (int)level, text, len));
}

static void on_done(struct task *task)
{
    (void)task;
    sem_post(&is_done);
}

static int print_failures(json_t *report)
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
    if (json_is_array(wanted) && !json_equal(wanted, lines)) {
        fprintf(stderr, "FAILED the console lines\n wanted %s\n    got %s\n", json_dumps(wanted, 0),
                json_dumps(lines, 0));
        failures++;
    }
    fprintf(stderr, "%lld passed, %d failed\n",
            json_integer_value(json_object_get(report, "passed")), failures);
    return failures;
}

static int check_answer(const struct task *task)
{
    const struct outcome *outcome = &task->outcome;
    json_error_t error;
    json_t *report;
    int failures;

    if (outcome->kind != OUTCOME_ANSWERED) {
        fprintf(stderr, "FAILED %s\n%s\n", outcome->failure.message,
                outcome->failure.stack ? outcome->failure.stack : "");
        return 1;
    }
    report = json_loadb(outcome->response->body.data, outcome->response->body.len, 0, &error);
    if (!report || !json_is_integer(json_object_get(report, "passed")))
        die("the worker's answer is no report", error.text);
    failures = print_failures(report);
    if (json_integer_value(json_object_get(report, "passed")) == 0)
        failures++;
    json_decref(report);
    return failures;
}

static int run(struct pool *pool, struct script *script, bool is_text)
{
    struct request *request =
        request_new(bytes_of("POST"), bytes_of(url), bytes_of(headers), bytes_of(body));
    struct task task = {.kind = TASK_REQUEST,
                        .script = script,
                        .tenant = script->tenant,
                        .request = request,
                        .done = on_done};
    int failures;

    request->is_body_text = is_text;
    lines = json_array();
    if (pool_submit(pool, &task) != 0)
        die("the pool", "refuses the task");
    while (sem_wait(&is_done) != 0)
        ;
    failures = check_answer(&task);
    json_decref(lines);
    outcome_release(&task.outcome);
    request_unref(request);
    return failures;
}

int main(int argc, char **argv)
{
    struct engine_config engine = {.worker_threads = 1};
    struct crew_config crew_config = crew_config_default();
    struct pool_config config = pool_config_default();
    struct error error = {0};
    struct crew *crew;
    struct pool *pool;
    struct script *script;
    int failures;

    if (argc != 3)
        die("usage", "js_run HARNESS FILE");
    sem_init(&is_done, 0, 0);
    config.lanes = 1;
    config.console = on_console;
    if (engine_open(&engine, &error) != 0 || crew_open(&crew_config, &crew, &error) != 0 ||
        pool_open(&pool_pinned, &config, crew, &pool, &error) != 0)
        die("cannot start", error.message);
    script = make_script(argv[1], argv[2]);
    failures = run(pool, script, true);
    failures += run(pool, script, false);
    pool_close(pool);
    crew_close(crew);
    script_unref(script);
    engine_close();
    return failures > 0;
}
