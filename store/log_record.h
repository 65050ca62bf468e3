/*
 * A record of the log: a line that a worker wrote to its console, or how an execution ended.
 * Immutable once it has an id, reference-counted, shared by the thread that keeps the log and those
 * who follow it.
 */
#ifndef ISOYARD_STORE_LOG_RECORD_H
#define ISOYARD_STORE_LOG_RECORD_H

#include "api/atomic.h"
#include "api/bytes.h"
#include "api/log.h"
#include "api/script.h"

#include <stdbool.h>
#include <stdint.h>

/* The numbers of these two are LogKind's and LogOutcome's of log.proto, and stand in the database.
 */
enum record_kind {
    RECORD_CONSOLE = 1,
    RECORD_EXECUTION = 2,
};

enum record_outcome {
    RECORD_NO_OUTCOME = 0, /* of a console line */
    RECORD_SUCCEEDED = 1,
    RECORD_FAILED = 2,    /* by the worker's own code */
    RECORD_LIMIT = 3,     /* at a limit */
    RECORD_CANCELLED = 4, /* its caller went away */
    RECORD_SERVER = 5,    /* for what the worker has no part in */
};

/* What a record is of; borrowed. */
struct record_head {
    const char *tenant, *worker;
    uint32_t version;
    enum record_kind kind;
    enum log_level level;
    enum record_outcome outcome;
    uint64_t execution; /* 0: nobody's */
};

struct log_record {
    atomic_uint refs;
    struct log_record *next; /* whoever has it in a list */
    int64_t id;              /* greater than those of all records before it */
    int64_t time_us;         /* when it came, since 1970: the id, or before it (log_queue.h) */
    uint64_t execution;
    uint32_t version;
    uint8_t kind, level, outcome;
    char tenant[SCRIPT_NAME_MAX + 1];
    char worker[SCRIPT_NAME_MAX + 1];
    uint32_t text_len, detail_len;
    char data[]; /* the text and a NUL, then the detail, which nobody here looks into */
};

/* One reference; the names must be valid. A NUL in the text becomes SUB (U+001A). Any thread. */
struct log_record *log_record_new(const struct record_head *head, struct bytes text,
                                  struct bytes detail);
struct log_record *log_record_ref(struct log_record *record);
void log_record_unref(struct log_record *record); /* NULL is fine */

static inline struct bytes log_record_text(const struct log_record *record)
{
    return (struct bytes){record->data, record->text_len};
}

static inline struct bytes log_record_detail(const struct log_record *record)
{
    return (struct bytes){record->data + record->text_len + 1, record->detail_len};
}

/* Bytes of memory that it takes. */
static inline size_t log_record_bytes(const struct log_record *record)
{
    return sizeof(*record) + record->text_len + 1 + record->detail_len;
}

/* Which records are meant; all zeroes but for the tenant: all of the tenant's. */
struct log_filter {
    char tenant[SCRIPT_NAME_MAX + 1];
    char worker[SCRIPT_NAME_MAX + 1]; /* "": any */
    uint32_t version;                 /* 0: any */
    enum log_level level;             /* and those above it */
    unsigned outcomes;                /* bits 1 << enum record_outcome; 0: any, console lines too */
    uint64_t execution;               /* 0: any */
    struct bytes text;                /* that it has in it; len 0: any */
    int64_t from_us, until_us; /* times, the first included, the second not; until_us 0: no end */
};

/* Any thread. */
bool log_filter_matches(const struct log_filter *filter, const struct log_record *record);

#endif
