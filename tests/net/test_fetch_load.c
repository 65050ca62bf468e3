/* The HTTP client: connections that are kept, tenants among each other, many at once, threads that
 * take turns with the loop. */
#include "net_fixture.h"

#include "api/queue_figures.h"

#include <pthread.h>

static struct net net;

static unsigned number_of(const char *tenant)
{
    struct fetch_request request = net_request(net_url(upstream.http, "/echo"));
    struct fetch_result *result;
    unsigned number;

    request.tenant = tenant;
    result = net_fetch(&net, &request);
    ck_assert_int_eq(result->error, FETCH_OK);
    number = net_echo_number(result, "number");
    fetch_result_free(result);
    return number;
}

START_TEST(fetch_connections_are_kept_for_each_tenant)
{
    net_open(&net);
    ck_assert_uint_eq(number_of("a"), 1);
    ck_assert_uint_eq(number_of("a"), 2);
    ck_assert_uint_eq(number_of("b"), 1);
    ck_assert_uint_eq(number_of("a"), 3);
    ck_assert_uint_eq(number_of("b"), 2);
    net_close(&net);
}
END_TEST

START_TEST(fetch_connections_of_idle_tenants_make_room)
{
    struct fetcher_config config = net_config();

    config.connections = 2;
    net_open_with(&net, config);
    ck_assert_uint_eq(number_of("a"), 1);
    ck_assert_uint_eq(number_of("b"), 1);
    ck_assert_uint_eq(number_of("c"), 1); /* in the place of a's */
    ck_assert_uint_eq(number_of("c"), 2);
    ck_assert_uint_eq(number_of("a"), 1);
    net_close(&net);
}
END_TEST

START_TEST(fetch_connections_of_many_tenants_are_bounded)
{
    net_open(&net);
    ck_assert_uint_eq(number_of("first"), 1);
    for (unsigned i = 0; i < 70; i++) {
        char tenant[16];

        snprintf(tenant, sizeof(tenant), "t%u", i);
        ck_assert_uint_eq(number_of(tenant), 1);
    }
    ck_assert_uint_eq(number_of("t69"), 2);
    ck_assert_uint_eq(number_of("first"), 1);
    net_close(&net);
}
END_TEST

START_TEST(fetch_connections_of_a_tenant_are_bounded)
{
    struct fetcher_config config = net_config();
    struct fetch_request request = net_request(net_url(upstream.http, "/slow?ms=30"));
    static struct queue_figures queue;
    struct fetched outcomes[20];
    unsigned new_connections = 0;

    config.connections_per_tenant = 3;
    config.queue = &queue;
    net_open_with(&net, config);
    for (unsigned i = 0; i < 20; i++)
        net_start(&net, &request, &outcomes[i]);
    ck_assert_uint_eq(atomic_load(&queue.entered), 20);
    ck_assert_uint_eq(histogram_count(&queue.wait_us), 0);
    for (unsigned i = 0; i < 20; i++) {
        net_wait(&net, &outcomes[i]);
        ck_assert_int_eq(outcomes[i].result->error, FETCH_OK);
        new_connections += net_echo_number(outcomes[i].result, "number") == 1;
        fetch_result_free(outcomes[i].result);
    }
    ck_assert_uint_eq(new_connections, 3);
    ck_assert_uint_eq(histogram_count(&queue.wait_us), 20);
    ck_assert_uint_ge(queue.wait_us.max, 6 * 30000); /* the last of seven after each other */
    net_close(&net);
}
END_TEST

/* Kept connections to one host do not stand in the way of another. */
START_TEST(fetch_kept_connections_give_way)
{
    struct fetcher_config config = net_config();

    config.connections_per_tenant = 2;
    net_open_with(&net, config);
    for (unsigned i = 0; i < 4; i++) {
        struct fetch_result *result;

        ck_assert_uint_ge(number_of("a"), 1);
        result = net_get(&net, net_url(upstream.other, "/echo"));
        ck_assert_int_eq(result->error, FETCH_OK);
        fetch_result_free(result);
        result = net_get(&net, net_url_of("http", "good.test", upstream.http, "/echo"));
        ck_assert_int_eq(result->error, FETCH_OK);
        fetch_result_free(result);
    }
    net_close(&net);
}
END_TEST

/* A tenant that is busy may have idle connections; those of others are then not kept. */
START_TEST(fetch_connections_beyond_the_bound_are_not_kept)
{
    struct fetcher_config config = net_config();
    struct fetch_request request = net_request(net_url(upstream.http, "/meet?count=3"));
    struct fetched outcomes[3], busy, last;

    config.connections = 3;
    net_open_with(&net, config);
    for (unsigned i = 0; i < 3; i++)
        net_start(&net, &request, &outcomes[i]);
    for (unsigned i = 0; i < 3; i++)
        fetch_result_free(net_wait(&net, &outcomes[i]));
    request.url = bytes_of(net_url(upstream.http, "/meet?count=2"));
    net_start(&net, &request, &busy);
    ck_assert_uint_eq(number_of("b"), 1);
    ck_assert_uint_eq(number_of("b"), 1);
    ck_assert_uint_eq(busy.dones, 0);
    net_start(&net, &request, &last);
    fetch_result_free(net_wait(&net, &busy));
    fetch_result_free(net_wait(&net, &last));
    ck_assert_uint_ge(number_of("a"), 2);
    net_close(&net);
}
END_TEST

START_TEST(fetch_tenants_take_turns)
{
    struct fetcher_config config = net_config();
    struct fetch_request request = net_request(net_url(upstream.http, "/slow?ms=20"));
    struct fetched many[30], one;
    unsigned before = 0;

    config.connections = 1;
    net_open_with(&net, config);
    for (unsigned i = 0; i < 30; i++)
        net_start(&net, &request, &many[i]);
    request.tenant = "b";
    net_start(&net, &request, &one);
    fetch_result_free(net_wait(&net, &one));
    for (unsigned i = 0; i < 30; i++)
        before += many[i].dones;
    ck_assert_uint_le(before, 2);
    for (unsigned i = 0; i < 30; i++)
        fetch_result_free(net_wait(&net, &many[i]));
    net_close(&net);
}
END_TEST

#define MANY 1000

/* The server answers when all have arrived: all of them are open at the same time. */
START_TEST(fetch_thousand_connections_at_once)
{
    static struct fetched outcomes[MANY];
    struct fetcher_config config = net_config();
    struct fetch_request request = net_request(net_url(upstream.http, "/meet?count=1000"));

    config.connections_per_tenant = config.connections = config.fetches_per_tenant = MANY;
    net_open_with(&net, config);
    for (unsigned i = 0; i < MANY; i++)
        net_start(&net, &request, &outcomes[i]);
    for (unsigned i = 0; i < MANY; i++) {
        net_wait(&net, &outcomes[i]);
        ck_assert_msg(outcomes[i].result->error == FETCH_OK, "%s", outcomes[i].result->message);
        ck_assert_uint_eq(net_echo_number(outcomes[i].result, "number"), 1);
        fetch_result_free(outcomes[i].result);
    }
    net_close(&net);
}
END_TEST

/* Two threads, of which one at a time holds the loop. */

#define FETCHES 200

struct relay {
    pthread_mutex_t lock;
    pthread_cond_t turned;
    unsigned turn; /* whose it is */
    unsigned started, ended, failed;
};

struct runner {
    struct relay *relay;
    unsigned number;
};

static void on_relay_done(void *arg, struct fetch_result *result)
{
    struct relay *relay = arg;

    relay->ended++;
    relay->failed += result->error != FETCH_OK;
    fetch_result_free(result);
}

static void start_some(struct relay *relay)
{
    for (unsigned i = 0; i < 5 && relay->started < FETCHES; i++) {
        const char *url =
            relay->started % 2
                ? net_url_of("https", "tls.test", upstream.tls, "/redirect/count/2")
                : net_url_of("http", "alias.test", upstream.http, "/coded?coding=gzip");
        struct fetch_request request = net_request(url);

        request.tenant = relay->started % 3 ? "a" : "b";
        fetcher_start(net.fetcher, &request, on_relay_done, relay);
        relay->started++;
    }
}

static bool run_turn(struct relay *relay)
{
    start_some(relay);
    uv_run(&net.loop, relay->ended % 2 ? UV_RUN_NOWAIT : UV_RUN_ONCE);
    return relay->ended < FETCHES;
}

static void *run(void *arg)
{
    struct runner *runner = arg;
    struct relay *relay = runner->relay;
    bool goes_on = true;

    pthread_mutex_lock(&relay->lock);
    while (goes_on) {
        while (relay->turn != runner->number)
            pthread_cond_wait(&relay->turned, &relay->lock);
        goes_on = relay->ended < FETCHES && run_turn(relay);
        relay->turn = !relay->turn;
        pthread_cond_signal(&relay->turned);
    }
    pthread_mutex_unlock(&relay->lock);
    return NULL;
}

START_TEST(fetch_loop_changes_threads)
{
    struct relay relay = {.lock = PTHREAD_MUTEX_INITIALIZER, .turned = PTHREAD_COND_INITIALIZER};
    struct runner runners[2] = {{&relay, 0}, {&relay, 1}};
    struct fetcher_config config = net_config();
    pthread_t threads[2];

    config.roots = net_roots();
    net_open_with(&net, config);
    for (unsigned i = 0; i < 2; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, run, &runners[i]), 0);
    for (unsigned i = 0; i < 2; i++)
        pthread_join(threads[i], NULL);
    ck_assert_uint_eq(relay.ended, FETCHES);
    ck_assert_uint_eq(relay.failed, 0);
    net_close(&net);
}
END_TEST

NET_MAIN("fetch_load", fetch_connections_are_kept_for_each_tenant,
         fetch_connections_of_idle_tenants_make_room, fetch_connections_of_many_tenants_are_bounded,
         fetch_connections_of_a_tenant_are_bounded, fetch_kept_connections_give_way,
         fetch_connections_beyond_the_bound_are_not_kept, fetch_tenants_take_turns,
         fetch_thousand_connections_at_once, fetch_loop_changes_threads)
