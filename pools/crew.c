/*
 * The crew: threads, turn records, the watchdog.
 *
 * All threads are alike. One that is hired for a lane plays it until the lane is closed, or lost to
 * a spare; then it is a spare itself. The watchdog looks at all turn records, every millisecond as
 * long as any thread is awake: it stops events that have used up what they may (turn.c), and where
 * a turn lasts it sends a spare, which adopts the lane.
 */
#include "api/lock.h"
#include "pools/crew_private.h"

#include "api/bytes.h"
#include "api/clock.h"
#include "api/log.h"
#include "pools/lane.h"

#include <assert.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdlib.h>

#define TICK_NS TURN_SAMPLE_NS

/* What a thread is to do: play a lane that is its own, or adopt one from a turn. */
struct job {
    struct lane *lane; /* with a reference; NULL: nothing */
    struct turn *turn; /* to adopt it from */
    uint64_t word;     /* the lane's, in that turn */
};

struct crew_thread {
    struct crew *crew;
    pthread_t id;
    pthread_cond_t changed; /* with crew.lock: a job, or the end */
    struct job job;         /* guarded by crew.lock */
    bool is_quarantined;    /* guarded by crew.lock: it ends when its turn does */
    bool is_finished;       /* guarded by crew.lock: it can be joined */
    struct crew_thread *next_idle;
    struct crew_thread *next;
};

struct crew {
    struct crew_config config; /* immutable, as is the next */
    struct offload *offload;

    struct lock lock;            /* guards what follows; a leaf, but taken under a turn's, too */
    pthread_cond_t lane_left;    /* a thread has nothing to do with a lane any more */
    struct crew_thread *threads; /* all that are not joined */
    struct crew_thread *idle;    /* the last one to become idle first: its caches are warm */
    unsigned idle_count;
    unsigned count;         /* threads that run */
    unsigned wanted;        /* lanes and spares */
    unsigned quarantined;   /* threads, which are not counted above */
    bool is_exhausted;      /* watchdog only */
    atomic_uint quarantine; /* how many turns may be written off */
    struct turn *free_turns;
    bool is_stopping;

    _Atomic(struct turn *) turns; /* all records; grows under the lock, and is read without */
    _Atomic uint64_t terminations;
    atomic_uint forced; /* turns that crew_force_adoption was asked about */

    atomic_uint awake; /* threads that play and do not sleep, and strays */
    atomic_int watchdog_sleeps;
    atomic_bool watchdog_stops;
    sem_t watchdog_wake;
    pthread_t watchdog;
};

struct crew_config crew_config_default(void)
{
    return (struct crew_config){.spares = 4,
                                .adopt_after_ms = 5,
                                .cancel_grace_ms = 50,
                                .crypto_threads = 2,
                                .quarantine_after_ms = 2000,
                                .quarantine = 4};
}

const struct crew_config *crew_configuration(const struct crew *crew)
{
    return &crew->config;
}

/* Turn records. */

static struct turn *new_turn(struct crew *crew)
{
    struct turn *turn = xmalloc(sizeof(*turn));

    turn_init(turn);
    turn->next = atomic_load_explicit(&crew->turns, memory_order_relaxed);
    /* Release: the watchdog finds a record that is initialised. Only ever written under the lock.
     */
    atomic_store_explicit(&crew->turns, turn, memory_order_release);
    return turn;
}

static struct turn *take_turn(struct crew *crew, struct crew_thread *thread)
{
    struct turn *turn;

    lock_take(&crew->lock);
    turn = crew->free_turns;
    if (turn)
        crew->free_turns = turn->next_free;
    else
        turn = new_turn(crew);
    turn->thread = thread;
    lock_release(&crew->lock);
    return turn;
}

void crew_give_turn(struct crew *crew, struct turn *turn)
{
    lock_take(&crew->lock);
    turn->next_free = crew->free_turns;
    crew->free_turns = turn;
    lock_release(&crew->lock);
}

/* Awake and asleep. */

void crew_thread_sleeps(struct crew *crew)
{
    atomic_fetch_sub_explicit(&crew->awake, 1, memory_order_seq_cst);
}

void crew_thread_wakes(struct crew *crew)
{
    /* Sequentially consistent, as is the watchdog's mirror image (say that it sleeps, then look who
     * is awake): one of the two sees the other. */
    atomic_fetch_add_explicit(&crew->awake, 1, memory_order_seq_cst);
    if (atomic_load_explicit(&crew->watchdog_sleeps, memory_order_seq_cst) &&
        atomic_exchange_explicit(&crew->watchdog_sleeps, 0, memory_order_seq_cst))
        sem_post(&crew->watchdog_wake);
}

/* Lanes. */

static void leave_lane(struct crew *crew, struct lane *lane, bool is_closed)
{
    lock_take(&crew->lock);
    if (is_closed)
        crew->wanted--;
    /* Under the lock, so that nobody who waits for it misses the call. */
    atomic_fetch_sub_explicit(&lane->refs, 1, memory_order_acq_rel);
    pthread_cond_broadcast(&crew->lane_left);
    lock_release(&crew->lock);
}

void crew_enter_lane(struct lane *lane)
{
    atomic_fetch_add_explicit(&lane->refs, 1, memory_order_relaxed);
}

void crew_leave_lane(struct crew *crew, struct lane *lane)
{
    leave_lane(crew, lane, false);
}

struct offload *crew_offload(const struct crew *crew)
{
    return crew->offload;
}

void crew_await_others(struct crew *crew, struct lane *lane)
{
    lock_take(&crew->lock);
    while (atomic_load_explicit(&lane->refs, memory_order_acquire) > 1)
        lock_await(&crew->lock, &crew->lane_left);
    lock_release(&crew->lock);
}

void crew_await_closed(struct crew *crew, struct lane *lane)
{
    lock_take(&crew->lock);
    while (atomic_load_explicit(&lane->refs, memory_order_acquire) > 0)
        lock_await(&crew->lock, &crew->lane_left);
    lock_release(&crew->lock);
    assert(LANE_PHASE(atomic_load_explicit(&lane->word, memory_order_acquire)) == LANE_CLOSED);
}

/* Threads. */

static void do_job(struct crew *crew, struct crew_thread *thread, const struct job *job)
{
    enum lane_result result = LANE_LOST;
    struct turn *turn = take_turn(crew, thread);
    bool is_holder;

    crew_thread_wakes(crew);
    is_holder = !job->turn || lane_adopt(job->lane, job->word, job->turn);
    if (is_holder)
        result = lane_play(job->lane, turn);
    crew_thread_sleeps(crew);
    /* A lane that is lost has the record. */
    if (!is_holder || result == LANE_IS_CLOSED)
        crew_give_turn(crew, turn);
    leave_lane(crew, job->lane, result == LANE_IS_CLOSED);
}

/* Waits among the spares for something to do; no lane where the thread is to end. */
static struct job wait_for_job(struct crew_thread *thread)
{
    struct crew *crew = thread->crew;
    struct job job;

    lock_take(&crew->lock);
    if (thread->is_quarantined) {
        crew->quarantined--;
        thread->is_finished = true;
        lock_release(&crew->lock);
        return (struct job){0};
    }
    if (!thread->job.lane && !crew->is_stopping && crew->count <= crew->wanted) {
        thread->next_idle = crew->idle;
        crew->idle = thread;
        crew->idle_count++;
        while (!thread->job.lane && !crew->is_stopping)
            lock_await(&crew->lock, &thread->changed);
    }
    job = thread->job;
    thread->job = (struct job){0};
    if (!job.lane) {
        crew->count--;
        thread->is_finished = true;
    }
    lock_release(&crew->lock);
    return job;
}

static void *run_thread(void *arg)
{
    struct crew_thread *thread = arg;

    for (;;) {
        struct job job = wait_for_job(thread);

        if (!job.lane)
            return NULL;
        do_job(thread->crew, thread, &job);
    }
}

/* Hands a job to a spare; false where none is idle. */
static bool send_spare(struct crew *crew, struct job job)
{
    struct crew_thread *thread;

    lock_take(&crew->lock);
    thread = crew->idle;
    if (thread) {
        crew->idle = thread->next_idle;
        crew->idle_count--;
        thread->job = job;
        pthread_cond_signal(&thread->changed);
    }
    lock_release(&crew->lock);
    return thread != NULL;
}

bool crew_force_adoption(struct crew *crew, struct turn *turn)
{
    unsigned every = crew->config.adopt_every;

    if (every == 0 ||
        atomic_fetch_add_explicit(&crew->forced, 1, memory_order_relaxed) % every != 0)
        return false;
    atomic_fetch_add_explicit(&turn->lane->refs, 1, memory_order_relaxed);
    if (send_spare(crew, (struct job){turn->lane, turn, turn->lane_word}))
        return true;
    leave_lane(crew, turn->lane, false);
    return false;
}

static void free_thread(struct crew_thread *thread)
{
    pthread_join(thread->id, NULL);
    pthread_cond_destroy(&thread->changed);
    free(thread);
}

/* Joins threads that have ended. */
static void reap(struct crew *crew)
{
    struct crew_thread *finished = NULL;

    lock_take(&crew->lock);
    for (struct crew_thread **at = &crew->threads; *at;) {
        struct crew_thread *thread = *at;

        if (!thread->is_finished) {
            at = &thread->next;
            continue;
        }
        *at = thread->next;
        thread->next = finished;
        finished = thread;
    }
    lock_release(&crew->lock);
    while (finished) {
        struct crew_thread *next = finished->next;

        free_thread(finished);
        finished = next;
    }
}

/* Adds a thread to those that run, with a job or as a spare; wanted: how many more there are to be
 * from now on. */
static int start_thread(struct crew *crew, struct job job, unsigned wanted)
{
    struct crew_thread *thread = xcalloc(1, sizeof(*thread));
    pthread_attr_t attributes;
    int err;

    thread->crew = crew;
    thread->job = job;
    pthread_cond_init(&thread->changed, NULL);
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, SHIM_STACK_BYTES);
    lock_take(&crew->lock);
    err = pthread_create(&thread->id, &attributes, run_thread, thread);
    if (!err) {
        crew->count++;
        crew->wanted += wanted;
        thread->next = crew->threads;
        crew->threads = thread;
    }
    lock_release(&crew->lock);
    pthread_attr_destroy(&attributes);
    if (!err) {
        pthread_setname_np(thread->id, "lane");
        return 0;
    }
    pthread_cond_destroy(&thread->changed);
    free(thread);
    return E_NOMEM;
}

int crew_hire(struct crew *crew, struct lane *lane)
{
    int err;

    reap(crew);
    atomic_fetch_add_explicit(&lane->refs, 1, memory_order_relaxed);
    err = start_thread(crew, (struct job){.lane = lane}, 1);
    if (err)
        atomic_fetch_sub_explicit(&lane->refs, 1, memory_order_relaxed);
    return err;
}

/* The watchdog. */

/* The thread of a turn that is written off counts no more, and all others go before it: that cannot
 * be undone without privilege, so that it ends when its turn does. Under the turn's lock. */
static void write_off(void *arg, struct turn *turn)
{
    static const struct sched_param param = {0};
    struct crew *crew = arg;
    struct crew_thread *thread;

    sched_setscheduler(turn->thread_id, SCHED_IDLE, &param);
    lock_take(&crew->lock);
    thread = turn->thread;
    thread->is_quarantined = true;
    crew->count--;
    crew->quarantined++;
    lock_release(&crew->lock);
}

/* Watchdog's thread. */
static void say_exhausted(struct crew *crew)
{
    unsigned quarantined = crew_quarantined(crew);

    log_error("a turn did not end and was written off", log_number("quarantined", quarantined));
    if (quarantined <= atomic_load_explicit(&crew->quarantine, memory_order_seq_cst) ||
        crew->is_exhausted)
        return;
    crew->is_exhausted = true;
    if (crew->config.exhausted)
        crew->config.exhausted(crew->config.exhausted_arg);
}

/* Another thread goes to the lane; where that was adopted before, it is a spare. */
static void replace(struct crew *crew, struct turn *turn, struct job job)
{
    say_exhausted(crew);
    if (start_thread(crew, job, 0) == 0)
        return;
    log_error("no thread could be started for one that was written off");
    turn->watch.is_adoption_asked = false; /* a spare may come yet */
    leave_lane(crew, job.lane, false);
}

static void look_at(struct crew *crew, struct turn *turn, uint64_t now_ns)
{
    const struct turn_patience patience = {
        .adopt_after_ns = crew->config.adopt_after_ms * NS_PER_MS,
        .quarantine_after_ns = crew->config.quarantine_after_ms * NS_PER_MS,
        .write_off = write_off,
        .arg = crew,
    };
    struct turn_look look = turn_watch(turn, now_ns, &patience);
    struct job job = {look.late_lane, turn, look.lane_word};

    if (look.has_stopped)
        atomic_fetch_add_explicit(&crew->terminations, 1, memory_order_relaxed);
    if (!look.late_lane)
        return;
    if (look.has_quarantined) {
        replace(crew, turn, job);
        return;
    }
    if (!send_spare(crew, job)) {
        turn->watch.is_adoption_asked = false; /* once more at the next tick */
        leave_lane(crew, look.late_lane, false);
    }
}

static void look_at_all(struct crew *crew)
{
    uint64_t now_ns = clock_now_ns();

    for (struct turn *turn = atomic_load_explicit(&crew->turns, memory_order_acquire); turn;
         turn = turn->next)
        look_at(crew, turn, now_ns);
}

/* Until a thread wakes up, or the crew stops. */
static void sleep_until_woken(struct crew *crew)
{
    atomic_store_explicit(&crew->watchdog_sleeps, 1, memory_order_seq_cst);
    if ((atomic_load_explicit(&crew->awake, memory_order_seq_cst) > 0 ||
         atomic_load_explicit(&crew->watchdog_stops, memory_order_seq_cst)) &&
        atomic_exchange_explicit(&crew->watchdog_sleeps, 0, memory_order_seq_cst))
        return;
    while (sem_wait(&crew->watchdog_wake) != 0)
        ;
}

static void *run_watchdog(void *arg)
{
    static const struct timespec tick = {.tv_nsec = TICK_NS};
    struct crew *crew = arg;

    while (!atomic_load_explicit(&crew->watchdog_stops, memory_order_seq_cst)) {
        if (atomic_load_explicit(&crew->awake, memory_order_relaxed) == 0)
            sleep_until_woken(crew);
        clock_nanosleep(CLOCK_MONOTONIC, 0, &tick, NULL);
        look_at_all(crew);
    }
    return NULL;
}

static void stop_watchdog(struct crew *crew)
{
    atomic_store_explicit(&crew->watchdog_stops, true, memory_order_seq_cst);
    if (atomic_exchange_explicit(&crew->watchdog_sleeps, 0, memory_order_seq_cst))
        sem_post(&crew->watchdog_wake);
    pthread_join(crew->watchdog, NULL);
}

/* Opening and closing. */

/* All threads have ended but the offload's. */
static void release(struct crew *crew)
{
    offload_close(crew->offload);
    sem_destroy(&crew->watchdog_wake);
    pthread_cond_destroy(&crew->lane_left);
    lock_destroy(&crew->lock);
    free(crew);
}

int crew_open(const struct crew_config *config, struct crew **ret, struct error *error)
{
    struct crew *crew = xcalloc(1, sizeof(*crew));

    crew->config = *config;
    atomic_init(&crew->quarantine, config->quarantine);
    lock_init(&crew->lock, LOCK_CREW);
    pthread_cond_init(&crew->lane_left, NULL);
    sem_init(&crew->watchdog_wake, 0, 0);
    crew->offload = offload_open(config->crypto_threads);
    if (!crew->offload || pthread_create(&crew->watchdog, NULL, run_watchdog, crew) != 0) {
        release(crew);
        return error_set(error, E_NOMEM, "", "threads cannot be started");
    }
    pthread_setname_np(crew->watchdog, "watchdog");
    for (unsigned i = 0; i < config->spares; i++) {
        if (start_thread(crew, (struct job){0}, 1) != 0) {
            crew_close(crew);
            return error_set(error, E_NOMEM, "spares",
                             "only %u of %u spare threads could be started", i, config->spares);
        }
    }
    *ret = crew;
    return 0;
}

static void stop_threads(struct crew *crew)
{
    struct crew_thread *thread;

    lock_take(&crew->lock);
    crew->is_stopping = true;
    for (thread = crew->idle; thread; thread = thread->next_idle)
        pthread_cond_signal(&thread->changed);
    lock_release(&crew->lock);
    while ((thread = crew->threads)) {
        crew->threads = thread->next;
        free_thread(thread);
    }
}

void crew_close(struct crew *crew)
{
    struct turn *turn;

    if (!crew)
        return;
    stop_threads(crew);
    stop_watchdog(crew);
    while ((turn = atomic_load_explicit(&crew->turns, memory_order_relaxed))) {
        atomic_store_explicit(&crew->turns, turn->next, memory_order_relaxed);
        turn_release(turn);
        free(turn);
    }
    release(crew);
}

struct crew_figures crew_figures(struct crew *crew)
{
    struct crew_figures figures = {
        .terminations = atomic_load_explicit(&crew->terminations, memory_order_relaxed),
    };

    lock_take(&crew->lock);
    figures.spares = crew->idle_count;
    figures.quarantined = crew->quarantined;
    lock_release(&crew->lock);
    return figures;
}

unsigned crew_quarantined(struct crew *crew)
{
    return crew_figures(crew).quarantined;
}

unsigned crew_forbid_quarantine(struct crew *crew)
{
    atomic_store_explicit(&crew->quarantine, 0, memory_order_seq_cst);
    return crew_quarantined(crew);
}
