/* server/comparison_message: what a decoder reads of a report. */
#include "server/comparison_message.h"

#include "api/bytes.h"
#include "api/utf8.h"
#include "unit.h"

#include <stdio.h>

#define ROUNDS 7u

static struct arm arms[3];

static void make_arms(void)
{
    struct pool_config config = pool_config_default();

    config.lanes = 3;
    arm_init(&arms[0], &pool_legacy, &config);
    config.handoff = HANDOFF_MUTEX;
    arm_init(&arms[1], &pool_shared, &config);
    config.spread = 9;
    arm_init(&arms[2], &pool_pinned, &config);
}

static void fill_arm(struct arm_figures *figures, unsigned factor)
{
    for (unsigned i = 0; i < ROUNDS; i++)
        figures->rounds[i] = (struct round_figures){.tasks = 100 + i,
                                                    .failed = i == 3,
                                                    .per_s = 10.0 * factor + i,
                                                    .p50_us = 100 * factor + i,
                                                    .p99_us = 1000 * factor + i,
                                                    .cpu_us = 50.5 * factor};
    figures->tally.answered = 720;
    figures->tally.failed = 1;
    figures->tally.isolates_created = 11 * factor;
    figures->tally.isolates_evicted = 5;
    figures->mean_depth = 1.5;
    figures->max_depth = 17;
    figures->memory_bytes = 4096;
    for (uint64_t i = 1; i <= 100; i++) {
        histogram_record(&figures->latency_us, i * factor);
        histogram_record(&figures->tally.queue_wait_us, i);
        histogram_record(&figures->tally.cpu_us, 30);
    }
}

/* Legacy, shared with mutexes, pinned, of which the shared one has locks. */
static struct comparison *new_comparison(void)
{
    struct comparison *c = xcalloc(1, sizeof(*c));

    make_arms();
    comparison_init(c, arms, 3);
    c->round_count = ROUNDS;
    c->duration_ms = 12345;
    for (unsigned i = 0; i < 3; i++)
        fill_arm(&c->figures[i], i + 1);
    c->figures[1].tally.lock.acquisitions = 1000;
    c->figures[1].tally.lock.contended = 30;
    histogram_record(&c->figures[1].tally.lock.wait_us, 8);
    c->figures[1].tally.isolate_lock.acquisitions = 500;
    c->figures[1].tally.isolate_lock.contended = 20;
    histogram_record(&c->figures[1].tally.isolate_lock.wait_us, 9);
    comparison_note(c, "Subrequests were %s.", "simulated");
    comparison_conclude(c, METRIC_THROUGHPUT);
    return c;
}

static void free_comparison(struct comparison *c)
{
    comparison_release(c);
    free(c);
}

/* What a client has of it. */
static Isoyard__V1__Comparison *pack_and_read(const struct comparison *c,
                                              const struct comparison_about *about)
{
    struct comparison_message *m = comparison_message_new(c, about);
    size_t size = isoyard__v1__comparison__get_packed_size(&m->comparison);
    uint8_t *packed = xmalloc(size);
    Isoyard__V1__Comparison *read;

    isoyard__v1__comparison__pack(&m->comparison, packed);
    comparison_message_free(m);
    read = isoyard__v1__comparison__unpack(NULL, size, packed);
    free(packed);
    ck_assert_ptr_nonnull(read);
    ck_assert_uint_le(size, COMPARISON_MESSAGE_BYTES_MAX);
    return read;
}

static struct comparison_about about_cpu(void)
{
    return (struct comparison_about){.title = "synthetic, cpu, 4 callers",
                                     .server_version = "1.2.3",
                                     .v8_version = "10.2",
                                     .processors = 2};
}

START_TEST(comparison_message_has_what_was_asked_and_concluded)
{
    Isoyard__V1__ComparePoolsRequest request = ISOYARD__V1__COMPARE_POOLS_REQUEST__INIT;
    Isoyard__V1__LiveComparison live = ISOYARD__V1__LIVE_COMPARISON__INIT;
    struct comparison *c = new_comparison();
    struct comparison_about about = about_cpu();
    Isoyard__V1__Comparison *m;

    request.kind_case = ISOYARD__V1__COMPARE_POOLS_REQUEST__KIND_LIVE;
    request.live = &live;
    about.request = &request;
    m = pack_and_read(c, &about);
    ck_assert_uint_eq(m->id, 0);
    ck_assert_ptr_null(m->create_time);
    ck_assert_int_eq(m->request->kind_case, ISOYARD__V1__COMPARE_POOLS_REQUEST__KIND_LIVE);
    ck_assert_str_eq(m->title, about.title);
    ck_assert_str_eq(m->verdict, c->verdict);
    ck_assert_uint_gt(strlen(m->verdict), 10);
    ck_assert_int_eq(m->is_decided, c->is_decided);
    ck_assert_uint_eq(m->n_notes, 1);
    ck_assert_str_eq(m->notes[0], "Subrequests were simulated.");
    ck_assert_uint_eq(m->duration_ms, 12345);
    ck_assert_str_eq(m->server_version, "1.2.3");
    ck_assert_str_eq(m->v8_version, "10.2");
    ck_assert_uint_eq(m->processors, 2);
    isoyard__v1__comparison__free_unpacked(m, NULL);
    free_comparison(c);
}
END_TEST

START_TEST(comparison_message_names_arms_and_their_pools)
{
    struct comparison *c = new_comparison();
    struct comparison_about about = about_cpu();
    Isoyard__V1__Comparison *m = pack_and_read(c, &about);

    ck_assert_uint_eq(m->n_arms, 3);
    ck_assert_str_eq(m->arms[1]->name, "shared mutex");
    ck_assert_int_eq(m->arms[0]->arm->architecture, ISOYARD__V1__ARCHITECTURE__ARCHITECTURE_LEGACY);
    ck_assert_int_eq(m->arms[1]->arm->architecture, ISOYARD__V1__ARCHITECTURE__ARCHITECTURE_SHARED);
    ck_assert_int_eq(m->arms[2]->arm->architecture, ISOYARD__V1__ARCHITECTURE__ARCHITECTURE_PINNED);
    ck_assert_int_eq(m->arms[0]->arm->handoff, ISOYARD__V1__HANDOFF__HANDOFF_UNSPECIFIED);
    ck_assert_int_eq(m->arms[1]->arm->handoff, ISOYARD__V1__HANDOFF__HANDOFF_MUTEX);
    ck_assert_int_eq(m->arms[2]->arm->handoff, ISOYARD__V1__HANDOFF__HANDOFF_UNSPECIFIED);
    ck_assert_uint_eq(m->arms[2]->config->lanes, 3);
    ck_assert_uint_eq(m->arms[2]->config->spread, 9);
    isoyard__v1__comparison__free_unpacked(m, NULL);
    free_comparison(c);
}
END_TEST

START_TEST(comparison_message_has_the_figures)
{
    struct comparison *c = new_comparison();
    struct comparison_about about = about_cpu();
    Isoyard__V1__Comparison *m = pack_and_read(c, &about);
    const Isoyard__V1__ComparisonArmResult *arm = m->arms[1];

    ck_assert_uint_eq(arm->tasks, 721);
    ck_assert_uint_eq(arm->failed, 1);
    ck_assert_double_eq_tol(arm->tasks_per_s, 23, 1e-9); /* the fourth of 20 to 26 */
    ck_assert_uint_eq(arm->latency->count, 100);
    ck_assert_uint_ge(arm->latency->p50_us, 100);
    ck_assert_uint_eq(arm->latency->max_us, 200);
    ck_assert_double_eq_tol(arm->cpu_us_per_task, 30, 1e-9);
    ck_assert_uint_eq(arm->isolates_created, 22);
    ck_assert_uint_eq(arm->isolates_evicted, 5);
    ck_assert_uint_eq(arm->lock->acquisitions, 1000);
    ck_assert_uint_eq(arm->lock->contended, 30);
    ck_assert_uint_eq(arm->lock->wait->max_us, 8);
    ck_assert_uint_eq(arm->isolate_lock->acquisitions, 500);
    ck_assert_uint_eq(arm->isolate_lock->contended, 20);
    ck_assert_uint_eq(arm->isolate_lock->wait->max_us, 9);
    ck_assert_ptr_null(m->arms[0]->lock);
    ck_assert_ptr_null(m->arms[0]->isolate_lock);
    ck_assert_uint_eq(arm->queue_wait->count, 100);
    ck_assert_double_eq(arm->mean_depth, 1.5);
    ck_assert_uint_eq(arm->max_depth, 17);
    ck_assert_uint_eq(arm->memory_bytes, 4096);
    isoyard__v1__comparison__free_unpacked(m, NULL);
    free_comparison(c);
}
END_TEST

START_TEST(comparison_message_has_rounds_and_ratios)
{
    struct comparison *c = new_comparison();
    struct comparison_about about = about_cpu();
    Isoyard__V1__Comparison *m = pack_and_read(c, &about);
    const Isoyard__V1__ComparisonRound *round = m->arms[2]->rounds[3];
    const Isoyard__V1__ComparisonRatio *ratio = m->ratios[4];

    ck_assert_uint_eq(m->arms[2]->n_rounds, ROUNDS);
    ck_assert_uint_eq(round->tasks, 103);
    ck_assert_uint_eq(round->failed, 1);
    ck_assert_double_eq_tol(round->tasks_per_s, 33, 1e-9);
    ck_assert_uint_eq(round->p50_us, 303);
    ck_assert_uint_eq(round->p99_us, 3003);
    ck_assert_double_eq_tol(round->cpu_us_per_task, 151.5, 1e-9);
    ck_assert_uint_eq(m->n_ratios, 8);
    ck_assert_uint_eq(ratio->arm, 2);
    ck_assert_int_eq(ratio->metric, ISOYARD__V1__COMPARISON_METRIC__COMPARISON_METRIC_THROUGHPUT);
    ck_assert_double_eq_tol(ratio->median, 33.0 / 13, 1e-9);
    ck_assert_double_eq_tol(ratio->min, 36.0 / 16, 1e-9);
    ck_assert_double_eq_tol(ratio->max, 30.0 / 10, 1e-9);
    ck_assert_double_eq_tol(ratio->interval->low, 36.0 / 16, 1e-9);
    ck_assert_double_eq_tol(ratio->interval->high, 30.0 / 10, 1e-9);
    isoyard__v1__comparison__free_unpacked(m, NULL);
    free_comparison(c);
}
END_TEST

START_TEST(comparison_message_of_few_rounds_has_no_interval)
{
    struct comparison *c = new_comparison();
    struct comparison_about about = about_cpu();
    Isoyard__V1__Comparison *m;

    c->round_count = 5;
    comparison_conclude(c, METRIC_THROUGHPUT);
    m = pack_and_read(c, &about);
    ck_assert_uint_eq(m->n_ratios, 8);
    ck_assert_ptr_null(m->ratios[0]->interval);
    ck_assert_uint_eq(m->arms[0]->n_rounds, 5);
    isoyard__v1__comparison__free_unpacked(m, NULL);
    free_comparison(c);
}
END_TEST

START_TEST(comparison_message_leaves_out_what_no_arm_has)
{
    struct comparison *c = xcalloc(1, sizeof(*c));
    struct comparison_about about = about_cpu();
    Isoyard__V1__Comparison *m;

    make_arms();
    comparison_init(c, arms, 2);
    comparison_conclude(c, METRIC_THROUGHPUT);
    m = pack_and_read(c, &about);
    ck_assert_uint_eq(m->n_ratios, 0);
    ck_assert_uint_eq(m->arms[0]->n_rounds, 0);
    ck_assert_double_eq(m->arms[0]->tasks_per_s, 0);
    ck_assert_double_eq(m->arms[0]->cpu_us_per_task, 0);
    ck_assert(!m->is_decided);
    isoyard__v1__comparison__free_unpacked(m, NULL);
    free_comparison(c);
}
END_TEST

/* A request whose body has so many bytes. */
static Isoyard__V1__Comparison *read_with_body(const struct comparison *c, size_t len)
{
    Isoyard__V1__ComparePoolsRequest request = ISOYARD__V1__COMPARE_POOLS_REQUEST__INIT;
    Isoyard__V1__SyntheticComparison synthetic = ISOYARD__V1__SYNTHETIC_COMPARISON__INIT;
    Isoyard__V1__ExecuteRequest execute = ISOYARD__V1__EXECUTE_REQUEST__INIT;
    Isoyard__V1__HttpRequest fetch = ISOYARD__V1__HTTP_REQUEST__INIT;
    struct comparison_about about = about_cpu();
    Isoyard__V1__Comparison *m;

    request.kind_case = ISOYARD__V1__COMPARE_POOLS_REQUEST__KIND_SYNTHETIC;
    request.synthetic = &synthetic;
    synthetic.load_case = ISOYARD__V1__SYNTHETIC_COMPARISON__LOAD_WORKER;
    synthetic.worker = &execute;
    execute.event_case = ISOYARD__V1__EXECUTE_REQUEST__EVENT_FETCH;
    execute.fetch = &fetch;
    fetch.body_case = ISOYARD__V1__HTTP_REQUEST__BODY_BODY_BYTES;
    fetch.body_bytes.data = xcalloc(1, len);
    fetch.body_bytes.len = len;
    about.request = &request;
    m = pack_and_read(c, &about);
    free(fetch.body_bytes.data);
    return m;
}

START_TEST(comparison_message_leaves_out_a_request_that_is_too_large)
{
    struct comparison *c = new_comparison();
    Isoyard__V1__Comparison *m;

    while (c->note_count < COMPARISON_NOTES_MAX)
        comparison_note(c, "another one");
    m = read_with_body(c, COMPARISON_MESSAGE_BYTES_MAX - 16384);
    ck_assert_ptr_nonnull(m->request);
    ck_assert_uint_eq(m->n_notes, COMPARISON_NOTES_MAX);
    isoyard__v1__comparison__free_unpacked(m, NULL);
    m = read_with_body(c, COMPARISON_MESSAGE_BYTES_MAX);
    ck_assert_ptr_null(m->request);
    ck_assert_uint_eq(m->n_notes, COMPARISON_NOTES_MAX + 1);
    ck_assert_ptr_nonnull(strstr(m->notes[COMPARISON_NOTES_MAX], "too large"));
    isoyard__v1__comparison__free_unpacked(m, NULL);
    free_comparison(c);
}
END_TEST

START_TEST(comparison_message_keeps_texts_utf8_where_they_are_cut)
{
    struct comparison *c = new_comparison();
    struct comparison_about about = about_cpu();
    char title[4096] = "";
    Isoyard__V1__Comparison *m;

    for (size_t i = 0; i + 3 < sizeof(title); i += 2)
        memcpy(title + i, "\xc3\xa9", 3);
    about.title = title;
    memcpy(c->notes[0], title, sizeof(c->notes[0]) - 1); /* half a character at the end */
    m = pack_and_read(c, &about);
    ck_assert(utf8_is_valid(m->title, strlen(m->title)));
    ck_assert_uint_eq(strlen(m->title), 1024);
    ck_assert(utf8_is_valid(m->notes[0], strlen(m->notes[0])));
    isoyard__v1__comparison__free_unpacked(m, NULL);
    free_comparison(c);
}
END_TEST

START_TEST(comparison_message_of_the_most_fits)
{
    struct comparison *c = xcalloc(1, sizeof(*c));
    struct comparison_about about = about_cpu();
    struct arm most[COMPARISON_ARMS_MAX];
    Isoyard__V1__Comparison *m;

    make_arms();
    for (unsigned i = 0; i < COMPARISON_ARMS_MAX; i++)
        most[i] = arms[1];
    comparison_init(c, most, COMPARISON_ARMS_MAX);
    c->round_count = COMPARISON_ROUNDS_MAX;
    for (unsigned i = 0; i < COMPARISON_ARMS_MAX; i++) {
        for (unsigned round = 0; round < COMPARISON_ROUNDS_MAX; round++)
            c->figures[i].rounds[round] = (struct round_figures){UINT64_MAX, UINT64_MAX, 1e300,
                                                                 UINT64_MAX, UINT64_MAX, 1e300};
    }
    comparison_conclude(c, METRIC_P99);
    m = pack_and_read(c, &about);
    ck_assert_uint_eq(m->n_ratios, (COMPARISON_ARMS_MAX - 1) * METRIC_COUNT);
    ck_assert_uint_eq(m->arms[7]->n_rounds, COMPARISON_ROUNDS_MAX);
    isoyard__v1__comparison__free_unpacked(m, NULL);
    free_comparison(c);
}
END_TEST

UNIT_MAIN("comparison_message", comparison_message_has_what_was_asked_and_concluded,
          comparison_message_names_arms_and_their_pools, comparison_message_has_the_figures,
          comparison_message_has_rounds_and_ratios,
          comparison_message_of_few_rounds_has_no_interval,
          comparison_message_leaves_out_what_no_arm_has,
          comparison_message_leaves_out_a_request_that_is_too_large,
          comparison_message_keeps_texts_utf8_where_they_are_cut,
          comparison_message_of_the_most_fits)
