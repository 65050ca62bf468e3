/*
 * Orders lie on the heap, and are freed by whoever ends them: on the switcher's thread, or the
 * comparer's. What they leave behind is text, under a lock.
 */
#include "server/control.h"

#include "api/bytes.h"
#include "api/message_json.h"
#include "server/compare_request.h"
#include "server/compare_result.h"
#include "server/comparer.h"
#include "server/container_of.h"
#include "server/control_request.h"
#include "server/switch_request.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

/* An action that goes on by itself: what has become of the last one. */
struct tracked {
    uint64_t begun, ended; /* numbers, counted from 1 */
    json_t *state;         /* which nobody changes once it stands here */
};

struct control_switch {
    struct switch_request request;
    uint64_t number;
    struct control *control;
};

struct control_compare {
    Isoyard__V1__ComparePoolsRequest *request;
    struct compare_input input;
    struct compare_order order;
    struct compare_result result;
    uint64_t number;
    struct control *control;
};

struct control {
    const struct pool_service *service;
    void (*changed)(void *arg);
    void *arg;

    pthread_mutex_t lock; /* a leaf; guards the rest */
    struct tracked switching, comparing;
    json_t *report;                  /* which nobody changes once it stands here, either */
    struct control_compare *compare; /* that is under way */
};

struct control *control_new(const struct pool_service *service, void (*changed)(void *arg),
                            void *arg)
{
    struct control *control = xcalloc(1, sizeof(*control));

    control->service = service;
    control->changed = changed;
    control->arg = arg;
    pthread_mutex_init(&control->lock, NULL);
    control->switching.state = json_null();
    control->comparing.state = json_null();
    return control;
}

void control_free(struct control *control)
{
    if (!control)
        return;
    json_decref(control->switching.state);
    json_decref(control->comparing.state);
    json_decref(control->report);
    pthread_mutex_destroy(&control->lock);
    free(control);
}

static uint64_t next_number(struct control *control, struct tracked *tracked)
{
    uint64_t number;

    pthread_mutex_lock(&control->lock);
    number = ++tracked->begun;
    pthread_mutex_unlock(&control->lock);
    return number;
}

/* Takes the state that an action is in, and says so; whoever began it may be late, and tell that it
 * runs when it has ended. */
static void set_state(struct control *control, struct tracked *tracked, uint64_t number,
                      bool is_end, json_t *state)
{
    json_t *dropped = state;

    pthread_mutex_lock(&control->lock);
    if (number > tracked->ended) {
        dropped = tracked->state;
        tracked->state = state;
        if (is_end)
            tracked->ended = number;
    }
    pthread_mutex_unlock(&control->lock);
    json_decref(dropped);
    control->changed(control->arg);
}

static json_t *failed_state(const struct error *error)
{
    return json_pack("{s:s, s:s, s:s}", "state", "failed", "message", error->message, "field",
                     error->field);
}

/* Switching. */

static void on_switched(struct switch_order *order, int err, const struct error *error,
                        const struct switch_report *report)
{
    struct control_switch *s = container_of(order, struct control_switch, request.order);
    struct control *control = s->control;
    uint64_t number = s->number;
    Isoyard__V1__SwitchArchitectureResponse m;
    Isoyard__V1__PoolConfig config;
    struct error named;
    json_t *state;

    free(s);
    if (err) {
        named = switch_request_error(err, error);
        state = failed_state(&named);
    } else {
        switch_response_init(&m, &config, report);
        state = json_pack("{s:s, s:o}", "state", "done", "report", json_of_message(&m.base));
    }
    set_state(control, &control->switching, number, true, state);
}

int control_switch(struct control *control, const json_t *request, struct error *error)
{
    struct control_switch *s = xcalloc(1, sizeof(*s));
    struct switch_asked asked;
    uint64_t number = 0;
    int err = control_read_switch(request, &asked, error);

    if (!err)
        err = switch_request_read(control->service, &asked.request, &s->request, error);
    if (!err) {
        s->control = control;
        s->number = number = next_number(control, &control->switching);
        s->request.order.done = on_switched;
        err = switcher_begin(control->service->switcher, &s->request.order, error);
    }
    if (err) {
        free(s);
        return err;
    }
    set_state(control, &control->switching, number, false,
              json_pack("{s:s, s:s}", "state", "running", "architecture",
                        architecture_name((enum architecture)asked.request.architecture)));
    return 0;
}

/* Comparing. */

static void free_compare(struct control_compare *c)
{
    compare_result_release(&c->result);
    compare_input_release(&c->input);
    if (c->request)
        isoyard__v1__compare_pools_request__free_unpacked(c->request, NULL);
    free(c);
}

static json_t *running_state(const struct control_compare *c,
                             const struct compare_progress *progress)
{
    return json_pack("{s:s, s:s, s:s, s:i, s:i, s:f}", "state", "running", "title", c->input.title,
                     "arm", progress->arm, "round", (int)progress->round, "rounds",
                     (int)progress->rounds, "share", progress->share);
}

static void on_progress(struct compare_order *order, const struct compare_progress *progress)
{
    struct control_compare *c = container_of(order, struct control_compare, order);

    set_state(c->control, &c->control->comparing, c->number, false, running_state(c, progress));
}

static void on_conclude(struct compare_order *order, int err, const struct error *error,
                        struct comparison *result)
{
    struct control_compare *c = container_of(order, struct control_compare, order);

    compare_result_init(&c->result, c->control->service, c->request, c->input.title, err, error,
                        result);
}

static void keep_report(void *arg, Isoyard__V1__Comparison *report)
{
    json_t **ret = arg;

    *ret = json_of_message(&report->base);
}

static void on_answer(struct compare_order *order)
{
    struct control_compare *c = container_of(order, struct control_compare, order);
    struct control *control = c->control;
    uint64_t number = c->number;
    json_t *report = NULL, *state, *before = NULL;

    if (c->result.err) {
        state = failed_state(&c->result.error);
    } else {
        compare_result_show(&c->result, keep_report, &report);
        state = json_pack("{s:s, s:I, s:s}", "state", "done", "id", (json_int_t)c->result.id,
                          "verdict", c->result.message->comparison.verdict);
    }
    pthread_mutex_lock(&control->lock);
    control->compare = NULL;
    if (report) {
        before = control->report;
        control->report = report;
    }
    pthread_mutex_unlock(&control->lock);
    json_decref(before);
    free_compare(c);
    set_state(control, &control->comparing, number, true, state);
}

static int begin_compare(struct control_compare *c, const json_t *request, struct error *error)
{
    struct control *control = c->control;
    int err = control_read_compare(request, &c->request, error);

    if (!err)
        err = compare_request_read(control->service, c->request, &c->order, &c->input, error);
    if (err)
        return err;
    c->order.progress = on_progress;
    c->order.conclude = on_conclude;
    c->order.answer = on_answer;
    return 0;
}

/* Takes the place of the one that is under way; false: another one has it. */
static bool enter(struct control_compare *c)
{
    struct control *control = c->control;
    bool is_free;

    pthread_mutex_lock(&control->lock);
    is_free = !control->compare;
    if (is_free)
        control->compare = c;
    pthread_mutex_unlock(&control->lock);
    return is_free;
}

static void leave(struct control *control)
{
    pthread_mutex_lock(&control->lock);
    control->compare = NULL;
    pthread_mutex_unlock(&control->lock);
}

int control_compare(struct control *control, const json_t *request, struct error *error)
{
    static const struct compare_progress none = {.arm = ""};
    struct control_compare *c = xcalloc(1, sizeof(*c));
    json_t *running = NULL;
    uint64_t number = 0;
    int err;

    c->control = control;
    err = begin_compare(c, request, error);
    if (!err && !enter(c))
        err = error_set(error, E_CONDITION, NULL, "a comparison is under way");
    if (!err) {
        c->number = number = next_number(control, &control->comparing);
        running = running_state(c, &none);
        err = comparer_begin(control->service->comparer, &c->order, error);
        if (err)
            leave(control);
    }
    if (err) {
        json_decref(running);
        free_compare(c);
        return err;
    }
    set_state(control, &control->comparing, number, false, running);
    return 0;
}

/* Under the lock the order is there: on_answer takes it away first. */
int control_cancel(struct control *control, struct error *error)
{
    bool is_there;

    pthread_mutex_lock(&control->lock);
    is_there = control->compare != NULL;
    if (is_there)
        comparer_cancel(&control->compare->order);
    pthread_mutex_unlock(&control->lock);
    return is_there ? 0 : error_set(error, E_CONDITION, NULL, "no comparison is under way");
}

/* Telling. */

json_t *control_json(struct control *control)
{
    json_t *switching, *comparing;

    pthread_mutex_lock(&control->lock);
    switching = json_incref(control->switching.state);
    comparing = json_incref(control->comparing.state);
    pthread_mutex_unlock(&control->lock);
    return json_pack("{s:o, s:o}", "switch", switching, "compare", comparing);
}

json_t *control_report(struct control *control)
{
    json_t *report;

    pthread_mutex_lock(&control->lock);
    report = json_incref(control->report);
    pthread_mutex_unlock(&control->lock);
    return report;
}
