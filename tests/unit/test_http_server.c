/* The HTTP server's thread beside lanes that work, pools that are switched, and clients that come
 * and go. */
#include "switch_fixture.h"

#include "server/http_server.h"
#include "unit.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

static struct admission admission;
static struct failures *failures;
static struct pool_service service;
static struct http_server *http;

static void open_all(void)
{
    const struct http_config config = {
        .address = "127.0.0.1:0",
        .service = &service,
        .admission = &admission,
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
    int fd = socket(AF_INET, SOCK_STREAM, 0);

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
    submitters_start();
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

UNIT_MAIN("http_server", http_server_answers_beside_switches_and_submitters,
          http_server_stops_with_clients_that_do_not_read, http_server_ready_until_admission_closes)
