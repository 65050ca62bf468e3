/*
 * One run of a prepared statement: bind, step through the rows, release.
 *
 * A statement is run by one query at a time. Values are bound in the order of their parameters. A
 * refused binding shows at the first query_next. What is bound is borrowed until query_release, and
 * what a column gave is good until the next query_next.
 */
#ifndef ISOYARD_STORE_QUERY_H
#define ISOYARD_STORE_QUERY_H

#include "api/bytes.h"
#include "api/err.h"
#include "store/internal.h"

#include <stdint.h>

/* Store thread only, as are the functions. */
struct query {
    struct store *store;
    sqlite3_stmt *statement;
    int bound_count;
    int status; /* SQLite's first refusal */
};

void query_init(struct query *q, struct store *store, enum statement statement);
void query_release(struct query *q);

void query_bind_number(struct query *q, int64_t number);
void query_bind_text(struct query *q, const char *text);
void query_bind_blob(struct query *q, const void *data, size_t len); /* data may not be NULL */

/* 1: at a row; 0: past the last one; or an error. */
int query_next(struct query *q, struct error *error);

/* Runs a statement that gives no rows, to its end, and releases it. */
int query_run(struct query *q, struct error *error);

/* The first column of the only row, as a number; releases. */
int query_run_number(struct query *q, int64_t *ret, struct error *error);

/* Columns of the row, from 0. */
int64_t query_number(const struct query *q, int column);   /* NULL is 0 */
const char *query_text(const struct query *q, int column); /* of a column that is never NULL */
struct bytes query_blob(const struct query *q, int column);

#endif
