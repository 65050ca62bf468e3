/* isoyard pool comparisons */
#include "cli/client.h"
#include "cli/comparison_output.h"
#include "cli/exit_status.h"
#include "cli/json.h"
#include "cli/pool.h"
#include "cli/problem.h"
#include "cli/text.h"

#include <inttypes.h>
#include <stdlib.h>

#define PAGE_SIZE 1000u

struct arguments {
    uint64_t id;    /* 0: list them */
    uint64_t limit; /* 0: all */
    struct comparison_output output;
};

static const struct argp_option comparisons_options[] = {
    {"limit", 'n', "N", 0, "List so many at the most", 0},
    {NULL, 0, NULL, 0, NULL, 0},
};

static void set_id(struct arguments *a, const char *text, struct argp_state *state)
{
    char *end;

    if (a->id)
        argp_error(state, "unexpected argument '%s'", text);
    a->id = strtoull(text, &end, 10);
    if (text[0] < '1' || text[0] > '9' || *end != '\0')
        argp_error(state, "'%s' is no comparison's id", text);
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct arguments *a = state->input;

    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &a->output;
        return 0;
    case 'n':
        a->limit = options_number("limit", arg, 1, UINT32_MAX, state);
        return 0;
    case ARGP_KEY_ARG:
        set_id(a, arg, state);
        return 0;
    case ARGP_KEY_END:
        if (a->id && a->limit)
            argp_error(state, "--limit is for a list: leave it out, or the id");
        if (!a->id && (a->output.is_csv || a->output.has_rounds))
            argp_error(state, "--csv is for one comparison: give its id");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

/* One. */

static int show(const struct options *options, const struct arguments *a)
{
    Isoyard__V1__GetComparisonRequest request = ISOYARD__V1__GET_COMPARISON_REQUEST__INIT;
    const Isoyard__V1__GetComparisonResponse *response;
    struct reply reply;
    int status;

    request.id = a->id;
    status = client_ask(options, "/isoyard.v1.PoolService/GetComparison", &request.base,
                        &isoyard__v1__get_comparison_response__descriptor, &reply);
    if (status)
        return status;
    response = (const Isoyard__V1__GetComparisonResponse *)reply.response;
    if (response->comparison)
        comparison_output_print(&a->output, options, response->comparison);
    reply_release(&reply);
    return EXIT_FINE;
}

/* A list. */

struct listing {
    const struct options *options;
    uint64_t left; /* that are wanted */
    json_t *json;  /* NULL: a table */
    struct table table;
};

static void add(struct listing *listing, const Isoyard__V1__ComparisonSummary *summary)
{
    char id[24];
    const char *cells[] = {id, text_time(summary->create_time), summary->title, summary->verdict};

    if (listing->json) {
        json_array_append_new(listing->json, json_of_message(&summary->base));
        return;
    }
    snprintf(id, sizeof(id), "%" PRIu64, summary->id);
    table_add(&listing->table, cells);
}

/* Adds a page, and sets the token of the next one: "" at the end. */
static int add_page(struct listing *listing, char **token)
{
    Isoyard__V1__ListComparisonsRequest request = ISOYARD__V1__LIST_COMPARISONS_REQUEST__INIT;
    const Isoyard__V1__ListComparisonsResponse *page;
    struct reply reply;
    int status;

    request.page_size = listing->left < PAGE_SIZE ? (uint32_t)listing->left : PAGE_SIZE;
    request.page_token = *token;
    status = client_ask(listing->options, "/isoyard.v1.PoolService/ListComparisons", &request.base,
                        &isoyard__v1__list_comparisons_response__descriptor, &reply);
    if (status)
        return status;
    page = (const Isoyard__V1__ListComparisonsResponse *)reply.response;
    for (size_t i = 0; i < page->n_comparisons && listing->left > 0; i++, listing->left--)
        add(listing, page->comparisons[i]);
    free(*token);
    *token = xstrdup(page->next_page_token);
    reply_release(&reply);
    return EXIT_FINE;
}

static int add_pages(struct listing *listing)
{
    char *token = xstrdup("");
    int status;

    do
        status = add_page(listing, &token);
    while (!status && token[0] && listing->left > 0);
    free(token);
    return status;
}

static void print_listing(struct listing *listing)
{
    json_t *object;

    if (listing->json) {
        object = json_object();
        json_object_set(object, "comparisons", listing->json);
        json_print(stdout, object);
    } else if (listing->table.rows == 1) {
        puts("no comparison is stored; isoyard pool compare makes one");
    } else {
        table_print(&listing->table);
    }
}

static int list(const struct options *options, const struct arguments *a)
{
    static const char *const heads[] = {"ID", "CREATED", "TITLE", "VERDICT"};
    struct listing listing = {.options = options, .left = a->limit > 0 ? a->limit : UINT64_MAX};
    int status;

    if (options->is_json)
        listing.json = json_array();
    else
        table_init(&listing.table, 4, 3, heads);
    status = add_pages(&listing);
    if (!status)
        print_listing(&listing);
    json_decref(listing.json);
    table_release(&listing.table);
    return status;
}

static const struct argp_child groups[] = {{&comparison_output_argp, 0, "The report:", 1},
                                           {NULL, 0, NULL, 0}};

const struct argp pool_comparisons_argp = {
    .options = comparisons_options,
    .parser = parse,
    .args_doc = "[ID]",
    .doc = "Lists the comparisons that are stored, the newest first, or shows the report of "
           "one.\v" EXIT_STATUS_HELP,
    .children = groups};

int pool_comparisons_run(struct options *options, int argc, char **argv)
{
    struct arguments arguments = {.id = 0};
    int status;

    options_parse(options, &pool_comparisons_argp, &arguments, argc, argv);
    status = comparison_output_check(&arguments.output, options);
    if (status)
        return status;
    return arguments.id ? show(options, &arguments) : list(options, &arguments);
}
