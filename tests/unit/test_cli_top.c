/* cli/top_view: what a screen of any size shows. */
#include "cli/top_view.h"

#include "cli/text.h"
#include "unit.h"

#include <locale.h>

#define LANES 40

/* A message with as many lanes as given, and two workers whose order depends on what is asked. */
struct message {
    Isoyard__V1__WatchStatsResponse response;
    Isoyard__V1__PoolStats stats;
    Isoyard__V1__IntervalStats interval;
    Isoyard__V1__PoolConfig config;
    Isoyard__V1__LaneStats lanes[LANES], *lane_pointers[LANES];
    Isoyard__V1__WorkerUse cpu[2], *cpu_pointers[2], wait[2], *wait_pointers[2];
};

static void set_use(Isoyard__V1__WorkerUse *use, const char *worker, uint64_t us, uint64_t tasks)
{
    isoyard__v1__worker_use__init(use);
    use->tenant = (char *)"default";
    use->worker = (char *)worker;
    use->total_us = us;
    use->tasks = tasks;
}

static void message_init(struct message *m, size_t lanes)
{
    isoyard__v1__watch_stats_response__init(&m->response);
    isoyard__v1__pool_stats__init(&m->stats);
    isoyard__v1__interval_stats__init(&m->interval);
    isoyard__v1__pool_config__init(&m->config);
    m->response.stats = &m->stats;
    m->response.interval = &m->interval;
    m->stats.config = &m->config;
    m->stats.architecture = ISOYARD__V1__ARCHITECTURE__ARCHITECTURE_PINNED;
    m->config.lanes = (uint32_t)lanes;
    m->interval.duration_us = 1000000;
    m->stats.n_lanes = lanes;
    m->stats.lanes = m->lane_pointers;
    for (size_t i = 0; i < lanes; i++) {
        isoyard__v1__lane_stats__init(&m->lanes[i]);
        m->lanes[i].lane = (uint32_t)i;
        m->lanes[i].busy = 0.5;
        m->lane_pointers[i] = &m->lanes[i];
    }
    set_use(&m->cpu[0], "burner", 900000, 3);
    set_use(&m->cpu[1], "waiter\x1b[31m", 1000, 200);
    set_use(&m->wait[0], "waiter\x1b[31m", 800000, 200);
    set_use(&m->wait[1], "burner", 10, 3);
    m->interval.n_top_by_cpu = m->interval.n_top_by_queue_wait = 2;
    m->interval.top_by_cpu = m->cpu_pointers;
    m->interval.top_by_queue_wait = m->wait_pointers;
    for (int i = 0; i < 2; i++) {
        m->cpu_pointers[i] = &m->cpu[i];
        m->wait_pointers[i] = &m->wait[i];
    }
}

/* The first line that has the text; the number of lines where none has. */
static size_t line_of(const struct top_view *view, const char *text)
{
    size_t at = 0;

    while (at < view->count && !strstr(view->lines[at].text, text))
        at++;
    return at;
}

START_TEST(top_view_fill_is_never_larger_than_the_screen)
{
    setlocale(LC_CTYPE, "C.UTF-8");
    for (size_t columns = 1; columns < 120; columns += 7) {
        for (size_t rows = 1; rows < 40; rows += 3) {
            struct top_view view = {.columns = columns, .rows = rows};
            struct message m;

            message_init(&m, 5);
            top_view_fill(&view, "127.0.0.1:7070", &m.response);
            ck_assert_uint_le(view.count, rows);
            for (size_t i = 0; i < view.count; i++)
                ck_assert_uint_le(text_width(view.lines[i].text), columns);
            top_view_clear(&view);
            top_view_fill_help(&view);
            ck_assert_uint_le(view.count, rows);
            top_view_clear(&view);
        }
    }
}
END_TEST

START_TEST(top_view_fill_small_screen_has_room_for_workers)
{
    struct top_view view = {.columns = 80, .rows = 23};
    struct message m;

    setlocale(LC_CTYPE, "C.UTF-8");
    message_init(&m, LANES);
    top_view_fill(&view, "a:1", &m.response);
    ck_assert_uint_lt(line_of(&view, "34 more lanes"), view.count);
    ck_assert_uint_lt(line_of(&view, "default/burner"), view.count);
    top_view_clear(&view);
    view.rows = 0;
    top_view_fill(&view, "a:1", &m.response);
    ck_assert_uint_eq(line_of(&view, "more lanes"), view.count);
    ck_assert_uint_gt(view.count, LANES);
    top_view_clear(&view);
}
END_TEST

START_TEST(top_view_fill_workers_are_sorted_and_escaped)
{
    struct message m;

    setlocale(LC_CTYPE, "C.UTF-8");
    message_init(&m, 1);
    for (int sort = 0; sort < TOP_SORT_COUNT; sort++) {
        struct top_view view = {.columns = 80, .rows = 40, .sort = (enum top_sort)sort};
        size_t burner, waiter;

        top_view_fill(&view, "a:1", &m.response);
        burner = line_of(&view, "default/burner ");
        waiter = line_of(&view, "default/waiter\\x1b[31m ");
        ck_assert_uint_lt(burner, view.count);
        ck_assert_uint_lt(waiter, view.count);
        ck_assert_int_eq(burner < waiter, sort == TOP_BY_CPU);
        ck_assert(strstr(view.lines[burner].text, "90.0 %") != NULL);
        ck_assert(strstr(view.lines[waiter].text, "800.0 ms") != NULL);
        ck_assert(strstr(view.lines[waiter].text, "200.0") != NULL);
        top_view_clear(&view);
    }
}
END_TEST

START_TEST(top_view_fill_first_message_has_no_interval)
{
    struct top_view view = {.columns = 80, .rows = 40};
    struct message m;

    setlocale(LC_CTYPE, "C.UTF-8");
    message_init(&m, 2);
    m.response.interval = NULL;
    top_view_fill(&view, "a:1", &m.response);
    ck_assert_uint_lt(line_of(&view, "SINCE THE START"), view.count);
    ck_assert_uint_lt(line_of(&view, "none had a task"), view.count);
    top_view_clear(&view);
    m.response.stats = NULL;
    top_view_fill(&view, "a:1", &m.response);
    ck_assert_uint_eq(view.count, 0);
}
END_TEST

UNIT_MAIN("cli_top", top_view_fill_is_never_larger_than_the_screen,
          top_view_fill_small_screen_has_room_for_workers,
          top_view_fill_workers_are_sorted_and_escaped, top_view_fill_first_message_has_no_interval)
