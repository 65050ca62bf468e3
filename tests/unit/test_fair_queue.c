/* The fair hand-off: against a model that keeps the queue in an array, and by what it promises. */
#include "pools/fair_queue.h"

#include "unit.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdlib.h>

#define ENTRIES 12
#define STEPS 20000

static struct fair_queue queue;
static struct fair_entry entries[ENTRIES];

static enum fair_state model_state[ENTRIES];
static int model[ENTRIES]; /* who is queued, in order */
static int model_count;
static uint64_t model_since_ns[ENTRIES];

static void model_remove(int e)
{
    int at = 0;

    while (model[at] != e)
        at++;
    model_count--;
    for (; at < model_count; at++)
        model[at] = model[at + 1];
}

static void step_add(int e, uint64_t now_ns)
{
    bool is_added = fair_queue_add(&queue, &entries[e], now_ns);

    ck_assert(is_added == (model_state[e] == FAIR_IDLE));
    if (!is_added)
        return;
    model_state[e] = FAIR_QUEUED;
    model_since_ns[e] = now_ns;
    model[model_count++] = e;
}

static void step_claim_or_release(int e)
{
    if (model_state[e] == FAIR_CLAIMED) {
        fair_queue_release(&entries[e]);
        model_state[e] = FAIR_IDLE;
        return;
    }
    ck_assert(fair_queue_claim(&queue, &entries[e]) == (model_state[e] == FAIR_QUEUED));
    if (model_state[e] == FAIR_QUEUED)
        model_remove(e);
    model_state[e] = FAIR_CLAIMED;
}

static void check(void)
{
    ck_assert_ptr_eq(fair_queue_first(&queue), model_count > 0 ? &entries[model[0]] : NULL);
    for (int e = 0; e < ENTRIES; e++) {
        ck_assert_int_eq(entries[e].state, model_state[e]);
        if (model_state[e] == FAIR_QUEUED)
            ck_assert_uint_eq(entries[e].queued_ns, model_since_ns[e]);
    }
}

START_TEST(fair_queue_any_steps_are_the_models)
{
    unsigned seed = 5;

    for (uint64_t step = 1; step <= STEPS; step++) {
        int e = rand_r(&seed) % ENTRIES;

        if (rand_r(&seed) % 2)
            step_add(e, step);
        else
            step_claim_or_release(e);
        check();
    }
}
END_TEST

static int claim_first(void)
{
    struct fair_entry *first = fair_queue_first(&queue);

    ck_assert_ptr_nonnull(first);
    ck_assert(fair_queue_claim(&queue, first));
    return (int)(first - entries);
}

/* However long each is played, and in whatever order they are released: who is queued behind n
 * others is the (n + 1)th to be claimed from then on. */
START_TEST(fair_queue_always_busy_claims_as_many_before_as_were_queued)
{
    unsigned claims = 0, due[ENTRIES], seed = 7;
    int claimed[4];

    for (int e = 0; e < ENTRIES; e++) {
        fair_queue_add(&queue, &entries[e], 0);
        due[e] = (unsigned)e + 1;
    }
    for (int i = 0; i < 4; i++) {
        claimed[i] = claim_first();
        ck_assert_uint_eq(due[claimed[i]], ++claims);
    }
    for (uint64_t step = 1; step <= STEPS; step++) {
        int i = rand_r(&seed) % 4;

        fair_queue_release(&entries[claimed[i]]);
        fair_queue_add(&queue, &entries[claimed[i]], step);
        due[claimed[i]] = claims + (ENTRIES - 4) + 1;
        claimed[i] = claim_first();
        ck_assert_uint_eq(due[claimed[i]], ++claims);
    }
}
END_TEST

START_TEST(fair_queue_released_with_more_to_do_goes_to_the_end)
{
    for (int e = 0; e < 3; e++)
        ck_assert(fair_queue_add(&queue, &entries[e], (uint64_t)e));
    ck_assert_int_eq(claim_first(), 0);
    ck_assert(!fair_queue_add(&queue, &entries[0], 3)); /* claimed */
    fair_queue_release(&entries[0]);
    ck_assert(fair_queue_add(&queue, &entries[0], 4));
    ck_assert(!fair_queue_add(&queue, &entries[1], 5)); /* keeps its place */
    ck_assert_int_eq(claim_first(), 1);
    ck_assert_int_eq(claim_first(), 2);
    ck_assert_int_eq(claim_first(), 0);
    ck_assert_ptr_null(fair_queue_first(&queue));
}
END_TEST

/* Threads under one lock, as lanes are: an entry is played by one at a time. */

#define THREADS 4
#define TURNS 20000

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static unsigned turns_left = TURNS, played[ENTRIES];
static int players[ENTRIES]; /* not under the lock: the claim guards it */
static atomic_uint clashes, gaps;

static struct fair_entry *claim(void)
{
    struct fair_entry *entry = NULL;

    pthread_mutex_lock(&lock);
    if (turns_left > 0) {
        turns_left--;
        entry = fair_queue_first(&queue);
        gaps += !entry;
    }
    if (entry) {
        fair_queue_claim(&queue, entry);
        played[entry - entries]++;
    }
    pthread_mutex_unlock(&lock);
    return entry;
}

static void *play(void *arg)
{
    struct fair_entry *entry;

    (void)arg;
    while ((entry = claim())) {
        clashes += players[entry - entries]++ != 0;
        clashes += --players[entry - entries] != 0;
        pthread_mutex_lock(&lock);
        fair_queue_release(entry);
        fair_queue_add(&queue, entry, 0);
        pthread_mutex_unlock(&lock);
    }
    return NULL;
}

START_TEST(fair_queue_many_threads_play_each_alone)
{
    pthread_t threads[THREADS];
    unsigned sum = 0;

    for (int e = 0; e < ENTRIES; e++)
        fair_queue_add(&queue, &entries[e], 0);
    for (int t = 0; t < THREADS; t++)
        pthread_create(&threads[t], NULL, play, NULL);
    for (int t = 0; t < THREADS; t++)
        pthread_join(threads[t], NULL);
    for (int e = 0; e < ENTRIES; e++) {
        ck_assert_uint_ge(played[e], 1);
        sum += played[e];
    }
    ck_assert_uint_eq(sum, TURNS);
    ck_assert_uint_eq(clashes, 0);
    ck_assert_uint_eq(gaps, 0);
}
END_TEST

UNIT_MAIN("fair_queue", fair_queue_any_steps_are_the_models,
          fair_queue_always_busy_claims_as_many_before_as_were_queued,
          fair_queue_released_with_more_to_do_goes_to_the_end,
          fair_queue_many_threads_play_each_alone)
