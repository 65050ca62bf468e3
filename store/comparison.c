/* Comparisons: storing, listing, making room. */
#include "store/comparison.h"

#include "api/utf8.h"
#include "store/query.h"
#include "store/transaction.h"
#include "store/worker.h"

#include <inttypes.h>
#include <stdlib.h>

void stored_comparison_release(struct stored_comparison *comparison)
{
    free(comparison->title);
    free(comparison->verdict);
    buffer_release(&comparison->report);
    *comparison = (struct stored_comparison){0};
}

void stored_comparison_list_free(struct stored_comparison *comparisons, size_t count)
{
    for (size_t i = 0; i < count; i++)
        stored_comparison_release(&comparisons[i]);
    free(comparisons);
}

/* Storing. */

static int check_text(const char *what, const char *text, size_t max, struct error *error)
{
    if (strlen(text) > max)
        return error_set(error, E_INVALID, what,
                         "the comparison's %s has %zu bytes, and may have %zu", what, strlen(text),
                         max);
    if (!utf8_is_valid(text, strlen(text)))
        return error_set(error, E_INVALID, what, "the comparison's %s is not UTF-8", what);
    return 0;
}

static int check_entry(const struct comparison_entry *entry, struct error *error)
{
    int err = check_text("title", entry->title, STORE_TITLE_BYTES_MAX, error);

    if (!err)
        err = check_text("verdict", entry->verdict, STORE_VERDICT_BYTES_MAX, error);
    if (err)
        return err;
    if (entry->report.len == 0 || entry->report.len > STORE_REPORT_BYTES_MAX)
        return error_set(error, E_INVALID, "report",
                         "the comparison's report has %zu bytes, and may have 1 to %zu",
                         entry->report.len, STORE_REPORT_BYTES_MAX);
    return 0;
}

static int insert(struct store *store, const struct comparison_entry *entry, int64_t created_us,
                  int64_t *ret_id, struct error *error)
{
    struct query q;
    int err;

    query_init(&q, store, STATEMENT_COMPARISON_INSERT);
    query_bind_number(&q, created_us);
    query_bind_text(&q, entry->title);
    query_bind_text(&q, entry->verdict);
    query_bind_number(&q, entry->is_decided);
    query_bind_blob(&q, entry->report.data, entry->report.len);
    err = query_run(&q, error);
    if (!err)
        *ret_id = sqlite3_last_insert_rowid(store->db);
    return err;
}

static int trim(struct store *store, struct error *error)
{
    struct query q;

    query_init(&q, store, STATEMENT_COMPARISON_TRIM);
    query_bind_number(&q, STORE_COMPARISONS_MAX);
    return query_run(&q, error);
}

int store_put_comparison(struct store *store, const struct comparison_entry *entry,
                         uint64_t *ret_id, int64_t *ret_created_us, struct error *error)
{
    int64_t created_us = worker_now_us(), id = 0;
    int err = check_entry(entry, error);

    if (!err)
        err = transaction_begin(store, error);
    if (err)
        return err;
    err = insert(store, entry, created_us, &id, error);
    if (!err)
        err = trim(store, error);
    err = transaction_end(store, err, error);
    if (!err) {
        *ret_id = (uint64_t)id;
        *ret_created_us = created_us;
    }
    return err;
}

/* Reading. */

static struct stored_comparison read_summary(const struct query *q)
{
    return (struct stored_comparison){
        .id = (uint64_t)query_number(q, 0),
        .created_us = query_number(q, 1),
        .title = xstrdup(query_text(q, 2)),
        .verdict = xstrdup(query_text(q, 3)),
        .is_decided = query_number(q, 4) != 0,
    };
}

int store_get_comparison(struct store *store, uint64_t id, struct stored_comparison *ret,
                         struct error *error)
{
    struct query q;
    int more = 0;

    if (id > 0 && id <= INT64_MAX) {
        query_init(&q, store, STATEMENT_COMPARISON_FIND);
        query_bind_number(&q, (int64_t)id);
        more = query_next(&q, error);
        if (more > 0) {
            struct bytes report = query_blob(&q, 5);

            *ret = read_summary(&q);
            buffer_append(&ret->report, report.data, report.len);
        }
        query_release(&q);
    }
    if (more == 0)
        return error_set(error, E_NOT_FOUND, "id",
                         "there is no comparison %" PRIu64 "; the newest %u are kept", id,
                         STORE_COMPARISONS_MAX);
    return more < 0 ? more : 0;
}

int store_list_comparisons(struct store *store, uint64_t before, size_t limit,
                           struct stored_comparison **ret, size_t *ret_count, bool *ret_more,
                           struct error *error)
{
    struct buffer list = {0};
    size_t count = 0;
    struct query q;
    int more;

    if (limit > STORE_PAGE_MAX)
        limit = STORE_PAGE_MAX;
    query_init(&q, store, STATEMENT_COMPARISON_LIST);
    query_bind_number(&q, before > 0 && before <= INT64_MAX ? (int64_t)before : INT64_MAX);
    query_bind_number(&q, (int64_t)limit + 1);
    while ((more = query_next(&q, error)) > 0 && count < limit) {
        struct stored_comparison row = read_summary(&q);

        buffer_append(&list, &row, sizeof(row));
        count++;
    }
    query_release(&q);
    if (more < 0) {
        stored_comparison_list_free((struct stored_comparison *)list.data, count);
        return more;
    }
    *ret = (struct stored_comparison *)list.data;
    *ret_count = count;
    *ret_more = more > 0;
    return 0;
}
