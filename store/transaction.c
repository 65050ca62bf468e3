/* Begin, commit, roll back. */
#include "store/transaction.h"

#include "store/query.h"

static int run(struct store *store, enum statement statement, struct error *error)
{
    struct query q;

    query_init(&q, store, statement);
    return query_run(&q, error);
}

int transaction_begin(struct store *store, struct error *error)
{
    return run(store, STATEMENT_BEGIN, error);
}

int transaction_end(struct store *store, int err, struct error *error)
{
    if (!err)
        err = run(store, STATEMENT_COMMIT, error);
    /* Some failures (a full disk, no memory) have rolled back already. */
    if (err && !sqlite3_get_autocommit(store->db))
        run(store, STATEMENT_ROLLBACK, NULL);
    return err;
}
