/* Versions: storing, listing. */
#include "store/store.h"

#include "api/utf8.h"
#include "store/query.h"
#include "store/transaction.h"
#include "store/worker.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

void version_info_release(struct version_info *version)
{
    for (size_t i = 0; i < version->file_count; i++)
        free(version->file_names[i]);
    free(version->file_names);
    free(version->message);
    *version = (struct version_info){0};
}

void version_list_free(struct version_info *versions, size_t count)
{
    for (size_t i = 0; i < count; i++)
        version_info_release(&versions[i]);
    free(versions);
}

static int check_input(const struct script *script, const char *message, struct error *error)
{
    int err = script_check_name(script->tenant, "tenant", error);

    if (!err)
        err = script_check_name(script->worker, "worker", error);
    if (err)
        return err;
    if (strlen(message) > SCRIPT_MESSAGE_MAX)
        return error_set(error, E_INVALID, "message", "the message is longer than %d bytes",
                         SCRIPT_MESSAGE_MAX);
    if (!utf8_is_valid(message, strlen(message)))
        return error_set(error, E_INVALID, "message", "the message is not UTF-8");
    return 0;
}

static int insert_version(struct store *store, int64_t worker_id, const struct script *script,
                          const struct version_info *info, int64_t *ret_id, struct error *error)
{
    struct query q;
    int err;

    query_init(&q, store, STATEMENT_VERSION_INSERT);
    query_bind_number(&q, worker_id);
    query_bind_number(&q, info->number);
    query_bind_blob(&q, script->sha256, sizeof(script->sha256));
    query_bind_number(&q, (int64_t)script->size_bytes);
    query_bind_number(&q, info->created_us);
    query_bind_text(&q, info->message);
    query_bind_number(&q, info->max_tasks);
    query_bind_number(&q, info->allows_eval);
    err = query_run(&q, error);
    if (!err)
        *ret_id = sqlite3_last_insert_rowid(store->db);
    return err;
}

static int insert_file(struct store *store, int64_t version_id, size_t position,
                       const struct script_file *file, struct error *error)
{
    struct query q;

    query_init(&q, store, STATEMENT_FILE_INSERT);
    query_bind_number(&q, version_id);
    query_bind_number(&q, (int64_t)position);
    query_bind_text(&q, file->name);
    query_bind_number(&q, file->kind);
    query_bind_blob(&q, file->content, file->size);
    return query_run(&q, error);
}

static int insert_files(struct store *store, int64_t version_id, const struct script *script,
                        struct error *error)
{
    for (size_t i = 0; i < script->file_count; i++) {
        int err = insert_file(store, version_id, i, &script->files[i], error);

        if (err)
            return err;
    }
    return 0;
}

/* Gives the version its number. In a transaction. */
static int put(struct store *store, const struct script *script, struct version_info *info,
               struct error *error)
{
    struct worker_row worker;
    int64_t id;
    int err =
        worker_find_or_add(store, script->tenant, script->worker, info->created_us, &worker, error);

    if (err)
        return err;
    if (worker.info.latest_version == UINT32_MAX)
        return error_set(error, E_CONDITION, "worker",
                         "worker '%s' has used up its version numbers: delete it, or deploy under "
                         "another name",
                         script->worker);
    info->number = worker.info.latest_version + 1;
    err = insert_version(store, worker.id, script, info, &id, error);
    if (!err)
        err = insert_files(store, id, script, error);
    if (!err)
        err = worker_set_latest(store, worker.id, info->number, info->created_us, error);
    if (!err && info->is_active)
        err = worker_set_active(store, worker.id, info->number, info->created_us, error);
    return err;
}

static void copy_names(struct version_info *ret, const struct script *script)
{
    ret->file_count = script->file_count;
    ret->file_names = xcalloc(script->file_count, sizeof(ret->file_names[0]));
    for (size_t i = 0; i < script->file_count; i++)
        ret->file_names[i] = xstrdup(script->files[i].name);
}

int store_put_version(struct store *store, const struct script *script, const char *message,
                      bool activate, struct version_info *ret, struct error *error)
{
    struct version_info info = {.is_active = activate};
    int err = check_input(script, message, error);

    assert(script->file_count > 0 && script->files[0].name);
    if (!err)
        err = transaction_begin(store, error);
    if (err)
        return err;
    info.created_us = worker_now_us();
    info.size_bytes = script->size_bytes;
    info.max_tasks = script->max_tasks;
    info.allows_eval = script->allows_eval;
    info.message = xstrdup(message);
    memcpy(info.sha256, script->sha256, sizeof(info.sha256));
    copy_names(&info, script);
    err = transaction_end(store, put(store, script, &info, error), error);
    if (err)
        version_info_release(&info);
    else
        *ret = info;
    return err;
}

static int read_names(struct store *store, int64_t version_id, struct version_info *ret,
                      struct error *error)
{
    struct buffer names = {0};
    struct query q;
    int more;

    query_init(&q, store, STATEMENT_FILE_NAMES);
    query_bind_number(&q, version_id);
    while ((more = query_next(&q, error)) > 0) {
        char *name = xstrdup(query_text(&q, 0));

        buffer_append(&names, &name, sizeof(name));
        ret->file_count++;
    }
    query_release(&q);
    ret->file_names = (char **)names.data;
    return more;
}

/* From the row that q stands at. Release *ret after success and failure alike. */
static int read_version(const struct query *q, uint32_t active, struct version_info *ret,
                        struct error *error)
{
    struct bytes sha256 = query_blob(q, 2);

    *ret = (struct version_info){
        .number = (uint32_t)query_number(q, 1),
        .size_bytes = (uint64_t)query_number(q, 3),
        .created_us = query_number(q, 4),
        .message = xstrdup(query_text(q, 5)),
        .max_tasks = (uint32_t)query_number(q, 6),
        .allows_eval = query_number(q, 7) != 0,
    };
    ret->is_active = ret->number == active;
    if (sha256.len == sizeof(ret->sha256))
        memcpy(ret->sha256, sha256.data, sizeof(ret->sha256));
    return read_names(q->store, query_number(q, 0), ret, error);
}

static int list_versions(struct query *q, uint32_t active, size_t limit, struct buffer *list,
                         size_t *ret_count, struct error *error)
{
    size_t count = 0;
    int more;

    while ((more = query_next(q, error)) > 0 && count < limit) {
        struct version_info version;
        int err = read_version(q, active, &version, error);

        buffer_append(list, &version, sizeof(version));
        count++;
        if (err) {
            more = err;
            break;
        }
    }
    *ret_count = count;
    return more;
}

int store_list_versions(struct store *store, const char *tenant, const char *worker,
                        uint32_t before, size_t limit, struct version_info **ret, size_t *ret_count,
                        bool *ret_more, struct error *error)
{
    struct buffer list = {0};
    struct worker_row row;
    struct query q;
    size_t count;
    int more = worker_find(store, tenant, worker, &row, error);

    if (more)
        return more;
    if (limit > STORE_PAGE_MAX)
        limit = STORE_PAGE_MAX;
    query_init(&q, store, STATEMENT_VERSION_LIST);
    query_bind_number(&q, row.id);
    query_bind_number(&q, before ? before : INT64_MAX);
    query_bind_number(&q, (int64_t)limit + 1);
    more = list_versions(&q, row.info.active_version, limit, &list, &count, error);
    query_release(&q);
    if (more < 0) {
        version_list_free((struct version_info *)list.data, count);
        return more;
    }
    *ret = (struct version_info *)list.data;
    *ret_count = count;
    *ret_more = more > 0;
    return 0;
}
