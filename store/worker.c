/* Workers: finding, listing, activating, deleting. */
#include "store/worker.h"

#include "api/clock.h"
#include "store/query.h"
#include "store/transaction.h"

#include <stdio.h>

int64_t worker_now_us(void)
{
    return (int64_t)(clock_read_ns(CLOCK_REALTIME) / NS_PER_US);
}

static void read_row(const struct query *q, struct worker_row *ret)
{
    struct worker_info *info = &ret->info;

    *ret = (struct worker_row){.id = query_number(q, 0)};
    snprintf(info->tenant, sizeof(info->tenant), "%s", query_text(q, 1));
    snprintf(info->name, sizeof(info->name), "%s", query_text(q, 2));
    info->active_version = (uint32_t)query_number(q, 3);
    info->latest_version = (uint32_t)query_number(q, 4);
    info->created_us = query_number(q, 5);
    info->updated_us = query_number(q, 6);
}

int worker_find(struct store *store, const char *tenant, const char *name, struct worker_row *ret,
                struct error *error)
{
    struct query q;
    int more;

    query_init(&q, store, STATEMENT_WORKER_FIND);
    query_bind_text(&q, tenant);
    query_bind_text(&q, name);
    more = query_next(&q, error);
    if (more > 0)
        read_row(&q, ret);
    query_release(&q);
    if (more < 0)
        return more;
    if (more == 0)
        return error_set(error, E_NOT_FOUND, "worker", "tenant '%.63s' has no worker '%.63s'",
                         tenant, name);
    return 0;
}

static int add(struct store *store, const char *tenant, const char *name, int64_t now_us,
               struct error *error)
{
    struct query q;

    query_init(&q, store, STATEMENT_WORKER_INSERT);
    query_bind_text(&q, tenant);
    query_bind_text(&q, name);
    query_bind_number(&q, now_us);
    return query_run(&q, error);
}

int worker_find_or_add(struct store *store, const char *tenant, const char *name, int64_t now_us,
                       struct worker_row *ret, struct error *error)
{
    int err = worker_find(store, tenant, name, ret, error);

    if (err != E_NOT_FOUND)
        return err;
    err = add(store, tenant, name, now_us, error);
    if (err)
        return err;
    return worker_find(store, tenant, name, ret, error);
}

static int set_version(struct store *store, enum statement statement, int64_t id, uint32_t version,
                       int64_t now_us, struct error *error)
{
    struct query q;

    query_init(&q, store, statement);
    query_bind_number(&q, id);
    query_bind_number(&q, version);
    query_bind_number(&q, now_us);
    return query_run(&q, error);
}

int worker_set_latest(struct store *store, int64_t id, uint32_t version, int64_t now_us,
                      struct error *error)
{
    return set_version(store, STATEMENT_WORKER_SET_LATEST, id, version, now_us, error);
}

int worker_set_active(struct store *store, int64_t id, uint32_t version, int64_t now_us,
                      struct error *error)
{
    return set_version(store, STATEMENT_WORKER_SET_ACTIVE, id, version, now_us, error);
}

int store_get_worker(struct store *store, const char *tenant, const char *worker,
                     struct worker_info *ret, struct error *error)
{
    struct worker_row row;
    int err = worker_find(store, tenant, worker, &row, error);

    if (!err)
        *ret = row.info;
    return err;
}

int store_list_workers(struct store *store, const char *tenant, const char *after, size_t limit,
                       struct worker_info **ret, size_t *ret_count, bool *ret_more,
                       struct error *error)
{
    struct buffer list = {0};
    size_t count = 0;
    struct query q;
    int more;

    if (limit > STORE_PAGE_MAX)
        limit = STORE_PAGE_MAX;
    query_init(&q, store, STATEMENT_WORKER_LIST);
    query_bind_text(&q, tenant);
    query_bind_text(&q, after);
    query_bind_number(&q, (int64_t)limit + 1);
    while ((more = query_next(&q, error)) > 0 && count < limit) {
        struct worker_row row;

        read_row(&q, &row);
        buffer_append(&list, &row.info, sizeof(row.info));
        count++;
    }
    query_release(&q);
    if (more < 0) {
        buffer_release(&list);
        return more;
    }
    *ret = (struct worker_info *)list.data;
    *ret_count = count;
    *ret_more = more > 0;
    return 0;
}

static int check_version_exists(struct store *store, const struct worker_row *worker,
                                uint32_t version, struct error *error)
{
    struct query q;
    int more;

    query_init(&q, store, STATEMENT_VERSION_FIND);
    query_bind_number(&q, worker->id);
    query_bind_number(&q, version);
    more = query_next(&q, error);
    query_release(&q);
    if (more < 0)
        return more;
    if (more == 0)
        return error_set(error, E_NOT_FOUND, "version", "worker '%s' has no version %u",
                         worker->info.name, version);
    return 0;
}

static int activate(struct store *store, struct worker_row *worker, uint32_t version,
                    struct error *error)
{
    int64_t now_us = worker_now_us();
    int err = check_version_exists(store, worker, version, error);

    if (!err)
        err = worker_set_active(store, worker->id, version, now_us, error);
    if (!err) {
        worker->info.active_version = version;
        worker->info.updated_us = now_us;
    }
    return err;
}

int store_activate(struct store *store, const char *tenant, const char *worker, uint32_t version,
                   struct worker_info *ret, uint32_t *ret_previous, struct error *error)
{
    struct worker_row row;
    uint32_t previous = 0;
    int err = transaction_begin(store, error);

    if (err)
        return err;
    err = worker_find(store, tenant, worker, &row, error);
    if (!err) {
        previous = row.info.active_version;
        err = activate(store, &row, version, error);
    }
    err = transaction_end(store, err, error);
    if (err)
        return err;
    *ret = row.info;
    *ret_previous = previous;
    return 0;
}

/* Foreign keys take the versions and their files along. */
static int delete_with_versions(struct store *store, int64_t id, int64_t *ret_versions,
                                struct error *error)
{
    struct query q;
    int err;

    query_init(&q, store, STATEMENT_VERSION_COUNT);
    query_bind_number(&q, id);
    err = query_run_number(&q, ret_versions, error);
    if (err)
        return err;
    query_init(&q, store, STATEMENT_WORKER_DELETE);
    query_bind_number(&q, id);
    return query_run(&q, error);
}

int store_delete_worker(struct store *store, const char *tenant, const char *worker,
                        uint32_t *ret_versions, struct error *error)
{
    struct worker_row row;
    int64_t versions = 0;
    int err = transaction_begin(store, error);

    if (err)
        return err;
    err = worker_find(store, tenant, worker, &row, error);
    if (!err)
        err = delete_with_versions(store, row.id, &versions, error);
    err = transaction_end(store, err, error);
    if (!err)
        *ret_versions = (uint32_t)versions;
    return err;
}
