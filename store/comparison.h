/*
 * Stored comparisons: reports, which this layer does not look into, with what a list shows of them.
 *
 * Ids are counted from 1 and never used twice. There are at most STORE_COMPARISONS_MAX: one more
 * costs the oldest. Rows do not change.
 */
#ifndef ISOYARD_STORE_COMPARISON_H
#define ISOYARD_STORE_COMPARISON_H

#include "api/bytes.h"
#include "store/store.h"

#define STORE_COMPARISONS_MAX 1000u
#define STORE_TITLE_BYTES_MAX ((size_t)1 << 10)
#define STORE_VERDICT_BYTES_MAX ((size_t)4 << 10)
#define STORE_REPORT_BYTES_MAX ((size_t)4 << 20)

struct stored_comparison {
    uint64_t id;
    int64_t created_us; /* since the Unix epoch */
    bool is_decided;
    char *title, *verdict; /* owned */
    struct buffer report;  /* empty in a list */
};

void stored_comparison_release(struct stored_comparison *comparison);
void stored_comparison_list_free(struct stored_comparison *comparisons, size_t count);

/* What is to be stored; borrowed. */
struct comparison_entry {
    const char *title, *verdict; /* UTF-8 */
    bool is_decided;
    struct bytes report; /* not empty */
};

/* Stores it, and removes what is beyond the bound, in one transaction. Both outputs are set then.
 * E_INVALID: a part is too large, or not UTF-8. Store thread. */
int store_put_comparison(struct store *store, const struct comparison_entry *entry,
                         uint64_t *ret_id, int64_t *ret_created_us, struct error *error);

/* Release *ret. E_NOT_FOUND: there is no such comparison, or no longer. Store thread. */
int store_get_comparison(struct store *store, uint64_t id, struct stored_comparison *ret,
                         struct error *error);

/*
 * Up to limit (and STORE_PAGE_MAX) comparisons with ids below `before` (0: from the newest), the
 * newest first, without their reports. *ret is an array to free with stored_comparison_list_free;
 * *ret_more: whether there are further ones. Store thread.
 */
int store_list_comparisons(struct store *store, uint64_t before, size_t limit,
                           struct stored_comparison **ret, size_t *ret_count, bool *ret_more,
                           struct error *error);

#endif
