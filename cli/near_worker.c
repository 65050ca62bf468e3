/* One page of names is enough for a guess. */
#include "cli/near_worker.h"

#include "api/suggest.h"
#include "cli/client.h"

#include <isoyard/v1/worker.pb-c.h>
#include <stdio.h>
#include <string.h>

#define PAGE_SIZE 1000
#define TIMEOUT_MS 2000

static void print(const struct options *options, const struct suggestion *suggestion,
                  const Isoyard__V1__ListWorkersResponse *page)
{
    if (suggestion->best)
        fprintf(stderr, "  did you mean '%s'?\n", suggestion->best);
    else if (page && page->n_workers == 0)
        fprintf(stderr,
                "  the tenant '%s' has no workers; deploy one, or name another tenant with "
                "--tenant\n",
                options->tenant);
    else if (page)
        fprintf(stderr, "  'isoyard workers list' lists those of the tenant '%s'\n",
                options->tenant);
}

bool near_worker_print(const struct options *options, const char *name)
{
    Isoyard__V1__ListWorkersRequest request = ISOYARD__V1__LIST_WORKERS_REQUEST__INIT;
    const Isoyard__V1__ListWorkersResponse *page;
    struct suggestion suggestion;
    struct reply reply;
    bool is_there;

    request.tenant = (char *)options->tenant;
    request.page_size = PAGE_SIZE;
    client_call(options, "/isoyard.v1.WorkerService/ListWorkers", &request.base,
                &isoyard__v1__list_workers_response__descriptor, TIMEOUT_MS, &reply);
    page = (const Isoyard__V1__ListWorkersResponse *)reply.response;
    suggest_begin(&suggestion, name);
    for (size_t i = 0; page && i < page->n_workers; i++)
        suggest_consider(&suggestion, page->workers[i]->name);
    is_there = suggestion.best && strcmp(suggestion.best, name) == 0;
    if (!is_there)
        print(options, &suggestion, page);
    reply_release(&reply);
    return is_there;
}
