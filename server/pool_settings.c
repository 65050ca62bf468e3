/* Settings of pools, from messages. */
#include "server/pool_settings.h"

#include "api/utf8.h"
#include "pools/pool.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>

static void add_text(struct pool_choice *choice, const char *name, const char *value)
{
    struct pool_setting *setting = &choice->settings[choice->count++];

    assert(choice->count <= POOL_CHOICE_MAX);
    snprintf(setting->name, sizeof(setting->name), "%s", name);
    snprintf(setting->value, sizeof(setting->value), "%s", value);
}

void pool_settings_add(struct pool_choice *choice, const char *name, uint64_t value)
{
    char text[24];

    snprintf(text, sizeof(text), "%" PRIu64, value);
    add_text(choice, name, text);
}

static void add_number(struct pool_choice *choice, const char *name, bool is_there, uint64_t value)
{
    if (is_there)
        pool_settings_add(choice, name, value);
}

void pool_settings_read(const Isoyard__V1__PoolSettings *m, struct pool_choice *choice)
{
    add_number(choice, "lanes",
               m->optional_lanes_case == ISOYARD__V1__POOL_SETTINGS__OPTIONAL_LANES_LANES,
               m->lanes);
    add_number(choice, "isolates",
               m->optional_isolates_case == ISOYARD__V1__POOL_SETTINGS__OPTIONAL_ISOLATES_ISOLATES,
               m->isolates);
    add_number(choice, "queue",
               m->optional_queue_case == ISOYARD__V1__POOL_SETTINGS__OPTIONAL_QUEUE_QUEUE,
               m->queue);
    add_number(choice, "tasks-per-isolate",
               m->optional_tasks_per_isolate_case ==
                   ISOYARD__V1__POOL_SETTINGS__OPTIONAL_TASKS_PER_ISOLATE_TASKS_PER_ISOLATE,
               m->tasks_per_isolate);
    add_number(choice, "idle-ttl-ms",
               m->optional_idle_ttl_ms_case ==
                   ISOYARD__V1__POOL_SETTINGS__OPTIONAL_IDLE_TTL_MS_IDLE_TTL_MS,
               m->idle_ttl_ms);
    add_number(choice, "recycle-after",
               m->optional_recycle_after_case ==
                   ISOYARD__V1__POOL_SETTINGS__OPTIONAL_RECYCLE_AFTER_RECYCLE_AFTER,
               m->recycle_after);
    add_number(choice, "isolates-per-worker",
               m->optional_isolates_per_worker_case ==
                   ISOYARD__V1__POOL_SETTINGS__OPTIONAL_ISOLATES_PER_WORKER_ISOLATES_PER_WORKER,
               m->isolates_per_worker);
    add_number(choice, "spread",
               m->optional_spread_case == ISOYARD__V1__POOL_SETTINGS__OPTIONAL_SPREAD_SPREAD,
               m->spread);
}

int pool_settings_read_handoff(Isoyard__V1__Handoff handoff, struct pool_choice *choice,
                               struct error *error)
{
    switch (handoff) {
    case ISOYARD__V1__HANDOFF__HANDOFF_UNSPECIFIED:
        return 0;
    case ISOYARD__V1__HANDOFF__HANDOFF_FIFO:
    case ISOYARD__V1__HANDOFF__HANDOFF_MUTEX:
        add_text(choice, "handoff",
                 handoff_name(handoff == ISOYARD__V1__HANDOFF__HANDOFF_MUTEX ? HANDOFF_MUTEX
                                                                             : HANDOFF_FIFO));
        return 0;
    default:
        return error_set(error, E_INVALID, "handoff", "this server does not have the hand-off %d",
                         (int)handoff);
    }
}

int pool_settings_read_context(Isoyard__V1__ContextUse context, struct pool_choice *choice,
                               struct error *error)
{
    switch (context) {
    case ISOYARD__V1__CONTEXT_USE__CONTEXT_USE_UNSPECIFIED:
        return 0;
    case ISOYARD__V1__CONTEXT_USE__CONTEXT_USE_REUSE:
    case ISOYARD__V1__CONTEXT_USE__CONTEXT_USE_FRESH:
        add_text(choice, "context",
                 context_name(context == ISOYARD__V1__CONTEXT_USE__CONTEXT_USE_FRESH
                                  ? CONTEXT_FRESH
                                  : CONTEXT_REUSE));
        return 0;
    default:
        return error_set(error, E_INVALID, "context", "this server has no such use of contexts: %d",
                         (int)context);
    }
}

int pool_settings_read_architecture(Isoyard__V1__Architecture architecture,
                                    struct pool_choice *choice, struct error *error)
{
    const char *name = architecture_name((enum architecture)architecture);

    if (architecture == ISOYARD__V1__ARCHITECTURE__ARCHITECTURE_UNSPECIFIED)
        return error_set(error, E_INVALID, "architecture", "name the architecture to switch to");
    if (!pool_ops_find(name))
        return error_set(error, E_INVALID, "architecture",
                         "this server does not have the architecture %s (%d)", name,
                         (int)architecture);
    add_text(choice, "pool", name);
    return 0;
}

void pool_settings_name_field(const char *in, struct error *error)
{
    struct error named = *error;

    if (error->field[0] == '\0')
        return;
    snprintf(named.field, sizeof(named.field), "%s.%.40s", in, error->field);
    for (char *at = named.field; *at; at++) {
        if (*at == '-')
            *at = '_';
    }
    snprintf(named.message, sizeof(named.message), "%s: %.900s", named.field, error->message);
    utf8_repair(named.message);
    *error = named;
}
