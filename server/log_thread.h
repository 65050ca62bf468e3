/*
 * The log's thread: it alone touches the log's database. Whoever has a record leaves it in a
 * bounded queue and never waits; the thread writes what has gathered there in one transaction,
 * hands it to those who follow the log, and keeps the database within its bounds.
 */
#ifndef ISOYARD_LOG_THREAD_H
#define ISOYARD_LOG_THREAD_H

#include "api/err.h"
#include "server/log_feed.h"
#include "store/log_store.h"

struct log_config {
    char *path;         /* of the database */
    uint64_t max_bytes; /* that it may have */
    uint64_t age_ms;    /* records older than this go; 0: none do for that */
};

/* Bytes of records that wait to be written. */
#define LOG_QUEUE_BYTES ((size_t)4 << 20)

/* A record is written within about this time. */
#define LOG_BATCH_MS 20u

struct log_thread;

/* Embedded in what it is about; the poster sees to it that it lives until run. store: NULL where it
 * is damaged and cannot be put aside, or a new one cannot be opened. */
struct log_job {
    struct log_job *next;
    void (*run)(struct log_job *job, struct log_store *store);
};

/*
 * Opens the database and starts the thread. A database that is damaged is put aside under another
 * name, and a new one made: a log is no reason not to serve. So is one that turns out to be damaged
 * later. Where it cannot be put aside nothing is kept, what comes is counted as dropped, and with
 * what comes next it is tried again. E_INVALID, E_CONDITION, E_IO as log_store_open; E_NOMEM where
 * no thread can be had.
 */
int log_thread_start(const struct log_config *config, struct log_thread **ret, struct error *error);

/* Takes a record, which is written soon, or dropped and counted where there is no room. tenant_key:
 * of its tenant. Any thread; does not wait. */
void log_thread_push(struct log_thread *thread, struct log_record *record, uint64_t tenant_key);

/* Runs a job once all that was pushed before is written. E_BUSY: there are too many; E_CLOSED: the
 * thread stops. Any thread. */
int log_thread_post(struct log_thread *thread, struct log_job *job);

/* Those who follow. */
struct log_feeds *log_thread_feeds(struct log_thread *thread);

struct log_stats {
    uint64_t written; /* records, since the start */
    uint64_t dropped; /* that found no room, or could not be written */
    uint64_t bytes;   /* of the database */
};

/* Any thread; slightly out of date by nature. */
void log_thread_stats(struct log_thread *thread, struct log_stats *ret);

/* Writes what is queued, runs the jobs that are left, closes the database and ends the thread. What
 * is pushed from now on is dropped. A second call returns at once. NULL is fine. */
void log_thread_stop(struct log_thread *thread);

/* After log_thread_stop, when nobody pushes any more. NULL is fine. */
void log_thread_free(struct log_thread *thread);

#endif
