/* isoyard pool: its commands, and what they share. */
#include "cli/pool.h"
#include "cli/command.h"
#include "cli/text.h"

#include <inttypes.h>
#include <isoyard/v1/pool.pb-c.h>
#include <stdio.h>

const char *pool_architecture_text(Isoyard__V1__Architecture architecture)
{
    const ProtobufCEnumValue *known = protobuf_c_enum_descriptor_get_value(
        &isoyard__v1__architecture__descriptor, (int)architecture);

    return known ? known->name + strlen("ARCHITECTURE_") : "?";
}

static void print_shared_knobs(const Isoyard__V1__PoolConfig *c)
{
    printf("          hand-off %s, ",
           c->handoff == ISOYARD__V1__HANDOFF__HANDOFF_MUTEX ? "mutex" : "fifo");
    /* 0: as many as lanes. */
    printf("up to %" PRIu32 " isolates of a worker\n",
           c->isolates_per_worker > 0 ? c->isolates_per_worker : c->lanes);
}

static void print_spread(const Isoyard__V1__PoolConfig *c)
{
    if (c->spread > 0)
        printf("          spread above %" PRIu32 " that wait\n", c->spread);
    else
        puts("          no spread");
}

/* Isolates belong to lanes but where they are shared. */
static void print_isolate_knobs(Isoyard__V1__Architecture architecture,
                                const Isoyard__V1__PoolConfig *c)
{
    if (architecture == ISOYARD__V1__ARCHITECTURE__ARCHITECTURE_LEGACY) {
        puts("          an isolate for each task");
        return;
    }
    if (c->idle_ttl_ms > 0)
        printf("          isolates end after %s without a task, ", text_us(c->idle_ttl_ms * 1000));
    else
        fputs("          isolates may rest for ever, and end ", stdout);
    if (c->recycle_after > 0)
        printf("%safter %" PRIu64 " tasks\n", c->idle_ttl_ms > 0 ? "or " : "", c->recycle_after);
    else
        puts("never for the number of their tasks");
    printf("          context %s\n", c->context == ISOYARD__V1__CONTEXT_USE__CONTEXT_USE_FRESH
                                         ? "fresh, one for each task"
                                         : "reuse, one for the tasks of an isolate");
    if (architecture == ISOYARD__V1__ARCHITECTURE__ARCHITECTURE_PINNED)
        print_spread(c);
    if (architecture == ISOYARD__V1__ARCHITECTURE__ARCHITECTURE_SHARED)
        print_shared_knobs(c);
}

void pool_print_config(Isoyard__V1__Architecture architecture, const Isoyard__V1__PoolConfig *c)
{
    printf("pool      %s, %" PRIu32 " lanes, up to %" PRIu32 " isolates",
           pool_architecture_text(architecture), c->lanes, c->isolates);
    if (architecture != ISOYARD__V1__ARCHITECTURE__ARCHITECTURE_SHARED && c->lanes > 0)
        printf(" (%" PRIu32 " a lane)", c->isolates / c->lanes);
    printf(", queue of %" PRIu32 " a lane, %" PRIu32 " tasks in an isolate\n", c->queue,
           c->tasks_per_isolate);
    print_isolate_knobs(architecture, c);
}

const struct command pool_commands[] = {
    {.name = "compare",
     .summary = "compare architectures of pools",
     .run = pool_compare_run,
     .argp = &compare_argp},
    {.name = "comparisons",
     .summary = "list comparisons, or show one",
     .run = pool_comparisons_run,
     .argp = &pool_comparisons_argp},
    {.name = "stats",
     .summary = "counters and times of the pool of isolates",
     .run = pool_stats_run,
     .argp = &pool_stats_argp},
    {.name = "switch",
     .summary = "open another pool and have it take over",
     .run = pool_switch_run,
     .argp = &pool_switch_argp},
    {.name = "watch",
     .summary = "a line of figures at every interval",
     .run = pool_watch_run,
     .argp = &pool_watch_argp},
    {.name = NULL},
};
