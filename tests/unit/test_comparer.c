/* server/comparer: one comparison at a time, of both kinds, and what ends them. */
#include "server/comparer.h"

#include "api/bytes.h"
#include "fake_shim.h"
#include "switch_fixture.h"
#include "unit.h"

#include <unistd.h>

static struct comparer *comparer;

/* An order with what it was told. */
struct asked_comparison {
    struct compare_order order;
    struct script *script;
    struct request *request;
    unsigned heard, concluded, answered; /* how often; the first under parts.lock */
    bool is_heard, is_answered;          /* guarded by parts.lock */
    int err;
    struct comparison *result;
};

static struct asked_comparison *asked_of(struct compare_order *order)
{
    return (struct asked_comparison *)order;
}

static void on_progress(struct compare_order *order, const struct compare_progress *progress)
{
    ck_assert_double_le(progress->share, 1);
    asked_of(order)->heard++;
    parts_set(&asked_of(order)->is_heard);
}

static void on_conclude(struct compare_order *order, int err, const struct error *error,
                        struct comparison *result)
{
    struct asked_comparison *a = asked_of(order);

    ck_assert_int_eq(a->answered, 0);
    ck_assert((err == 0) == (result != NULL));
    ck_assert(err == 0 || error->message[0] != '\0');
    a->concluded++;
    a->err = err;
    a->result = result;
}

static void on_answer(struct compare_order *order)
{
    struct asked_comparison *a = asked_of(order);

    ck_assert_int_eq(a->concluded, 1);
    a->answered++;
    parts_set(&a->is_answered);
}

static void order_init(struct asked_comparison *a)
{
    memset(a, 0, sizeof(*a));
    a->order.progress = on_progress;
    a->order.conclude = on_conclude;
    a->order.answer = on_answer;
}

/* Pinned against shared, with the program of a task. */
static void synthetic_init(struct asked_comparison *a, const char *program, unsigned rounds)
{
    struct synthetic_plan *plan = &a->order.synthetic;
    struct pool_config config = two_lanes();

    order_init(a);
    ck_assert_int_eq(registry_find(parts.registry, bytes_of("t"), bytes_of("w"), &a->script), 0);
    a->request =
        request_new(bytes_of("GET"), bytes_of(program), bytes_of(""), (struct bytes){NULL, 0});
    plan->arm_count = 2;
    arm_init(&plan->arms[0], &pool_pinned, &config);
    arm_init(&plan->arms[1], &pool_shared, &config);
    plan->rounds = rounds;
    plan->script = a->script;
    plan->request = a->request;
    plan->load = (struct load_plan){
        .workers = 1, .callers = 4, .tasks = 100, .begin_ns = UINT64_C(20) * 1000000000};
}

static void live_init(struct asked_comparison *a, uint64_t duration_ms)
{
    order_init(a);
    a->order.is_live = true;
    a->order.live.ops = &pool_legacy;
    a->order.live.config = two_lanes();
    a->order.live.duration_ms = duration_ms;
}

static void begin(struct asked_comparison *a)
{
    struct error error;

    ck_assert_int_eq(comparer_begin(comparer, &a->order, &error), 0);
}

/* Waits for the answer, and releases. */
static void finish(struct asked_comparison *a, int err)
{
    parts_await(&a->is_answered);
    ck_assert_int_eq(a->err, err);
    ck_assert_uint_eq(a->answered, 1);
    if (a->result)
        comparison_release(a->result);
    free(a->result);
    script_unref(a->script);
    request_unref(a->request);
}

static void open_all(void)
{
    struct error error;

    parts_open(&pool_pinned);
    add_worker("w", "load", 0);
    ck_assert_int_eq(comparer_start(parts.switcher, parts.crew, &comparer, &error), 0);
}

static void close_all(void)
{
    comparer_stop(comparer);
    parts_close();
}

START_TEST(synthetic_comparison_is_answered_once)
{
    static struct asked_comparison a;

    open_all();
    synthetic_init(&a, "answer", 2);
    begin(&a);
    parts_await(&a.is_answered);
    ck_assert_uint_eq(a.heard, 4);
    ck_assert_uint_eq(a.result->figures[1].tally.answered, 200);
    finish(&a, 0);
    run_job("w", ARCHITECTURE_PINNED, false); /* the pool that serves had none of it */
    close_all();
}
END_TEST

START_TEST(second_comparison_meanwhile_is_refused)
{
    static struct asked_comparison first, second;
    struct error error;

    open_all();
    synthetic_init(&first, "sleep:20 answer", 50);
    synthetic_init(&second, "answer", 1);
    begin(&first);
    ck_assert_int_eq(comparer_begin(comparer, &second.order, &error), E_CONDITION);
    parts_await(&first.is_heard);
    comparer_cancel(&first.order);
    finish(&first, E_CANCELLED);
    begin(&second); /* whoever has the answer is not refused */
    finish(&second, 0);
    close_all();
}
END_TEST

START_TEST(live_comparison_comes_from_the_switcher)
{
    static struct asked_comparison a;

    open_all();
    add_tenants();
    live_init(&a, 200);
    begin(&a);
    parts_await(&a.is_answered);
    ck_assert_int_eq(a.err, 0);
    ck_assert_str_eq(a.result->arms[1].name, "legacy");
    finish(&a, 0);
    close_all();
}
END_TEST

START_TEST(live_comparison_is_cancelled)
{
    static struct asked_comparison a;

    open_all();
    add_tenants();
    live_init(&a, 600000);
    begin(&a);
    parts_await(&a.is_heard);
    comparer_cancel(&a.order);
    finish(&a, E_CANCELLED);
    close_all();
}
END_TEST

START_TEST(live_comparison_that_cannot_be_is_refused)
{
    static struct asked_comparison a;

    open_all();
    live_init(&a, 200); /* of one tenant */
    begin(&a);
    finish(&a, E_CONDITION);
    close_all();
}
END_TEST

START_TEST(comparer_stop_ends_what_is_under_way)
{
    static struct asked_comparison a;

    open_all();
    synthetic_init(&a, "sleep:20 answer", 101);
    begin(&a);
    parts_await(&a.is_heard);
    comparer_stop(comparer);
    finish(&a, E_CLOSED);
    parts_close();
}
END_TEST

START_TEST(comparer_that_stops_takes_no_order)
{
    static struct asked_comparison a;
    struct error error;

    open_all();
    synthetic_init(&a, "answer", 1);
    comparer_hasten(comparer);
    ck_assert_int_eq(comparer_begin(comparer, &a.order, &error), E_CLOSED);
    script_unref(a.script);
    request_unref(a.request);
    close_all();
}
END_TEST

UNIT_MAIN("comparer", synthetic_comparison_is_answered_once, second_comparison_meanwhile_is_refused,
          live_comparison_comes_from_the_switcher, live_comparison_is_cancelled,
          live_comparison_that_cannot_be_is_refused, comparer_stop_ends_what_is_under_way,
          comparer_that_stops_takes_no_order)
