/* Arms, loads, arrival; or what a live comparison takes. */
#include "server/compare_request.h"

#include "api/clock.h"
#include "server/execute_find.h"
#include "server/isolate_room.h"
#include "server/pool_settings.h"

#include <assert.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/* Workers that are warmed for a live comparison, at the most. */
#define WARM_MAX 64u

/* A pool for an arm. */

/* What a named workload wants of the pools, unless the settings say otherwise. */
struct shape {
    unsigned lanes, isolates_per_worker; /* 0: nothing */
};

static int read_choice(const Isoyard__V1__ComparisonArm *arm,
                       const Isoyard__V1__PoolSettings *settings, const struct shape *shape,
                       struct pool_choice *ret, struct error *error)
{
    Isoyard__V1__Handoff handoff = arm->handoff;
    int err = pool_settings_read_architecture(arm->architecture, ret, error);

    if (err)
        return err;
    if (shape->lanes > 0)
        pool_settings_add(ret, "lanes", shape->lanes);
    if (shape->isolates_per_worker > 0)
        pool_settings_add(ret, "isolates-per-worker", shape->isolates_per_worker);
    if (settings)
        pool_settings_read(settings, ret);
    if (settings)
        err = pool_settings_read_context(settings->context, ret, error);
    if (err)
        return err;
    if (!handoff && settings)
        handoff = settings->handoff;
    return pool_settings_read_handoff(handoff ? handoff : ISOYARD__V1__HANDOFF__HANDOFF_FIFO, ret,
                                      error);
}

/* Lanes that the server was not started for may be more than its isolates. */
static void see_to_isolates(const Isoyard__V1__PoolSettings *settings, struct pool_config *config)
{
    bool is_given = settings && settings->optional_isolates_case ==
                                    ISOYARD__V1__POOL_SETTINGS__OPTIONAL_ISOLATES_ISOLATES;

    if (!is_given && config->isolates < config->lanes)
        config->isolates = config->lanes;
}

/* in: the message's field that the settings are. */
static int read_arm(const struct pool_service *service, const Isoyard__V1__ComparisonArm *arm,
                    const Isoyard__V1__PoolSettings *settings, const char *in,
                    const struct shape *shape, struct arm *ret, struct error *error)
{
    struct pool_choice choice = {0};
    struct pool_plan plan;
    int err = read_choice(arm, settings, shape, &choice, error);

    if (!err)
        err = config_choose(service->config, &choice, &plan, error);
    if (!err) {
        see_to_isolates(settings, &plan.config);
        err = isolate_room_check_rival(service->dispatcher, &plan.config, error);
    }
    if (err) {
        pool_settings_name_field(in, error);
        return err;
    }
    /* What workers write to the console in a pool that is thrown away interests nobody. */
    plan.config.log = (struct pool_log){.arg = NULL};
    arm_init(ret, plan.ops, &plan.config);
    return 0;
}

static bool are_same(const struct arm *a, const struct arm *b)
{
    return a->ops == b->ops && (a->ops != &pool_shared || a->config.handoff == b->config.handoff);
}

static int add_arm(const struct pool_service *service, const Isoyard__V1__ComparisonArm *m,
                   const Isoyard__V1__PoolSettings *settings, const struct shape *shape,
                   struct synthetic_plan *plan, struct error *error)
{
    struct arm *arm = &plan->arms[plan->arm_count];
    int err = read_arm(service, m, settings, "synthetic.settings", shape, arm, error);

    if (err)
        return err;
    for (unsigned i = 0; i < plan->arm_count; i++) {
        if (are_same(arm, &plan->arms[i]))
            return error_set(error, E_INVALID, "synthetic.arms", "%s is there twice", arm->name);
    }
    plan->arm_count++;
    return 0;
}

static int add_all_arms(const struct pool_service *service,
                        const Isoyard__V1__PoolSettings *settings, const struct shape *shape,
                        struct synthetic_plan *plan, struct error *error)
{
    static const struct {
        Isoyard__V1__Architecture architecture;
        Isoyard__V1__Handoff handoff;
    } all[] = {
        {ISOYARD__V1__ARCHITECTURE__ARCHITECTURE_LEGACY, ISOYARD__V1__HANDOFF__HANDOFF_UNSPECIFIED},
        {ISOYARD__V1__ARCHITECTURE__ARCHITECTURE_SHARED, ISOYARD__V1__HANDOFF__HANDOFF_FIFO},
        {ISOYARD__V1__ARCHITECTURE__ARCHITECTURE_SHARED, ISOYARD__V1__HANDOFF__HANDOFF_MUTEX},
        {ISOYARD__V1__ARCHITECTURE__ARCHITECTURE_PINNED, ISOYARD__V1__HANDOFF__HANDOFF_UNSPECIFIED},
    };
    int err = 0;

    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]) && !err; i++) {
        Isoyard__V1__ComparisonArm arm = ISOYARD__V1__COMPARISON_ARM__INIT;

        arm.architecture = all[i].architecture;
        arm.handoff = all[i].handoff;
        err = add_arm(service, &arm, settings, shape, plan, error);
    }
    return err;
}

static int read_arms(const struct pool_service *service, const Isoyard__V1__SyntheticComparison *m,
                     const struct shape *shape, struct synthetic_plan *plan, struct error *error)
{
    int err = 0;

    if (m->n_arms == 0)
        return add_all_arms(service, m->settings, shape, plan, error);
    if (m->n_arms < COMPARISON_ARMS_MIN || m->n_arms > COMPARISON_ARMS_MAX)
        return error_set(error, E_INVALID, "synthetic.arms",
                         "there %s %zu arm%s, and must be from %u to %u, or none for all",
                         m->n_arms == 1 ? "is" : "are", m->n_arms, m->n_arms == 1 ? "" : "s",
                         COMPARISON_ARMS_MIN, COMPARISON_ARMS_MAX);
    for (size_t i = 0; i < m->n_arms && !err; i++)
        err = add_arm(service, m->arms[i], m->settings, shape, plan, error);
    return err;
}

/* Numbers. */

static int check_number(const char *field, uint64_t value, uint64_t max, struct error *error)
{
    if (value <= max)
        return 0;
    return error_set(error, E_INVALID, field, "%s is %" PRIu64 ", and must be %" PRIu64 " at most",
                     field, value, max);
}

/* Callers, or a rate. */
static int read_arrival(const Isoyard__V1__SyntheticComparison *m, unsigned callers,
                        struct load_plan *load, struct error *error)
{
    load->callers = callers;
    if (m->arrival_case == ISOYARD__V1__SYNTHETIC_COMPARISON__ARRIVAL_CALLERS) {
        if (m->callers > 0)
            load->callers = m->callers;
        return check_number("synthetic.callers", m->callers, LOAD_CALLERS_MAX, error);
    }
    if (m->arrival_case != ISOYARD__V1__SYNTHETIC_COMPARISON__ARRIVAL_RATE_PER_S)
        return 0;
    load->rate_per_s = m->rate_per_s;
    if (isfinite(m->rate_per_s) && m->rate_per_s > 0 && m->rate_per_s <= LOAD_RATE_MAX)
        return 0;
    return error_set(error, E_INVALID, "synthetic.rate_per_s",
                     "synthetic.rate_per_s must be above 0, and %.0f at most", LOAD_RATE_MAX);
}

static int read_rounds(const Isoyard__V1__SyntheticComparison *m, struct synthetic_plan *plan,
                       struct error *error)
{
    plan->rounds = m->rounds > 0 ? m->rounds : COMPARE_ROUNDS_DEFAULT;
    return check_number("synthetic.rounds", m->rounds, COMPARISON_ROUNDS_MAX, error);
}

/* Named workloads. */

static int find_workload(const char *name, const struct workload **ret, struct error *error)
{
    char names[200] = "";
    size_t at = 0;

    *ret = workload_find(name);
    if (*ret)
        return 0;
    for (size_t i = 0; i < workload_count && at < sizeof(names); i++)
        at += (size_t)snprintf(names + at, sizeof(names) - at, "%s%s", i > 0 ? ", " : "",
                               workloads[i].name);
    return error_set(error, E_INVALID, "synthetic.workload.name",
                     "there is no workload '%.60s'; there are %s", name, names);
}

static int read_io(const Isoyard__V1__NamedWorkload *m, struct synthetic_plan *plan,
                   struct error *error)
{
    static const char field[] = "synthetic.workload.io_ms";

    plan->io_ms = plan->workload->io_ms;
    if (m->optional_io_ms_case != ISOYARD__V1__NAMED_WORKLOAD__OPTIONAL_IO_MS_IO_MS)
        return 0;
    plan->io_ms = m->io_ms;
    if (m->io_ms > 0 && plan->workload->io == IO_NONE)
        return error_set(error, E_INVALID, field, "tasks of the workload '%s' do not wait for I/O",
                         plan->workload->name);
    return check_number(field, m->io_ms, COMPARE_IO_MS_MAX, error);
}

/* Lanes and isolates; ret_callers: as many as there are threads, where these are given. */
static int read_shape(const Isoyard__V1__NamedWorkload *m, const struct workload *workload,
                      struct shape *ret, unsigned *ret_callers, struct error *error)
{
    int err = check_number("synthetic.workload.threads", m->threads, COMPARE_THREADS_MAX, error);

    *ret_callers = m->threads > 0 ? m->threads : workload->callers;
    ret->lanes = m->threads > 0 ? m->threads : workload->lanes;
    ret->isolates_per_worker = m->isolates > 0 ? m->isolates : workload->isolates;
    if (!err)
        err = check_number("synthetic.workload.isolates", m->isolates, COMPARE_ISOLATES_MAX, error);
    return err;
}

static void fill_load(const struct workload *workload, uint32_t tasks, struct synthetic_plan *plan)
{
    struct load_plan *load = &plan->load;
    bool is_closed = !(load->rate_per_s > 0);

    load->workers = workload->workers;
    load->has_workers_each = workload->has_workers_each && is_closed;
    if (!load->has_workers_each)
        load->workers = workload_worker_count(workload, load->callers);
    load->tasks = workload->tasks;
    load->has_tasks_each = workload->has_tasks_each;
    if (tasks > 0) {
        load->tasks = tasks;
        load->has_tasks_each = false;
    } else if (load->has_tasks_each && !is_closed) {
        load->tasks *= load->callers;
        load->has_tasks_each = false;
    }
    if (workload->io == IO_BETWEEN && is_closed)
        load->think_ns = plan->io_ms * NS_PER_MS;
    load->begin_ns = COMPARE_BEGIN_S * NS_PER_S;
    plan->warm_ups = workload->warm_ups;
}

static int read_workload(const struct pool_service *service,
                         const Isoyard__V1__SyntheticComparison *m, struct synthetic_plan *plan,
                         struct error *error)
{
    unsigned callers = 0;
    struct shape shape = {0};
    int err = find_workload(m->workload->name, &plan->workload, error);

    if (!err)
        err = read_shape(m->workload, plan->workload, &shape, &callers, error);
    if (!err)
        err = read_io(m->workload, plan, error);
    if (!err)
        err = read_arrival(m, callers, &plan->load, error);
    if (err)
        return err;
    fill_load(plan->workload, m->tasks, plan);
    plan->limits = service->config->limits;
    return read_arms(service, m, &shape, plan, error);
}

/* Deployed workers. */

/* A request with the memory that it points into. */
struct own_request {
    struct request request;
    struct buffer message;
    char *room;
};

static void free_own_request(struct request *request)
{
    struct own_request *own = request->owner;

    buffer_release(&own->message);
    free(own->room);
    free(own);
}

static struct own_request *own_request_new(const Isoyard__V1__ExecuteRequest *m)
{
    struct own_request *own = xcalloc(1, sizeof(*own));
    size_t size = isoyard__v1__execute_request__get_packed_size(m);

    own->message.len =
        isoyard__v1__execute_request__pack(m, (uint8_t *)buffer_reserve(&own->message, size));
    atomic_init(&own->request.refs, 1);
    own->request.free = free_own_request;
    own->request.owner = own;
    return own;
}

static int read_worker(const struct pool_service *service, const Isoyard__V1__ExecuteRequest *m,
                       struct compare_input *input, struct error *error)
{
    struct own_request *own = own_request_new(m);
    struct bytes message = {own->message.data, own->message.len};
    struct execute_request decoded;
    int err;

    input->request = &own->request;
    err = execute_decode(message, service->config->body_bytes, &decoded, error);
    if (!err)
        err = execute_find(service->registry, &decoded, &input->script, error);
    if (err)
        return err;
    execute_set_time(&decoded);
    own->room = xmalloc(execute_room(&decoded) + 1);
    execute_build(&decoded, own->room, &own->request);
    return 0;
}

static int read_deployed(const struct pool_service *service,
                         const Isoyard__V1__SyntheticComparison *m, struct synthetic_plan *plan,
                         struct compare_input *input, struct error *error)
{
    static const struct shape any;
    int err = read_worker(service, m->worker, input, error);

    if (!err)
        err = read_arrival(m, COMPARE_CALLERS_DEFAULT, &plan->load, error);
    if (err)
        return err;
    plan->script = input->script;
    plan->request = input->request;
    plan->load.workers = 1;
    plan->load.tasks = m->tasks > 0 ? m->tasks : LOAD_TASKS_MAX;
    plan->load.begin_ns = (m->tasks > 0 ? COMPARE_BEGIN_S : COMPARE_BEGIN_DEFAULT_S) * NS_PER_S;
    return read_arms(service, m, &any, plan, error);
}

/* Synthetic ones. */

static void title_synthetic(const struct synthetic_plan *plan, struct compare_input *input)
{
    const struct script *script = input->script;
    char load[2 * SCRIPT_NAME_MAX + 2];

    if (script)
        snprintf(load, sizeof(load), "%s/%s", script->tenant, script->worker);
    else
        snprintf(load, sizeof(load), "%s", plan->workload->name);
    if (plan->load.rate_per_s > 0)
        snprintf(input->title, sizeof(input->title), "synthetic, %s, %g tasks/s", load,
                 plan->load.rate_per_s);
    else
        snprintf(input->title, sizeof(input->title), "synthetic, %s, %u caller%s", load,
                 plan->load.callers, plan->load.callers == 1 ? "" : "s");
}

static int read_load(const struct pool_service *service, const Isoyard__V1__SyntheticComparison *m,
                     struct synthetic_plan *plan, struct compare_input *input, struct error *error)
{
    switch (m->load_case) {
    case ISOYARD__V1__SYNTHETIC_COMPARISON__LOAD_WORKLOAD:
        return read_workload(service, m, plan, error);
    case ISOYARD__V1__SYNTHETIC_COMPARISON__LOAD_WORKER:
        return read_deployed(service, m, plan, input, error);
    default:
        return error_set(error, E_INVALID, "synthetic.load",
                         "name a workload, or a deployed worker and a request");
    }
}

static int read_synthetic(const struct pool_service *service,
                          const Isoyard__V1__SyntheticComparison *m, struct compare_order *order,
                          struct compare_input *input, struct error *error)
{
    int err = read_rounds(m, &order->synthetic, error);

    if (!err)
        err = check_number("synthetic.tasks", m->tasks, LOAD_TASKS_MAX, error);
    if (!err)
        err = read_load(service, m, &order->synthetic, input, error);
    if (!err)
        title_synthetic(&order->synthetic, input);
    return err;
}

/* Live ones. */

static int read_duration(const Google__Protobuf__Duration *m, uint64_t *ret, struct error *error)
{
    bool is_sane = !m || (m->seconds >= 0 && m->nanos >= 0 && m->nanos < 1000000000 &&
                          (uint64_t)m->seconds <= LIVE_MS_MAX / 1000);

    *ret = COMPARE_LIVE_MS_DEFAULT;
    if (m && is_sane)
        *ret = (uint64_t)m->seconds * 1000 + (uint64_t)m->nanos / 1000000;
    if (is_sane && *ret >= COMPARE_LIVE_MS_MIN && *ret <= LIVE_MS_MAX)
        return 0;
    return error_set(error, E_INVALID, "live.duration",
                     "live.duration must be from 2 seconds to an hour");
}

static int read_live(const struct pool_service *service, const Isoyard__V1__LiveComparison *m,
                     struct compare_order *order, struct compare_input *input, struct error *error)
{
    static const struct shape any;
    struct arm arm;
    int err = 0;

    if (!m->other)
        err = error_set(error, E_INVALID, "live.other", "name the architecture to compare with");
    if (!err)
        err = read_duration(m->duration, &order->live.duration_ms, error);
    if (!err)
        err = read_arm(service, m->other, m->settings, "live.settings", &any, &arm, error);
    if (err)
        return err;
    arm.config.log = service->config->pool_config.log; /* these calls are real */
    order->is_live = true;
    order->live.ops = arm.ops;
    order->live.config = arm.config;
    order->live.warm_limit = arm.config.isolates < WARM_MAX ? arm.config.isolates : WARM_MAX;
    snprintf(input->title, sizeof(input->title), "live, %" PRIu64 " s, beside %s",
             order->live.duration_ms / 1000, arm.name);
    return 0;
}

int compare_request_read(const struct pool_service *service,
                         const Isoyard__V1__ComparePoolsRequest *request,
                         struct compare_order *order, struct compare_input *input,
                         struct error *error)
{
    *order = (struct compare_order){0};
    *input = (struct compare_input){0};
    switch (request->kind_case) {
    case ISOYARD__V1__COMPARE_POOLS_REQUEST__KIND_SYNTHETIC:
        return read_synthetic(service, request->synthetic, order, input, error);
    case ISOYARD__V1__COMPARE_POOLS_REQUEST__KIND_LIVE:
        return read_live(service, request->live, order, input, error);
    default:
        return error_set(error, E_INVALID, "kind",
                         "say whether the comparison is synthetic or live");
    }
}

void compare_input_release(struct compare_input *input)
{
    script_unref(input->script);
    request_unref(input->request);
    *input = (struct compare_input){0};
}
