/* Reading it, saving the choice, answering. */
#include "server/switch_request.h"

#include "server/config.h"
#include "server/container_of.h"
#include "server/isolate_room.h"
#include "server/message.h"
#include "server/pool_settings.h"

#define DRAIN_DEFAULT_MS (30 * INT64_C(1000))
#define DRAIN_MAX_MS (3600 * INT64_C(1000))

/* Workers that are warmed, at the most. */
#define WARM_MAX 64u

static int run_save(void *arg, struct store *store, struct error *error)
{
    const struct switch_request *r = arg;

    return store_put_pool_choice(store, &r->choice, error);
}

static int save(struct switch_order *order, struct error *error)
{
    struct switch_request *r = container_of(order, struct switch_request, order);

    return store_thread_call(r->service->store_thread, run_save, r, "the choice could not be saved",
                             error);
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

static int read_config(struct switch_request *r, const Isoyard__V1__PoolSettings *m,
                       struct error *error)
{
    const struct pool_service *service = r->service;
    struct pool_plan plan;
    int err = 0;

    if (m)
        pool_settings_read(m, &r->choice);
    if (m)
        err = pool_settings_read_handoff(m->handoff, &r->choice, error);
    if (m && !err)
        err = pool_settings_read_context(m->context, &r->choice, error);
    if (!err)
        err = config_choose(service->config, &r->choice, &plan, error);
    if (!err)
        err = isolate_room_check(service->dispatcher, &plan.config, error);
    if (err) {
        pool_settings_name_field("config", error);
        return err;
    }
    r->order.ops = plan.ops;
    r->order.config = plan.config;
    r->order.warm_limit = plan.config.isolates < WARM_MAX ? plan.config.isolates : WARM_MAX;
    return 0;
}

int switch_request_read(const struct pool_service *service,
                        const Isoyard__V1__SwitchArchitectureRequest *m, struct switch_request *ret,
                        struct error *error)
{
    int err;

    *ret = (struct switch_request){.service = service, .order.save = save};
    err = pool_settings_read_architecture(m->architecture, &ret->choice, error);
    if (!err)
        err = read_drain(m->drain_deadline, &ret->order.drain_ms, error);
    return err ? err : read_config(ret, m->config, error);
}

void switch_response_init(Isoyard__V1__SwitchArchitectureResponse *m,
                          Isoyard__V1__PoolConfig *config, const struct switch_report *report)
{
    isoyard__v1__switch_architecture_response__init(m);
    pool_config_message_init(config, &report->config);
    m->previous_architecture = (Isoyard__V1__Architecture)report->previous;
    m->architecture = (Isoyard__V1__Architecture)report->architecture;
    m->config = config;
    m->warmed_workers = report->warmed;
    m->cold_workers = report->cold;
    m->switched_ms = report->switched_ms;
    if (report->has_first_task) {
        m->optional_first_task_ms_case =
            ISOYARD__V1__SWITCH_ARCHITECTURE_RESPONSE__OPTIONAL_FIRST_TASK_MS_FIRST_TASK_MS;
        m->first_task_ms = report->first_task_ms;
    }
    if (report->is_closed) {
        m->optional_closed_ms_case =
            ISOYARD__V1__SWITCH_ARCHITECTURE_RESPONSE__OPTIONAL_CLOSED_MS_CLOSED_MS;
        m->closed_ms = report->closed_ms;
    }
    m->finished_tasks = report->finished;
    m->running_executions = report->running;
    m->rss_before_bytes = report->rss_before_bytes;
    m->rss_after_bytes = report->rss_after_bytes;
}

struct error switch_request_error(int err, const struct error *error)
{
    struct error named = *error;

    if (err == E_INVALID)
        pool_settings_name_field("config", &named);
    return named;
}
