/* The HTTP server's thread beside lanes that work, pools that are switched, and clients that come
 * and go. */
#include "submitters.h"
#include "switch_fixture.h"

#include "server/http_server.h"
#include "unit.h"

#include "api/clock.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

static struct admission admission;
static struct failures *failures;
static struct pool_service service;
static struct http_server *http;

static void open_patient(uint64_t patience_ms)
{
    const struct http_config config = {
        .address = "127.0.0.1:0",
        .service = &service,
        .admission = &admission,
        .patience_ms = patience_ms,
        .is_observing = true,
    };
    struct http_config own = config;
    struct error error = {0};

    parts_open(&pool_pinned);
    admission_init(&admission);
    failures = failures_new();
    own.failures = failures;
    service.dispatcher = parts.dispatcher;
    service.registry = parts.registry;
    service.switcher = parts.switcher;
    ck_assert_msg(http_server_start(&own, &http, &error) == 0, "%s", error.message);
}

static void open_all(void)
{
    open_patient(0);
}

static void close_all(void)
{
    http_server_stop(http);
    parts_close();
    http_server_free(http);
    failures_free(failures);
    admission_release(&admission);
}

static int dial(void)
{
    struct sockaddr_in at = {.sin_family = AF_INET};
    const struct timeval patience = {10, 0};
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
    at.sin_port = htons((uint16_t)atoi(strchr(http_server_address(http), ':') + 1));
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    ck_assert_int_eq(connect(fd, (struct sockaddr *)&at, sizeof(at)), 0);
    return fd;
}

static void ask(int fd, const char *path)
{
    char text[128];
    int len = snprintf(text, sizeof(text), "GET %s HTTP/1.1\r\nHost: localhost\r\n\r\n", path);

    ck_assert_int_eq(send(fd, text, (size_t)len, MSG_NOSIGNAL), len);
}

/* Reads until the words come. */
static void await_words(int fd, const char *words)
{
    static _Thread_local char text[1 << 20];
    size_t len = 0;

    for (;;) {
        ssize_t some = recv(fd, text + len, sizeof(text) - 1 - len, 0);

        ck_assert_int_gt(some, 0);
        len += (size_t)some;
        text[len] = '\0';
        if (strstr(text, words))
            return;
    }
}

static void get(const char *path, const char *words)
{
    int fd = dial();

    ask(fd, path);
    await_words(fd, words);
    close(fd);
}

static atomic_bool is_over;

static void *get_again(void *arg)
{
    (void)arg;
    while (!atomic_load(&is_over)) {
        get("/metrics", "isoyard_metrics_collection_seconds ");
        get("/api/history", "lock_contended");
    }
    return NULL;
}

/* Joins, and leaves in the midst of it. */
static void *join_again(void *arg)
{
    (void)arg;
    while (!atomic_load(&is_over))
        get("/api/events", "\"failures\":[");
    return NULL;
}

START_TEST(http_server_answers_beside_switches_and_submitters)
{
    static const struct pool_ops *const order[] = {&pool_shared, &pool_legacy, &pool_pinned};
    pthread_t clients[2];

    open_all();
    submitters_start("abcd", "w", 1);
    pthread_create(&clients[0], NULL, get_again, NULL);
    pthread_create(&clients[1], NULL, join_again, NULL);
    for (int i = 0; i < 6; i++) {
        struct asked asked = asked_for(order[i % 3], 20000);

        asked_begin_patiently(&asked);
        asked_finish(&asked, 0);
        usleep(200000);
    }
    atomic_store(&is_over, true);
    for (int i = 0; i < 2; i++)
        pthread_join(clients[i], NULL);
    submitters_stop();
    get("/metrics", "isoyard_pool_switches_total 6\n");
    close_all();
}
END_TEST

START_TEST(http_server_stops_with_clients_that_do_not_read)
{
    int fds[20];

    open_all();
    for (int i = 0; i < 20; i++) {
        fds[i] = dial();
        ask(fds[i], i % 2 ? "/api/events" : "/app.js");
    }
    get("/healthz", "ok");
    close_all();
    for (int i = 0; i < 20; i++)
        close(fds[i]);
}
END_TEST

START_TEST(http_server_ready_until_admission_closes)
{
    open_all();
    get("/readyz", "200 OK");
    admission_close(&admission);
    get("/readyz", "503 ");
    get("/healthz", "200 OK");
    close_all();
}
END_TEST

/* Clients that make the server wait. */

#define PLACES 64
#define HELD 200

static void send_text(int fd, const char *text)
{
    ck_assert_int_eq(send(fd, text, strlen(text), MSG_NOSIGNAL), strlen(text));
}

/* In turn: says nothing; does not end its head; nor its body; does not read; keeps a connection. */
static int hold_a_place(int i)
{
    int fd = dial();

    switch (i % 5) {
    case 1:
        send_text(fd, "GET /healthz HTTP/1.1\r\nHost: local");
        break;
    case 2:
        send_text(fd, "GET /healthz HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99\r\n\r\n{");
        break;
    case 3:
        ask(fd, "/app.js");
        break;
    case 4:
        ask(fd, "/healthz");
        await_words(fd, "ok\n");
        break;
    default:
        break;
    }
    return fd;
}

/* Whatever it has been sent is of no interest. */
static bool is_closed(int fd)
{
    char bytes[4096];
    ssize_t got;

    do {
        got = recv(fd, bytes, sizeof(bytes), MSG_DONTWAIT);
    } while (got > 0);
    return got == 0 || errno != EAGAIN;
}

static int closed_of(const int *fds, int count)
{
    int closed = 0;

    for (int i = 0; i < count; i++)
        closed += is_closed(fds[i]);
    return closed;
}

static void get_what_must_be_there(void)
{
    get("/healthz", "200 OK");
    get("/readyz", "200 OK");
    get("/metrics", "isoyard_build_info");
}

START_TEST(http_server_all_places_held_answers_newcomers)
{
    int fds[HELD], dashboard;

    open_all();
    dashboard = dial();
    ask(dashboard, "/api/events");
    await_words(dashboard, "data: {");
    for (int i = 0; i < HELD; i++) {
        fds[i] = hold_a_place(i);
        if (i % 40 == 39)
            get_what_must_be_there();
    }
    get_what_must_be_there();
    /* Who has been waited for the longest has gone, and no more than that. */
    ck_assert_int_eq(closed_of(fds, HELD - PLACES), HELD - PLACES);
    ck_assert_int_le(closed_of(fds, HELD), HELD - PLACES + 5);
    await_words(dashboard, "data: {");
    for (int i = 0; i < HELD; i++)
        close(fds[i]);
    close(dashboard);
    close_all();
}
END_TEST

START_TEST(http_server_places_left_closes_nobody)
{
    int fds[PLACES - 1];

    open_all();
    for (int i = 0; i < PLACES - 1; i++)
        fds[i] = hold_a_place(5 * i + 4 * (i % 2)); /* silent, or kept */
    for (int i = 0; i < 3; i++) {
        get_what_must_be_there();
        usleep(50000); /* for those to have left */
    }
    ck_assert_int_eq(closed_of(fds, PLACES - 1), 0);
    for (int i = 0; i < PLACES - 1; i++)
        close(fds[i]);
    close_all();
}
END_TEST

#define PATIENCE_MS 500u

/* How long it takes until the server hangs up on one who sends a byte now and then. */
static uint64_t ms_until_closed(int fd, const char *trickle)
{
    uint64_t began_ns = clock_now_ns();

    while (!is_closed(fd) && clock_now_ns() - began_ns < 20 * NS_PER_S) {
        if (trickle && *trickle)
            send(fd, trickle++, 1, MSG_NOSIGNAL);
        usleep(20000);
    }
    return (clock_now_ns() - began_ns) / NS_PER_MS;
}

START_TEST(http_server_slow_client_is_waited_for_so_long)
{
    static const char head[] =
        "GET /healthz HTTP/1.1\r\nHost: localhost\r\nX: "
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";

    open_patient(PATIENCE_MS);
    for (int i = 0; i < 5; i++) {
        int fd = hold_a_place(i);
        uint64_t ms = ms_until_closed(fd, i == 0 ? head : i == 2 ? "        " : NULL);

        ck_assert_uint_ge(ms, PATIENCE_MS * 8 / 10);
        ck_assert_uint_lt(ms, PATIENCE_MS + 5000);
        close(fd);
    }
    close_all();
}
END_TEST

START_TEST(http_server_patience_is_for_each_request_and_not_for_dashboards)
{
    int dashboard, kept;

    open_patient(PATIENCE_MS);
    dashboard = dial();
    ask(dashboard, "/api/events");
    kept = dial();
    for (int i = 0; i < 20; i++) {
        ask(kept, "/healthz");
        await_words(kept, "ok\n");
        usleep(PATIENCE_MS * 1000 / 5);
    }
    ck_assert(!is_closed(kept));
    for (int i = 0; i < 3; i++)
        await_words(dashboard, "data: {");
    ck_assert(!is_closed(dashboard));
    close(kept);
    close(dashboard);
    close_all();
}
END_TEST

UNIT_MAIN("http_server", http_server_answers_beside_switches_and_submitters,
          http_server_stops_with_clients_that_do_not_read, http_server_ready_until_admission_closes,
          http_server_all_places_held_answers_newcomers, http_server_places_left_closes_nobody,
          http_server_slow_client_is_waited_for_so_long,
          http_server_patience_is_for_each_request_and_not_for_dashboards)
