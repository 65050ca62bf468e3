/*
 * Who may still come in, and how many are inside: what lets the server drain.
 *
 * A call that asks for work enters before anything is done for it and leaves when its answer is on
 * the way. Once closed, nobody enters; admission_wait tells when the last has left.
 */
#ifndef ISOYARD_ADMISSION_H
#define ISOYARD_ADMISSION_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct admission {
    atomic_size_t state;    /* twice the number inside, plus one where closed */
    pthread_mutex_t lock;   /* a leaf: for sleeping only */
    pthread_cond_t changed; /* signalled when the last one leaves a closed admission */
};

void admission_init(struct admission *a);
void admission_release(struct admission *a);

/* False where closed. Any thread. */
bool admission_enter(struct admission *a);

/* Once for each entering. Any thread. */
void admission_leave(struct admission *a);

/* From now on nobody enters. Any thread. */
void admission_close(struct admission *a);

bool admission_is_closed(const struct admission *a);

/* How many are inside. Any thread. */
size_t admission_count(const struct admission *a);

/* Waits until nobody is inside a closed admission, at most timeout_ms; returns how many are. */
size_t admission_wait(struct admission *a, uint64_t timeout_ms);

#endif
