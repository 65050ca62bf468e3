/* Wiring the parts. */
#include "server/daemon.h"

#include "api/bytes.h"
#include "api/clock.h"
#include "api/version.h"
#include "server/admission.h"
#include "server/code_thread.h"
#include "server/compare_service.h"
#include "server/comparer.h"
#include "server/descriptors.h"
#include "server/dispatcher.h"
#include "server/execute_stream.h"
#include "server/execution_service.h"
#include "server/failures.h"
#include "server/health_service.h"
#include "server/http_server.h"
#include "server/listen.h"
#include "server/log_recorder.h"
#include "server/log_service.h"
#include "server/logger.h"
#include "server/pool_service.h"
#include "server/reflection_service.h"
#include "server/registry.h"
#include "server/rpc_server.h"
#include "server/store_thread.h"
#include "server/switcher.h"
#include "server/ticker.h"
#include "server/worker_service.h"
#include "shim/net/egress.h"
#include "shim/net/roots.h"
#include "shim/shim.h"

#include <grpc/grpc.h>
#include <grpc/support/log.h>
#include <malloc.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Free memory in malloc's hands that is worth giving back, and how often while calls run. */
#define TRIM_BYTES ((size_t)32 << 20)
#define TRIM_BUSY_MS 30000

/* Cancelled calls end within this time, unless V8 is stuck in what it cannot interrupt. */
#define CANCEL_MS 5000

/* How long clients without anything to wait for have to hang up. */
#define LINGER_MS 500

/* That --egress-allow names. */
#define EGRESS_NETWORKS_MAX 256

struct daemon {
    struct config *config;
    struct admission admission;
    struct egress *egress;
    struct roots *roots;
    struct crew *crew;
    struct registry *registry;
    struct dispatcher *dispatcher;
    struct switcher *switcher;
    struct comparer *comparer;
    struct pool_choice choice; /* of the last switch, at the start */
    struct store_thread *store_thread;
    struct log_recorder recorder;
    struct code_thread *code_thread; /* NULL: no compiled code is kept on disk */
    struct code_keeper code_keeper;
    struct log_thread *log_thread; /* NULL: no log is kept */
    struct log_service log_service;
    struct descriptors *descriptors;
    struct pipe_budget pipe_budget;
    struct execution_service execution;
    struct worker_service worker;
    struct pool_service pool_service;
    struct ticker *ticker;
    struct failures *failures;
    struct http_server *http; /* NULL: off */
    struct rpc_server *rpc;
    bool is_grpc_open;
    bool is_serving;
    atomic_bool is_exhausted;
    atomic_bool is_closing;
    atomic_bool is_drained; /* and the store closed: only the pool is left */
    uint64_t trimmed_ns;    /* main thread only */
};

/* gRPC's own messages: its errors are often an ordinary client's doing. */
static void log_grpc(gpr_log_func_args *args)
{
    if (args->severity == GPR_LOG_SEVERITY_ERROR)
        log_warn("gRPC", log_text("message", args->message));
    else
        log_debug("gRPC", log_text("message", args->message));
}

static void register_active(void *arg, struct script *script)
{
    registry_put(arg, script);
}

static void register_inactive(void *arg, const char *tenant, const char *worker)
{
    registry_put_inactive(arg, tenant, worker);
}

/* One worker's damage is not the others': they are served. */
static void register_damaged(void *arg, const char *tenant, const char *worker,
                             const struct error *error)
{
    registry_put_inactive(arg, tenant, worker);
    log_error("a worker cannot run", log_text("tenant", tenant), log_text("worker", worker),
              log_text("error", error->message));
}

static int fill_registry(struct daemon *d, struct store *store, struct error *error)
{
    struct registry *registry = registry_new();
    const struct worker_visitor visitor = {registry, register_active, register_inactive,
                                           register_damaged};

    d->registry = registry;
    return store_each_worker(store, &d->config->limits, &visitor, error);
}

/* Opens the store, reads what is active, and hands it to its thread. */
static int open_store(struct daemon *d, struct error *error)
{
    struct store *store;
    int err = config_prepare(d->config, error);

    if (!err)
        err = store_open(d->config->db_path, &store, error);
    if (err)
        return err;
    err = fill_registry(d, store, error);
    if (!err)
        err = store_get_pool_choice(store, &d->choice, error);
    if (!err)
        err = store_thread_start(store, &d->store_thread, error);
    if (err)
        store_close(store);
    return err;
}

static void keep_code(void *arg, struct bytes key, struct bytes code)
{
    code_thread_put(arg, key, code);
}

/* The server goes without where it cannot be. */
static void open_code(struct daemon *d)
{
    const struct code_config *config = &d->config->code_config;
    struct error error;
    char tag[32];

    if (config->max_bytes == 0)
        return;
    engine_code_tag(tag, sizeof(tag));
    if (code_thread_start(config, tag, engine_restore_code, &d->code_thread, &error)) {
        log_warn("no compiled code is kept on disk", log_text("error", error.message));
        return;
    }
    d->code_keeper = (struct code_keeper){keep_code, d->code_thread};
    engine_set_code_keeper(&d->code_keeper);
}

static void close_code(struct daemon *d)
{
    engine_set_code_keeper(NULL);
    code_thread_stop(d->code_thread);
    code_thread_free(d->code_thread);
}

static int open_log(struct daemon *d, struct error *error)
{
    const struct config *config = d->config;

    d->recorder.is_on_stderr = config->log_console == CONSOLE_ON_STDERR;
    d->recorder.ends = (enum kept_ends)config->log_ends;
    if (config->observe == SWITCH_ON)
        d->recorder.failures = d->failures = failures_new();
    if (config->log_config.max_bytes == 0 || config->observe == SWITCH_OFF)
        return 0;
    if (log_thread_start(&config->log_config, &d->log_thread, error))
        return error->code;
    d->recorder.thread = d->log_thread;
    return 0;
}

/* Leaves threads behind that are lost in turns. What is acknowledged is on the disk. Any thread. */
static void leave(struct daemon *d)
{
    log_thread_stop(d->log_thread);
    log_info("stopped; threads are left behind in turns that do not end",
             log_number("quarantined", crew_quarantined(d->crew)));
    logger_stop();
    _exit(atomic_load_explicit(&d->is_exhausted, memory_order_seq_cst) ? DAEMON_EXIT_EXHAUSTED
                                                                       : EXIT_SUCCESS);
}

/* Watchdog's thread. */
static void on_exhausted(void *arg)
{
    struct daemon *d = arg;

    log_error(
        "too many threads are lost in turns that do not end; the server should be started anew");
    atomic_store_explicit(&d->is_exhausted, true, memory_order_seq_cst);
    /* Where the server drains already, a second signal would cut that short. */
    if (!atomic_load_explicit(&d->is_closing, memory_order_seq_cst))
        kill(getpid(), SIGTERM);
    else if (atomic_load_explicit(&d->is_drained, memory_order_seq_cst))
        leave(d);
}

/* The networks of a list with commas between them, in place. */
static size_t split_networks(char *list, const char **ret, size_t max)
{
    size_t count = 0;
    char *rest = list;
    char *network;

    while (count < max && (network = strsep(&rest, ",")))
        ret[count++] = network;
    return rest ? max + 1 : count;
}

static int open_egress(struct daemon *d, struct error *error)
{
    const char *networks[EGRESS_NETWORKS_MAX];
    char *list = d->config->egress_allow ? xstrdup(d->config->egress_allow) : NULL;
    size_t count = list ? split_networks(list, networks, EGRESS_NETWORKS_MAX) : 0;
    int err;

    if (count > EGRESS_NETWORKS_MAX)
        err = error_set(error, E_INVALID, "egress-allow", "--egress-allow: more than %d networks",
                        EGRESS_NETWORKS_MAX);
    else
        err = egress_new(networks, count, &d->egress, error);
    free(list);
    return err;
}

static int open_crew(struct daemon *d, struct error *error)
{
    int err = open_egress(d, error);

    if (err)
        return err;
    err = roots_new(d->config->ca_file, &d->roots, error);
    if (err)
        return err;
    d->config->fetcher_config.egress = d->egress;
    d->config->fetcher_config.roots = d->roots;
    d->config->pool_config.fetcher = &d->config->fetcher_config;
    d->config->pool_config.log = log_recorder_pool_log(&d->recorder);
    d->pipe_budget.max = d->config->stream_bytes;
    d->config->pool_config.pipe_budget = &d->pipe_budget;
    d->config->crew_config.exhausted = on_exhausted;
    d->config->crew_config.exhausted_arg = d;
    return crew_open(&d->config->crew_config, &d->crew, error);
}

static int open_plan(struct daemon *d, const struct pool_plan *plan, struct pool **ret,
                     struct error *error)
{
    return pool_open(plan->ops, &plan->config, d->crew, ret, error);
}

/* As the last switch chose; where that does not go together with what was given, as if there had
 * been none. */
static int open_first_pool(struct daemon *d, struct pool **ret, struct error *error)
{
    static const struct pool_choice none;
    struct pool_plan plan;
    int err;

    config_resume(d->config, &d->choice, &plan);
    err = open_plan(d, &plan, ret, error);
    if (err != E_INVALID || d->choice.count == 0)
        return err;
    log_warn("what the last switch of pools chose cannot be any more",
             log_text("error", error->message));
    config_resume(d->config, &none, &plan);
    return open_plan(d, &plan, ret, error);
}

static int open_pool(struct daemon *d, struct error *error)
{
    struct pool *pool;
    int err = open_crew(d, error);

    if (!err)
        err = open_first_pool(d, &pool, error);
    if (err)
        return err;
    d->dispatcher = dispatcher_new(pool);
    err = switcher_start(d->dispatcher, d->registry, d->crew, &d->switcher, error);
    return err ? err : comparer_start(d->switcher, d->crew, &d->comparer, error);
}

static void fill_services(struct daemon *d)
{
    const struct config *config = d->config;

    d->execution = (struct execution_service){
        .dispatcher = d->dispatcher,
        .registry = d->registry,
        .body_bytes = config->body_bytes,
        .pipe_budget = &d->pipe_budget,
    };
    d->worker = (struct worker_service){
        .dispatcher = d->dispatcher,
        .registry = d->registry,
        .store_thread = d->store_thread,
        .limits = config->limits,
        .bundle_bytes = config->bundle_bytes,
    };
    d->pool_service = (struct pool_service){
        .dispatcher = d->dispatcher,
        .registry = d->registry,
        .store_thread = d->store_thread,
        .switcher = d->switcher,
        .comparer = d->comparer,
        .config = config,
        .started_ns = clock_now_ns(),
        .ticker = d->ticker,
        .log_thread = d->log_thread,
        .code_thread = d->code_thread,
    };
    d->log_service.thread = d->log_thread;
    d->descriptors = descriptors_new();
}

static size_t largest_message(const struct daemon *d)
{
    size_t execute = execution_service_message_bytes(&d->execution);
    size_t deploy = worker_service_message_bytes(&d->worker);
    size_t compare = compare_message_bytes(d->config);
    size_t largest = execute > deploy ? execute : deploy;

    return compare > largest ? compare : largest;
}

static int open_rpc(struct daemon *d, struct error *error)
{
    struct rpc_server_config config = {
        .listen = d->config->listen,
        .unix_path = d->config->unix_path,
        .cq_threads = d->config->cq_threads,
        .buffer_bytes = d->config->buffer_bytes,
    };
    int err = ticker_start(&d->ticker, error);

    if (err)
        return err;
    gpr_set_log_function(log_grpc);
    grpc_init();
    d->is_grpc_open = true;
    fill_services(d);
    config.message_bytes = largest_message(d);
    d->rpc = rpc_server_open(&config, &d->admission);
    execution_service_register(&d->execution, d->rpc);
    execute_stream_register(&d->execution, d->rpc);
    worker_service_register(&d->worker, d->rpc);
    pool_service_register(&d->pool_service, d->rpc);
    log_service_register(&d->log_service, d->rpc);
    health_service_register(d->rpc);
    reflection_service_register(d->descriptors, d->rpc);
    return rpc_server_start(d->rpc, error);
}

static int open_http(struct daemon *d, struct error *error)
{
    const struct http_config config = {
        .address = d->config->http,
        .service = &d->pool_service,
        .admission = &d->admission,
        .failures = d->failures,
        .is_observing = d->config->observe == SWITCH_ON,
    };
    int err;

    if (!config.address)
        return 0;
    err = http_server_start(&config, &d->http, error);
    if (err == E_CONDITION && d->config->is_http_default) {
        log_warn("no metrics and no dashboard: the address is in use, and --http gave no other",
                 log_text("http", config.address));
        return 0;
    }
    return err;
}

static void log_ready(const struct daemon *d)
{
    const struct config *config = d->config;
    const char *address = rpc_server_address(d->rpc);
    struct dispatcher_stats stats;

    if (config->listen && !listen_is_loopback(config->listen))
        log_warn("whoever reaches the address can deploy and run workers: there is no "
                 "authentication yet",
                 log_text("listen", address));
    if (d->http && !listen_is_loopback(config->http))
        log_warn(
            "whoever reaches the address can read metrics and the dashboard; changes are taken "
            "from this machine only",
            log_text("http", http_server_address(d->http)));
    dispatcher_stats(d->dispatcher, &stats);
    pool_stats_release(&stats.pool);
    log_info("ready", log_text("listen", address), log_text("unix", config->unix_path),
             log_text("http", d->http ? http_server_address(d->http) : NULL),
             log_text("db", config->db_path),
             log_text("pool", architecture_name(stats.architecture)),
             log_number("lanes", stats.config.lanes), log_number("isolates", stats.config.isolates),
             log_number("workers", registry_count(d->registry)),
             log_text("version", isoyard_version()), log_text("v8", engine_version()));
}

int daemon_open(struct config *config, struct daemon **ret, struct error *error)
{
    struct daemon *d = xcalloc(1, sizeof(*d));
    int err;

    d->config = config;
    admission_init(&d->admission);
    err = open_store(d, error);
    if (!err) {
        open_code(d);
        err = open_log(d, error);
    }
    if (!err)
        err = open_pool(d, error);
    if (!err)
        err = open_rpc(d, error);
    if (!err)
        err = open_http(d, error);
    if (err) {
        daemon_close(d);
        return err;
    }
    d->is_serving = true;
    log_ready(d);
    *ret = d;
    return 0;
}

/* malloc keeps what lies between living pieces. Giving it back takes a while and locks the arenas
 * one after the other: done while nobody is inside, or where much has been left for long. */
void daemon_tick(struct daemon *d)
{
    uint64_t now_ns = clock_now_ns();
    bool is_idle = admission_count(&d->admission) == 0;

    if (mallinfo2().fordblks < TRIM_BYTES)
        return;
    if (!is_idle && now_ns - d->trimmed_ns < TRIM_BUSY_MS * NS_PER_MS)
        return;
    malloc_trim(0);
    d->trimmed_ns = now_ns;
}

/* Waits for the clients to take their last answers and hang up; those who have nothing to take and
 * do not hang up are not waited for. */
static bool wait_for_clients(struct daemon *d, uint64_t until_ns)
{
    uint64_t linger_ns = clock_now_ns() + LINGER_MS * NS_PER_MS;

    for (;;) {
        uint64_t now_ns = clock_now_ns();

        if (rpc_server_wait(d->rpc, LINGER_MS / 10))
            return true;
        if (now_ns >= until_ns || (now_ns >= linger_ns && !rpc_server_has_unsent(d->rpc)))
            return false;
    }
}

static uint64_t left_ms(uint64_t until_ns)
{
    uint64_t now_ns = clock_now_ns();

    return until_ns > now_ns ? (until_ns - now_ns) / NS_PER_MS : 0;
}

/* Those who are inside finish; who comes now is refused, and told so by a server that still
 * answers. Then the doors close, while the last answers are on their way, and what ctx.waitUntil
 * keeps going may end. */
static bool drain(struct daemon *d)
{
    uint64_t until_ns = clock_now_ns() + d->config->grace_ms * NS_PER_MS;
    bool is_over;
    size_t left;

    admission_close(&d->admission);
    switcher_hasten(d->switcher);
    comparer_hasten(d->comparer);
    rpc_server_poke_streams(d->rpc);
    left = admission_wait(&d->admission, d->config->grace_ms);
    if (left > 0)
        log_warn("calls still run after the grace period", log_number("calls", left));
    rpc_server_stop(d->rpc);
    is_over = wait_for_clients(d, until_ns);
    left = dispatcher_drain(d->dispatcher, left_ms(until_ns));
    if (left > 0)
        log_warn("executions still run after the grace period", log_number("executions", left));
    if (is_over)
        return true;
    rpc_server_cancel_calls(d->rpc);
    return rpc_server_wait(d->rpc, CANCEL_MS);
}

/* Lanes that lost a thread in a turn cannot be closed; should one be lost from here on,
 * on_exhausted leaves. */
static void leave_quarantine(struct daemon *d)
{
    atomic_store_explicit(&d->is_drained, true, memory_order_seq_cst);
    if (d->crew && crew_forbid_quarantine(d->crew) > 0)
        leave(d);
}

/* Calls that do not even end when they are cancelled hold on to the pool: nothing can be freed in
 * order. What is acknowledged is on the disk. */
static void give_up(struct daemon *d)
{
    log_thread_stop(d->log_thread);
    log_error("calls do not end; leaving them behind");
    logger_stop();
    _exit(EXIT_FAILURE);
}

void daemon_close(struct daemon *d)
{
    if (!d)
        return;
    atomic_store_explicit(&d->is_closing, true, memory_order_seq_cst);
    if (d->is_serving && !drain(d))
        give_up(d);
    http_server_stop(d->http);
    ticker_stop(d->ticker); /* what it calls asks the pool, and touches streams */
    /* Before the pool: its jobs submit tasks, and tasks that end afterwards find it closed. */
    store_thread_stop(d->store_thread);
    leave_quarantine(d);
    comparer_stop(d->comparer); /* first: it may wait for the switcher */
    switcher_stop(d->switcher);
    dispatcher_free(d->dispatcher);
    http_server_free(d->http);
    failures_free(d->failures); /* lanes are gone */
    rpc_server_close(d->rpc);
    ticker_free(d->ticker);
    if (d->is_grpc_open)
        grpc_shutdown();
    crew_close(d->crew);
    log_thread_stop(d->log_thread); /* nobody writes any more, and nobody follows */
    log_thread_free(d->log_thread);
    close_code(d); /* isolates are gone */
    roots_free(d->roots);
    egress_free(d->egress);
    descriptors_free(d->descriptors);
    registry_free(d->registry);
    admission_release(&d->admission);
    free(d);
}
