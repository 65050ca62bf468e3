/* The workers that have used most, against a model that counts them all. */
#include "pools/top.h"
#include "unit.h"

#include <math.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>

#define WORKERS 2000
#define LANES 3

static struct script *scripts[WORKERS];
static uint64_t used_ns[WORKERS], tasks[WORKERS];
static struct top tops[LANES];
static struct top_list list, before, since;
static double shares[WORKERS]; /* sums of Zipf's, to 1 */

static struct script *new_script(const char *tenant, const char *worker)
{
    struct limits limits = limits_default();

    return script_new(tenant, worker, 0, &limits);
}

static void make_workers(double exponent)
{
    double sum = 0;
    char tenant[16], worker[16];

    for (unsigned w = 0; w < WORKERS; w++) {
        snprintf(tenant, sizeof(tenant), "t%u", w % 7);
        snprintf(worker, sizeof(worker), "w%u", w);
        script_unref(scripts[w]); /* of an earlier round */
        scripts[w] = new_script(tenant, worker);
        shares[w] = sum += pow(w + 1, -exponent);
    }
    for (unsigned w = 0; w < WORKERS; w++)
        shares[w] /= sum;
}

static unsigned pick(unsigned *seed)
{
    double at = rand_r(seed) / ((double)RAND_MAX + 1);
    unsigned w = 0;

    while (w < WORKERS - 1 && shares[w] <= at)
        w++;
    return w;
}

static void use(struct top *top, unsigned w, uint64_t ns)
{
    top_add(top, scripts[w], 1, ns);
    used_ns[w] += ns;
    tasks[w]++;
}

static unsigned worker_of(const struct top_use *u)
{
    unsigned w = 0;

    while (w < WORKERS &&
           (strcmp(scripts[w]->worker, u->worker) || strcmp(scripts[w]->tenant, u->tenant)))
        w++;
    ck_assert_uint_lt(w, WORKERS);
    return w;
}

/* The three promises of top.h, for what has been used in all. */
static void check(const struct top_list *l, uint64_t sum_ns, uint64_t error_max_ns)
{
    bool is_listed[WORKERS] = {false};

    ck_assert_uint_eq(l->sum_ns, sum_ns);
    ck_assert_uint_le(l->unlisted_ns, error_max_ns);
    for (size_t i = 0; i < l->count; i++) {
        const struct top_use *u = &l->uses[i];
        unsigned w = worker_of(u);

        ck_assert(!is_listed[w]);
        is_listed[w] = true;
        ck_assert_uint_ge(u->total_ns, used_ns[w]);
        ck_assert_uint_le(u->total_ns - u->error_ns, used_ns[w]);
        ck_assert_uint_le(u->error_ns, error_max_ns);
        ck_assert_uint_le(u->tasks, tasks[w]);
        ck_assert(i == 0 || l->uses[i - 1].total_ns >= u->total_ns);
    }
    for (unsigned w = 0; w < WORKERS; w++)
        ck_assert(is_listed[w] || used_ns[w] <= l->unlisted_ns);
}

static uint64_t sum_of_all(void)
{
    uint64_t sum = 0;

    for (unsigned w = 0; w < WORKERS; w++)
        sum += used_ns[w];
    return sum;
}

static void run_zipf(unsigned lanes, unsigned *seed)
{
    for (int i = 0; i < 50000; i++) {
        unsigned w = pick(seed);

        use(&tops[(unsigned)rand_r(seed) % lanes], w, (uint64_t)rand_r(seed) % 1000);
    }
    memset(&list, 0, sizeof(list));
    for (unsigned lane = 0; lane < lanes; lane++)
        top_merge(&list, &tops[lane]);
    check(&list, sum_of_all(), sum_of_all() / TOP_ENTRIES);
}

START_TEST(top_add_zipf_keeps_its_promises)
{
    static const double exponents[] = {0.5, 0.8, 1.0, 1.3, 2.0};
    unsigned seed = 7;

    for (size_t e = 0; e < sizeof(exponents) / sizeof(exponents[0]); e++) {
        memset(tops, 0, sizeof(tops));
        memset(used_ns, 0, sizeof(used_ns));
        memset(tasks, 0, sizeof(tasks));
        make_workers(exponents[e]);
        run_zipf(1, &seed);
    }
}
END_TEST

START_TEST(top_merge_zipf_keeps_its_promises)
{
    unsigned seed = 11;

    make_workers(1.1);
    run_zipf(LANES, &seed);
    ck_assert_uint_eq(list.count, TOP_ENTRIES);
    ck_assert_uint_eq(worker_of(&list.uses[0]), 0);
    ck_assert_uint_eq(worker_of(&list.uses[1]), 1);
}
END_TEST

/* Each lane has workers of its own: what a lane does not list counts as an error of the others. */
START_TEST(top_merge_lanes_of_their_own_keeps_its_promises)
{
    unsigned seed = 13;

    make_workers(0.9);
    for (int i = 0; i < 50000; i++) {
        unsigned w = pick(&seed);

        use(&tops[w % LANES], w, 1 + (uint64_t)rand_r(&seed) % 1000);
    }
    for (unsigned lane = 0; lane < LANES; lane++)
        top_merge(&list, &tops[lane]);
    check(&list, sum_of_all(), sum_of_all() / TOP_ENTRIES);
}
END_TEST

START_TEST(top_add_few_workers_is_exact)
{
    make_workers(1);
    for (unsigned w = 0; w < TOP_ENTRIES; w++) {
        for (unsigned i = 0; i <= w; i++)
            use(&tops[w % LANES], w, 10);
    }
    for (unsigned lane = 0; lane < LANES; lane++)
        top_merge(&list, &tops[lane]);
    check(&list, sum_of_all(), 0);
    ck_assert_uint_eq(list.count, TOP_ENTRIES);
    ck_assert_uint_eq(list.uses[0].total_ns, TOP_ENTRIES * 10);
    ck_assert_uint_eq(list.uses[0].tasks, TOP_ENTRIES);
}
END_TEST

START_TEST(top_add_one_too_many_replaces_the_least)
{
    make_workers(1);
    for (unsigned w = 0; w < TOP_ENTRIES; w++)
        use(&tops[0], w, 1000 - w);
    use(&tops[0], TOP_ENTRIES, 5);
    top_merge(&list, &tops[0]);
    check(&list, sum_of_all(), 1000 - (TOP_ENTRIES - 1));
    ck_assert_uint_eq(list.unlisted_ns, 1000 - (TOP_ENTRIES - 1));
    ck_assert_uint_eq(list.count, TOP_ENTRIES);
}
END_TEST

START_TEST(top_add_nothing_used_replaces_nobody)
{
    make_workers(1);
    use(&tops[0], 0, 0);
    top_merge(&list, &tops[0]);
    ck_assert_uint_eq(list.count, 0);
    use(&tops[0], 0, 3);
    use(&tops[0], 0, 0);
    memset(&list, 0, sizeof(list));
    top_merge(&list, &tops[0]);
    ck_assert_uint_eq(list.count, 1);
    ck_assert_uint_eq(list.uses[0].total_ns, 3);
    ck_assert_uint_eq(list.uses[0].tasks, 2);
}
END_TEST

/* Two workers whose keys collide are told apart; a name may be as long as names can be. */
START_TEST(top_add_same_key_other_name_is_another_worker)
{
    char longest[SCRIPT_NAME_MAX + 1];
    struct script *a, *b;

    memset(longest, 'x', SCRIPT_NAME_MAX);
    longest[SCRIPT_NAME_MAX] = '\0';
    a = new_script(longest, longest);
    b = new_script("tenant", "b");
    b->worker_key = a->worker_key;
    top_add(&tops[0], a, 1, 5);
    top_add(&tops[0], b, 1, 7);
    script_unref(a);
    script_unref(b);
    top_merge(&list, &tops[0]);
    ck_assert_uint_eq(list.count, 2);
    ck_assert_str_eq(list.uses[0].worker, "b");
    ck_assert_str_eq(list.uses[1].worker, longest);
    ck_assert_str_eq(list.uses[1].tenant, longest);
}
END_TEST

static void check_interval(void)
{
    bool is_listed[WORKERS] = {false};

    ck_assert_uint_eq(since.sum_ns, sum_of_all());
    for (size_t i = 0; i < since.count; i++) {
        const struct top_use *u = &since.uses[i];
        unsigned w = worker_of(u);

        is_listed[w] = true;
        ck_assert_uint_ge(u->total_ns, used_ns[w]);
        ck_assert_uint_le(u->total_ns - u->error_ns, used_ns[w]);
        ck_assert_uint_le(u->tasks, tasks[w]);
        ck_assert_uint_eq(u->error_ns, since.unlisted_ns);
    }
    for (unsigned w = 0; w < WORKERS; w++)
        ck_assert(is_listed[w] || used_ns[w] <= since.unlisted_ns);
}

START_TEST(top_since_zipf_bounds_hold)
{
    unsigned seed = 17;

    make_workers(1.2);
    run_zipf(LANES, &seed);
    before = list;
    memset(used_ns, 0, sizeof(used_ns));
    memset(tasks, 0, sizeof(tasks));
    for (int i = 0; i < 20000; i++) {
        unsigned w = (pick(&seed) + 500) % WORKERS; /* others than before */

        use(&tops[(unsigned)rand_r(&seed) % LANES], w, 1 + (uint64_t)rand_r(&seed) % 1000);
    }
    memset(&list, 0, sizeof(list));
    for (unsigned lane = 0; lane < LANES; lane++)
        top_merge(&list, &tops[lane]);
    top_since(&since, &before, &list);
    check_interval();
    ck_assert_uint_eq(worker_of(&since.uses[0]), 500);
}
END_TEST

START_TEST(top_since_few_workers_is_exact)
{
    make_workers(1);
    for (unsigned w = 0; w < 10; w++)
        use(&tops[w % LANES], w, 1000000);
    for (unsigned lane = 0; lane < LANES; lane++)
        top_merge(&before, &tops[lane]);
    memset(used_ns, 0, sizeof(used_ns));
    use(&tops[0], 3, 20);
    use(&tops[1], 4, 30);
    for (unsigned lane = 0; lane < LANES; lane++)
        top_merge(&list, &tops[lane]);
    top_since(&since, &before, &list);
    check_interval();
    ck_assert_uint_eq(since.count, 2);
    ck_assert_uint_eq(since.uses[0].total_ns, 30);
    ck_assert_uint_eq(since.uses[1].total_ns, 20);
    ck_assert_uint_eq(since.uses[0].error_ns, 0);
    ck_assert_uint_eq(since.uses[0].tasks, 1);
}
END_TEST

/* A reader beside the writer: each entry is of one worker, whose name and key belong together. */

#define WRITES 300000

static atomic_bool is_written;

static void *write_all(void *arg)
{
    unsigned seed = 19;

    (void)arg;
    for (int i = 0; i < WRITES; i++) {
        unsigned w = (unsigned)rand_r(&seed) % 100;

        top_add(&tops[0], scripts[w], 1, w + 1);
    }
    atomic_store(&is_written, true);
    return NULL;
}

/* Each task of worker w used w + 1, so that total, error and tasks must agree. */
static void check_whole(const struct top_use *u)
{
    unsigned w = worker_of(u);
    uint64_t counted_ns = u->total_ns - u->error_ns;

    ck_assert_uint_eq(u->key, scripts[w]->worker_key);
    ck_assert_uint_eq(counted_ns % (w + 1), 0);
    ck_assert_uint_gt(counted_ns, 0);
    /* The two are read one after the other. */
    ck_assert_uint_ge(counted_ns / (w + 1), u->tasks);
}

START_TEST(top_merge_beside_the_writer_sees_whole_entries)
{
    pthread_t writer;
    unsigned readings = 0;

    make_workers(1);
    pthread_create(&writer, NULL, write_all, NULL);
    while (!atomic_load(&is_written)) {
        memset(&list, 0, sizeof(list));
        top_merge(&list, &tops[0]);
        for (size_t i = 0; i < list.count; i++)
            check_whole(&list.uses[i]);
        readings++;
    }
    pthread_join(writer, NULL);
    ck_assert_uint_gt(readings, 0);
    memset(&list, 0, sizeof(list));
    top_merge(&list, &tops[0]);
    ck_assert_uint_eq(list.count, TOP_ENTRIES);
}
END_TEST

UNIT_MAIN("top", top_add_zipf_keeps_its_promises, top_merge_zipf_keeps_its_promises,
          top_merge_lanes_of_their_own_keeps_its_promises, top_add_few_workers_is_exact,
          top_add_one_too_many_replaces_the_least, top_add_nothing_used_replaces_nobody,
          top_add_same_key_other_name_is_another_worker, top_since_zipf_bounds_hold,
          top_since_few_workers_is_exact, top_merge_beside_the_writer_sees_whole_entries)
