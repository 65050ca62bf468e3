/*
 * A crew and a pool for tests, and tasks that can be waited for.
 */
#ifndef ISOYARD_TESTS_POOL_FIXTURE_H
#define ISOYARD_TESTS_POOL_FIXTURE_H

#include "pools/crew.h"
#include "pools/pool.h"

#include <pthread.h>
#include <stdbool.h>

struct fixture {
    struct crew_config crew_config;
    struct pool_config config;
    struct crew *crew;
    struct pool *pool;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    unsigned ended;          /* tasks, guarded by lock */
    unsigned console;        /* lines, guarded by lock, as the rest: */
    unsigned ends;           /* that the pool's log was told of ... */
    unsigned cut_off;        /* ... and of them those after an answer */
    unsigned body_ends;      /* ... and those of answers that streamed */
    int last_reason;         /* of an end: enum failure_reason; 0: it went well */
    uint64_t last_execution; /* of a line, or an end */
};

struct call {
    struct task task;
    struct fixture *fixture;
    bool is_ended;  /* guarded by fixture->lock */
    unsigned end;   /* how many had ended with this one */
    unsigned times; /* done was called */
};

/* The defaults, for one lane; a test may change them before fixture_open. */
void fixture_init(struct fixture *f);
void fixture_open(struct fixture *f, const struct pool_ops *ops);
void fixture_close(struct fixture *f); /* checks that nothing is left */

/* A worker whose start-up is the program. Free with script_unref. */
struct script *fixture_worker(const char *tenant, const char *name, const char *startup,
                              const struct limits *limits);

/* Submits a request with the program and returns what pool_submit returned. The script's reference
 * is borrowed. */
int call_start(struct call *call, struct fixture *f, struct script *script, const char *program);
int call_start_numbered(struct call *call, struct fixture *f, struct script *script,
                        const char *program, unsigned long number);
/* The same with a request of the caller's, which the call takes. */
int call_start_request(struct call *call, struct fixture *f, struct script *script,
                       struct request *request);
int call_check(struct call *call, struct fixture *f, struct script *script);
int call_warm(struct call *call, struct fixture *f, struct script *script);

/* Waits until done; aborts after 20 s. */
void call_wait(struct call *call);
bool call_has_ended(struct call *call);

/* The body of the answer, or "": until the call is freed. */
const char *call_body(struct call *call);
void call_release(struct call *call);

/* Starts, waits, and checks that the outcome is an answer with that body. */
void call_expect(struct fixture *f, struct script *script, const char *program, const char *body);

#endif
