/*
 * The fair hand-off: who of those that many threads want to play is played next, and by whom not.
 *
 * An entry is *idle*, *queued* (it has something to do, and nobody plays it) or *claimed* (somebody
 * does). Entries are claimed in the order in which they were queued; whoever has more to do when it
 * is released goes to the end, so that each of n queued entries is played once before one is played
 * twice.
 *
 * The queue knows nothing of what its entries stand for. Its owner's lock guards it. All operations
 * take constant time.
 */
#ifndef ISOYARD_FAIR_QUEUE_H
#define ISOYARD_FAIR_QUEUE_H

#include <stdbool.h>
#include <stdint.h>

enum fair_state {
    FAIR_IDLE,
    FAIR_QUEUED,
    FAIR_CLAIMED,
};

/* In whatever is queued; all zeroes is an idle one. */
struct fair_entry {
    struct fair_entry *prev, *next;
    enum fair_state state;
    uint64_t queued_ns; /* since when; FAIR_QUEUED */
};

/* All zeroes is an empty one. */
struct fair_queue {
    struct fair_entry *first; /* utlist's DL */
};

/* It has something to do: to the end. False where it is queued already, and keeps its place, or
 * claimed: who has claimed it looks by itself. */
bool fair_queue_add(struct fair_queue *queue, struct fair_entry *entry, uint64_t now_ns);

/* The one that was queued first, or NULL. */
struct fair_entry *fair_queue_first(const struct fair_queue *queue);

/* Claims an entry that nobody has claimed; whether it was queued. */
bool fair_queue_claim(struct fair_queue *queue, struct fair_entry *entry);

/* Ends a claim: idle. */
void fair_queue_release(struct fair_entry *entry);

#endif
