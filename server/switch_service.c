/* SwitchArchitecture. */
#include "server/config.h"
#include "server/container_of.h"
#include "server/isolate_room.h"
#include "server/message.h"
#include "server/pool_service.h"
#include "server/pool_settings.h"
#include "server/proto_check.h"

#include "api/clock.h"

#include <assert.h>
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
        pool_settings_name_field("config", &named);
    call_fail_error(&c->call, err, &named);
}

/* Reading the request. */

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

    if (m)
        pool_settings_read(m, &c->choice);
    if (m)
        err = pool_settings_read_handoff(m->handoff, &c->choice, error);
    if (m && !err)
        err = pool_settings_read_context(m->context, &c->choice, error);
    if (!err)
        err = config_choose(service->config, &c->choice, &plan, error);
    if (!err)
        err = isolate_room_check(service->dispatcher, &plan.config, error);
    if (err) {
        pool_settings_name_field("config", error);
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
    err = pool_settings_read_architecture(m->architecture, &c->choice, error);
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
