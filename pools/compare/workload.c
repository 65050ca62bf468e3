/* The named loads. */
#include "pools/compare/workload.h"

#include "api/bytes.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#define TENANT "comparison"

/* The timer that stands for I/O. */
#define WAIT                                                                                       \
    "import { IO_MS } from \"./io.js\";\n"                                                         \
    "const wait = () => IO_MS > 0\n"                                                               \
    "    ? new Promise((done) => setTimeout(done, IO_MS)) : undefined;\n"

#define ADD_1000 "let sum = 0; for (let i = 0; i < 1000; i++) sum += i;"

const struct workload workloads[] = {
    {
        .name = "cpu",
        .summary = "10,000 times sqrt(i) * sin(i); 30 tasks of 10 workers, one after the other",
        .source = "let result;\n"
                  "export default { scheduled() { let sum = 0;\n"
                  "    for (let i = 0; i < 10000; i++) sum += Math.sqrt(i) * Math.sin(i);\n"
                  "    result = sum; } };\n",
        .kind = REQUEST_SCHEDULED,
        .callers = 1,
        .tasks = 30,
        .workers = 10,
    },
    {
        .name = "standard",
        .summary = "1,000 additions; 20 tasks of 10 workers, the caller waits 5 ms after each",
        .source = "let result;\n"
                  "export default { scheduled() { " ADD_1000 " result = sum; } };\n",
        .kind = REQUEST_SCHEDULED,
        .io = IO_BETWEEN,
        .io_ms = 5,
        .callers = 1,
        .tasks = 20,
        .workers = 10,
    },
    {
        .name = "warm",
        .summary = "1,000 additions; one worker, one task that is not counted, then 50",
        .source = "let result;\n"
                  "export default { scheduled() { " ADD_1000 " result = sum; } };\n",
        .kind = REQUEST_SCHEDULED,
        .isolates = 1,
        .callers = 1,
        .tasks = 50,
        .warm_ups = 1,
        .workers = 1,
    },
    {
        .name = "simple",
        .summary = "a text response with one header; 30 tasks of 10 workers, one after the other",
        .source = "export default { fetch() {\n"
                  "    return new Response(\"Hello, world\",\n"
                  "        { headers: { \"content-type\": \"text/plain\" } }); } };\n",
        .kind = REQUEST_FETCH,
        .callers = 1,
        .tasks = 30,
        .workers = 10,
    },
    {
        .name = "fetch",
        .summary = "waits 20 ms as for an upstream, parses JSON, answers JSON; 20 tasks of 10 "
                   "workers",
        .source =
            WAIT "const body = JSON.stringify({ id: 1, name: \"a name\", tags: [1, 2, 3] });\n"
                 "export default { async fetch() { await wait();\n"
                 "    const data = JSON.parse(body);\n"
                 "    return Response.json({ id: data.id, tags: data.tags.length }); } };\n",
        .kind = REQUEST_FETCH,
        .io = IO_IN_TASK,
        .io_ms = 20,
        .callers = 1,
        .tasks = 20,
        .workers = 10,
    },
    {
        .name = "multi-fetch",
        .summary = "waits twice 15 ms at once, and 1,000 additions; 15 tasks of 5 workers",
        .source = WAIT "export default { async fetch() { await Promise.all([wait(), wait()]);\n"
                       "    " ADD_1000 "\n"
                       "    return Response.json({ sum }); } };\n",
        .kind = REQUEST_FETCH,
        .io = IO_IN_TASK,
        .io_ms = 15,
        .callers = 1,
        .tasks = 15,
        .workers = 5,
    },
    {
        .name = "threads",
        .summary = "100 additions; 4 callers and lanes, 50 tasks and 5 workers of each",
        .source = "let result;\n"
                  "export default { scheduled() { let sum = 0;\n"
                  "    for (let i = 0; i < 100; i++) sum += i;\n"
                  "    result = sum; } };\n",
        .kind = REQUEST_SCHEDULED,
        .lanes = 4,
        .callers = 4,
        .has_tasks_each = true,
        .tasks = 50,
        .workers = 5,
        .has_workers_each = true,
        .takes_threads = true,
    },
    {
        .name = "contention",
        .summary = "a text made of 1,000 pieces; 8 callers and lanes, 100 tasks each, one worker "
                   "with up to 4 isolates",
        .source = WAIT "let result;\n"
                       "export default { async scheduled() { let text = \"\";\n"
                       "    for (let i = 0; i < 1000; i++) text = `${i}:${text.length} ${i * 2}`;\n"
                       "    result = text; await wait(); } };\n",
        .kind = REQUEST_SCHEDULED,
        .io = IO_IN_TASK,
        .lanes = 8,
        .isolates = 4,
        .callers = 8,
        .has_tasks_each = true,
        .tasks = 100,
        .warm_ups = 8,
        .workers = 1,
        .takes_threads = true,
    },
};

const size_t workload_count = sizeof(workloads) / sizeof(workloads[0]);

const struct workload *workload_find(const char *name)
{
    for (size_t i = 0; i < workload_count; i++) {
        if (strcmp(workloads[i].name, name) == 0)
            return &workloads[i];
    }
    return NULL;
}

unsigned workload_worker_count(const struct workload *workload, unsigned callers)
{
    return workload->workers * (workload->has_workers_each ? callers : 1);
}

struct script *workload_script(const struct workload *workload, unsigned io_ms, unsigned round,
                               unsigned number, const struct limits *limits)
{
    bool has_io = workload->io == IO_IN_TASK;
    char name[SCRIPT_NAME_MAX + 1], io[64];
    struct script *script;
    struct error error;
    int err;

    snprintf(name, sizeof(name), "%s-%u-%u", workload->name, round, number);
    snprintf(io, sizeof(io), "export const IO_MS = %u;\n", io_ms);
    script = script_new(TENANT, name, has_io ? 2 : 1, limits);
    err = script_set_file(script, 0, "main.js", FILE_MODULE, workload->source,
                          strlen(workload->source));
    if (!err && has_io)
        err = script_set_file(script, 1, "io.js", FILE_MODULE, io, strlen(io));
    if (!err)
        err = script_seal(script, &error);
    assert(!err);
    script->version = 1;
    return script;
}

struct request *workload_request(const struct workload *workload)
{
    struct bytes none = {NULL, 0};
    struct request *request;

    if (workload->kind == REQUEST_FETCH)
        return request_new(bytes_of("GET"), bytes_of("https://" TENANT ".isoyard.internal/"),
                           bytes_of(""), none);
    request = request_new(bytes_of(""), bytes_of(""), bytes_of(""), none);
    request->kind = REQUEST_SCHEDULED;
    request->cron = bytes_of("* * * * *");
    return request;
}
