/* Who is asked, and when. */
#include "server/execute_find.h"

#include "api/clock.h"
#include "api/hash.h"
#include "server/slice.h"

#include <time.h>

static int find_error(const struct execute_request *decoded, int err, struct error *error)
{
    int names_err = execute_check_names(decoded, error);

    if (names_err)
        return names_err;
    if (err == E_NOT_FOUND)
        return error_set(error, err, NULL, "tenant '%.*s' has no worker '%.*s'",
                         (int)decoded->tenant.len, decoded->tenant.data, (int)decoded->worker.len,
                         decoded->worker.data);
    return error_set(error, err, NULL,
                     "worker '%.*s' has no active version that can run; activate one",
                     (int)decoded->worker.len, decoded->worker.data);
}

int execute_find(struct registry *registry, const struct execute_request *request,
                 struct script **ret, struct error *error)
{
    int err = registry_find(registry, request->tenant, request->worker, ret);

    return err ? find_error(request, err, error) : 0;
}

void execute_set_time(struct execute_request *decoded)
{
    struct timespec now;

    if (decoded->kind != REQUEST_SCHEDULED || decoded->has_time)
        return;
    clock_gettime(CLOCK_REALTIME, &now);
    decoded->time_s = now.tv_sec;
    decoded->time_ns = (int32_t)now.tv_nsec;
}

/* Without data where there is none. */
static struct bytes find_metadata(const grpc_metadata_array *metadata, const char *key)
{
    for (size_t i = 0; i < metadata->count; i++) {
        const grpc_metadata *entry = &metadata->metadata[i];

        if (grpc_slice_str_cmp(entry->key, key) == 0)
            return slice_bytes(&entry->value);
    }
    return (struct bytes){0};
}

/* Whether it can be a header's value. */
static bool is_passable(struct bytes tracestate)
{
    for (size_t i = 0; i < tracestate.len; i++) {
        if (tracestate.data[i] < ' ' || tracestate.data[i] > '~')
            return false;
    }
    return tracestate.len <= TRACE_STATE_MAX;
}

void execute_join_trace(struct execute_request *decoded, const grpc_metadata_array *metadata)
{
    struct trace *trace = &decoded->trace;
    struct bytes tracestate;

    if (!trace_parse(find_metadata(metadata, "traceparent"), trace))
        return;
    /* A caller's span may ask for several executions, but not two at one time from one place. */
    trace->span =
        hash_mix(hash_mix(trace->parent ^ clock_now_ns()) ^ trace->id[1] ^ (uintptr_t)decoded) | 1;
    tracestate = find_metadata(metadata, "tracestate");
    if (is_passable(tracestate))
        decoded->tracestate = tracestate;
}
