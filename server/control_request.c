/* Reading JSON. */
#include "server/control_request.h"

#include "api/bytes.h"
#include "pools/compare/comparison.h"
#include "pools/pool.h"

#include <stdio.h>
#include <stdlib.h>

/* Members. */

/* A text, or def where it is not there; E_INVALID where it is none. */
static int read_text(const json_t *object, const char *name, const char *def, const char **ret,
                     struct error *error)
{
    const json_t *value = json_object_get(object, name);

    *ret = def;
    if (value && !json_is_string(value))
        return error_set(error, E_INVALID, name, "%s must be a text", name);
    if (value)
        *ret = json_string_value(value);
    return 0;
}

/* A whole number from 0 to UINT32_MAX; *ret_is_there where it is there. */
static int read_number(const json_t *object, const char *name, bool *ret_is_there, uint32_t *ret,
                       struct error *error)
{
    const json_t *value = json_object_get(object, name);
    json_int_t number;

    *ret_is_there = value != NULL;
    *ret = 0;
    if (!value)
        return 0;
    number = json_is_integer(value) ? json_integer_value(value) : -1;
    if (number < 0 || number > UINT32_MAX)
        return error_set(error, E_INVALID, name, "%s must be a whole number, and not below 0",
                         name);
    *ret = (uint32_t)number;
    return 0;
}

static int read_architecture(const char *name, const char *field, Isoyard__V1__Architecture *ret,
                             struct error *error)
{
    for (enum architecture a = ARCHITECTURE_LEGACY; a <= ARCHITECTURE_PINNED; a++) {
        if (name && strcmp(architecture_name(a), name) == 0) {
            *ret = (Isoyard__V1__Architecture)a;
            return 0;
        }
    }
    return error_set(error, E_INVALID, field, "%s must be one of legacy, shared and pinned", field);
}

/* NULL is unspecified. */
static int read_handoff(const char *name, const char *field, Isoyard__V1__Handoff *ret,
                        struct error *error)
{
    enum handoff handoff;

    *ret = ISOYARD__V1__HANDOFF__HANDOFF_UNSPECIFIED;
    if (!name)
        return 0;
    if (handoff_parse(name, &handoff))
        return error_set(error, E_INVALID, field, "%s must be fifo or mutex", field);
    *ret = handoff == HANDOFF_MUTEX ? ISOYARD__V1__HANDOFF__HANDOFF_MUTEX
                                    : ISOYARD__V1__HANDOFF__HANDOFF_FIFO;
    return 0;
}

static int read_context(const char *name, Isoyard__V1__ContextUse *ret, struct error *error)
{
    enum context_use context;

    *ret = ISOYARD__V1__CONTEXT_USE__CONTEXT_USE_UNSPECIFIED;
    if (!name)
        return 0;
    if (context_parse(name, &context))
        return error_set(error, E_INVALID, "context", "context must be reuse or fresh");
    *ret = context == CONTEXT_FRESH ? ISOYARD__V1__CONTEXT_USE__CONTEXT_USE_FRESH
                                    : ISOYARD__V1__CONTEXT_USE__CONTEXT_USE_REUSE;
    return 0;
}

/* Switching. */

static int read_settings(const json_t *request, Isoyard__V1__PoolSettings *m, struct error *error)
{
    const char *handoff, *context;
    bool has_lanes = false, has_isolates = false;
    int err = read_text(request, "handoff", NULL, &handoff, error);

    if (!err)
        err = read_handoff(handoff, "handoff", &m->handoff, error);
    if (!err)
        err = read_text(request, "context", NULL, &context, error);
    if (!err)
        err = read_context(context, &m->context, error);
    if (!err)
        err = read_number(request, "lanes", &has_lanes, &m->lanes, error);
    if (!err)
        err = read_number(request, "isolates", &has_isolates, &m->isolates, error);
    if (has_lanes)
        m->optional_lanes_case = ISOYARD__V1__POOL_SETTINGS__OPTIONAL_LANES_LANES;
    if (has_isolates)
        m->optional_isolates_case = ISOYARD__V1__POOL_SETTINGS__OPTIONAL_ISOLATES_ISOLATES;
    return err;
}

int control_read_switch(const json_t *request, struct switch_asked *ret, struct error *error)
{
    const char *architecture;
    bool has_drain = false;
    uint32_t drain_ms = 0;
    int err = read_text(request, "architecture", NULL, &architecture, error);

    isoyard__v1__switch_architecture_request__init(&ret->request);
    isoyard__v1__pool_settings__init(&ret->settings);
    google__protobuf__duration__init(&ret->drain);
    ret->request.config = &ret->settings;
    if (!err)
        err = read_architecture(architecture, "architecture", &ret->request.architecture, error);
    if (!err)
        err = read_settings(request, &ret->settings, error);
    if (!err)
        err = read_number(request, "drain_ms", &has_drain, &drain_ms, error);
    if (!err && has_drain) {
        ret->drain.seconds = drain_ms / 1000;
        ret->drain.nanos = (int32_t)(drain_ms % 1000) * 1000000;
        ret->request.drain_deadline = &ret->drain;
    }
    return err;
}

/* Comparing. */

/* "shared mutex", "pinned". */
static int read_arm(const char *text, const char *field, Isoyard__V1__ComparisonArm *ret,
                    struct error *error)
{
    char name[sizeof(((struct arm *)0)->name)];
    char *blank;
    int err;

    isoyard__v1__comparison_arm__init(ret);
    snprintf(name, sizeof(name), "%s", text ? text : "");
    blank = strchr(name, ' ');
    if (blank)
        *blank = '\0';
    err = read_architecture(name, field, &ret->architecture, error);
    return err ? err : read_handoff(blank ? blank + 1 : NULL, field, &ret->handoff, error);
}

/* What a request is made of until it is packed. */
struct asked {
    Isoyard__V1__ComparePoolsRequest request;
    Isoyard__V1__SyntheticComparison synthetic;
    Isoyard__V1__NamedWorkload workload;
    Isoyard__V1__LiveComparison live;
    Google__Protobuf__Duration duration;
    Isoyard__V1__ComparisonArm arms[COMPARISON_ARMS_MAX];
    Isoyard__V1__ComparisonArm *pointers[COMPARISON_ARMS_MAX];
};

static int read_arms(const json_t *request, struct asked *a, struct error *error)
{
    const json_t *arms = json_object_get(request, "arms");
    size_t count = json_array_size(arms); /* 0 where it is no array */
    int err = 0;

    if ((arms && !json_is_array(arms)) || count > COMPARISON_ARMS_MAX)
        return error_set(error, E_INVALID, "arms", "arms must be a list, of up to %u names",
                         COMPARISON_ARMS_MAX);
    for (size_t i = 0; i < count && !err; i++) {
        err = read_arm(json_string_value(json_array_get(arms, i)), "arms", &a->arms[i], error);
        a->pointers[i] = &a->arms[i];
    }
    a->synthetic.n_arms = count;
    a->synthetic.arms = a->pointers;
    return err;
}

static int read_synthetic(const json_t *request, struct asked *a, struct error *error)
{
    const char *workload;
    bool is_there;
    int err = read_text(request, "workload", "", &workload, error);

    isoyard__v1__synthetic_comparison__init(&a->synthetic);
    isoyard__v1__named_workload__init(&a->workload);
    a->request.kind_case = ISOYARD__V1__COMPARE_POOLS_REQUEST__KIND_SYNTHETIC;
    a->request.synthetic = &a->synthetic;
    a->synthetic.load_case = ISOYARD__V1__SYNTHETIC_COMPARISON__LOAD_WORKLOAD;
    a->synthetic.workload = &a->workload;
    if (!err)
        err = read_arms(request, a, error);
    if (!err)
        err = read_number(request, "rounds", &is_there, &a->synthetic.rounds, error);
    if (!err)
        err = read_number(request, "tasks", &is_there, &a->synthetic.tasks, error);
    if (!err)
        err = read_number(request, "callers", &is_there, &a->synthetic.callers, error);
    if (err)
        return err;
    if (is_there)
        a->synthetic.arrival_case = ISOYARD__V1__SYNTHETIC_COMPARISON__ARRIVAL_CALLERS;
    a->workload.name = (char *)workload;
    return 0;
}

static int read_live(const json_t *request, struct asked *a, struct error *error)
{
    const char *other;
    bool has_seconds = false;
    uint32_t seconds = 0;
    int err = read_text(request, "other", NULL, &other, error);

    isoyard__v1__live_comparison__init(&a->live);
    google__protobuf__duration__init(&a->duration);
    a->request.kind_case = ISOYARD__V1__COMPARE_POOLS_REQUEST__KIND_LIVE;
    a->request.live = &a->live;
    a->live.other = &a->arms[0];
    if (!err)
        err = read_arm(other, "other", &a->arms[0], error);
    if (!err)
        err = read_number(request, "seconds", &has_seconds, &seconds, error);
    if (has_seconds) {
        a->duration.seconds = seconds;
        a->live.duration = &a->duration;
    }
    return err;
}

/* A copy that owns what it points to. */
static Isoyard__V1__ComparePoolsRequest *copy(const Isoyard__V1__ComparePoolsRequest *m)
{
    size_t size = isoyard__v1__compare_pools_request__get_packed_size(m);
    uint8_t *packed = xmalloc(size + 1);
    Isoyard__V1__ComparePoolsRequest *ret;

    isoyard__v1__compare_pools_request__pack(m, packed);
    ret = isoyard__v1__compare_pools_request__unpack(NULL, size, packed);
    free(packed);
    if (!ret)
        abort();
    return ret;
}

int control_read_compare(const json_t *request, Isoyard__V1__ComparePoolsRequest **ret,
                         struct error *error)
{
    const char *kind;
    struct asked a;
    int err = read_text(request, "kind", "", &kind, error);

    isoyard__v1__compare_pools_request__init(&a.request);
    if (!err && strcmp(kind, "synthetic") == 0)
        err = read_synthetic(request, &a, error);
    else if (!err && strcmp(kind, "live") == 0)
        err = read_live(request, &a, error);
    else if (!err)
        err = error_set(error, E_INVALID, "kind", "kind must be synthetic or live");
    if (!err)
        *ret = copy(&a.request);
    return err;
}
