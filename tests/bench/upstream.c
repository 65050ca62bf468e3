/*
 * What the benchmarks' workers fetch from: HTTP/1.1 on loopback with connections that are kept, and
 * one short answer to whatever is asked, --delay-ms after the request's last byte. The clients send
 * no bodies, and one request of a connection at a time.
 *
 * All answers have the same delay, so that the connections that wait are a queue. It has a timer of
 * the kernel: libuv's counts in milliseconds, and would give the answers out in bundles.
 *
 * It says "port N" when it listens at 127.0.0.1:N, and "answered N" at each SIGUSR1 and when
 * SIGTERM ends it.
 */
#include "api/bytes.h"

#include <argp.h>
#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/timerfd.h>
#include <unistd.h>
#include <utlist.h>
#include <uv.h>

#define DELAY_MS_MAX (24 * 60 * 60 * 1000)
#define NS_PER_MS UINT64_C(1000000)
#define NS_PER_S UINT64_C(1000000000)
#define BACKLOG 4096

static const char answer[] = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
                             "Content-Length: 27\r\n\r\n{\"message\":\"Hello, world!\"}";

struct upstream {
    uv_loop_t loop;
    uv_tcp_t listener;
    uv_poll_t timer; /* of the queue's first; its descriptor is timer_fd */
    uv_signal_t signals[3];
    struct connection *waiting; /* in the order of their times */
    uint64_t delay_ns;
    uint64_t answered;
    int timer_fd;
    char input[64 << 10]; /* looked at, and then used for the next connection */
};

struct connection {
    uv_tcp_t tcp;
    struct upstream *upstream;
    struct connection *prev, *next; /* in the queue, where it waits */
    uint64_t due_ns;
    unsigned matched; /* how much of the end of a request its last bytes are */
    bool is_waiting;
};

static void die(const char *what, int error)
{
    fprintf(stderr, "bench_upstream: %s: %s\n", what, uv_strerror(error));
    exit(1);
}

static void check(int result, const char *what)
{
    if (result < 0)
        die(what, result);
}

/* Connections. */

static void on_closed(uv_handle_t *handle)
{
    free(handle->data);
}

static void connection_close(struct connection *c)
{
    if (c->is_waiting)
        DL_DELETE(c->upstream->waiting, c);
    c->is_waiting = false;
    if (!uv_is_closing((uv_handle_t *)&c->tcp))
        uv_close((uv_handle_t *)&c->tcp, on_closed);
}

static void connection_answer(struct connection *c)
{
    uv_buf_t text = uv_buf_init((char *)answer, sizeof(answer) - 1);

    DL_DELETE(c->upstream->waiting, c);
    c->is_waiting = false;
    /* There is room for it: the client has read the one before. */
    if (uv_try_write((uv_stream_t *)&c->tcp, &text, 1) == (int)text.len)
        c->upstream->answered++;
    else
        connection_close(c);
}

/* The queue. */

static void set_timer(struct upstream *up)
{
    uint64_t due_ns = up->waiting ? up->waiting->due_ns : 0; /* 0: none */
    struct itimerspec at = {.it_value = {(time_t)(due_ns / NS_PER_S), (long)(due_ns % NS_PER_S)}};

    if (timerfd_settime(up->timer_fd, TFD_TIMER_ABSTIME, &at, NULL) != 0)
        die("cannot set the timer", -errno);
}

static void on_timer(uv_poll_t *timer, int status, int events)
{
    struct upstream *up = timer->data;
    uint64_t now_ns = uv_hrtime(), fired;

    (void)events;
    check(status, "the timer");
    if (read(up->timer_fd, &fired, sizeof(fired)) < 0 && errno != EAGAIN)
        die("cannot read the timer", -errno);
    while (up->waiting && up->waiting->due_ns <= now_ns)
        connection_answer(up->waiting);
    set_timer(up);
}

static void connection_wait(struct connection *c)
{
    struct upstream *up = c->upstream;

    c->due_ns = uv_hrtime() + up->delay_ns;
    c->is_waiting = true;
    DL_APPEND(up->waiting, c);
    if (up->waiting == c)
        set_timer(up);
}

/* Requests. */

/* True where the bytes end a request, wherever they were cut. */
static bool has_end(struct connection *c, const char *data, size_t len)
{
    static const char end[] = "\r\n\r\n";

    for (size_t i = 0; i < len; i++) {
        if (data[i] == end[c->matched])
            c->matched++;
        else
            c->matched = data[i] == end[0];
        if (c->matched == sizeof(end) - 1) {
            c->matched = 0;
            return true;
        }
    }
    return false;
}

static void lend_input(uv_handle_t *handle, size_t size, uv_buf_t *ret)
{
    struct connection *c = handle->data;

    (void)size;
    *ret = uv_buf_init(c->upstream->input, sizeof(c->upstream->input));
}

static void on_read(uv_stream_t *stream, ssize_t len, const uv_buf_t *input)
{
    struct connection *c = stream->data;

    if (len < 0)
        connection_close(c);
    else if (has_end(c, input->base, (size_t)len) && !c->is_waiting)
        connection_wait(c);
}

static void on_connection(uv_stream_t *listener, int status)
{
    struct upstream *up = listener->data;
    struct connection *c = xcalloc(1, sizeof(*c));

    check(status, "cannot take a connection");
    c->upstream = up;
    c->tcp.data = c;
    check(uv_tcp_init(&up->loop, &c->tcp), "cannot make a socket");
    check(uv_accept(listener, (uv_stream_t *)&c->tcp), "cannot accept a connection");
    check(uv_tcp_nodelay(&c->tcp, 1), "cannot set TCP_NODELAY");
    check(uv_read_start((uv_stream_t *)&c->tcp, lend_input, on_read), "cannot read");
}

/* The server. */

static void print_answered(const struct upstream *up)
{
    printf("answered %" PRIu64 "\n", up->answered);
    fflush(stdout);
}

static void close_handle(uv_handle_t *handle, void *arg)
{
    struct upstream *up = arg;

    if (uv_is_closing(handle))
        return;
    if (handle->type == UV_TCP && handle != (uv_handle_t *)&up->listener)
        connection_close(handle->data);
    else
        uv_close(handle, NULL);
}

static void on_signal(uv_signal_t *signal, int number)
{
    struct upstream *up = signal->data;

    print_answered(up);
    if (number != SIGUSR1)
        uv_walk(&up->loop, close_handle, up);
}

static void watch_signals(struct upstream *up)
{
    static const int numbers[] = {SIGUSR1, SIGTERM, SIGINT};

    for (int i = 0; i < 3; i++) {
        up->signals[i].data = up;
        check(uv_signal_init(&up->loop, &up->signals[i]), "cannot watch signals");
        check(uv_signal_start(&up->signals[i], on_signal, numbers[i]), "cannot watch a signal");
    }
}

static void make_timer(struct upstream *up)
{
    /* The clock of uv_hrtime. */
    up->timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
    if (up->timer_fd < 0)
        die("cannot make a timer", -errno);
    up->timer.data = up;
    check(uv_poll_init(&up->loop, &up->timer, up->timer_fd), "cannot watch the timer");
    check(uv_poll_start(&up->timer, UV_READABLE, on_timer), "cannot watch the timer");
}

/* Returns the port. */
static int listen_somewhere(struct upstream *up)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    int len = sizeof(address);

    up->listener.data = up;
    check(uv_tcp_init(&up->loop, &up->listener), "cannot make a socket");
    check(uv_tcp_bind(&up->listener, (struct sockaddr *)&address, 0), "cannot bind");
    check(uv_listen((uv_stream_t *)&up->listener, BACKLOG, on_connection), "cannot listen");
    check(uv_tcp_getsockname(&up->listener, (struct sockaddr *)&address, &len), "no port");
    return ntohs(address.sin_port);
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct upstream *up = state->input;
    char *end;
    unsigned long value;

    if (key != 'd')
        return ARGP_ERR_UNKNOWN;
    value = strtoul(arg, &end, 10);
    if (arg[0] < '0' || arg[0] > '9' || *end || value > DELAY_MS_MAX)
        argp_error(state, "--delay-ms: '%s' is not from 0 to %d", arg, DELAY_MS_MAX);
    up->delay_ns = value * NS_PER_MS;
    return 0;
}

int main(int argc, char **argv)
{
    static const struct argp_option options[] = {
        {"delay-ms", 'd', "MS", 0, "From the request's last byte to the answer (20)", 0}, {0}};
    static const struct argp argp = {
        options, parse, "", "Answers HTTP/1.1 at a port of 127.0.0.1, which it names.", 0, 0, 0};
    static struct upstream up = {.delay_ns = 20 * NS_PER_MS};

    argp_parse(&argp, argc, argv, 0, 0, &up);
    signal(SIGPIPE, SIG_IGN);
    check(uv_loop_init(&up.loop), "cannot make a loop");
    make_timer(&up);
    watch_signals(&up);
    printf("port %d\n", listen_somewhere(&up));
    fflush(stdout);
    uv_run(&up.loop, UV_RUN_DEFAULT);
    close(up.timer_fd);
    return uv_loop_close(&up.loop) == 0 ? 0 : 1;
}
