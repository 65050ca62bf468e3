/*
 * What pools tell of workers (pool_log), made into records of the log, and into lines on stderr.
 */
#ifndef ISOYARD_LOG_RECORDER_H
#define ISOYARD_LOG_RECORDER_H

#include "pools/pool.h"

struct failures;
struct log_thread;

/* Which executions' ends are kept. */
enum kept_ends {
    KEPT_FAILURES,
    KEPT_ALL,
    KEPT_NONE,
};

/* Immutable while pools are open. */
struct log_recorder {
    struct log_thread *thread; /* NULL: no log is kept */
    bool is_on_stderr;         /* console lines go there, too */
    enum kept_ends ends;
    struct failures *failures; /* those of requests are kept there, too; NULL: they are not */
};

/* The functions of a pool's log, for such a recorder, which must outlive the pool. */
struct pool_log log_recorder_pool_log(struct log_recorder *recorder);

#endif
