/*
 * Stored comparisons as messages: what ListComparisons and GetComparison answer. Store thread.
 */
#ifndef ISOYARD_COMPARISON_READER_H
#define ISOYARD_COMPARISON_READER_H

#include "store/comparison.h"

#include <isoyard/v1/pool.pb-c.h>

struct comparison_summary;

/* A page, with what it points to. */
struct comparison_page {
    Isoyard__V1__ListComparisonsResponse response;
    struct comparison_summary *summaries;
    Isoyard__V1__ComparisonSummary **pointers;
    struct stored_comparison *rows;
    size_t count;   /* of rows; of those the message may have fewer */
    char token[24]; /* the last id of the page */
};

/* Release *ret. E_INVALID: the token is none. */
int comparison_page_read(struct store *store, const Isoyard__V1__ListComparisonsRequest *request,
                         struct comparison_page *ret, struct error *error);
void comparison_page_release(struct comparison_page *page);

/* The report, with its id and time; free with isoyard__v1__comparison__free_unpacked. E_NOT_FOUND,
 * or E_CORRUPT: it cannot be read. */
int comparison_read(struct store *store, uint64_t id, Isoyard__V1__Comparison **ret,
                    struct error *error);

#endif
