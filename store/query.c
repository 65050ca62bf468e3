/* Running prepared statements. */
#include "store/query.h"

#include "store/result.h"

#include <assert.h>
#include <stdlib.h>

void query_init(struct query *q, struct store *store, enum statement statement)
{
    sqlite3_stmt *prepared = store->statements.prepared[statement];

    assert(!sqlite3_stmt_busy(prepared));
    *q = (struct query){.store = store, .statement = prepared};
}

void query_release(struct query *q)
{
    sqlite3_reset(q->statement); /* gives the error of the last step once more */
    sqlite3_clear_bindings(q->statement);
}

static void note(struct query *q, int status)
{
    if (!q->status)
        q->status = status;
}

void query_bind_number(struct query *q, int64_t number)
{
    note(q, sqlite3_bind_int64(q->statement, ++q->bound_count, number));
}

void query_bind_text(struct query *q, const char *text)
{
    note(q, sqlite3_bind_text(q->statement, ++q->bound_count, text, -1, SQLITE_STATIC));
}

void query_bind_blob(struct query *q, const void *data, size_t len)
{
    assert(data);
    note(q, sqlite3_bind_blob64(q->statement, ++q->bound_count, data, len, SQLITE_STATIC));
}

int query_next(struct query *q, struct error *error)
{
    note(q, q->status ? q->status : sqlite3_step(q->statement));
    if (q->status == SQLITE_ROW) {
        q->status = SQLITE_OK;
        return 1;
    }
    if (q->status == SQLITE_DONE)
        return 0;
    return result_error(q->store->db, q->status, error);
}

int query_run(struct query *q, struct error *error)
{
    int more = query_next(q, error);

    assert(more <= 0);
    query_release(q);
    return more;
}

int query_run_number(struct query *q, int64_t *ret, struct error *error)
{
    int more = query_next(q, error);

    assert(more != 0);
    if (more > 0)
        *ret = query_number(q, 0);
    query_release(q);
    return more < 0 ? more : 0;
}

int64_t query_number(const struct query *q, int column)
{
    return sqlite3_column_int64(q->statement, column);
}

const char *query_text(const struct query *q, int column)
{
    const unsigned char *text = sqlite3_column_text(q->statement, column);

    if (!text)
        abort(); /* SQLite had no memory for a short text */
    return (const char *)text;
}

struct bytes query_blob(const struct query *q, int column)
{
    /* In this order: column_blob may change the value's form, and with it its length. */
    const char *data = sqlite3_column_blob(q->statement, column);

    return (struct bytes){data, (size_t)sqlite3_column_bytes(q->statement, column)};
}
