/*
 * Locks that a task can wait on, or what it has asked for: mutexes of POSIX that count.
 *
 * Figures are kept by kind, for all locks of a kind together, since the process's start. The locks
 * of a shared pool have figures of their own, since each pool's begin anew (pools/shared.h).
 *
 * Counting takes one addition to a counter of the thread's own, and, for one acquisition of 16,
 * two readings of the clock. The hold is a histogram that all threads share.
 */
#ifndef ISOYARD_LOCK_H
#define ISOYARD_LOCK_H

#include <pthread.h>
#include <stdint.h>
#include <time.h>

#ifdef __cplusplus
extern "C" {
#endif

/* docs/threads.md says of each what it guards, and who takes it. */
enum lock_kind {
    LOCK_TURN,
    LOCK_CREW,
    LOCK_OFFLOAD,
    LOCK_BODY,
    LOCK_REGISTRY,
    LOCK_CALLS,
    LOCK_ANSWERS,
    LOCK_LOG,
    LOCK_STDERR,
    LOCK_FAILURES,
    LOCK_CODE_CACHE,
    LOCK_CODE_DISK,
    LOCK_WASM_MEMORY,
    LOCK_V8_ISOLATE,
    LOCK_V8_WORKERS,
    LOCK_V8_PLATFORM,
    LOCK_KINDS,
};

/* Not to be copied. */
struct lock {
    pthread_mutex_t mutex;
    enum lock_kind kind;
    uint64_t taken_ns; /* its holder's; 0: this hold is not timed */
};

/* What lock_init makes. */
#define LOCK_INITIALIZER(kind)                                                                     \
    {                                                                                              \
        PTHREAD_MUTEX_INITIALIZER, kind, 0                                                         \
    }

void lock_init(struct lock *lock, enum lock_kind kind);
void lock_destroy(struct lock *lock);

/* As pthread_mutex_lock and pthread_mutex_unlock; it is not recursive. */
void lock_take(struct lock *lock);
void lock_release(struct lock *lock);

/* As pthread_cond_wait, and pthread_cond_timedwait, whose result it returns. That the lock is taken
 * again at the end is counted, but not whether it had to be waited for, which nobody knows. */
void lock_await(struct lock *lock, pthread_cond_t *condition);
int lock_await_until(struct lock *lock, pthread_cond_t *condition, const struct timespec *until);

/* In small letters, with underscores. */
const char *lock_kind_name(enum lock_kind kind);

struct lock_stats;

/* Any thread. ret is some 20 KB: not for the stack. */
void lock_kind_stats(enum lock_kind kind, struct lock_stats *ret);

#ifdef __cplusplus
}
#endif

#endif
