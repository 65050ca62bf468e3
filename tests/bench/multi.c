/*
 * The least that fetches cost with libcurl: one libuv loop, curl's multi socket interface, and
 * connections that are kept. As many easy handles as there are fetches under way are made before;
 * each begins its next fetch when one has ended, and the answers are copied into one buffer.
 *
 * Fetches of the warm-up connect; afterwards it counts. At its end it says, in one line, how many
 * there were, in how many seconds, with how many microseconds of CPU (user and system) each, and
 * how long they took, in microseconds:
 *
 *     fetched 40000 seconds 5.012 cpu_us 12.34 p50_us 20105 p99_us 20983
 */
#include "api/bytes.h"

#include <argp.h>
#include <curl/curl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <uv.h>

#define NS_PER_US 1000
#define NS_PER_S 1e9

struct multi {
    uv_loop_t loop;
    uv_timer_t timer;
    CURLM *curl;
    struct fetch *fetches;
    char *url;
    unsigned at_once;
    unsigned warm_up;   /* fetches that do not count */
    unsigned to_count;  /* fetches that do */
    unsigned begun;     /* of all */
    unsigned ended;     /* of all */
    uint32_t *times_us; /* of those that count, in the order of their ends */
    uint64_t start_ns;
    uint64_t start_cpu_us;
    struct buffer body;
};

/* Its memory is used again and again. */
struct fetch {
    struct multi *multi;
    CURL *easy;
    uint64_t start_ns;
};

struct watch {
    uv_poll_t poll;
    struct multi *multi;
    curl_socket_t fd;
};

static void die(const char *what, const char *why)
{
    fprintf(stderr, "bench_multi: %s: %s\n", what, why);
    exit(1);
}

static void check(int result, const char *what)
{
    if (result < 0)
        die(what, uv_strerror(result));
}

static uint64_t cpu_us(void)
{
    struct rusage usage;

    getrusage(RUSAGE_SELF, &usage);
    return (uint64_t)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000000 +
           (uint64_t)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec);
}

/* Fetches. */

static void fetch_begin(struct fetch *f)
{
    f->multi->begun++;
    f->start_ns = uv_hrtime();
    curl_multi_add_handle(f->multi->curl, f->easy);
}

static void check_answer(CURL *easy, CURLcode code)
{
    long status = 0;

    curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
    if (code != CURLE_OK)
        die("a fetch failed", curl_easy_strerror(code));
    if (status != 200)
        die("a fetch failed", "the status is not 200");
}

static void count(struct multi *m, const struct fetch *f)
{
    uint64_t now_ns = uv_hrtime();

    if (m->ended >= m->warm_up)
        m->times_us[m->ended - m->warm_up] = (uint32_t)((now_ns - f->start_ns) / NS_PER_US);
    m->ended++;
    if (m->ended == m->warm_up) {
        m->start_ns = now_ns;
        m->start_cpu_us = cpu_us();
    }
}

static void fetch_end(CURL *easy, CURLcode code)
{
    struct fetch *f;
    struct multi *m;

    check_answer(easy, code);
    curl_easy_getinfo(easy, CURLINFO_PRIVATE, (char **)&f);
    m = f->multi;
    curl_multi_remove_handle(m->curl, easy);
    count(m, f);
    m->body.len = 0;
    if (m->begun < m->warm_up + m->to_count)
        fetch_begin(f);
}

static size_t on_body(char *data, size_t size, size_t count, void *multi)
{
    buffer_append(&((struct multi *)multi)->body, data, size * count);
    return size * count;
}

static void fetch_init(struct fetch *f, struct multi *m)
{
    int failed = 0;

    f->multi = m;
    f->easy = curl_easy_init();
    failed |= curl_easy_setopt(f->easy, CURLOPT_URL, m->url);
    failed |= curl_easy_setopt(f->easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    failed |= curl_easy_setopt(f->easy, CURLOPT_PROXY, "");
    failed |= curl_easy_setopt(f->easy, CURLOPT_NOSIGNAL, 1L);
    failed |= curl_easy_setopt(f->easy, CURLOPT_WRITEFUNCTION, on_body);
    failed |= curl_easy_setopt(f->easy, CURLOPT_WRITEDATA, m);
    failed |= curl_easy_setopt(f->easy, CURLOPT_PRIVATE, f);
    if (failed)
        die("cannot set an option", "libcurl refuses it");
}

/* curl on the loop. */

static void step(struct multi *m, curl_socket_t fd, int events)
{
    int running, left;
    CURLMsg *message;

    curl_multi_socket_action(m->curl, fd, events, &running);
    while ((message = curl_multi_info_read(m->curl, &left))) {
        if (message->msg == CURLMSG_DONE)
            fetch_end(message->easy_handle, message->data.result);
    }
}

static void on_poll(uv_poll_t *poll, int status, int events)
{
    struct watch *w = poll->data;

    step(w->multi, w->fd,
         status ? CURL_CSELECT_ERR
                : (events & UV_READABLE ? CURL_CSELECT_IN : 0) |
                      (events & UV_WRITABLE ? CURL_CSELECT_OUT : 0));
}

static void on_closed(uv_handle_t *handle)
{
    free(handle->data);
}

static struct watch *watch_new(struct multi *m, curl_socket_t fd)
{
    struct watch *w = xcalloc(1, sizeof(*w));

    w->multi = m;
    w->fd = fd;
    w->poll.data = w;
    check(uv_poll_init(&m->loop, &w->poll, fd), "cannot watch a socket");
    return w;
}

static int on_socket(CURL *easy, curl_socket_t fd, int what, void *multi, void *watch)
{
    struct multi *m = multi;
    struct watch *w = watch;

    (void)easy;
    if (what == CURL_POLL_REMOVE) {
        curl_multi_assign(m->curl, fd, NULL);
        uv_close((uv_handle_t *)&w->poll, on_closed);
        return 0;
    }
    if (!w)
        curl_multi_assign(m->curl, fd, w = watch_new(m, fd));
    check(uv_poll_start(&w->poll,
                        (what & CURL_POLL_IN ? UV_READABLE : 0) |
                            (what & CURL_POLL_OUT ? UV_WRITABLE : 0),
                        on_poll),
          "cannot watch a socket");
    return 0;
}

static void on_timer(uv_timer_t *timer)
{
    step(timer->data, CURL_SOCKET_TIMEOUT, 0);
}

static int on_timeout(CURLM *curl, long timeout_ms, void *multi)
{
    struct multi *m = multi;

    (void)curl;
    if (timeout_ms < 0)
        uv_timer_stop(&m->timer);
    else
        uv_timer_start(&m->timer, on_timer, (uint64_t)timeout_ms, 0);
    return 0;
}

/* The whole. */

static void multi_open(struct multi *m)
{
    curl_global_init(CURL_GLOBAL_DEFAULT);
    check(uv_loop_init(&m->loop), "cannot make a loop");
    uv_timer_init(&m->loop, &m->timer);
    m->timer.data = m;
    m->curl = curl_multi_init();
    curl_multi_setopt(m->curl, CURLMOPT_SOCKETFUNCTION, on_socket);
    curl_multi_setopt(m->curl, CURLMOPT_SOCKETDATA, m);
    curl_multi_setopt(m->curl, CURLMOPT_TIMERFUNCTION, on_timeout);
    curl_multi_setopt(m->curl, CURLMOPT_TIMERDATA, m);
    curl_multi_setopt(m->curl, CURLMOPT_MAXCONNECTS, (long)m->at_once);
    m->times_us = xcalloc(m->to_count, sizeof(m->times_us[0]));
    m->fetches = xcalloc(m->at_once, sizeof(m->fetches[0]));
    for (unsigned i = 0; i < m->at_once; i++)
        fetch_init(&m->fetches[i], m);
}

static void multi_close(struct multi *m)
{
    for (unsigned i = 0; i < m->at_once; i++)
        curl_easy_cleanup(m->fetches[i].easy);
    curl_multi_cleanup(m->curl);
    uv_close((uv_handle_t *)&m->timer, NULL);
    uv_run(&m->loop, UV_RUN_DEFAULT);
    check(uv_loop_close(&m->loop), "the loop");
    curl_global_cleanup();
    buffer_release(&m->body);
    free(m->fetches);
    free(m->times_us);
}

static void multi_run(struct multi *m)
{
    for (unsigned i = 0; i < m->at_once && m->begun < m->warm_up + m->to_count; i++)
        fetch_begin(&m->fetches[i]);
    while (m->ended < m->warm_up + m->to_count)
        uv_run(&m->loop, UV_RUN_ONCE);
}

static int compare(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

    return (x > y) - (x < y);
}

/* The nearest rank. */
static uint32_t percentile(const struct multi *m, unsigned percent)
{
    return m->times_us[((uint64_t)m->to_count * percent + 99) / 100 - 1];
}

static void print_figures(struct multi *m)
{
    double seconds = (double)(uv_hrtime() - m->start_ns) / NS_PER_S;
    double cpu = (double)(cpu_us() - m->start_cpu_us) / m->to_count;

    qsort(m->times_us, m->to_count, sizeof(m->times_us[0]), compare);
    printf("fetched %u seconds %.3f cpu_us %.2f p50_us %u p99_us %u\n", m->to_count, seconds, cpu,
           percentile(m, 50), percentile(m, 99));
}

static unsigned number(const char *arg, struct argp_state *state)
{
    char *end;
    unsigned long value = strtoul(arg, &end, 10);

    if (arg[0] < '0' || arg[0] > '9' || *end || value < 1 || value > 100000000)
        argp_error(state, "'%s' is not from 1 to 100000000", arg);
    return (unsigned)value;
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct multi *m = state->input;

    switch (key) {
    case 'c':
        m->at_once = number(arg, state);
        return 0;
    case 'n':
        m->to_count = number(arg, state);
        return 0;
    case 'w':
        m->warm_up = number(arg, state);
        return 0;
    case ARGP_KEY_ARG:
        if (m->url)
            argp_usage(state);
        m->url = arg;
        return 0;
    case ARGP_KEY_NO_ARGS:
        argp_usage(state);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

int main(int argc, char **argv)
{
    static const struct argp_option options[] = {
        {"concurrency", 'c', "N", 0, "Fetches at once (200)", 0},
        {"fetches", 'n', "N", 0, "Fetches that count (40000)", 0},
        {"warm-up", 'w', "N", 0, "Fetches before these (1000)", 0},
        {0}};
    static const struct argp argp = {
        options, parse, "URL", "Fetches URL again and again, and says what it took.", 0, 0, 0};
    struct multi multi = {.at_once = 200, .to_count = 40000, .warm_up = 1000};

    argp_parse(&argp, argc, argv, 0, 0, &multi);
    multi_open(&multi);
    multi_run(&multi);
    print_figures(&multi);
    multi_close(&multi);
    return 0;
}
