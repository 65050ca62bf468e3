/*
 * An actor's inbox: events that wait for a turn, a ring that grows. Events come back to its front
 * when a turn was cut. Touched by the holder of the actor's lane only.
 */
#ifndef ISOYARD_INBOX_H
#define ISOYARD_INBOX_H

#include "shim/shim.h"

#include <stdint.h>

struct inbox_item {
    enum event_kind kind;
    uint32_t ticket;             /* of the task it is for; 0: nobody's */
    uint32_t id;                 /* of the timer, the subrequest, the computation or the body */
    struct fetch_result *result; /* of EVENT_FETCHED: owned */
    struct body_event *body;     /* of EVENT_BODY: owned */
    struct crypto_job *job;      /* of EVENT_COMPUTED: the same */
};

/* All zeroes is an empty one. */
struct inbox {
    struct inbox_item *items;
    unsigned first, count, capacity;
};

void inbox_push(struct inbox *inbox, struct inbox_item item);
void inbox_push_front(struct inbox *inbox, struct inbox_item item);
struct inbox_item inbox_pop(struct inbox *inbox); /* there must be one */
void inbox_release(struct inbox *inbox);

/* Frees what an item owns. */
void inbox_item_release(struct inbox_item *item);

#endif
