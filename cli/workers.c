/* isoyard workers list|get|delete|versions|rollback */
#include "cli/client.h"
#include "cli/command.h"
#include "cli/exit_status.h"
#include "cli/json.h"
#include "cli/problem.h"
#include "cli/text.h"

#include <inttypes.h>
#include <isoyard/v1/worker.pb-c.h>
#include <stdlib.h>

#define PAGE_SIZE 1000

/* Arguments of a command that names one worker, and perhaps a version. */
struct named {
    const char *name;
    const char *version; /* NULL: none given */
    bool takes_version;
};

static error_t parse_named(int key, char *arg, struct argp_state *state)
{
    struct named *named = state->input;

    switch (key) {
    case ARGP_KEY_ARG:
        if (!named->name)
            named->name = arg;
        else if (named->takes_version && !named->version)
            named->version = arg;
        else
            argp_error(state, "unexpected argument '%s'", arg);
        return 0;
    case ARGP_KEY_END:
        if (!named->name)
            argp_error(state, "no worker named");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

/* "3", or "-" for none. */
static const char *version_text(uint32_t version, char ret[16])
{
    if (version == 0)
        return "-";
    snprintf(ret, 16, "%" PRIu32, version);
    return ret;
}

/* list */

static int list_page(const struct options *options, const char *token, struct reply *ret)
{
    Isoyard__V1__ListWorkersRequest request = ISOYARD__V1__LIST_WORKERS_REQUEST__INIT;

    request.tenant = (char *)options->tenant;
    request.page_size = PAGE_SIZE;
    request.page_token = (char *)token;
    return client_ask(options, "/isoyard.v1.WorkerService/ListWorkers", &request.base,
                      &isoyard__v1__list_workers_response__descriptor, ret);
}

static void add_worker(struct table *table, const Isoyard__V1__Worker *worker)
{
    char active[16], latest[16];
    const char *cells[] = {worker->name, version_text(worker->active_version, active),
                           version_text(worker->latest_version, latest),
                           text_time(worker->update_time)};

    table_add(table, cells);
}

/* A list that pages are added to: as JSON or as a table. */
struct listing {
    const struct options *options;
    json_t *json;
    struct table table;
};

static void add_workers(struct listing *listing, const Isoyard__V1__ListWorkersResponse *page)
{
    for (size_t i = 0; i < page->n_workers; i++) {
        if (listing->options->is_json)
            json_array_append_new(listing->json, json_of_message(&page->workers[i]->base));
        else
            add_worker(&listing->table, page->workers[i]);
    }
}

static int list_workers(struct listing *listing)
{
    char *token = xstrdup("");
    int status = EXIT_FINE;

    do {
        const Isoyard__V1__ListWorkersResponse *page;
        struct reply reply;

        status = list_page(listing->options, token, &reply);
        if (status)
            break;
        page = (const Isoyard__V1__ListWorkersResponse *)reply.response;
        add_workers(listing, page);
        free(token);
        token = xstrdup(page->next_page_token);
        reply_release(&reply);
    } while (token[0]);
    free(token);
    return status;
}

static void listing_init(struct listing *listing, const struct options *options, size_t columns,
                         size_t flexible, const char *const *heads)
{
    *listing = (struct listing){.options = options};
    if (options->is_json)
        listing->json = json_array();
    else
        table_init(&listing->table, columns, flexible, heads);
}

/* Prints what was listed, or drops it where that failed. */
static int listing_finish(struct listing *listing, const char *name, int status)
{
    if (status) {
        json_decref(listing->json);
        table_release(&listing->table);
    } else if (listing->options->is_json) {
        json_t *object = json_object();

        json_object_set_new(object, name, listing->json);
        json_print(stdout, object);
    } else {
        table_print(&listing->table);
    }
    return status;
}

static const struct argp list_argp = {.doc = "Lists the tenant's workers.\v" EXIT_STATUS_HELP};

static int run_list(struct options *options, int argc, char **argv)
{
    static const char *const heads[] = {"NAME", "ACTIVE", "LATEST", "UPDATED"};
    struct listing listing;

    options_parse(options, &list_argp, NULL, argc, argv);
    listing_init(&listing, options, 4, 0, heads);
    return listing_finish(&listing, "workers", list_workers(&listing));
}

/* get */

static void print_worker(const Isoyard__V1__Worker *worker)
{
    char version[16];

    fputs("name     ", stdout);
    text_print(stdout, worker->name);
    fputs("\ntenant   ", stdout);
    text_print(stdout, worker->tenant);
    printf("\nactive   %s\n", version_text(worker->active_version, version));
    printf("latest   %s\n", version_text(worker->latest_version, version));
    printf("created  %s\n", text_time(worker->create_time));
    printf("updated  %s\n", text_time(worker->update_time));
}

static int ask_worker(const struct options *options, const char *name, struct reply *ret)
{
    Isoyard__V1__GetWorkerRequest request = ISOYARD__V1__GET_WORKER_REQUEST__INIT;

    request.tenant = (char *)options->tenant;
    request.worker = (char *)name;
    return client_ask(options, "/isoyard.v1.WorkerService/GetWorker", &request.base,
                      &isoyard__v1__get_worker_response__descriptor, ret);
}

static const struct argp get_argp = {
    .parser = parse_named, .args_doc = "NAME", .doc = "Shows a worker.\v" EXIT_STATUS_HELP};

static int run_get(struct options *options, int argc, char **argv)
{
    struct named named = {0};
    const Isoyard__V1__GetWorkerResponse *response;
    struct reply reply;
    int status;

    options_parse(options, &get_argp, &named, argc, argv);
    options->worker = named.name;
    status = ask_worker(options, named.name, &reply);
    if (status)
        return status;
    response = (const Isoyard__V1__GetWorkerResponse *)reply.response;
    if (response->worker && options->is_json)
        json_print(stdout, json_of_message(&response->worker->base));
    else if (response->worker)
        print_worker(response->worker);
    reply_release(&reply);
    return EXIT_FINE;
}

/* delete */

static const struct argp delete_argp = {
    .parser = parse_named,
    .args_doc = "NAME",
    .doc = "Deletes a worker and all its versions. What runs goes on to "
           "its end.\v" EXIT_STATUS_HELP};

static int run_delete(struct options *options, int argc, char **argv)
{
    Isoyard__V1__DeleteWorkerRequest request = ISOYARD__V1__DELETE_WORKER_REQUEST__INIT;
    const Isoyard__V1__DeleteWorkerResponse *response;
    struct named named = {0};
    struct reply reply;
    int status;

    options_parse(options, &delete_argp, &named, argc, argv);
    options->worker = named.name;
    request.tenant = (char *)options->tenant;
    request.worker = (char *)named.name;
    status = client_ask(options, "/isoyard.v1.WorkerService/DeleteWorker", &request.base,
                        &isoyard__v1__delete_worker_response__descriptor, &reply);
    if (status)
        return status;
    response = (const Isoyard__V1__DeleteWorkerResponse *)reply.response;
    if (options->is_json)
        json_print(stdout, json_of_message(&response->base));
    else
        printf("deleted %s: %" PRIu32 " version%s\n", named.name, response->deleted_versions,
               response->deleted_versions == 1 ? "" : "s");
    reply_release(&reply);
    return EXIT_FINE;
}

/* versions */

static int versions_page(const struct options *options, const char *name, const char *token,
                         struct reply *ret)
{
    Isoyard__V1__ListVersionsRequest request = ISOYARD__V1__LIST_VERSIONS_REQUEST__INIT;

    request.tenant = (char *)options->tenant;
    request.worker = (char *)name;
    request.page_size = PAGE_SIZE;
    request.page_token = (char *)token;
    return client_ask(options, "/isoyard.v1.WorkerService/ListVersions", &request.base,
                      &isoyard__v1__list_versions_response__descriptor, ret);
}

/* Calls visit for every version, the newest first, until it returns false. */
static int each_version(const struct options *options, const char *name,
                        bool (*visit)(void *arg, const Isoyard__V1__Version *version), void *arg)
{
    char *token = xstrdup("");
    bool goes_on = true;
    int status = EXIT_FINE;

    do {
        const Isoyard__V1__ListVersionsResponse *page;
        struct reply reply;

        status = versions_page(options, name, token, &reply);
        if (status)
            break;
        page = (const Isoyard__V1__ListVersionsResponse *)reply.response;
        for (size_t i = 0; i < page->n_versions && goes_on; i++)
            goes_on = visit(arg, page->versions[i]);
        free(token);
        token = xstrdup(page->next_page_token);
        reply_release(&reply);
    } while (token[0] && goes_on);
    free(token);
    return status;
}

static bool add_version(void *arg, const Isoyard__V1__Version *version)
{
    struct listing *listing = arg;
    char number[16];

    if (listing->options->is_json) {
        json_array_append_new(listing->json, json_of_message(&version->base));
    } else {
        char sha256[13] = "", max_tasks[16] = "";
        const char *cells[] = {version_text(version->number, number),
                               version->is_active ? "yes" : "",
                               text_time(version->create_time),
                               text_bytes(version->size_bytes),
                               strncat(sha256, version->sha256, sizeof(sha256) - 1),
                               max_tasks,
                               version->message};

        if (version->max_tasks > 0)
            snprintf(max_tasks, sizeof(max_tasks), "%" PRIu32, version->max_tasks);
        table_add(&listing->table, cells);
    }
    return true;
}

static const struct argp versions_argp = {
    .parser = parse_named,
    .args_doc = "NAME",
    .doc = "Lists a worker's versions, the newest first.\v" EXIT_STATUS_HELP};

static int run_versions(struct options *options, int argc, char **argv)
{
    static const char *const heads[] = {"VERSION", "ACTIVE", "CREATED", "SIZE",
                                        "SHA256",  "TASKS",  "MESSAGE"};
    struct named named = {0};
    struct listing listing;

    options_parse(options, &versions_argp, &named, argc, argv);
    options->worker = named.name;
    listing_init(&listing, options, 7, 6, heads);
    return listing_finish(&listing, "versions",
                          each_version(options, named.name, add_version, &listing));
}

/* rollback */

/* Looks for the newest version below the active one. */
struct search {
    bool has_seen_active;
    uint32_t found;
};

static bool look_at(void *arg, const Isoyard__V1__Version *version)
{
    struct search *search = arg;

    if (search->has_seen_active)
        search->found = version->number;
    search->has_seen_active = search->has_seen_active || version->is_active;
    return search->found == 0;
}

/* The version to go back to where none was given; 0 in *ret where there is none. */
static int find_previous(const struct options *options, const char *name, uint32_t *ret)
{
    struct search search = {0};
    int status = each_version(options, name, look_at, &search);

    *ret = search.found;
    if (!status && search.found == 0)
        return problem_usage("worker %s has no version older than the active one; name the version "
                             "to activate",
                             name);
    return status;
}

static int choose_version(const struct options *options, const struct named *named, uint32_t *ret)
{
    unsigned long value;
    char *end;

    if (!named->version)
        return find_previous(options, named->name, ret);
    value = strtoul(named->version, &end, 10);
    if (*end != '\0' || value == 0 || value > UINT32_MAX || named->version[0] == '-')
        return problem_usage(
            "'%s' is no version's number; 'isoyard workers versions %s' lists them", named->version,
            named->name);
    *ret = (uint32_t)value;
    return EXIT_FINE;
}

static int activate(const struct options *options, const char *name, uint32_t version)
{
    Isoyard__V1__ActivateRequest request = ISOYARD__V1__ACTIVATE_REQUEST__INIT;
    const Isoyard__V1__ActivateResponse *response;
    struct reply reply;
    char previous[16];
    int status;

    request.tenant = (char *)options->tenant;
    request.worker = (char *)name;
    request.version = version;
    status = client_ask(options, "/isoyard.v1.WorkerService/Activate", &request.base,
                        &isoyard__v1__activate_response__descriptor, &reply);
    if (status)
        return status;
    response = (const Isoyard__V1__ActivateResponse *)reply.response;
    if (options->is_json)
        json_print(stdout, json_of_message(&response->base));
    else
        printf("%s runs version %" PRIu32 " now (before: %s)\n", name, version,
               version_text(response->previous_version, previous));
    reply_release(&reply);
    return EXIT_FINE;
}

static const struct argp rollback_argp = {
    .parser = parse_named,
    .args_doc = "NAME [VERSION]",
    .doc = "Activates a stored version: the one given, or the one before "
           "the active one.\v" EXIT_STATUS_HELP};

static int run_rollback(struct options *options, int argc, char **argv)
{
    struct named named = {.takes_version = true};
    uint32_t version = 0;
    int status;

    options_parse(options, &rollback_argp, &named, argc, argv);
    options->worker = named.name;
    status = choose_version(options, &named, &version);
    return status ? status : activate(options, named.name, version);
}

const struct command workers_commands[] = {
    {.name = "list", .summary = "list workers", .run = run_list, .argp = &list_argp},
    {.name = "get", .summary = "show a worker", .run = run_get, .argp = &get_argp},
    {.name = "delete",
     .summary = "delete a worker and its versions",
     .run = run_delete,
     .argp = &delete_argp},
    {.name = "versions",
     .summary = "list a worker's versions",
     .run = run_versions,
     .argp = &versions_argp},
    {.name = "rollback",
     .summary = "activate an older version",
     .run = run_rollback,
     .argp = &rollback_argp},
    {.name = NULL},
};
