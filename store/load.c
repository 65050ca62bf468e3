/* Reading versions back, and making sure that they are what was stored. */
#include "store/store.h"

#include "store/query.h"
#include "store/worker.h"

#include <stdio.h>
#include <string.h>

/* What says which version to load, and how to know it again. */
struct version_key {
    int64_t id;
    uint32_t number;
    char tenant[SCRIPT_NAME_MAX + 1];
    char worker[SCRIPT_NAME_MAX + 1];
    unsigned char sha256[SCRIPT_SHA256_BYTES];
    uint32_t max_tasks;
    bool allows_eval;
};

static int refuse(const struct version_key *key, const char *why, struct error *error)
{
    return error_set(error, E_CORRUPT, "",
                     "version %u of worker '%s' of tenant '%s' is damaged in the database: %s; "
                     "activate another version, or deploy it again",
                     key->number, key->worker, key->tenant, why);
}

static int count_files(struct store *store, const struct version_key *key, size_t *ret,
                       struct error *error)
{
    struct query q;
    int64_t count;
    int err;

    query_init(&q, store, STATEMENT_FILE_COUNT);
    query_bind_number(&q, key->id);
    err = query_run_number(&q, &count, error);
    if (err)
        return err;
    if (count == 0 || count > SCRIPT_FILES_MAX)
        return refuse(key, "its files are missing", error);
    *ret = (size_t)count;
    return 0;
}

static int read_file(const struct query *q, struct script *script, size_t index,
                     struct error *error)
{
    struct bytes content = query_blob(q, 2);
    enum file_kind kind = (enum file_kind)query_number(q, 1);

    if (script_set_file(script, index, query_text(q, 0), kind, content.data, content.len))
        return error_set(error, E_NOMEM, "", "no memory for a file of %zu bytes", content.len);
    return 0;
}

/* The script has room for as many files as there are. */
static int read_files(struct store *store, const struct version_key *key, struct script *script,
                      struct error *error)
{
    struct query q;
    int err = 0;

    query_init(&q, store, STATEMENT_FILE_LIST);
    query_bind_number(&q, key->id);
    for (size_t i = 0; !err && i < script->file_count; i++) {
        int more = query_next(&q, error);

        err = more < 0 ? more : read_file(&q, script, i, error);
    }
    query_release(&q);
    return err;
}

static int seal(const struct version_key *key, struct script *script, struct error *error)
{
    struct error why;

    if (script_seal(script, &why))
        return refuse(key, why.message, error);
    if (memcmp(script->sha256, key->sha256, sizeof(key->sha256)) != 0)
        return refuse(key, "its files do not have the SHA-256 they were stored with", error);
    return 0;
}

static int load(struct store *store, const struct version_key *key, const struct limits *limits,
                struct script **ret, struct error *error)
{
    struct script *script;
    size_t file_count = 0;
    int err = count_files(store, key, &file_count, error);

    if (err)
        return err;
    script = script_new(key->tenant, key->worker, file_count, limits);
    err = read_files(store, key, script, error);
    if (!err)
        err = seal(key, script, error);
    if (err) {
        script_unref(script);
        return err;
    }
    script->version = key->number;
    script_set_max_tasks(script, key->max_tasks);
    script->allows_eval = key->allows_eval;
    *ret = script;
    return 0;
}

static void set_hash(struct version_key *key, struct bytes sha256)
{
    if (sha256.len == sizeof(key->sha256)) /* otherwise it matches nothing */
        memcpy(key->sha256, sha256.data, sizeof(key->sha256));
}

/* Leaves tenant and worker empty. */
static int find_version(struct store *store, int64_t worker_id, uint32_t version,
                        struct version_key *ret, struct error *error)
{
    struct query q;
    int more;

    *ret = (struct version_key){.number = version};
    query_init(&q, store, STATEMENT_VERSION_FIND);
    query_bind_number(&q, worker_id);
    query_bind_number(&q, version);
    more = query_next(&q, error);
    if (more > 0) {
        ret->id = query_number(&q, 0);
        set_hash(ret, query_blob(&q, 2));
        ret->max_tasks = (uint32_t)query_number(&q, 6);
        ret->allows_eval = query_number(&q, 7) != 0;
    }
    query_release(&q);
    return more;
}

int store_load_version(struct store *store, const char *tenant, const char *worker,
                       uint32_t version, const struct limits *limits, struct script **ret,
                       struct error *error)
{
    struct worker_row row;
    struct version_key key;
    int more = worker_find(store, tenant, worker, &row, error);

    if (more)
        return more;
    more = find_version(store, row.id, version, &key, error);
    if (more < 0)
        return more;
    if (more == 0)
        return error_set(error, E_NOT_FOUND, "version", "worker '%s' has no version %u",
                         row.info.name, version);
    snprintf(key.tenant, sizeof(key.tenant), "%s", row.info.tenant);
    snprintf(key.worker, sizeof(key.worker), "%s", row.info.name);
    return load(store, &key, limits, ret, error);
}

/* A worker without an active version has the number 0. */
static void read_active(const struct query *q, struct version_key *ret)
{
    *ret = (struct version_key){.id = query_number(q, 2), .number = (uint32_t)query_number(q, 3)};
    snprintf(ret->tenant, sizeof(ret->tenant), "%s", query_text(q, 0));
    snprintf(ret->worker, sizeof(ret->worker), "%s", query_text(q, 1));
    set_hash(ret, query_blob(q, 4));
    ret->max_tasks = (uint32_t)query_number(q, 5);
    ret->allows_eval = query_number(q, 6) != 0;
}

static int visit(struct store *store, const struct version_key *key, const struct limits *limits,
                 const struct worker_visitor *visitor, struct error *error)
{
    struct script *script;
    int err;

    if (key->number == 0) {
        visitor->inactive(visitor->arg, key->tenant, key->worker);
        return 0;
    }
    err = load(store, key, limits, &script, error);
    if (err == E_CORRUPT) {
        visitor->damaged(visitor->arg, key->tenant, key->worker, error);
        return 0;
    }
    if (!err)
        visitor->active(visitor->arg, script);
    return err;
}

int store_each_worker(struct store *store, const struct limits *limits,
                      const struct worker_visitor *visitor, struct error *error)
{
    struct error local;
    struct query q;
    int more;

    if (!error)
        error = &local;
    query_init(&q, store, STATEMENT_WORKER_LIST_ACTIVE);
    while ((more = query_next(&q, error)) > 0) {
        struct version_key key;
        int err;

        read_active(&q, &key);
        err = visit(store, &key, limits, visitor, error);
        if (err) {
            more = err;
            break;
        }
    }
    query_release(&q);
    return more;
}
