/*
 * What tests of switching share: the parts of a server that it takes, on an engine without V8,
 * jobs, and switches. Every failure ends the test.
 */
#ifndef ISOYARD_TESTS_SWITCH_FIXTURE_H
#define ISOYARD_TESTS_SWITCH_FIXTURE_H

#include "pools/crew.h"
#include "server/dispatcher.h"
#include "server/registry.h"
#include "server/switcher.h"

#include <pthread.h>
#include <stdbool.h>

/* The parts; one of each. */
struct parts {
    struct crew *crew;
    struct dispatcher *dispatcher;
    struct registry *registry;
    struct switcher *switcher;
    pthread_mutex_t lock;
    pthread_cond_t changed; /* with everything that tests wait for */
};

extern struct parts parts;

/* Opens them, with two lanes, or closes them and checks that nothing is left. */
void parts_open(const struct pool_ops *ops);
void parts_close(void);
struct pool_config two_lanes(void);

/* A flag of a test's that another thread sets. Waiting for it takes 20 s at the most. */
void parts_await(const bool *flag);
void parts_set(bool *flag);
bool parts_is_set(const bool *flag);

/* A worker that the registry knows, and that was called so often; the tenant is "t". */
void add_worker(const char *name, const char *startup, unsigned calls);
void add_tenants_worker(const char *tenant, const char *name, const char *startup, unsigned calls);

/* A task. */
struct job {
    struct dispatch dispatch;
    bool is_done;   /* guarded by parts.lock */
    unsigned times; /* done was called */
};

/* Returns what dispatcher_submit did. The job is all zeroes at first; the tenant is "t". */
int job_start(struct job *job, const char *worker, const char *program);
int job_start_for(struct job *job, const char *tenant, const char *worker, const char *program);
void job_release(struct job *job);

/* Waits for the answer, of a pool of that architecture, and releases the job. */
void job_expect_answer(struct job *job, enum architecture architecture);
void run_job(const char *worker, enum architecture architecture, bool is_warm);

/* Tenants "a" to "h", with a worker "w" each. */
#define TENANTS 8
void add_tenants(void);

/* A task of each of them: of so many jobs. */
void start_all(struct job *jobs, const char *program);

/* Has a task of the tenant's answered; where it went. */
enum architecture ask_tenant(char tenant);

/* A switch. */
struct asked {
    struct switch_order order;
    struct switch_report report;
    struct error error;
    int err;
    int save_err; /* what saving is to say */
    bool is_saved, is_done;
    unsigned times; /* done was called */
};

struct asked asked_for(const struct pool_ops *ops, uint64_t drain_ms);
void asked_begin(struct asked *asked);
void asked_begin_patiently(struct asked *asked); /* as soon as the last order has ended */
void asked_finish(struct asked *asked, int err); /* waits for that */

#endif
