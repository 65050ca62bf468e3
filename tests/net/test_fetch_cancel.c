/* The HTTP client: fetches that are cancelled, at every stage. */
#include "net_fixture.h"

#include "api/clock.h"

static struct net net;

/* Cancels after a time, in which the fetch gets to its stage, and sees that nothing comes of it. */
static void check_cancel(const struct fetch_request *request, unsigned after_ms)
{
    struct fetched outcome;
    struct fetch *fetch;
    uint64_t before_ns;

    fetch = net_start(&net, request, &outcome);
    if (after_ms > 0)
        net_run_for(&net, after_ms);
    ck_assert_uint_eq(outcome.dones, 0);
    before_ns = clock_now_ns();
    fetch_cancel(fetch);
    ck_assert_uint_lt(clock_now_ns() - before_ns, 200 * NS_PER_MS);
    net_run_for(&net, 20);
    ck_assert_uint_eq(outcome.dones, 0);
}

static void check_cancel_url(const char *url)
{
    struct fetch_request request = net_request(url);

    check_cancel(&request, 100);
    check_cancel(&request, 1);
    check_cancel(&request, 0);
}

START_TEST(fetch_cancel_at_once)
{
    net_open(&net);
    check_cancel_url(net_url(upstream.http, "/slow?ms=5000"));
    net_close(&net);
}
END_TEST

START_TEST(fetch_cancel_while_resolving)
{
    net_open(&net);
    check_cancel_url(net_url_of("http", "stalled.test", 80, "/"));
    net_close(&net);
}
END_TEST

START_TEST(fetch_cancel_while_connecting)
{
    net_open(&net);
    check_cancel_url(net_url(upstream.full, "/"));
    net_close(&net);
}
END_TEST

START_TEST(fetch_cancel_in_the_handshake)
{
    net_open(&net);
    check_cancel_url(net_url_of("https", "127.0.0.1", upstream.silent, "/"));
    net_close(&net);
}
END_TEST

START_TEST(fetch_cancel_while_sending)
{
    size_t len = 32 << 20;
    char *body = calloc(1, len);
    struct fetch_request request;

    net_open(&net);
    request = net_request(net_url(upstream.http, "/stall/upload"));
    request.method = bytes_of("POST");
    request.body = (struct bytes){body, len};
    request.has_body = true;
    check_cancel(&request, 200);
    free(body);
    net_close(&net);
}
END_TEST

START_TEST(fetch_cancel_while_the_answer_comes)
{
    net_open(&net);
    check_cancel_url(net_url(upstream.silent, "/"));
    check_cancel_url(net_url(upstream.http, "/stall/headers"));
    check_cancel_url(net_url(upstream.http, "/stall/body"));
    check_cancel_url(net_url(upstream.http, "/slow?ms=5000"));
    net_close(&net);
}
END_TEST

START_TEST(fetch_cancel_while_waiting_for_a_connection)
{
    struct fetcher_config config = net_config();
    struct fetch_request request = net_request(net_url(upstream.http, "/slow?ms=300"));
    struct fetched outcome;

    config.connections_per_tenant = 1;
    net_open_with(&net, config);
    net_start(&net, &request, &outcome);
    check_cancel(&request, 50);
    fetch_result_free(net_wait(&net, &outcome));
    net_close(&net);
}
END_TEST

START_TEST(fetch_cancel_lets_the_next_have_the_connection)
{
    struct fetcher_config config = net_config();
    struct fetch_request request = net_request(net_url(upstream.http, "/stall/body"));
    struct fetched first, second;
    struct fetch *fetch;

    config.connections_per_tenant = 1;
    net_open_with(&net, config);
    fetch = net_start(&net, &request, &first);
    request.url = bytes_of(net_url(upstream.http, "/echo"));
    net_start(&net, &request, &second);
    net_run_for(&net, 100);
    ck_assert_uint_eq(second.dones, 0);
    fetch_cancel(fetch);
    fetch_result_free(net_wait(&net, &second));
    ck_assert_uint_eq(first.dones, 0);
    net_close(&net);
}
END_TEST

/* Names that nobody answers go on being looked up: in the tenant's own slots. */
START_TEST(fetch_cancel_of_stalled_names_holds_up_the_tenant_alone)
{
    struct fetcher_config config = net_config();
    struct fetch_request request;
    struct fetched own, others;

    config.connections_per_tenant = 2;
    net_open_with(&net, config);
    request = net_request(net_url_of("http", "stalled.test", 80, "/"));
    check_cancel(&request, 20);
    check_cancel(&request, 20);
    request = net_request(net_url(upstream.http, "/echo"));
    request.timeout_ms = 500;
    net_start(&net, &request, &own);
    request.tenant = "b";
    net_start(&net, &request, &others);
    net_wait(&net, &others);
    ck_assert_int_eq(others.result->error, FETCH_OK);
    fetch_result_free(others.result);
    net_check_error(net_wait(&net, &own), FETCH_TIMEOUT, "no connection was free");
    net_close(&net);
}
END_TEST

/* Within done. */

struct chain {
    struct fetch *self, *other;
    unsigned dones;
};

static void cancel_other(void *arg, struct fetch_result *result)
{
    struct chain *chain = arg;

    chain->dones++;
    fetch_cancel(chain->other);
    fetch_result_free(result);
}

START_TEST(fetch_cancel_another_within_done)
{
    static const char *const paths[] = {"/stall/body", "/slow?ms=5000", "/stall/headers"};

    net_open(&net);
    for (size_t i = 0; i < 3; i++) {
        struct fetch_request request = net_request(net_url(upstream.http, paths[i]));
        struct fetched outcome;
        struct chain chain = {0};

        chain.other = net_start(&net, &request, &outcome);
        net_run_for(&net, 50);
        request.url = bytes_of(net_url(upstream.http, "/echo"));
        fetcher_start(net.fetcher, &request, cancel_other, &chain);
        while (chain.dones == 0)
            uv_run(&net.loop, UV_RUN_ONCE);
        net_run_for(&net, 20);
        ck_assert_uint_eq(outcome.dones, 0);
    }
    net_close(&net);
}
END_TEST

/* Both have ended in the same event; the first to be told cancels the second. */
START_TEST(fetch_cancel_one_that_has_ended_within_done)
{
    struct fetch_request request = net_request("nonsense");
    struct fetched outcome;
    struct chain chain = {0};

    net_open(&net);
    fetcher_start(net.fetcher, &request, cancel_other, &chain);
    chain.other = net_start(&net, &request, &outcome);
    net_run_for(&net, 20);
    ck_assert_uint_eq(chain.dones, 1);
    ck_assert_uint_eq(outcome.dones, 0);
    net_close(&net);
}
END_TEST

static void cancel_self(void *arg, struct fetch_result *result)
{
    struct chain *chain = arg;

    chain->dones++;
    fetch_cancel(chain->self);
    fetch_result_free(result);
}

START_TEST(fetch_cancel_itself_within_done_does_nothing)
{
    struct fetch_request request;
    struct chain chain = {0};

    net_open(&net);
    request = net_request(net_url(upstream.http, "/echo"));
    chain.self = fetcher_start(net.fetcher, &request, cancel_self, &chain);
    while (chain.dones == 0)
        uv_run(&net.loop, UV_RUN_ONCE);
    net_run_for(&net, 20);
    ck_assert_uint_eq(chain.dones, 1);
    net_close(&net);
}
END_TEST

static void start_again(void *arg, struct fetch_result *result)
{
    struct chain *chain = arg;
    struct fetch_request request = net_request("nonsense");

    fetch_result_free(result);
    if (++chain->dones < 1000)
        fetcher_start(net.fetcher, &request, start_again, chain);
}

/* Each ends at once: the loop must have its turn in between. */
START_TEST(fetcher_start_within_done_leaves_the_loop_alive)
{
    struct fetch_request request = net_request("nonsense");
    struct chain chain = {0};

    net_open(&net);
    fetcher_start(net.fetcher, &request, start_again, &chain);
    uv_run(&net.loop, UV_RUN_NOWAIT);
    ck_assert_uint_lt(chain.dones, 1000);
    while (chain.dones < 1000)
        uv_run(&net.loop, UV_RUN_ONCE);
    net_close(&net);
}
END_TEST

/* Everything at once, cancelled at any moment. */

#define STORM 400

static const char *storm_url(unsigned kind)
{
    switch (kind % 8) {
    case 0:
        return net_url_of("http", "stalled.test", 80, "/");
    case 1:
        return net_url(upstream.http, "/stall/body");
    case 2:
        return net_url_of("https", "tls.test", upstream.tls, "/echo");
    case 3:
        return net_url(upstream.http, "/redirect/count/5");
    case 4:
        return net_url(upstream.http, "/bomb?mib=5");
    case 5:
        return net_url_of("https", "127.0.0.1", upstream.silent, "/");
    case 6:
        return net_url_of("http", "both.test", upstream.http, "/slow?ms=20");
    default:
        return net_url(upstream.full, "/");
    }
}

START_TEST(fetch_cancel_storm_leaves_nothing)
{
    static struct fetched outcomes[STORM];
    static struct fetch *fetches[STORM];
    struct fetcher_config config = net_config();
    unsigned seed = 1;

    config.roots = net_roots();
    config.connections_per_tenant = 30;
    config.connections = 80;
    net_open_with(&net, config);
    for (unsigned i = 0; i < STORM; i++) {
        struct fetch_request request = net_request(storm_url((unsigned)rand_r(&seed)));
        unsigned victim = (unsigned)rand_r(&seed) % (i + 1);
        char tenant[] = {(char)('a' + rand_r(&seed) % 4), '\0'};

        request.tenant = tenant;
        fetches[i] = net_start(&net, &request, &outcomes[i]);
        uv_run(&net.loop, UV_RUN_NOWAIT);
        if (fetches[victim] && outcomes[victim].dones == 0) {
            fetch_cancel(fetches[victim]);
            fetches[victim] = NULL;
        }
    }
    net_run_for(&net, 200);
    for (unsigned i = 0; i < STORM; i++) {
        ck_assert_uint_le(outcomes[i].dones, 1);
        if (outcomes[i].dones)
            fetch_result_free(outcomes[i].result);
        else if (fetches[i])
            fetch_cancel(fetches[i]);
    }
    net_close(&net);
}
END_TEST

NET_MAIN("fetch_cancel", fetch_cancel_at_once, fetch_cancel_while_resolving,
         fetch_cancel_while_connecting, fetch_cancel_in_the_handshake, fetch_cancel_while_sending,
         fetch_cancel_while_the_answer_comes, fetch_cancel_while_waiting_for_a_connection,
         fetch_cancel_lets_the_next_have_the_connection,
         fetch_cancel_of_stalled_names_holds_up_the_tenant_alone, fetch_cancel_another_within_done,
         fetch_cancel_one_that_has_ended_within_done, fetch_cancel_itself_within_done_does_nothing,
         fetcher_start_within_done_leaves_the_loop_alive, fetch_cancel_storm_leaves_nothing)
