/* The dashboard's JSON. */
#include "server/control_request.h"

#include "unit.h"

static struct error error;

static json_t *parse(const char *text)
{
    json_t *json = json_loads(text, 0, NULL);

    ck_assert_ptr_nonnull(json);
    return json;
}

static int read_switch(const char *text, struct switch_asked *ret)
{
    json_t *json = parse(text);
    int err = control_read_switch(json, ret, &error);

    json_decref(json);
    return err;
}

static int read_compare(const char *text, Isoyard__V1__ComparePoolsRequest **ret)
{
    json_t *json = parse(text);
    int err = control_read_compare(json, ret, &error);

    json_decref(json);
    return err;
}

START_TEST(switch_architecture_alone_leaves_all_else_absent)
{
    struct switch_asked asked;

    ck_assert_int_eq(read_switch("{\"architecture\": \"shared\"}", &asked), 0);
    ck_assert_int_eq(asked.request.architecture, ISOYARD__V1__ARCHITECTURE__ARCHITECTURE_SHARED);
    ck_assert_int_eq(asked.settings.handoff, ISOYARD__V1__HANDOFF__HANDOFF_UNSPECIFIED);
    ck_assert_int_eq(asked.settings.context, ISOYARD__V1__CONTEXT_USE__CONTEXT_USE_UNSPECIFIED);
    ck_assert_int_eq(asked.settings.optional_lanes_case, 0);
    ck_assert_int_eq(asked.settings.optional_isolates_case, 0);
    ck_assert_ptr_null(asked.request.drain_deadline);
}
END_TEST

START_TEST(switch_settings_are_read)
{
    struct switch_asked asked;

    ck_assert_int_eq(read_switch("{\"architecture\": \"legacy\", \"handoff\": \"mutex\","
                                 " \"context\": \"fresh\", \"lanes\": 3, \"isolates\": 9,"
                                 " \"drain_ms\": 1500}",
                                 &asked),
                     0);
    ck_assert_int_eq(asked.request.architecture, ISOYARD__V1__ARCHITECTURE__ARCHITECTURE_LEGACY);
    ck_assert_int_eq(asked.settings.handoff, ISOYARD__V1__HANDOFF__HANDOFF_MUTEX);
    ck_assert_int_eq(asked.settings.context, ISOYARD__V1__CONTEXT_USE__CONTEXT_USE_FRESH);
    ck_assert_uint_eq(asked.settings.lanes, 3);
    ck_assert_uint_eq(asked.settings.isolates, 9);
    ck_assert_int_eq(asked.request.drain_deadline->seconds, 1);
    ck_assert_int_eq(asked.request.drain_deadline->nanos, 500000000);
}
END_TEST

START_TEST(switch_what_cannot_be_is_refused_with_its_field)
{
    static const char *const cases[][2] = {
        {"{}", "architecture"},
        {"{\"architecture\": 3}", "architecture"},
        {"{\"architecture\": \"PINNED\"}", "architecture"},
        {"{\"architecture\": \"pinned\", \"handoff\": \"none\"}", "handoff"},
        {"{\"architecture\": \"pinned\", \"handoff\": true}", "handoff"},
        {"{\"architecture\": \"pinned\", \"context\": \"old\"}", "context"},
        {"{\"architecture\": \"pinned\", \"lanes\": -1}", "lanes"},
        {"{\"architecture\": \"pinned\", \"lanes\": 1.5}", "lanes"},
        {"{\"architecture\": \"pinned\", \"isolates\": 4294967296}", "isolates"},
        {"{\"architecture\": \"pinned\", \"drain_ms\": \"1\"}", "drain_ms"},
    };
    struct switch_asked asked;

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        ck_assert_int_eq(read_switch(cases[i][0], &asked), E_INVALID);
        ck_assert_str_eq(error.field, cases[i][1]);
    }
}
END_TEST

START_TEST(compare_synthetic_is_read)
{
    Isoyard__V1__ComparePoolsRequest *m;

    ck_assert_int_eq(read_compare("{\"kind\": \"synthetic\", \"workload\": \"cpu\", \"rounds\": 7,"
                                  " \"callers\": 4, \"tasks\": 50,"
                                  " \"arms\": [\"pinned\", \"shared mutex\"]}",
                                  &m),
                     0);
    ck_assert_int_eq(m->kind_case, ISOYARD__V1__COMPARE_POOLS_REQUEST__KIND_SYNTHETIC);
    ck_assert_str_eq(m->synthetic->workload->name, "cpu");
    ck_assert_uint_eq(m->synthetic->rounds, 7);
    ck_assert_uint_eq(m->synthetic->tasks, 50);
    ck_assert_int_eq(m->synthetic->arrival_case,
                     ISOYARD__V1__SYNTHETIC_COMPARISON__ARRIVAL_CALLERS);
    ck_assert_uint_eq(m->synthetic->callers, 4);
    ck_assert_uint_eq(m->synthetic->n_arms, 2);
    ck_assert_int_eq(m->synthetic->arms[1]->architecture,
                     ISOYARD__V1__ARCHITECTURE__ARCHITECTURE_SHARED);
    ck_assert_int_eq(m->synthetic->arms[1]->handoff, ISOYARD__V1__HANDOFF__HANDOFF_MUTEX);
    isoyard__v1__compare_pools_request__free_unpacked(m, NULL);
}
END_TEST

START_TEST(compare_live_is_read)
{
    Isoyard__V1__ComparePoolsRequest *m;

    ck_assert_int_eq(
        read_compare("{\"kind\": \"live\", \"other\": \"shared fifo\", \"seconds\": 20}", &m), 0);
    ck_assert_int_eq(m->kind_case, ISOYARD__V1__COMPARE_POOLS_REQUEST__KIND_LIVE);
    ck_assert_int_eq(m->live->other->handoff, ISOYARD__V1__HANDOFF__HANDOFF_FIFO);
    ck_assert_int_eq(m->live->duration->seconds, 20);
    isoyard__v1__compare_pools_request__free_unpacked(m, NULL);
}
END_TEST

START_TEST(compare_what_cannot_be_is_refused_with_its_field)
{
    static const char *const cases[][2] = {
        {"{}", "kind"},
        {"{\"kind\": \"both\"}", "kind"},
        {"{\"kind\": \"synthetic\", \"workload\": 1}", "workload"},
        {"{\"kind\": \"synthetic\", \"arms\": \"pinned\"}", "arms"},
        {"{\"kind\": \"synthetic\", \"arms\": [\"pinned\", 2]}", "arms"},
        {"{\"kind\": \"synthetic\", \"arms\": [\"shared lifo\"]}", "arms"},
        {"{\"kind\": \"synthetic\", \"arms\": [\"\", \"\", \"\", \"\", \"\", \"\", \"\", \"\", \"\"]}",
         "arms"},
        {"{\"kind\": \"synthetic\", \"rounds\": \"many\"}", "rounds"},
        {"{\"kind\": \"live\"}", "other"},
        {"{\"kind\": \"live\", \"other\": \"pinned\", \"seconds\": -1}", "seconds"},
    };
    Isoyard__V1__ComparePoolsRequest *m;

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        ck_assert_int_eq(read_compare(cases[i][0], &m), E_INVALID);
        ck_assert_str_eq(error.field, cases[i][1]);
    }
}
END_TEST

UNIT_MAIN("control_request", switch_architecture_alone_leaves_all_else_absent,
          switch_settings_are_read, switch_what_cannot_be_is_refused_with_its_field,
          compare_synthetic_is_read, compare_live_is_read,
          compare_what_cannot_be_is_refused_with_its_field)
