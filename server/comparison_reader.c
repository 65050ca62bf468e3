/* From rows to messages. */
#include "server/comparison_reader.h"

#include "server/message.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define PAGE_DEFAULT 100
/* Clients refuse messages over 4 MiB by default, and a row may have 5 KiB of texts. */
#define PAGE_BYTES_MAX ((size_t)3 << 20)

struct comparison_summary {
    Isoyard__V1__ComparisonSummary message;
    Google__Protobuf__Timestamp created;
};

static void summary_init(struct comparison_summary *ret, const struct stored_comparison *row)
{
    isoyard__v1__comparison_summary__init(&ret->message);
    timestamp_message_init(&ret->created, row->created_us);
    ret->message.id = row->id;
    ret->message.create_time = &ret->created;
    ret->message.title = row->title;
    ret->message.verdict = row->verdict;
    ret->message.is_decided = row->is_decided;
}

/* Fills in the message, as far as it may be large. */
static void build_response(struct comparison_page *page, bool has_more)
{
    Isoyard__V1__ListComparisonsResponse *response = &page->response;

    isoyard__v1__list_comparisons_response__init(response);
    page->summaries = xcalloc(page->count + 1, sizeof(page->summaries[0]));
    page->pointers = xcalloc(page->count + 1, sizeof(page->pointers[0]));
    for (size_t i = 0; i < page->count; i++) {
        summary_init(&page->summaries[i], &page->rows[i]);
        page->pointers[i] = &page->summaries[i].message;
    }
    response->n_comparisons = page->count;
    response->comparisons = page->pointers;
    while (response->n_comparisons > 1 &&
           isoyard__v1__list_comparisons_response__get_packed_size(response) > PAGE_BYTES_MAX) {
        response->n_comparisons /= 2;
        has_more = true;
    }
    if (has_more && response->n_comparisons > 0) {
        snprintf(page->token, sizeof(page->token), "%" PRIu64,
                 page->rows[response->n_comparisons - 1].id);
        response->next_page_token = page->token;
    }
}

/* 0: from the newest on. */
static int parse_token(const char *token, uint64_t *ret, struct error *error)
{
    unsigned long long value = 0;
    char *end = (char *)token;

    if (token[0] >= '1' && token[0] <= '9')
        value = strtoull(token, &end, 10);
    if (*end != '\0' || value > INT64_MAX)
        return error_set(error, E_INVALID, "page_token",
                         "this is no token of a page; pass on what next_page_token said");
    *ret = value;
    return 0;
}

int comparison_page_read(struct store *store, const Isoyard__V1__ListComparisonsRequest *request,
                         struct comparison_page *ret, struct error *error)
{
    size_t limit = request->page_size > 0 ? request->page_size : PAGE_DEFAULT;
    uint64_t before = 0;
    bool has_more;
    int err = parse_token(request->page_token, &before, error);

    if (!err)
        err =
            store_list_comparisons(store, before, limit, &ret->rows, &ret->count, &has_more, error);
    if (!err)
        build_response(ret, has_more);
    return err;
}

void comparison_page_release(struct comparison_page *page)
{
    free(page->pointers);
    free(page->summaries);
    stored_comparison_list_free(page->rows, page->count);
}

/* A report is stored before it has an id and a time: those are the row's. */
static void set_origin(Isoyard__V1__Comparison *comparison, const struct stored_comparison *row)
{
    if (comparison->create_time)
        google__protobuf__timestamp__free_unpacked(comparison->create_time, NULL);
    comparison->id = row->id;
    comparison->create_time = xmalloc(sizeof(*comparison->create_time));
    timestamp_message_init(comparison->create_time, row->created_us);
}

int comparison_read(struct store *store, uint64_t id, Isoyard__V1__Comparison **ret,
                    struct error *error)
{
    struct stored_comparison row = {0};
    Isoyard__V1__Comparison *comparison;
    int err = store_get_comparison(store, id, &row, error);

    if (err)
        return err;
    comparison =
        isoyard__v1__comparison__unpack(NULL, row.report.len, (const uint8_t *)row.report.data);
    if (comparison) {
        set_origin(comparison, &row);
        *ret = comparison;
    } else {
        err = error_set(error, E_CORRUPT, NULL, "comparison %" PRIu64 " is damaged in the database",
                        id);
    }
    stored_comparison_release(&row);
    return err;
}
