/* Timers of lanes, and of actors, whose holder may be another lane's when they fire. */
#include "pools/lane.h"

#include "api/bytes.h"
#include "api/clock.h"
#include "pools/shared.h"

static void put_away(struct lane_timer *timer)
{
    struct actor *actor = timer->actor;

    timer->next_free = timer->lane->free_timers;
    timer->lane->free_timers = timer;
    if (!actor)
        return;
    timer->actor = NULL;
    timer->lane->errands--;
    actor_unref(actor);
}

static void on_timer(uv_timer_t *uv)
{
    struct lane_timer *timer = uv->data;
    struct lane *lane = timer->lane;
    void (*fire)(void *arg) = timer->fire;
    void *arg = timer->arg;

    if (!timer->actor) {
        put_away(timer);
        fire(arg);
    } else {
        /* An actor that is gone has stopped it: that message is on its way. */
        timer->is_ticking = !shared_tell(timer->actor, &timer->fired);
    }
    /* A loop that runs once fires the due timers first and then sleeps: not now, there is something
     * to play. */
    uv_stop(&lane->loop);
}

static struct lane_timer *new_timer(struct lane *lane)
{
    struct lane_timer *timer = xcalloc(1, sizeof(*timer));

    uv_timer_init(&lane->loop, &timer->uv);
    timer->uv.data = timer;
    timer->lane = lane;
    timer->fired.kind = MESSAGE_TIMER;
    timer->stop.kind = MESSAGE_TIMER_STOP;
    return timer;
}

/* The loop counts whole milliseconds, rounded down: one more, so that a timer never fires early. */
static uint64_t whole_ms(uint64_t delay_ns)
{
    return delay_ns == 0 ? 0 : (delay_ns + NS_PER_MS - 1) / NS_PER_MS + 1;
}

struct lane_timer *lane_timer_start(struct lane *lane, uint64_t delay_ns, void (*fire)(void *arg),
                                    void *arg)
{
    struct lane_timer *timer = lane->free_timers;

    if (timer)
        lane->free_timers = timer->next_free;
    else
        timer = new_timer(lane);
    timer->fire = fire;
    timer->arg = arg;
    timer->is_ticking = true;
    /* The loop's idea of now may be as old as the last turn is long. */
    uv_update_time(&lane->loop);
    uv_timer_start(&timer->uv, on_timer, whole_ms(delay_ns), 0);
    return timer;
}

struct lane_timer *lane_timer_start_for(struct actor *actor, uint64_t delay_ns,
                                        void (*fire)(void *arg), void *arg)
{
    struct lane_timer *timer = lane_timer_start(actor->lane, delay_ns, fire, arg);

    if (actor->shared) {
        timer->actor = actor_ref(actor);
        timer->fired.kind = MESSAGE_TIMER;
        timer->is_stopped = false;
        actor->lane->errands++;
    }
    return timer;
}

void lane_timer_stop(struct lane_timer *timer)
{
    if (!timer)
        return;
    if (timer->actor && timer->actor->lane != timer->lane) {
        /* Whether it has fired meanwhile only its lane knows. */
        timer->is_stopped = true;
        (void)lane_send(timer->lane, &timer->stop);
    } else if (timer->is_ticking) {
        timer->is_ticking = false;
        uv_timer_stop(&timer->uv);
        put_away(timer);
    } else {
        timer->is_stopped = true; /* it is in the actor's mailbox */
    }
}

void lane_timer_receive(struct lane_timer *timer)
{
    struct lane *lane = timer->actor->lane;
    bool is_stopped = timer->is_stopped;
    void (*fire)(void *arg) = timer->fire;
    void *arg = timer->arg;

    /* Where it was stopped from another lane that message comes first. */
    if (timer->lane == lane && !is_stopped) {
        put_away(timer);
    } else {
        timer->fired.kind = MESSAGE_TIMER_BACK;
        (void)lane_send(timer->lane, &timer->fired);
    }
    if (!is_stopped)
        fire(arg);
}

void lane_timer_receive_back(struct lane_timer *timer)
{
    put_away(timer);
}

/* The message of one that has fired comes back from the actor. */
void lane_timer_receive_stop(struct lane_timer *timer)
{
    if (!timer->is_ticking)
        return;
    timer->is_ticking = false;
    uv_timer_stop(&timer->uv);
    put_away(timer);
}
