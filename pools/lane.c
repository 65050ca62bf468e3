/* Lanes: messages, the loop, turns, adoption, closing. */
#include "pools/lane.h"

#include "api/clock.h"
#include "pools/actor_body.h"
#include "pools/crew_private.h"
#include "pools/pool_private.h"
#include "pools/task_end.h"
#include "shim/net/fetcher.h"

#include <assert.h>
#include <stdlib.h>
#include <utlist.h>

/* A lane that is never idle looks at its loop this often. */
#define POLL_NS (200 * NS_PER_US)

/* Cached isolates are looked through for expired ones this often, in shares of their time to live.
 */
#define SWEEPS_PER_TTL 4

/* Strays that are shared actors have their messages looked at this often, and lanes of a shared
 * pool that closes whether it is empty. */
#define TEND_NS (2 * NS_PER_MS)

/* Before a pool closes, from one isolate's end to the next one's. */
#define SHED_NS (10 * NS_PER_MS)

static void on_wake(uv_async_t *wake)
{
    (void)wake; /* it only ends the loop's sleep */
}

static int open_loop(struct lane *lane, struct error *error)
{
    if (uv_loop_init(&lane->loop) != 0)
        return error_set(error, E_NOMEM, "lanes", "no event loop can be had");
    if (uv_async_init(&lane->loop, &lane->wake, on_wake) == 0)
        return 0;
    uv_loop_close(&lane->loop);
    return error_set(error, E_NOMEM, "lanes", "no event loop can be had");
}

static int open_fetcher(struct lane *lane, struct error *error)
{
    struct fetcher_config config = *lane->pool->config.fetcher;

    config.queue = &lane->fetch_queue;
    return fetcher_open(&lane->loop, &config, &lane->fetcher, error);
}

int lane_init(struct lane *lane, struct pool *pool, struct crew *crew, unsigned index,
              struct error *error)
{
    int err;

    lane->pool = pool;
    lane->crew = crew;
    lane->index = index;
    lane->held_word = LANE_WORD(1, LANE_LOOP);
    atomic_init(&lane->word, lane->held_word);
    lane->stop_message.kind = MESSAGE_STOP;
    lane->shed_message.kind = MESSAGE_SHED;
    lane->live = pool->shared ? &pool->lanes[0].own_live : &lane->own_live;
    mailbox_init(&lane->mailbox);
    err = open_loop(lane, error);
    if (err || !pool->config.fetcher)
        return err;
    err = open_fetcher(lane, error);
    if (err)
        lane_release(lane);
    return err;
}

int lane_send(struct lane *lane, struct message *message)
{
    switch (mailbox_push(&lane->mailbox, message)) {
    case MAILBOX_CLOSED:
        return E_CLOSED;
    case MAILBOX_PUSHED_WAKE:
        uv_async_send(&lane->wake);
        break;
    case MAILBOX_PUSHED:
        break;
    }
    return 0;
}

/* Messages. */

static void receive_back(struct lane *lane, struct turn *turn)
{
    DL_DELETE2(lane->strays, turn, prev_stray, next_stray);
    counter_add(&lane->counters.strays, (uint64_t)-1);
    lane_absorb(lane, turn);
    crew_give_turn(lane->crew, turn);
}

static void receive_cancel(struct lane *lane, struct task *task)
{
    struct failure failure = {0};

    if (lane->pool->shared && task->kind != TASK_CHECK) {
        shared_receive_cancel(lane, task);
        return;
    }
    if (!task_receive_cancel(task)) {
        lane_count_given_back(lane);
        return;
    }
    if (task->actor) {
        actor_cancel(task->actor, task);
        return;
    }
    DL_DELETE(*lane_waiting_list(lane, task), task);
    failure_set(&failure, FAILURE_CANCELLED, PHASE_QUEUE, "the caller went away");
    lane_fail_task(lane, task, &failure);
    failure_release(&failure);
}

static void set_draining(struct failure *failure)
{
    *failure = (struct failure){0};
    failure_set(failure, FAILURE_DRAINING, PHASE_QUEUE, "the server is shutting down");
}

void lane_stop_actor(struct lane *lane, struct actor *actor)
{
    struct failure failure;

    set_draining(&failure);
    actor_fail_queue(actor, &failure);
    if (actor->stray)
        turn_hasten_all(actor->stray, clock_now_ns(), STOP_DRAINING);
    else
        actor_fail_flights(actor, &failure);
    failure_release(&failure);
    actor_condemn(actor, "the server is shutting down");
    actor->end = ACTOR_CLOSED;
    lane_settle(lane, actor);
}

static void fail_waiting(struct lane *lane, struct task **waiting, const struct failure *failure)
{
    while (*waiting) {
        struct task *task = *waiting;

        DL_DELETE(*waiting, task);
        lane_fail_task(lane, task, failure);
    }
}

/* The last actors and tasks of a shared pool may end on other lanes. */
static void look_again(void *arg)
{
    struct lane *lane = arg;

    lane->sweep = lane_timer_start(lane, TEND_NS, look_again, lane);
}

/* The pool closes: every task ends, every actor goes. */
static void receive_stop(struct lane *lane)
{
    struct failure failure;
    struct actor *actor, *next;

    lane->is_stopping = true;
    lane_timer_stop(lane->sweep);
    lane->sweep = NULL;
    set_draining(&failure);
    if (lane->pool->shared) {
        struct task *waiting = shared_stop(lane), *task;

        fail_waiting(lane, &waiting, &failure);
        DL_FOREACH(lane->own_tasks, task)
        task->is_with_lane = false;
        fail_waiting(lane, &lane->own_tasks, &failure);
        look_again(lane);
    }
    fail_waiting(lane, &lane->waiting, &failure);
    fail_waiting(lane, &lane->waiting_checks, &failure);
    DL_FOREACH_SAFE2(lane->actors, actor, next, next_all)
    lane_stop_actor(lane, actor);
    failure_release(&failure);
}

static void receive_submission(struct lane *lane, struct task *task)
{
    if (lane->pool->shared && task->kind != TASK_CHECK)
        lane_take_own(lane, task);
    else
        lane_place(lane, task);
}

/* The isolate that has rested longest ends; a little later the next one. Disposing of one takes a
 * millisecond or two, of which those who serve in another pool are to notice little. */
static void shed_one(void *arg)
{
    struct lane *lane = arg;
    struct actor *actor = cache_oldest(&lane->cache);

    lane->shed = NULL;
    if (lane->is_stopping)
        return;
    if (lane->pool->shared)
        shared_shed(lane->pool->shared);
    if (actor) {
        actor_retire(actor, ACTOR_EXPIRED);
        lane_settle(lane, actor);
    }
    lane->shed = lane_timer_start(lane, SHED_NS, shed_one, lane);
}

static void receive(struct lane *lane, struct message *message)
{
    switch (message->kind) {
    case MESSAGE_SUBMIT:
        receive_submission(lane, container_of(message, struct task, submit_message));
        break;
    case MESSAGE_CANCEL:
        receive_cancel(lane, container_of(message, struct task, cancel_message));
        break;
    case MESSAGE_QUARANTINE:
        lane_quarantine(lane, container_of(message, struct turn, quarantine));
        break;
    case MESSAGE_BACK:
        receive_back(lane, container_of(message, struct turn, back));
        break;
    case MESSAGE_PLATFORM:
        actor_receive_platform(container_of(message, struct actor, platform_message));
        break;
    case MESSAGE_COMPUTED:
        lane_receive_computed(message);
        break;
    case MESSAGE_SHED:
        shed_one(lane);
        break;
    case MESSAGE_STOP:
        receive_stop(lane);
        break;
    case MESSAGE_TIMER_BACK:
        lane_timer_receive_back(container_of(message, struct lane_timer, fired));
        break;
    case MESSAGE_TIMER_STOP:
        lane_timer_receive_stop(container_of(message, struct lane_timer, stop));
        break;
    case MESSAGE_FETCH_STOP:
        actor_receive_fetch_stop(container_of(message, struct actor_fetch, stop));
        break;
    case MESSAGE_BODY:
        actor_receive_body(container_of(message, struct actor_body, message));
        break;
    case MESSAGE_FETCH_RESUME:
        actor_receive_fetch_resume(container_of(message, struct actor_fetch, resume));
        break;
    case MESSAGE_RETIRE:
    case MESSAGE_TIMER:
    case MESSAGE_FETCH_HEAD:
    case MESSAGE_FETCHED:
        abort(); /* for actors */
    }
}

static void receive_all(struct lane *lane)
{
    struct message *message = mailbox_take(&lane->mailbox);

    if (message)
        lane->noted_ns = clock_now_ns();
    while (message) {
        struct message *next = message->next;

        receive(lane, message);
        message = next;
    }
}

/* Playing. */

static void poll(struct lane *lane)
{
    uint64_t now_ns = clock_now_ns();

    if (now_ns - lane->polled_ns < POLL_NS)
        return;
    lane->polled_ns = now_ns;
    uv_run(&lane->loop, UV_RUN_NOWAIT);
}

/* Sleeps until a message, a timer or a socket comes. */
static void rest(struct lane *lane)
{
    bool is_shared = lane->pool->shared != NULL;

    if (is_shared && !shared_sleep(lane))
        return;
    if (mailbox_sleep(&lane->mailbox)) {
        crew_thread_sleeps(lane->crew);
        uv_run(&lane->loop, UV_RUN_ONCE);
        crew_thread_wakes(lane->crew);
        lane->polled_ns = clock_now_ns();
    }
    if (is_shared)
        shared_wake(lane);
}

static void on_sweep(void *arg)
{
    struct lane *lane = arg;
    uint64_t ttl_ns = lane->pool->config.idle_ttl_ms * NS_PER_MS;
    uint64_t now_ns = clock_now_ns();
    struct actor *actor;

    if (lane->pool->shared)
        shared_sweep(lane->pool->shared, ttl_ns);
    while ((actor = cache_oldest(&lane->cache)) && now_ns - actor->rest.since_ns >= ttl_ns) {
        actor_retire(actor, ACTOR_EXPIRED);
        lane_settle(lane, actor);
    }
    lane->sweep = lane_timer_start(lane, ttl_ns / SWEEPS_PER_TTL, on_sweep, lane);
}

static bool is_empty(struct lane *lane)
{
    return !lane->actors && !lane->strays && lane->errands == 0 &&
           (!lane->pool->shared || shared_is_empty(lane->pool->shared)) &&
           /* Acquire: nothing is sent for those that are not counted any more. */
           atomic_load_explicit(&lane->bodies, memory_order_acquire) == 0 &&
           /* Acquire: done has been called for all that are not counted any more. */
           atomic_load_explicit(lane->live, memory_order_acquire) == 0;
}

static void on_timer_closed(uv_handle_t *handle)
{
    free(handle->data);
}

/* Shared actors in turns that this lane was adopted from: nobody else receives what comes for
 * them. */
static void tend_strays(void *arg)
{
    struct lane *lane = arg;
    struct turn *turn;

    lane->tending = NULL;
    lane->noted_ns = clock_now_ns();
    DL_FOREACH2(lane->strays, turn, next_stray)
    {
        if (turn->actor->shared)
            shared_receive(turn->actor);
    }
    lane_tend_strays(lane);
}

void lane_tend_strays(struct lane *lane)
{
    if (lane->strays && lane->pool->shared && !lane->tending)
        lane->tending = lane_timer_start(lane, TEND_NS, tend_strays, lane);
}

/* All timers are stopped by now, and so in the list. */
void lane_release(struct lane *lane)
{
    fetcher_close(lane->fetcher);
    for (struct lane_timer *timer = lane->free_timers; timer; timer = timer->next_free)
        uv_close((uv_handle_t *)&timer->uv, on_timer_closed);
    uv_close((uv_handle_t *)&lane->wake, NULL);
    uv_run(&lane->loop, UV_RUN_DEFAULT);
    if (uv_loop_close(&lane->loop) != 0)
        abort(); /* a handle was forgotten */
}

/* T4. Nobody can send any more; threads that are about to wake the loop are waited for. */
static void close_lane(struct lane *lane)
{
    lane_timer_stop(lane->sweep);
    lane_timer_stop(lane->shed);
    lane_timer_stop(lane->tending);
    crew_await_others(lane->crew, lane);
    lane_release(lane);
    /* Release: the pool frees the lane when it sees this. */
    atomic_store_explicit(&lane->word, LANE_WORD(LANE_EPOCH(lane->held_word) + 1, LANE_CLOSED),
                          memory_order_release);
}

/* Shared actors, and those that are the lane's, in turn. */
static struct actor *next_actor(struct lane *lane)
{
    struct actor *actor = NULL;

    if (lane->pool->shared) {
        lane->had_listed_turn = lane->ready && !lane->had_listed_turn;
        if (lane->had_listed_turn)
            shared_wake_another(lane->pool->shared);
        else
            actor = lane_claim_shared(lane);
    }
    if (!actor && lane->ready) {
        actor = lane->ready;
        lane_unlist(lane, actor);
    }
    return actor;
}

enum lane_result lane_play(struct lane *lane, struct turn *turn)
{
    uint64_t ttl_ms = lane->pool->config.idle_ttl_ms;

    if (!lane->sweep && !lane->is_stopping && ttl_ms > 0)
        lane->sweep = lane_timer_start(lane, ttl_ms * NS_PER_MS / SWEEPS_PER_TTL, on_sweep, lane);
    for (;;) {
        struct actor *actor;

        receive_all(lane);
        if (lane->is_stopping && is_empty(lane) && mailbox_close(&lane->mailbox)) {
            close_lane(lane);
            return LANE_IS_CLOSED;
        }
        actor = next_actor(lane);
        if (!actor) {
            rest(lane);
            continue;
        }
        if (!lane_take_turn(lane, actor, turn))
            return LANE_LOST;
        poll(lane);
    }
}
