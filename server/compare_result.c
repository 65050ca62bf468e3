/* From figures to a report that is stored. */
#include "server/compare_result.h"

#include "api/utf8.h"
#include "api/version.h"
#include "server/comparison_service.h"
#include "server/message.h"
#include "shim/shim.h"

#include <sched.h>
#include <stdio.h>
#include <stdlib.h>

static unsigned count_processors(void)
{
    cpu_set_t set;

    return sched_getaffinity(0, sizeof(set), &set) == 0 ? (unsigned)CPU_COUNT(&set) : 0;
}

static void save(struct compare_result *r, struct store_thread *store_thread)
{
    struct error error = {0};
    int err =
        comparison_save(store_thread, &r->message->comparison, &r->id, &r->created_us, &error);

    if (err)
        snprintf(r->unsaved, sizeof(r->unsaved), "The report could not be stored: %.400s",
                 error.message);
    utf8_repair(r->unsaved);
}

void compare_result_init(struct compare_result *ret, const struct pool_service *service,
                         const Isoyard__V1__ComparePoolsRequest *request, const char *title,
                         int err, const struct error *error, struct comparison *comparison)
{
    const struct comparison_about about = {
        .request = request,
        .title = title,
        .server_version = isoyard_version(),
        .v8_version = engine_version(),
        .processors = count_processors(),
    };

    *ret = (struct compare_result){.err = err};
    if (err) {
        ret->error = *error;
        return;
    }
    ret->comparison = comparison;
    ret->message = comparison_message_new(comparison, &about);
    save(ret, service->store_thread);
}

void compare_result_release(struct compare_result *result)
{
    comparison_message_free(result->message);
    if (result->comparison)
        comparison_release(result->comparison);
    free(result->comparison);
    *result = (struct compare_result){0};
}

void compare_result_show(struct compare_result *result,
                         void (*show)(void *arg, Isoyard__V1__Comparison *report), void *arg)
{
    Isoyard__V1__Comparison *m = &result->message->comparison;
    Google__Protobuf__Timestamp created;

    if (result->id > 0) {
        timestamp_message_init(&created, result->created_us);
        m->id = result->id;
        m->create_time = &created;
    } else {
        m->notes[m->n_notes++] = result->unsaved;
    }
    show(arg, m);
    if (result->id > 0)
        m->create_time = NULL;
    else
        m->n_notes--;
}
