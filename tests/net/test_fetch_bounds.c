/* The HTTP client: answers that are too large, cut, or not well-formed; bounds of its own. */
#include "net_fixture.h"

#include "api/queue_figures.h"

#include <malloc.h>
#include <sys/resource.h>

static struct net net;

static struct fetch_result *get_path(const char *path)
{
    return net_get(&net, net_url(upstream.http, path));
}

static void check_path(const char *path, enum fetch_error error)
{
    struct fetch_result *result = get_path(path);

    ck_assert_msg(result->error == error, "%s: %s %s", path, fetch_error_name(result->error),
                  result->message ? result->message : "");
    net_check_error(result, error, "'127.0.0.1'");
}

START_TEST(fetch_cut_answers_are_cut_off)
{
    static const char *const paths[] = {"/raw/nothing", "/raw/cut", "/raw/cut-chunk",
                                        "/raw/cut-last-chunk", "/raw/cut-headers"};

    net_open(&net);
    for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++)
        check_path(paths[i], FETCH_CUT_OFF);
    net_close(&net);
}
END_TEST

START_TEST(fetch_malformed_answers_are_bad)
{
    static const char *const paths[] = {
        "/raw/garbage",
        "/raw/length-conflict",
        "/raw/length-list",
        "/raw/length-bad",
        "/raw/length-negative",
        "/raw/length-space",
        "/raw/no-colon",
        "/raw/nul",
        "/raw/cr",
        "/raw/fold-length",
        "/raw/switch",
        "/raw/length-huge",
    };

    net_open(&net);
    for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++)
        check_path(paths[i], FETCH_BAD_RESPONSE);
    check_path("/redirect?to=/a&also=/b", FETCH_BAD_RESPONSE);
    net_close(&net);
}
END_TEST

/* Bytes after the answer are a second answer to some: the next fetch must not get it. */
START_TEST(fetch_bytes_after_an_answer_are_nobodys)
{
    net_open(&net);
    for (int i = 0; i < 3; i++) {
        struct fetch_result *result;

        net_check_body(get_path("/kept/excess"), "ok");
        result = get_path("/echo");
        ck_assert(net_has(result->body, "\"number\":1,"));
        ck_assert(!net_has(result->headers, "smuggled"));
        fetch_result_free(result);
    }
    net_close(&net);
}
END_TEST

START_TEST(fetch_after_a_doubly_framed_answer_is_on_another_connection)
{
    struct fetch_result *result;

    net_open(&net);
    net_check_body(get_path("/kept/both"), "ok");
    result = get_path("/echo");
    ck_assert_uint_eq(net_echo_number(result, "number"), 1);
    fetch_result_free(result);
    net_close(&net);
}
END_TEST

static struct fetch_result *get_bounded(const char *path, size_t body_bytes_max)
{
    struct fetch_request request = net_request(net_url(upstream.http, path));

    request.body_bytes_max = body_bytes_max;
    return net_fetch(&net, &request);
}

START_TEST(fetch_body_at_its_bound_passes)
{
    static const char *const paths[] = {"/body?bytes=100000", "/body?bytes=100000&chunked=1"};

    net_open(&net);
    for (int i = 0; i < 2; i++) {
        struct fetch_result *result = get_bounded(paths[i], 100000);

        ck_assert_int_eq(result->error, FETCH_OK);
        ck_assert_uint_eq(result->body.len, 100000);
        fetch_result_free(result);
        net_check_error(get_bounded(paths[i], 99999), FETCH_TOO_LARGE, "99999 bytes");
    }
    net_check_error(get_bounded("/body?bytes=1", 0), FETCH_TOO_LARGE, "0 bytes");
    net_check_body(get_bounded("/body?bytes=0", 0), "");
    net_close(&net);
}
END_TEST

START_TEST(fetch_known_length_beyond_the_bound_is_not_read)
{
    struct fetch_result *result;

    net_open(&net);
    result = get_bounded("/body?bytes=1000000000", 1 << 20);
    ck_assert_uint_lt(result->received_bytes, 1 << 20);
    net_check_error(result, FETCH_TOO_LARGE, "127.0.0.1");
    net_close(&net);
}
END_TEST

START_TEST(fetch_length_of_a_head_answer_is_no_body)
{
    struct fetch_request request = net_request(net_url(upstream.http, "/body?bytes=100000000"));
    struct fetch_result *result;

    net_open(&net);
    request.method = bytes_of("HEAD");
    result = net_fetch(&net, &request);
    ck_assert_int_eq(result->error, FETCH_OK);
    ck_assert(net_has(result->headers, "content-length\n100000000\n"));
    fetch_result_free(result);
    net_close(&net);
}
END_TEST

/* 1 GiB of zeros, of which the client may not keep more than the bound. */
START_TEST(fetch_compressed_bomb_fails_at_the_bound)
{
    struct rusage before, after;
    struct fetch_result *result;

    net_open(&net);
    getrusage(RUSAGE_SELF, &before);
    result = get_bounded("/bomb?mib=1024", 10 << 20);
    getrusage(RUSAGE_SELF, &after);
    ck_assert_uint_lt(result->received_bytes, 1 << 20);
    ck_assert_int_lt(after.ru_maxrss - before.ru_maxrss, 100 << 10);
    net_check_error(result, FETCH_TOO_LARGE, "10485760 bytes");
    net_close(&net);
}
END_TEST

START_TEST(fetch_compressed_body_within_the_bound_passes)
{
    struct fetch_result *result;

    net_open(&net);
    result = get_bounded("/bomb?mib=10", 10 << 20);
    ck_assert_int_eq(result->error, FETCH_OK);
    ck_assert_uint_eq(result->body.len, 10 << 20);
    ck_assert_uint_lt(result->received_bytes, 100 << 10);
    fetch_result_free(result);
    net_close(&net);
}
END_TEST

START_TEST(fetch_headers_are_bounded)
{
    struct fetch_result *result;

    net_open(&net);
    result = get_path("/headers?count=60&bytes=1000");
    ck_assert_int_eq(result->error, FETCH_OK);
    ck_assert_uint_gt(result->headers.len, 60000);
    fetch_result_free(result);
    check_path("/headers?count=70&bytes=1000", FETCH_TOO_LARGE);
    check_path("/headers?count=1&bytes=70000", FETCH_TOO_LARGE);
    check_path("/headers?count=1000&bytes=1", FETCH_TOO_LARGE);
    net_close(&net);
}
END_TEST

START_TEST(fetch_header_line_beyond_curls_own_bound_fails)
{
    struct fetch_request request =
        net_request(net_url(upstream.http, "/headers?count=1&bytes=900000"));
    struct fetch_result *result;

    net_open(&net);
    request.header_bytes_max = 2 << 20;
    result = net_fetch(&net, &request);
    net_check_error(result, FETCH_TOO_LARGE, "headers");
    request.url = bytes_of(net_url(upstream.http, "/headers?count=400&bytes=900"));
    net_check_error(net_fetch(&net, &request), FETCH_TOO_LARGE, "headers");
    net_close(&net);
}
END_TEST

START_TEST(fetch_bad_requests_are_refused)
{
    struct fetch_request request = net_request(net_url(upstream.http, "/echo"));

    net_open(&net);
    request.headers = bytes_of("x-a\n1\ntransfer-encoding\nchunked\n");
    net_check_error(net_fetch(&net, &request), FETCH_BAD_REQUEST, "transfer-encoding");
    request.headers = bytes_of("");
    request.method = bytes_of("TRACE");
    net_check_error(net_fetch(&net, &request), FETCH_BAD_REQUEST, "TRACE");
    net_check_error(net_get(&net, "ftp://example.com"), FETCH_BAD_REQUEST, "URL");
    net_check_error(net_get(&net, "http://a:b@example.com"), FETCH_BAD_REQUEST, "user name");
    net_close(&net);
}
END_TEST

START_TEST(fetch_refused_ports_and_addresses)
{
    net_open(&net);
    net_check_error(net_get(&net, "http://127.0.0.1:25"), FETCH_REFUSED_PORT, "port 25");
    net_check_error(net_get(&net, "http://127.0.0.1:0"), FETCH_REFUSED_PORT, "port 0");
    net_check_error(net_get(&net, "http://127.0.0.2"), FETCH_REFUSED_ADDRESS, "127.0.0.2");
    net_check_error(net_get(&net, "http://[::ffff:127.0.0.2]"), FETCH_REFUSED_ADDRESS, "::ffff");
    net_check_error(net_get(&net, "http://169.254.169.254"), FETCH_REFUSED_ADDRESS, "169.254");
    net_check_error(net_get(&net, "http://[fd00:ec2::254]"), FETCH_REFUSED_ADDRESS, "fd00");
    net_check_error(net_get(&net, "http://0.0.0.0"), FETCH_REFUSED_ADDRESS, "0.0.0.0");
    net_close(&net);
}
END_TEST

START_TEST(fetch_refused_connection_says_so)
{
    net_open(&net);
    net_check_error(net_get(&net, "http://127.0.0.1:2"), FETCH_CONNECT, "port 2");
    net_check_error(net_get(&net, "http://[::1]:2"), FETCH_CONNECT, "port 2");
    net_close(&net);
}
END_TEST

static struct fetch_result *get_in_time(const char *url, uint64_t timeout_ms)
{
    struct fetch_request request = net_request(url);
    struct fetch_result *result;

    request.timeout_ms = timeout_ms;
    result = net_fetch(&net, &request);
    if (result->error == FETCH_TIMEOUT) {
        ck_assert_uint_ge(result->duration_us, timeout_ms * 1000);
        ck_assert_uint_lt(result->duration_us, timeout_ms * 1000 + 2000000);
    }
    return result;
}

START_TEST(fetch_timeout_at_every_stage)
{
    net_open(&net);
    net_check_error(get_in_time(net_url(upstream.http, "/slow?ms=20000"), 100), FETCH_TIMEOUT,
                    "127.0.0.1");
    net_check_error(get_in_time(net_url(upstream.http, "/stall/headers"), 100), FETCH_TIMEOUT, "");
    net_check_error(get_in_time(net_url(upstream.http, "/stall/body"), 100), FETCH_TIMEOUT, "");
    net_check_error(get_in_time(net_url(upstream.silent, "/"), 100), FETCH_TIMEOUT, "");
    net_check_error(get_in_time(net_url_of("https", "127.0.0.1", upstream.silent, "/"), 100),
                    FETCH_TIMEOUT, "");
    net_check_error(get_in_time(net_url_of("http", "stalled.test", 80, "/"), 100), FETCH_TIMEOUT,
                    "name 'stalled.test'");
    fetch_result_free(get_in_time(net_url(upstream.http, "/slow?ms=50"), 5000));
    net_close(&net);
}
END_TEST

START_TEST(fetch_connect_timeout_of_name_connection_and_handshake)
{
    struct fetcher_config config = net_config();
    struct fetch_request request;

    config.connect_timeout_ms = 200;
    net_open_with(&net, config);
    request = net_request(net_url_of("http", "stalled.test", 80, "/"));
    request.timeout_ms = 0;
    net_check_error(net_fetch(&net, &request), FETCH_TIMEOUT, "was not resolved in time");
    request = net_request(net_url_of("https", "127.0.0.1", upstream.silent, "/"));
    request.timeout_ms = 0;
    net_check_error(net_fetch(&net, &request), FETCH_TIMEOUT, "no connection to");
    /* The time is the connection's, not the answer's. */
    net_check_body(get_bounded("/body?bytes=0", 0), "");
    fetch_result_free(get_path("/slow?ms=500"));
    net_close(&net);
}
END_TEST

START_TEST(fetcher_start_too_many_fetches_are_refused)
{
    struct fetcher_config config = net_config();
    struct fetch_request request = net_request(net_url(upstream.http, "/slow?ms=100"));
    struct fetched outcomes[12];
    unsigned refused = 0;

    config.fetches_per_tenant = 10;
    net_open_with(&net, config);
    for (unsigned i = 0; i < 12; i++)
        net_start(&net, &request, &outcomes[i]);
    request.tenant = "b";
    net_check_error(net_wait(&net, &outcomes[11]), FETCH_BUSY, "10 fetches");
    fetch_result_free(net_fetch(&net, &request));
    for (unsigned i = 0; i < 11; i++) {
        refused += net_wait(&net, &outcomes[i])->error == FETCH_BUSY;
        fetch_result_free(outcomes[i].result);
    }
    ck_assert_uint_eq(refused, 1);
    net_close(&net);
}
END_TEST

START_TEST(fetch_waits_for_a_connection_in_vain_times_out)
{
    struct fetcher_config config = net_config();
    struct fetch_request request = net_request(net_url(upstream.http, "/slow?ms=400"));
    static struct queue_figures queue;
    struct fetched first, second;

    config.connections_per_tenant = 1;
    config.queue = &queue;
    net_open_with(&net, config);
    net_start(&net, &request, &first);
    request.timeout_ms = 100;
    net_start(&net, &request, &second);
    net_check_error(net_wait(&net, &second), FETCH_TIMEOUT, "no connection was free");
    ck_assert_uint_eq(first.dones, 0);
    ck_assert_uint_eq(atomic_load(&queue.entered), 2);
    ck_assert_uint_eq(histogram_count(&queue.wait_us), 2);
    ck_assert_uint_ge(queue.wait_us.max, 100000);
    fetch_result_free(net_wait(&net, &first));
    net_close(&net);
}
END_TEST

NET_MAIN("fetch_bounds", fetch_cut_answers_are_cut_off, fetch_malformed_answers_are_bad,
         fetch_bytes_after_an_answer_are_nobodys,
         fetch_after_a_doubly_framed_answer_is_on_another_connection,
         fetch_body_at_its_bound_passes, fetch_known_length_beyond_the_bound_is_not_read,
         fetch_length_of_a_head_answer_is_no_body, fetch_compressed_bomb_fails_at_the_bound,
         fetch_compressed_body_within_the_bound_passes, fetch_headers_are_bounded,
         fetch_header_line_beyond_curls_own_bound_fails, fetch_bad_requests_are_refused,
         fetch_refused_ports_and_addresses, fetch_refused_connection_says_so,
         fetch_timeout_at_every_stage, fetch_connect_timeout_of_name_connection_and_handshake,
         fetcher_start_too_many_fetches_are_refused, fetch_waits_for_a_connection_in_vain_times_out)
