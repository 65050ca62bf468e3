/*
 * What the shim's test programs share: the engine, one worker in one isolate, and turns of one
 * event each. A program tests one behaviour and leaves with 0; what fails is said on stderr, and
 * the program aborts.
 */
#ifndef ISOYARD_TESTS_SHIM_TEST_H
#define ISOYARD_TESTS_SHIM_TEST_H

#include "shim/shim.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifdef __cplusplus
extern "C" {
#endif

#define expect(condition)                                                                          \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            fprintf(stderr, "%s:%d: expected %s\n", __FILE__, __LINE__, #condition);               \
            abort();                                                                               \
        }                                                                                          \
    } while (0)

#define expect_text(actual, wanted)                                                                \
    do {                                                                                           \
        const char *actual_ = (actual), *wanted_ = (wanted);                                       \
        if (strcmp(actual_, wanted_) != 0) {                                                       \
            fprintf(stderr, "%s:%d: got '%s', expected '%s'\n", __FILE__, __LINE__, actual_,       \
                    wanted_);                                                                      \
            abort();                                                                               \
        }                                                                                          \
    } while (0)

/* The name's ending says of what kind it is. */
struct file {
    const char *name;
    const char *content; /* of ".wasm" and ".bin": the bytes in hexadecimal, with spaces as you like */
};

struct worker {
    struct script *script;
    struct isolate *isolate;
    struct event_result result; /* of the last event */
    struct op *ops;             /* of the last events, in order; all that are not taken out */
    uint32_t next_slot;
    unsigned platform_tasks; /* that V8 has announced and are not delivered */
};

/* Starts V8. First of all. */
void shim_start(void);

/* A worker of one or more files (a NULL name ends them), its isolate opened, nothing run. A main
 * file that ends in ".cjs" is a classic script. */
struct worker *worker_new(const struct limits *limits, const struct file *files);
struct worker *worker_new_module(const char *source);
void worker_free(struct worker *worker);

/* Delivers one event in a turn of its own. */
void worker_deliver(struct worker *worker, const struct event *event);

/* Evaluates the modules; expects that they are loaded. */
void worker_load(struct worker *worker);

/* worker_new_module and worker_load. */
struct worker *worker_loaded(const char *source);

/* Delivers a request (body NULL: none) and returns its ticket. */
uint32_t worker_fetch(struct worker *worker, const char *method, const char *url,
                      const char *headers, const char *body);

/* Delivers a point in time, or a task with JSON text as its payload, and returns its ticket. */
uint32_t worker_schedule(struct worker *worker, int64_t scheduled_ms, const char *cron);
uint32_t worker_task(struct worker *worker, const char *json, uint32_t attempt);

/* Gives a task up. */
void worker_end(struct worker *worker, uint32_t ticket);

/* Fires the one timer that was started, and returns its delay in ms. */
uint32_t worker_fire_timer(struct worker *worker);

/* Frees all operations. */
void worker_drop_ops(struct worker *worker);

/* Takes the first operation of the kind out, or NULL. Free with op_free. */
struct op *worker_take(struct worker *worker, enum op_kind kind);

/* Takes the first console line out and expects its ticket, its level and its text. */
void worker_expect_line(struct worker *worker, uint32_t ticket, enum console_level level,
                        const char *text);

/* Takes the first answer out and expects its ticket, its response's body, or its result, and
 * whether the task goes on. NULL: there is neither. */
void worker_expect_answer(struct worker *worker, uint32_t ticket, const char *text, bool has_more);

/* Takes the first failure out, and expects its ticket and reason and that its message has the text.
 */
void worker_expect_failure(struct worker *worker, uint32_t ticket, enum failure_reason reason,
                           const char *text);

/* Takes the first operation of the kind out and expects its ticket. */
void worker_expect_op(struct worker *worker, enum op_kind kind, uint32_t ticket);

/* A GET, whose answer's body is returned (valid until the next call); fails where there is no
 * answer. */
const char *worker_get(struct worker *worker, const char *url);

/* A GET that must fail: the failure is valid until the next call. */
const struct failure *worker_get_failure(struct worker *worker, const char *url);

/* The load must fail: the same. */
const struct failure *worker_load_failure(struct worker *worker);

/* A thread that terminates the isolate 20 ms after its start, again and again until its stop. */
struct terminator {
    struct worker *worker;
    pthread_t thread;
    bool is_stopped;
};
void terminator_start(struct terminator *terminator, struct worker *worker);
void terminator_stop(struct terminator *terminator);

#ifdef __cplusplus
}
#endif

#endif
