/* Who is asked, and when. */
#include "server/execute_find.h"

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
