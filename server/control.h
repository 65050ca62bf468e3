/*
 * What a person does through the dashboard: switching the pool and comparing architectures, by the
 * same switcher and comparer as over gRPC. An action is begun and goes on by itself; what has
 * become of it is asked for.
 */
#ifndef ISOYARD_CONTROL_H
#define ISOYARD_CONTROL_H

#include "api/err.h"
#include "server/pool_service.h"

#include <jansson.h>

struct control;

/* changed: there is something new to ask for; any thread, must not block. The service outlives it.
 * Before start. */
struct control *control_new(const struct pool_service *service, void (*changed)(void *arg),
                            void *arg);

/* Once nothing is under way any more: switcher and comparer have stopped. NULL is fine. */
void control_free(struct control *control);

/*
 * Begins a switch: {"architecture": "shared", "handoff": "fifo", "context": "reuse", "lanes": 2,
 * "isolates": 64, "drain_ms": 30000}, of which only the first is needed. E_INVALID with the field,
 * or what switcher_begin says. Any thread.
 */
int control_switch(struct control *control, const json_t *request, struct error *error);

/*
 * Begins a comparison: {"kind": "synthetic", "workload": "cpu", "arms": ["legacy", "shared mutex"],
 * "rounds": 11, "callers": 4} or {"kind": "live", "other": "shared fifo", "seconds": 60}. E_INVALID
 * with the field, or what comparer_begin says. Any thread.
 */
int control_compare(struct control *control, const json_t *request, struct error *error);

/* Has the comparison that was begun here end; E_CONDITION: there is none. Any thread. */
int control_cancel(struct control *control, struct error *error);

/* A new object: "switch" and "compare", each null, or a state ("running", "done", "failed") and
 * what there is to say. Any thread. */
json_t *control_json(struct control *control);

/* The report of the last comparison that was begun here, and ended well: a new reference, or NULL.
 * Any thread. */
json_t *control_report(struct control *control);

#endif
