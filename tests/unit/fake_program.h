/*
 * What the engine without V8 (fake_shim.h) has in an isolate, and the programs that it runs there.
 * The thread that is in the isolate.
 */
#ifndef ISOYARD_TESTS_FAKE_PROGRAM_H
#define ISOYARD_TESTS_FAKE_PROGRAM_H

#include "shim/shim.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

/* A task that an isolate works on; slot 0 is the start-up. */
struct program {
    uint32_t ticket;
    bool is_open;
    char *text; /* owned */
    char *rest; /* the next step */
    char taken[512];
    bool is_awaiting;
    size_t room, to_write; /* of the answer's body */
    bool is_cancelled, awaits_cancel;
    bool is_pulling, reads_all; /* the request's */
    size_t read;
};

struct isolate {
    struct script *script;
    struct isolate_host host;
    struct program *programs;
    unsigned program_count;
    struct op_list ops;
    uint32_t next_timer, next_fetch, next_computation;
    struct {
        uint32_t timer;
        uint32_t ticket;
    } timers[4096]; /* by timer % 4096 */
    bool has_burn_later, has_resume;
    uint64_t last_number;

    atomic_bool is_entered;
    atomic_bool is_terminating;
    atomic_uint platform_tasks;
    pthread_mutex_t lock; /* the Locker */

    uint32_t owner; /* whose program runs */
    struct isolate_samples samples;
    atomic_bool is_sample_asked;
    _Atomic uint64_t last_owner; /* ticket << 32 | count */
    atomic_uint others_count, sample_count;
    atomic_bool is_parked;
};

/* What a step, or the last one of some, has come to. */
enum step_result {
    STEP_ON,
    STEP_PARKED,
    STEP_ENDED,
    STEP_STOPPED,
    STEP_HEAP,
};

/* Begins a program for a task; 0: the start-up. */
struct program *program_open(struct isolate *isolate, uint32_t ticket, const char *text,
                             size_t len);

/* A task's; NULL: it has ended. */
struct program *program_of(struct isolate *isolate, uint32_t ticket);

/* Takes the steps from where it is, as far as it goes. */
enum step_result program_run(struct isolate *isolate, struct program *program);

/* Tells it of its bodies. Whether it goes on. */
bool program_take_change(struct isolate *isolate, struct program *program,
                         const struct body_event *body);

/* Uses CPU time until somebody stops it: at the longest 20 s, so that a test ends. */
void fake_burn(struct isolate *isolate);
void fake_spin_us(uint64_t us);

#endif
