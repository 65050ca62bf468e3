/* Settings of a pool, from the command line. */
#include "cli/pool_settings.h"

#include <stdint.h>
#include <strings.h>

enum {
    KEY_LANES = 1000,
    KEY_ISOLATES,
    KEY_PER_WORKER,
    KEY_HANDOFF,
    KEY_CONTEXT,
    KEY_SPREAD,
    KEY_QUEUE,
    KEY_TASKS,
    KEY_IDLE_TTL,
    KEY_RECYCLE,
};

static const struct argp_option settings_options[] = {
    {"lanes", KEY_LANES, "N", 0, "Lanes, a thread each", 0},
    {"isolates", KEY_ISOLATES, "N", 0, "Warm isolates, in all lanes together", 0},
    {"isolates-per-worker", KEY_PER_WORKER, "N", 0,
     "Isolates of one worker at once, where they are shared; 0: as many as lanes", 0},
    {"handoff", KEY_HANDOFF, "fifo|mutex", 0, "How shared isolates go from lane to lane", 0},
    {"context", KEY_CONTEXT, "reuse|fresh", 0,
     "Of a task in a warm isolate: the one that is there (reuse), or a new one (fresh)", 0},
    {"spread", KEY_SPREAD, "N", 0,
     "Tasks of a worker that may wait on a pinned lane before it takes another one; 0: never", 0},
    {"queue", KEY_QUEUE, "N", 0, "Tasks that may wait, per lane", 0},
    {"tasks-per-isolate", KEY_TASKS, "N", 0, "Tasks in flight in one isolate", 0},
    {"idle-ttl-ms", KEY_IDLE_TTL, "MS", 0, "Isolates idle for longer are disposed of; 0: never", 0},
    {"recycle-after", KEY_RECYCLE, "N", 0, "Isolates are recycled after this many tasks; 0: never",
     0},
    {NULL, 0, NULL, 0, NULL, 0},
};

static uint64_t number(const char *name, const char *text, uint64_t max, struct argp_state *state)
{
    return options_number(name, text, 0, max, state);
}

static Isoyard__V1__Handoff parse_handoff(const char *text, struct argp_state *state)
{
    if (strcasecmp(text, "fifo") == 0)
        return ISOYARD__V1__HANDOFF__HANDOFF_FIFO;
    if (strcasecmp(text, "mutex") != 0)
        argp_error(state, "--handoff: '%s' is neither fifo nor mutex", text);
    return ISOYARD__V1__HANDOFF__HANDOFF_MUTEX;
}

static Isoyard__V1__ContextUse parse_context(const char *text, struct argp_state *state)
{
    if (strcasecmp(text, "reuse") == 0)
        return ISOYARD__V1__CONTEXT_USE__CONTEXT_USE_REUSE;
    if (strcasecmp(text, "fresh") != 0)
        argp_error(state, "--context: '%s' is neither reuse nor fresh", text);
    return ISOYARD__V1__CONTEXT_USE__CONTEXT_USE_FRESH;
}

/* Sets a field of the settings, and that it is there. */
#define SET(FIELD, Field, value)                                                                   \
    do {                                                                                           \
        s->optional_##Field##_case = ISOYARD__V1__POOL_SETTINGS__OPTIONAL_##FIELD##_##FIELD;       \
        s->Field = value;                                                                          \
    } while (0)

static error_t parse(int key, char *arg, struct argp_state *state)
{
    Isoyard__V1__PoolSettings *s = state->input;

    switch (key) {
    case KEY_LANES:
        SET(LANES, lanes, (uint32_t)number("lanes", arg, UINT32_MAX, state));
        return 0;
    case KEY_ISOLATES:
        SET(ISOLATES, isolates, (uint32_t)number("isolates", arg, UINT32_MAX, state));
        return 0;
    case KEY_PER_WORKER:
        SET(ISOLATES_PER_WORKER, isolates_per_worker,
            (uint32_t)number("isolates-per-worker", arg, UINT32_MAX, state));
        return 0;
    case KEY_HANDOFF:
        s->handoff = parse_handoff(arg, state);
        return 0;
    case KEY_CONTEXT:
        s->context = parse_context(arg, state);
        return 0;
    case KEY_SPREAD:
        SET(SPREAD, spread, (uint32_t)number("spread", arg, UINT32_MAX, state));
        return 0;
    case KEY_QUEUE:
        SET(QUEUE, queue, (uint32_t)number("queue", arg, UINT32_MAX, state));
        return 0;
    case KEY_TASKS:
        SET(TASKS_PER_ISOLATE, tasks_per_isolate,
            (uint32_t)number("tasks-per-isolate", arg, UINT32_MAX, state));
        return 0;
    case KEY_IDLE_TTL:
        SET(IDLE_TTL_MS, idle_ttl_ms, number("idle-ttl-ms", arg, INT64_MAX, state));
        return 0;
    case KEY_RECYCLE:
        SET(RECYCLE_AFTER, recycle_after, number("recycle-after", arg, INT64_MAX, state));
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

const struct argp pool_settings_argp = {.options = settings_options, .parser = parse};
