/*
 * The workers that used most, as a message. It points into itself, and into the list that it was
 * made of: both stay where they are.
 */
#ifndef ISOYARD_TOP_MESSAGE_H
#define ISOYARD_TOP_MESSAGE_H

#include "pools/top.h"

#include <isoyard/v1/pool.pb-c.h>
#include <stddef.h>

/* Workers in a message, of TOP_ENTRIES. */
#define TOP_MESSAGE_WORKERS 10

struct top_message {
    size_t count;
    Isoyard__V1__WorkerUse *pointers[TOP_MESSAGE_WORKERS];
    Isoyard__V1__WorkerUse uses[TOP_MESSAGE_WORKERS];
};

/* The first ones of the list. Any thread. */
void top_message_init(struct top_message *ret, const struct top_list *list);

#endif
