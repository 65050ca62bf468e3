/* SwitchArchitecture. */
#include "server/config.h"
#include "server/container_of.h"
#include "server/isolate_room.h"
#include "server/message.h"
#include "server/pool_service.h"
#include "server/proto_check.h"

#include "api/clock.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define SMALL_MESSAGE_BYTES ((size_t)64 << 10)

#define DRAIN_DEFAULT_MS (30 * INT64_C(1000))
#define DRAIN_MAX_MS (3600 * INT64_C(1000))

/* Workers that are warmed, at the most. */
#define WARM_MAX 64u

struct switch_call {
    struct call call;
    struct switch_order order;
    struct pool_choice choice;
};

static struct switch_call *switch_of(struct switch_order *order)
{
    return container_of(order, struct switch_call, order);
}

/* Saving. */

static int run_save(void *arg, struct store *store, struct error *error)
{
    const struct switch_call *c = arg;

    return store_put_pool_choice(store, &c->choice, error);
}

static int save(struct switch_order *order, struct error *error)
{
    struct switch_call *c = switch_of(order);
    const struct pool_service *service = call_service(&c->call);

    return store_thread_call(service->store_thread, run_save, c, "the choice could not be saved",
                             error);
}

/* Answering. */

static void reply(struct switch_call *c, const struct switch_report *report)
{
    Isoyard__V1__SwitchArchitectureResponse m = ISOYARD__V1__SWITCH_ARCHITECTURE_RESPONSE__INIT;
    Isoyard__V1__PoolConfig config;

    pool_config_message_init(&config, &report->config);
    m.previous_architecture = (Isoyard__V1__Architecture)report->previous;
    m.architecture = (Isoyard__V1__Architecture)report->architecture;
    m.config = &config;
    m.warmed_workers = report->warmed;
    m.cold_workers = report->cold;
    m.switched_ms = report->switched_ms;
    if (report->has_first_task) {
        m.optional_first_task_ms_case =
            ISOYARD__V1__SWITCH_ARCHITECTURE_RESPONSE__OPTIONAL_FIRST_TASK_MS_FIRST_TASK_MS;
        m.first_task_ms = report->first_task_ms;
    }
    if (report->is_closed) {
        m.optional_closed_ms_case =
            ISOYARD__V1__SWITCH_ARCHITECTURE_RESPONSE__OPTIONAL_CLOSED_MS_CLOSED_MS;
        m.closed_ms = report->closed_ms;
    }
    m.finished_tasks = report->finished;
    m.running_executions = report->running;
    m.rss_before_bytes = report->rss_before_bytes;
    m.rss_after_bytes = report->rss_after_bytes;
    call_reply_message(&c->call, &m.base);
}

/* "idle-ttl-ms", the flag, is "config.idle_ttl_ms" here. */
static void name_field(struct error *error)
{
    struct error named = *error;

    if (error->field[0] == '\0')
        return;
    snprintf(named.field, sizeof(named.field), "config.%.48s", error->field);
    for (char *at = named.field; *at; at++) {
        if (*at == '-')
            *at = '_';
    }
    snprintf(named.message, sizeof(named.message), "%s: %.900s", named.field, error->message);
    *error = named;
}

static void on_done(struct switch_order *order, int err, const struct error *error,
                    const struct switch_report *report)
{
    struct switch_call *c = switch_of(order);
    struct error named;

    if (!err) {
        reply(c, report);
        return;
    }
    named = *error;
    if (err == E_INVALID)
        name_field(&named);
    call_fail_error(&c->call, err, &named);
}

/* Reading the request. */

static void add_text(struct pool_choice *choice, const char *name, const char *value)
{
    struct pool_setting *setting = &choice->settings[choice->count++];

    assert(choice->count <= POOL_CHOICE_MAX);
    snprintf(setting->name, sizeof(setting->name), "%s", name);
    snprintf(setting->value, sizeof(setting->value), "%s", value);
}

static void add_number(struct pool_choice *choice, const char *name, bool is_there, uint64_t value)
{
    char text[24];

    if (!is_there)
        return;
    snprintf(text, sizeof(text), "%" PRIu64, value);
    add_text(choice, name, text);
}

static void read_settings(const Isoyard__V1__PoolSettings *m, struct pool_choice *choice)
{
    add_number(choice, "lanes",
               m->optional_lanes_case == ISOYARD__V1__POOL_SETTINGS__OPTIONAL_LANES_LANES,
               m->lanes);
    add_number(choice, "isolates",
               m->optional_isolates_case == ISOYARD__V1__POOL_SETTINGS__OPTIONAL_ISOLATES_ISOLATES,
               m->isolates);
    add_number(choice, "queue",
               m->optional_queue_case == ISOYARD__V1__POOL_SETTINGS__OPTIONAL_QUEUE_QUEUE,
               m->queue);
    add_number(choice, "tasks-per-isolate",
               m->optional_tasks_per_isolate_case ==
                   ISOYARD__V1__POOL_SETTINGS__OPTIONAL_TASKS_PER_ISOLATE_TASKS_PER_ISOLATE,
               m->tasks_per_isolate);
    add_number(choice, "idle-ttl-ms",
               m->optional_idle_ttl_ms_case ==
                   ISOYARD__V1__POOL_SETTINGS__OPTIONAL_IDLE_TTL_MS_IDLE_TTL_MS,
               m->idle_ttl_ms);
    add_number(choice, "recycle-after",
               m->optional_recycle_after_case ==
                   ISOYARD__V1__POOL_SETTINGS__OPTIONAL_RECYCLE_AFTER_RECYCLE_AFTER,
               m->recycle_after);
    add_number(choice, "isolates-per-worker",
               m->optional_isolates_per_worker_case ==
                   ISOYARD__V1__POOL_SETTINGS__OPTIONAL_ISOLATES_PER_WORKER_ISOLATES_PER_WORKER,
               m->isolates_per_worker);
    add_number(choice, "spread",
               m->optional_spread_case == ISOYARD__V1__POOL_SETTINGS__OPTIONAL_SPREAD_SPREAD,
               m->spread);
}

static int read_handoff(Isoyard__V1__Handoff handoff, struct pool_choice *choice,
                        struct error *error)
{
    switch (handoff) {
    case ISOYARD__V1__HANDOFF__HANDOFF_UNSPECIFIED:
        return 0;
    case ISOYARD__V1__HANDOFF__HANDOFF_FIFO:
    case ISOYARD__V1__HANDOFF__HANDOFF_MUTEX:
        add_text(choice, "handoff",
                 handoff_name(handoff == ISOYARD__V1__HANDOFF__HANDOFF_MUTEX ? HANDOFF_MUTEX
                                                                             : HANDOFF_FIFO));
        return 0;
    default:
        return error_set(error, E_INVALID, "handoff", "this server does not have the hand-off %d",
                         (int)handoff);
    }
}

static int read_architecture(Isoyard__V1__Architecture architecture, struct pool_choice *choice,
                             struct error *error)
{
    const char *name = architecture_name((enum architecture)architecture);

    if (architecture == ISOYARD__V1__ARCHITECTURE__ARCHITECTURE_UNSPECIFIED)
        return error_set(error, E_INVALID, "architecture", "name the architecture to switch to");
    if (!pool_ops_find(name))
        return error_set(error, E_INVALID, "architecture",
                         "this server does not have the architecture %s (%d)", name,
                         (int)architecture);
    add_text(choice, "pool", name);
    return 0;
}

static int read_drain(const Google__Protobuf__Duration *m, uint64_t *ret, struct error *error)
{
    int64_t ms = DRAIN_DEFAULT_MS;

    if (m && (m->seconds < 0 || m->nanos < 0 || m->nanos >= 1000000000 ||
              m->seconds > DRAIN_MAX_MS / 1000))
        ms = -1;
    else if (m)
        ms = m->seconds * 1000 + m->nanos / 1000000;
    if (ms < 0 || ms > DRAIN_MAX_MS)
        return error_set(error, E_INVALID, "drain_deadline",
                         "drain_deadline must be from 0 seconds to an hour");
    *ret = (uint64_t)ms;
    return 0;
}

static int read_config(struct switch_call *c, const Isoyard__V1__PoolSettings *m,
                       struct error *error)
{
    const struct pool_service *service = call_service(&c->call);
    struct pool_plan plan;
    int err = 0;

    if (m) {
        read_settings(m, &c->choice);
        err = read_handoff(m->handoff, &c->choice, error);
    }
    if (!err)
        err = config_choose(service->config, &c->choice, &plan, error);
    if (!err)
        err = isolate_room_check(service->dispatcher, &plan.config, error);
    if (err) {
        name_field(error);
        return err;
    }
    c->order.ops = plan.ops;
    c->order.config = plan.config;
    c->order.warm_limit = plan.config.isolates < WARM_MAX ? plan.config.isolates : WARM_MAX;
    return 0;
}

static int read_request(struct switch_call *c, struct error *error)
{
    Isoyard__V1__SwitchArchitectureRequest *m;
    ProtobufCMessage *request;
    int err = proto_decode(&isoyard__v1__switch_architecture_request__descriptor, c->call.message,
                           &request, error);

    if (err)
        return err;
    m = (Isoyard__V1__SwitchArchitectureRequest *)request;
    err = read_architecture(m->architecture, &c->choice, error);
    if (!err)
        err = read_drain(m->drain_deadline, &c->order.drain_ms, error);
    if (!err)
        err = read_config(c, m->config, error);
    protobuf_c_message_free_unpacked(request, NULL);
    return err;
}

static void handle(struct call *call)
{
    struct switch_call *c = container_of(call, struct switch_call, call);
    const struct pool_service *service = call_service(call);
    struct error error = {0};
    int err = read_request(c, &error);

    c->order.save = save;
    c->order.done = on_done;
    if (!err)
        err = switcher_begin(service->switcher, &c->order, &error);
    if (err)
        call_fail_error(call, err, &error);
}

void switch_register(struct pool_service *service, struct rpc_server *server)
{
    /* Without cancel: the caller's going away does not undo a switch. */
    const struct method switch_architecture = {
        .name = "/isoyard.v1.PoolService/SwitchArchitecture",
        .call_size = sizeof(struct switch_call),
        .message_bytes = SMALL_MESSAGE_BYTES,
        .is_admitted = true,
        .service = service,
        .handle = handle,
    };

    static_assert(offsetof(struct switch_call, call) == 0,
                  "a method's structure begins with its call");
    rpc_server_register(server, &switch_architecture);
}
