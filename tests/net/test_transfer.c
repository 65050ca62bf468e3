/* shim/net/transfer: an address that got past the first check, by mistake, meets the second. */
#include "shim/net/transfer.h"

#include "unit.h"

struct run {
    uv_loop_t loop;
    struct egress *egress;
    struct roots *roots;
    struct connections *connections;
    struct handles handles;
    unsigned sockets;
    struct outgoing outgoing;
    struct transfer transfer;
    bool is_over;
};

static void on_finished(void *arg)
{
    ((struct run *)arg)->is_over = true;
}

static void after(void *arg)
{
    (void)arg;
}

static void open_run(struct run *run, const char *const *allow, size_t count)
{
    struct connections_config config = {&run->loop,        NULL,  4,   &run->sockets,
                                        transfer_finished, after, NULL};
    struct error error;

    *run = (struct run){0};
    ck_assert_int_eq(uv_loop_init(&run->loop), 0);
    ck_assert_int_eq(egress_new(allow, count, &run->egress, &error), 0);
    ck_assert_int_eq(roots_new(NULL, &run->roots, &error), 0);
    config.egress = run->egress;
    run->connections = connections_open(&config);
    ck_assert_ptr_nonnull(run->connections);
}

static void close_run(struct run *run)
{
    transfer_stop(&run->transfer);
    ck_assert_uint_eq(run->handles.count, 1);
    handles_release(&run->handles);
    connections_close(run->connections);
    ck_assert_uint_eq(run->sockets, 0);
    outgoing_release(&run->outgoing);
    roots_free(run->roots);
    egress_free(run->egress);
    uv_run(&run->loop, UV_RUN_DEFAULT);
    ck_assert_int_eq(uv_loop_close(&run->loop), 0);
}

/* Goes to 127.0.0.1 and ::1, whatever the policy says, on a port where nobody listens. */
static void run_to_loopback(struct run *run, const char *url)
{
    struct addresses addresses = {
        .v4_count = 1, .v6_count = 1, .v4 = {{htonl(INADDR_LOOPBACK)}}, .v6 = {in6addr_loopback}};
    struct transfer_context context = {
        .outgoing = &run->outgoing,
        .connections = run->connections,
        .handles = &run->handles,
        .roots = run->roots,
        .sockets = &run->sockets,
        .sockets_max = 4,
        .connect_ms = 5000,
        .header_bytes_max = 4096,
        .body_bytes_max = 4096,
        .finished = on_finished,
        .arg = run,
    };
    struct bytes none = {0};
    struct fault fault;

    ck_assert(
        outgoing_init(&run->outgoing, bytes_of("GET"), bytes_of(url), none, none, false, &fault));
    ck_assert(transfer_start(&run->transfer, &context, &addresses));
    ck_assert(!run->is_over);
    while (!run->is_over)
        uv_run(&run->loop, UV_RUN_ONCE);
}

START_TEST(transfer_start_refused_address_gets_no_socket)
{
    struct run run;

    open_run(&run, NULL, 0);
    run_to_loopback(&run, "http://example.test:2/");
    ck_assert_int_eq(run.transfer.fault.error, FETCH_REFUSED_ADDRESS);
    ck_assert_ptr_nonnull(strstr(run.transfer.fault.message, "example.test"));
    close_run(&run);
}
END_TEST

START_TEST(transfer_start_literal_of_the_url_does_not_count)
{
    static const char *const allow[] = {"127.0.0.1", "::1"};
    struct run run;

    open_run(&run, allow, 2);
    run_to_loopback(&run, "http://10.1.2.3:2/");
    ck_assert_int_eq(run.transfer.fault.error, FETCH_CONNECT); /* to loopback, at once */
    ck_assert_ptr_nonnull(strstr(run.transfer.fault.message, "refused"));
    close_run(&run);
}
END_TEST

START_TEST(transfer_stop_of_none_does_nothing)
{
    struct transfer t = {0};

    transfer_stop(&t);
}
END_TEST

UNIT_MAIN("transfer", transfer_start_refused_address_gets_no_socket,
          transfer_start_literal_of_the_url_does_not_count, transfer_stop_of_none_does_nothing)
