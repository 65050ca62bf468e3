/* What the last switch of pools chose. */
#include "store/query.h"
#include "store/result.h"
#include "store/store.h"
#include "store/transaction.h"

#include <stdio.h>

static int insert(struct store *store, const struct pool_setting *setting, struct error *error)
{
    struct query q;

    query_init(&q, store, STATEMENT_CHOICE_INSERT);
    query_bind_text(&q, setting->name);
    query_bind_text(&q, setting->value);
    return query_run(&q, error);
}

static int replace(struct store *store, const struct pool_choice *choice, struct error *error)
{
    struct query q;
    int err;

    query_init(&q, store, STATEMENT_CHOICE_CLEAR);
    err = query_run(&q, error);
    for (size_t i = 0; i < choice->count && !err; i++)
        err = insert(store, &choice->settings[i], error);
    return err;
}

int store_put_pool_choice(struct store *store, const struct pool_choice *choice,
                          struct error *error)
{
    int err = transaction_begin(store, error);

    if (err)
        return err;
    return transaction_end(store, replace(store, choice, error), error);
}

static bool copy(char *ret, size_t size, const char *text)
{
    return snprintf(ret, size, "%s", text) < (int)size;
}

static int read_row(const struct query *q, struct pool_choice *ret, struct error *error)
{
    struct pool_setting *setting = &ret->settings[ret->count];

    if (ret->count < POOL_CHOICE_MAX &&
        copy(setting->name, sizeof(setting->name), query_text(q, 0)) &&
        copy(setting->value, sizeof(setting->value), query_text(q, 1))) {
        ret->count++;
        return 0;
    }
    return result_error(q->store->db, SQLITE_CORRUPT, error);
}

int store_get_pool_choice(struct store *store, struct pool_choice *ret, struct error *error)
{
    struct pool_choice choice = {0};
    struct query q;
    int more, err = 0;

    query_init(&q, store, STATEMENT_CHOICE_LIST);
    while (!err && (more = query_next(&q, error)) != 0)
        err = more < 0 ? more : read_row(&q, &choice, error);
    query_release(&q);
    if (!err)
        *ret = choice;
    return err;
}
