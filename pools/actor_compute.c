/*
 * What an actor's JavaScript has computed elsewhere: operations of crypto.subtle that take long.
 *
 * A computation goes to the offload's threads, and comes back as a message to the lane that it was
 * started on, which is there until then (lane.errands). Of a shared actor, whose holder may be
 * another lane's by now, that lane passes it on. One that nobody waits for any more is told to
 * stop, and comes back in the same way.
 */
#include "pools/actor.h"

#include "api/bytes.h"
#include "pools/crew_private.h"
#include "pools/lane.h"
#include "pools/pool_private.h"
#include "shim/crypto/job.h"

#include <stdlib.h>
#include <utlist.h>

struct actor_computation {
    uint32_t id;
    uint32_t ticket;     /* of the task that started it; 0: the start-up */
    struct actor *actor; /* shared: a reference, until it has come back; else until it is
                            stopped */
    struct lane *lane;   /* where it was started, with a reference as long as it is away */
    struct crypto_job *job;
    struct offload_work work;
    struct message ended;                  /* to the lane, then to a shared actor */
    bool is_of_shared;                     /* immutable */
    bool is_stopped;                       /* for the actor's holder: it is in no list any more */
    struct actor_computation *prev, *next; /* in its flight's list, or the actor's of start-up */
    UT_hash_handle hh;                     /* in actor.computations, by id */
};

static struct actor_computation **list_of(struct actor *actor, uint32_t ticket)
{
    struct flight *flight = flights_find(&actor->flights, ticket);

    return flight ? &flight->computations : &actor->startup_computations;
}

static void unlink_computation(struct actor_computation *computation)
{
    struct actor *actor = computation->actor;
    struct actor_computation **list = list_of(actor, computation->ticket);

    DL_DELETE(*list, computation);
    HASH_DEL(actor->computations, computation);
}

static void free_computation(struct actor_computation *computation)
{
    crypto_job_free(computation->job);
    free(computation);
}

/* Whoever has the computation, and then touches it no more. */
static void send_back(struct actor_computation *computation)
{
    struct lane *lane = computation->lane;

    (void)lane_send(lane, &computation->ended); /* it is there, since this is an errand of its */
    crew_leave_lane(lane->crew, lane);
}

/* A thread of the offload. */
static void run(struct offload_work *work)
{
    struct actor_computation *computation = container_of(work, struct actor_computation, work);

    crypto_job_run(computation->job);
    send_back(computation);
}

static uint64_t cpu_allowed_ns(const struct actor *actor, const struct flight *flight)
{
    if (flight)
        return flight_cpu_left_ns(flight);
    return ns_left(actor->script->limits.startup_us * NS_PER_US, actor->startup_cpu_ns);
}

void actor_start_computation(struct actor *actor, uint32_t ticket, uint32_t id,
                             struct crypto_job **job)
{
    struct flight *flight = flights_find(&actor->flights, ticket);
    struct lane *lane = actor->lane;
    struct actor_computation *computation, **list;

    if (!flight && (ticket != 0 || actor->state == ACTOR_READY))
        return; /* its task, or the start-up, has ended */
    HASH_FIND(hh, actor->computations, &id, sizeof(id), computation);
    if (computation)
        return; /* as with timers */
    computation = xcalloc(1, sizeof(*computation));
    computation->id = id;
    computation->ticket = ticket;
    computation->is_of_shared = actor->shared != NULL;
    computation->actor = actor->shared ? actor_ref(actor) : actor;
    computation->lane = lane;
    computation->job = *job;
    *job = NULL;
    computation->job->cpu_allowed_ns = cpu_allowed_ns(actor, flight);
    computation->work.run = run;
    computation->work.owner = actor->script->tenant_key;
    computation->ended.kind = MESSAGE_COMPUTED;
    list = list_of(actor, ticket);
    DL_APPEND(*list, computation);
    HASH_ADD(hh, actor->computations, id, sizeof(computation->id), computation);
    lane->errands++;
    crew_enter_lane(lane);
    offload_submit(crew_offload(lane->crew), &computation->work);
}

static void stop(struct actor_computation *computation)
{
    struct offload *offload = crew_offload(computation->lane->crew);

    unlink_computation(computation);
    computation->is_stopped = true;
    crypto_job_cancel(computation->job);
    if (offload_withdraw(offload, &computation->work))
        send_back(computation);
}

void actor_stop_computation(struct actor *actor, uint32_t id)
{
    struct actor_computation *computation;

    HASH_FIND(hh, actor->computations, &id, sizeof(id), computation);
    if (computation)
        stop(computation);
}

void actor_stop_computations(struct actor_computation **list)
{
    while (*list)
        stop(*list);
}

/* It has used more than is left of what it may. In a stray turn the watchdog sees to it, or the end
 * of the event. */
static bool fail_if_overdrawn(struct actor *actor, uint32_t ticket)
{
    const struct limits *limits = &actor->script->limits;
    struct flight *flight = flights_find(&actor->flights, ticket);
    struct failure failure = {0};

    if (actor->stray || cpu_allowed_ns(actor, flight) > 0)
        return false;
    if (flight) {
        failure_set_limit(&failure, LIMIT_CPU, PHASE_HANDLER, flight->cpu_ns / NS_PER_US,
                          limits->cpu_us);
        actor_fail(actor, ticket, &failure);
    } else {
        failure_set_limit(&failure, LIMIT_STARTUP, PHASE_STARTUP, actor->startup_cpu_ns / NS_PER_US,
                          limits->startup_us);
        actor_fail_startup(actor, &failure);
    }
    failure_release(&failure);
    return true;
}

/* The actor's holder. */
static void deliver(struct actor_computation *computation)
{
    struct actor *actor = computation->actor;

    unlink_computation(computation);
    actor_charge(actor, computation->ticket, computation->job->cpu_ns);
    if (!fail_if_overdrawn(actor, computation->ticket)) {
        inbox_push(&actor->inbox, (struct inbox_item){.kind = EVENT_COMPUTED,
                                                      .ticket = computation->ticket,
                                                      .id = computation->id,
                                                      .job = computation->job});
        computation->job = NULL;
    }
    free_computation(computation);
}

static struct actor_computation *computation_of(struct message *message)
{
    return container_of(message, struct actor_computation, ended);
}

/* The actor's holder. Whether somebody still waited for it. */
static bool receive(struct actor_computation *computation)
{
    if (computation->is_stopped) {
        free_computation(computation);
        return false;
    }
    deliver(computation);
    return true;
}

void actor_receive_computed(struct message *message)
{
    (void)receive(computation_of(message));
}

void lane_receive_computed(struct message *message)
{
    struct actor_computation *computation = computation_of(message);
    struct actor *actor = computation->actor; /* gone, perhaps, where it is not shared */

    computation->lane->errands--;
    if (!computation->is_of_shared) {
        if (receive(computation))
            lane_settle(actor->lane, actor);
        return;
    }
    if (!shared_tell(actor, message))
        free_computation(computation); /* it is gone */
    actor_unref(actor);
}
