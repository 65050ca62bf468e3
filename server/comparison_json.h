/*
 * Stored comparisons as JSON, for the dashboard. Both wait for the store's thread: the http thread.
 */
#ifndef ISOYARD_COMPARISON_JSON_H
#define ISOYARD_COMPARISON_JSON_H

#include "server/store_thread.h"

#include <jansson.h>

/* A ListComparisonsResponse with the newest ones, or those after a page's token (NULL: from the
 * newest on): a new reference. E_INVALID, E_BUSY, E_CLOSED, or the database's error. */
int comparison_json_list(struct store_thread *thread, const char *token, json_t **ret,
                         struct error *error);

/* A Comparison, of the id in decimal digits: the same; E_NOT_FOUND. */
int comparison_json_read(struct store_thread *thread, const char *id, json_t **ret,
                         struct error *error);

#endif
