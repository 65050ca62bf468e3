/*
 * The log's tables, and reading and trimming them.
 *
 * A record's id is its time: the newest comes at the end of the table, pages of the oldest are
 * freed as a whole, and a range of time is a range of ids. Where the clock was ahead, and was set
 * back, ids go on from where they were, so that the order stays that of writing; then the time
 * stands in a column of its own, which is NULL otherwise. Ids are never before times. The index by
 * worker ends with the id, as all of SQLite's do, so that one worker's records are read in order
 * whatever the others write.
 */
#include "store/log_store.h"

#include "store/file.h"
#include "store/side.h"

#include <assert.h>
#include <stdbool.h>
#include <stdlib.h>

#define LOG_APPLICATION_ID 0x49736c67 /* "Islg" */
#define LOG_SCHEMA_VERSION 2

/* Records that one DELETE removes, and how often that is done at once. */
#define TRIM_ROWS 200
#define TRIM_ROUNDS 5

#define TEXT_OF(number) #number
#define TEXT(number) TEXT_OF(number)

#define TIME_INDEX "CREATE INDEX records_by_time ON records (time) WHERE time IS NOT NULL;"

static const char tables[] = "CREATE TABLE sources ("
                             "  id INTEGER PRIMARY KEY,"
                             "  tenant TEXT NOT NULL,"
                             "  worker TEXT NOT NULL,"
                             "  UNIQUE (tenant, worker)"
                             ") STRICT;"
                             "CREATE TABLE records ("
                             "  id INTEGER PRIMARY KEY,"
                             "  source INTEGER NOT NULL,"
                             "  version INTEGER NOT NULL,"
                             "  kind INTEGER NOT NULL,"
                             "  level INTEGER NOT NULL,"
                             "  outcome INTEGER NOT NULL,"
                             "  execution INTEGER NOT NULL,"
                             "  text TEXT NOT NULL,"
                             "  detail BLOB NOT NULL,"
                             "  time INTEGER"
                             ") STRICT;"
                             "CREATE INDEX records_by_source ON records (source);" TIME_INDEX;

static const char upgrade[] = "ALTER TABLE records ADD COLUMN time INTEGER;" TIME_INDEX;

#define SELECT_RECORDS                                                                             \
    "SELECT r.id, s.tenant, s.worker, r.version, r.kind, r.level, r.outcome, r.execution, r.text," \
    "  r.detail, coalesce(r.time, r.id)"                                                           \
    " FROM records AS r CROSS JOIN sources AS s ON s.id = r.source"                                \
    " WHERE r.id > ?1 AND r.id < ?2"

enum log_statement {
    LOG_BEGIN,
    LOG_COMMIT,
    LOG_ROLLBACK,
    LOG_FIND_SOURCE,
    LOG_ADD_SOURCE,
    LOG_INSERT,
    LOG_TRIM,
    LOG_TRIM_BEFORE,
    LOG_LAST_AHEAD,
    LOG_PAGE_COUNT,
    LOG_FREE_COUNT,
    LOG_ALL_NEWEST, /* the next four: LOG_ALL_NEWEST + 1 oldest first + 2 of one worker */
    LOG_ALL_OLDEST,
    LOG_OWN_NEWEST,
    LOG_OWN_OLDEST,
    LOG_STATEMENTS,
};

static const char *const sql[LOG_STATEMENTS] = {
    [LOG_BEGIN] = "BEGIN IMMEDIATE",
    [LOG_COMMIT] = "COMMIT",
    [LOG_ROLLBACK] = "ROLLBACK",
    [LOG_FIND_SOURCE] = "SELECT id FROM sources WHERE tenant = ?1 AND worker = ?2",
    [LOG_ADD_SOURCE] = "INSERT INTO sources (tenant, worker) VALUES (?1, ?2) RETURNING id",
    [LOG_INSERT] = "INSERT INTO records (id, source, version, kind, level, outcome, execution,"
                   "  text, detail, time) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
    [LOG_TRIM] = "DELETE FROM records WHERE id IN"
                 "  (SELECT id FROM records ORDER BY id LIMIT " TEXT(TRIM_ROWS) ")",
    [LOG_TRIM_BEFORE] = "DELETE FROM records WHERE id IN (SELECT id FROM records WHERE id < ?1"
                        "  ORDER BY id LIMIT " TEXT(TRIM_ROWS) ")",
    [LOG_LAST_AHEAD] = "SELECT coalesce(max(id), 0) FROM records INDEXED BY records_by_time"
                       "  WHERE time < ?1 AND id >= ?2",
    [LOG_PAGE_COUNT] = "PRAGMA page_count",
    [LOG_FREE_COUNT] = "PRAGMA freelist_count",
    [LOG_ALL_NEWEST] = SELECT_RECORDS " ORDER BY r.id DESC",
    [LOG_ALL_OLDEST] = SELECT_RECORDS " ORDER BY r.id",
    [LOG_OWN_NEWEST] = SELECT_RECORDS " AND r.source = ?3 ORDER BY r.id DESC",
    [LOG_OWN_OLDEST] = SELECT_RECORDS " AND r.source = ?3 ORDER BY r.id",
};

static const struct side_kind kind = {
    .application_id = LOG_APPLICATION_ID,
    .version = LOG_SCHEMA_VERSION,
    .tables = tables,
    .upgrade = upgrade,
    .sql = sql,
    .count = LOG_STATEMENTS,
    .foreign = "a database, and not a log of Isoyard's: it is left as it is; give the path of "
               "another file",
    .other_version = "the log of a newer isoyardd: start that one, or give the path of another "
                     "file",
    .version_err = E_CONDITION,
};

struct log_store {
    struct side side;
    int64_t last_id;
    uint64_t page_bytes;
    /* The worker that was looked up last: lines come in runs. */
    char tenant[SCRIPT_NAME_MAX + 1], worker[SCRIPT_NAME_MAX + 1];
    int64_t source; /* 0: none was */
};

/* Statements. */

static sqlite3_stmt *statement_of(const struct log_store *store, enum log_statement which)
{
    return side_statement(&store->side, which);
}

static int run(struct log_store *store, enum log_statement which, int64_t *ret, struct error *error)
{
    return side_run(&store->side, which, ret, error);
}

/* Opening. */

static int set_up(struct log_store *store, struct error *error)
{
    sqlite3 *db = store->side.db;
    int64_t page_bytes;
    int err =
        file_run(db, "DELETE FROM sources WHERE id NOT IN (SELECT source FROM records)", error);

    if (!err)
        err = file_ask(db, "SELECT coalesce(max(id), 0) FROM records", &store->last_id, error);
    if (!err)
        err = file_ask(db, "PRAGMA page_size", &page_bytes, error);
    if (!err)
        store->page_bytes = (uint64_t)page_bytes;
    return err;
}

int log_store_open(const char *path, struct log_store **ret, struct error *error)
{
    struct log_store *store = xcalloc(1, sizeof(*store));
    int err = side_open(&kind, path, &store->side, error);

    if (!err)
        err = set_up(store, error);
    if (err)
        log_store_close(store);
    else
        *ret = store;
    return err;
}

void log_store_close(struct log_store *store)
{
    if (!store)
        return;
    side_close(&store->side);
    free(store);
}

int64_t log_store_last_id(const struct log_store *store)
{
    return store->last_id;
}

/* Writing. */

/* The number of a worker; 0: it has none. */
static int find_source(struct log_store *store, const char *tenant, const char *worker,
                       int64_t *ret, struct error *error)
{
    sqlite3_stmt *find = statement_of(store, LOG_FIND_SOURCE);

    sqlite3_bind_text(find, 1, tenant, -1, SQLITE_STATIC);
    sqlite3_bind_text(find, 2, worker, -1, SQLITE_STATIC);
    return run(store, LOG_FIND_SOURCE, ret, error);
}

static int add_source(struct log_store *store, const struct log_record *record, int64_t *ret,
                      struct error *error)
{
    sqlite3_stmt *add = statement_of(store, LOG_ADD_SOURCE);

    sqlite3_bind_text(add, 1, record->tenant, -1, SQLITE_STATIC);
    sqlite3_bind_text(add, 2, record->worker, -1, SQLITE_STATIC);
    return run(store, LOG_ADD_SOURCE, ret, error);
}

static int see_to_source(struct log_store *store, const struct log_record *record,
                         struct error *error)
{
    int64_t source;
    int err;

    if (store->source && strcmp(store->worker, record->worker) == 0 &&
        strcmp(store->tenant, record->tenant) == 0)
        return 0;
    store->source = 0;
    err = find_source(store, record->tenant, record->worker, &source, error);
    if (!err && source == 0)
        err = add_source(store, record, &source, error);
    if (err)
        return err;
    memcpy(store->tenant, record->tenant, sizeof(store->tenant));
    memcpy(store->worker, record->worker, sizeof(store->worker));
    store->source = source;
    return 0;
}

static int insert(struct log_store *store, const struct log_record *record, struct error *error)
{
    sqlite3_stmt *add = statement_of(store, LOG_INSERT);
    struct bytes detail = log_record_detail(record);
    const int64_t numbers[] = {
        record->id,    store->source,   record->version,           record->kind,
        record->level, record->outcome, (int64_t)record->execution};

    for (int i = 0; i < 7; i++)
        sqlite3_bind_int64(add, i + 1, numbers[i]);
    sqlite3_bind_text(add, 8, record->data, (int)record->text_len, SQLITE_STATIC);
    sqlite3_bind_blob(add, 9, detail.data, (int)detail.len, SQLITE_STATIC);
    if (record->time_us != record->id)
        sqlite3_bind_int64(add, 10, record->time_us);
    return run(store, LOG_INSERT, NULL, error);
}

static int insert_all(struct log_store *store, const struct log_record *first, int64_t *ret_last,
                      struct error *error)
{
    int err = 0;

    for (const struct log_record *record = first; record && !err; record = record->next) {
        assert(record->id > *ret_last);
        *ret_last = record->id;
        err = see_to_source(store, record, error);
        if (!err)
            err = insert(store, record, error);
    }
    return err;
}

int log_store_append(struct log_store *store, const struct log_record *first, struct error *error)
{
    int64_t last = store->last_id;
    int err = run(store, LOG_BEGIN, NULL, error);

    if (err)
        return err;
    err = insert_all(store, first, &last, error);
    if (!err)
        err = run(store, LOG_COMMIT, NULL, error);
    if (!err) {
        store->last_id = last;
        return 0;
    }
    store->source = 0; /* it may have been new */
    side_roll_back(&store->side, LOG_ROLLBACK);
    return err;
}

/* Reading. */

static struct log_record *read_row(sqlite3_stmt *row)
{
    const struct record_head head = {
        .tenant = (const char *)sqlite3_column_text(row, 1),
        .worker = (const char *)sqlite3_column_text(row, 2),
        .version = (uint32_t)sqlite3_column_int64(row, 3),
        .kind = (enum record_kind)sqlite3_column_int(row, 4),
        .level = (enum log_level)sqlite3_column_int(row, 5),
        .outcome = (enum record_outcome)sqlite3_column_int(row, 6),
        .execution = (uint64_t)sqlite3_column_int64(row, 7),
    };
    struct log_record *record = log_record_new(&head, side_column(row, 8), side_column(row, 9));

    record->id = sqlite3_column_int64(row, 0);
    record->time_us = sqlite3_column_int64(row, 10);
    return record;
}

static bool is_full(const struct log_read *read, const struct log_page *page, size_t bytes,
                    size_t looked)
{
    return page->count == read->limit || looked == read->looked_max ||
           (page->count > 0 && bytes > read->bytes_max);
}

static int read_rows(struct log_store *store, sqlite3_stmt *rows, const struct log_read *read,
                     struct log_page *page, struct error *error)
{
    size_t bytes = 0, looked = 0;
    int more;

    while ((more = side_step(&store->side, rows, error)) > 0) {
        struct log_record *record;

        if (is_full(read, page, bytes, looked)) {
            page->has_more = true;
            return 0;
        }
        record = read_row(rows);
        looked++;
        page->last = record->id;
        if (log_filter_matches(&read->filter, record)) {
            bytes += log_record_bytes(record);
            page->records[page->count++] = record;
        } else {
            log_record_unref(record);
        }
    }
    return more;
}

/* The greatest of the ids that are `id` or after it, of records from before the time; 0: none. */
static int find_ahead(struct log_store *store, int64_t time_us, int64_t id, int64_t *ret,
                      struct error *error)
{
    sqlite3_stmt *find = statement_of(store, LOG_LAST_AHEAD);

    sqlite3_bind_int64(find, 1, time_us);
    sqlite3_bind_int64(find, 2, id);
    return run(store, LOG_LAST_AHEAD, ret, error);
}

/* Between these ids is all that may match. */
static int find_range(struct log_store *store, const struct log_read *read, int64_t *ret_after,
                      int64_t *ret_before, struct error *error)
{
    int64_t from = read->filter.from_us, until = read->filter.until_us;
    int64_t before = INT64_MAX, ahead;
    int err = 0;

    if (until) {
        err = find_ahead(store, until, until, &ahead, error);
        before = err || ahead == 0 ? until : ahead + 1;
    }
    *ret_after = from > read->after ? from - 1 : read->after;
    *ret_before = read->before && read->before < before ? read->before : before;
    return err;
}

int log_store_read(struct log_store *store, const struct log_read *read, struct log_page *ret,
                   struct error *error)
{
    const struct log_filter *filter = &read->filter;
    enum log_statement which = read->is_oldest_first ? LOG_ALL_OLDEST : LOG_ALL_NEWEST;
    sqlite3_stmt *rows;
    int64_t source = 0, after, before;
    int err;

    *ret = (struct log_page){0};
    if (!store)
        return error_set(error, E_CONDITION, "",
                         "this server keeps no log at present: the database cannot be written, or "
                         "is damaged and cannot be put aside; the server's own log says why");
    ret->records = xcalloc(read->limit + 1, sizeof(ret->records[0]));
    if (filter->worker[0]) {
        err = find_source(store, filter->tenant, filter->worker, &source, error);
        if (err || source == 0)
            return err;
        which += LOG_OWN_NEWEST - LOG_ALL_NEWEST;
    }
    err = find_range(store, read, &after, &before, error);
    if (err)
        return err;
    rows = statement_of(store, which);
    sqlite3_bind_int64(rows, 1, after);
    sqlite3_bind_int64(rows, 2, before);
    if (source)
        sqlite3_bind_int64(rows, 3, source);
    err = read_rows(store, rows, read, ret, error);
    side_finish(rows);
    return err;
}

void log_page_release(struct log_page *page)
{
    for (size_t i = 0; i < page->count; i++)
        log_record_unref(page->records[i]);
    free(page->records);
    *page = (struct log_page){0};
}

/* Trimming. */

uint64_t log_store_bytes(const struct log_store *store)
{
    int64_t pages, free_pages;

    if (side_run(&store->side, LOG_PAGE_COUNT, &pages, NULL) ||
        side_run(&store->side, LOG_FREE_COUNT, &free_pages, NULL))
        return 0;
    return (uint64_t)(pages - free_pages) * store->page_bytes;
}

/* The first id that is to stay, whatever the size. */
static int find_oldest(struct log_store *store, const struct log_bounds *bounds, int64_t *ret,
                       struct error *error)
{
    int64_t ahead;
    int err = find_ahead(store, bounds->from_us, bounds->now_us, &ahead, error);

    *ret = err || ahead == 0 ? bounds->from_us : ahead + 1;
    return err;
}

/* How many records are gone. */
static int trim_once(struct log_store *store, int64_t oldest, uint64_t max_bytes, int *ret,
                     struct error *error)
{
    sqlite3_stmt *statement = statement_of(store, LOG_TRIM_BEFORE);
    int err;

    sqlite3_bind_int64(statement, 1, oldest);
    err = run(store, LOG_TRIM_BEFORE, NULL, error);
    *ret = err ? 0 : sqlite3_changes(store->side.db);
    if (err || *ret > 0 || log_store_bytes(store) <= max_bytes)
        return err;
    err = run(store, LOG_TRIM, NULL, error);
    *ret = err ? 0 : sqlite3_changes(store->side.db);
    return err;
}

int log_store_trim(struct log_store *store, const struct log_bounds *bounds, bool *ret_more,
                   struct error *error)
{
    int removed = TRIM_ROWS;
    int64_t oldest;
    int err = find_oldest(store, bounds, &oldest, error);

    for (int i = 0; i < TRIM_ROUNDS && removed > 0 && !err; i++)
        err = trim_once(store, oldest, bounds->max_bytes, &removed, error);
    *ret_more = !err && removed > 0;
    return err;
}
