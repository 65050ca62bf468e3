/* The HTTP client: redirects, hop by hop. */
#include "net_fixture.h"

static struct net net;

/* "/redirect" of a server, to a URL, with a status. */
static struct fetch_request redirect_request(unsigned status, const char *to)
{
    char path[512];

    snprintf(path, sizeof(path), "/redirect?status=%u&to=%s", status, to);
    return net_request(net_url(upstream.http, path));
}

static struct fetch_result *post(unsigned status, const char *to)
{
    struct fetch_request request = redirect_request(status, to);

    request.method = bytes_of("POST");
    request.headers =
        bytes_of("content-type\ntext/plain\nauthorization\nBasic x\ncookie\nc=1\nx-y\nz\n");
    request.body = bytes_of("body");
    request.has_body = true;
    return net_fetch(&net, &request);
}

static void check_post(unsigned status, bool is_post_again)
{
    struct fetch_result *result = post(status, "/echo");

    ck_assert_int_eq(result->error, FETCH_OK);
    ck_assert_int_eq(net_has(result->body, "\"method\":\"POST\""), is_post_again);
    ck_assert_int_eq(net_has(result->body, "\"method\":\"GET\""), !is_post_again);
    ck_assert_int_eq(net_has(result->body, "\"body\":\"body\""), is_post_again);
    ck_assert_int_eq(net_has(result->body, "Content-Length: 4"), is_post_again);
    ck_assert_int_eq(net_has(result->body, "content-type: text/plain"), is_post_again);
    ck_assert(net_has(result->body, "authorization: Basic x"));
    ck_assert(net_has(result->body, "cookie: c=1"));
    ck_assert(net_has(result->body, "x-y: z"));
    ck_assert(bytes_equal(result->moved_to, bytes_of(net_url(upstream.http, "/echo"))));
    fetch_result_free(result);
}

START_TEST(fetch_redirect_statuses)
{
    net_open(&net);
    check_post(301, false);
    check_post(302, false);
    check_post(303, false);
    check_post(307, true);
    check_post(308, true);
    net_close(&net);
}
END_TEST

START_TEST(fetch_redirect_across_origins_drops_credentials)
{
    struct fetch_result *result;

    net_open(&net);
    result = post(307, net_url(upstream.other, "/echo"));
    ck_assert_int_eq(result->error, FETCH_OK);
    ck_assert(net_has(result->body, "\"body\":\"body\""));
    ck_assert(net_has(result->body, "x-y: z"));
    ck_assert(!net_has(result->body, "uthorization"));
    ck_assert(!net_has(result->body, "ookie"));
    fetch_result_free(result);
    net_close(&net);
}
END_TEST

START_TEST(fetch_redirect_host_is_the_new_one)
{
    char host[64];
    struct fetch_request request;
    struct fetch_result *result;

    net_open(&net);
    request = redirect_request(302, net_url_of("http", "good.test", upstream.other, "/echo"));
    snprintf(host, sizeof(host), "Host: good.test:%u\\n", upstream.other);
    result = net_fetch(&net, &request);
    ck_assert_int_eq(result->error, FETCH_OK);
    ck_assert(net_has(result->body, host));
    fetch_result_free(result);
    net_close(&net);
}
END_TEST

START_TEST(fetch_redirect_relative_locations_and_fragments)
{
    char url[256];
    struct fetch_result *result;
    struct fetch_request request;

    net_open(&net);
    snprintf(url, sizeof(url), "%s#frag", net_url(upstream.http, "/redirect?to=echo/../echo/x"));
    request = net_request(url);
    result = net_fetch(&net, &request);
    ck_assert_int_eq(result->error, FETCH_OK);
    ck_assert(bytes_equal(result->moved_to, bytes_of(net_url(upstream.http, "/echo/x#frag"))));
    fetch_result_free(result);
    result = net_get(&net, net_url(upstream.http, "/raw/location-utf8"));
    ck_assert(net_has(result->body, "/echo/gr%C3%BC%C3%9Fe"));
    fetch_result_free(result);
    net_close(&net);
}
END_TEST

START_TEST(fetch_redirect_twenty_are_followed_and_no_more)
{
    struct fetch_result *result;

    net_open(&net);
    /* /redirect/count/N answers N + 1 redirects before the echo. */
    result = net_get(&net, net_url(upstream.http, "/redirect/count/19"));
    ck_assert_int_eq(result->error, FETCH_OK);
    ck_assert_uint_eq(net_echo_number(result, "number"), 21); /* all on one connection */
    ck_assert_uint_gt(result->received_bytes, 20 * 100);
    fetch_result_free(result);
    net_check_error(net_get(&net, net_url(upstream.http, "/redirect/count/20")), FETCH_REDIRECT,
                    "20 redirects");
    net_close(&net);
}
END_TEST

START_TEST(fetch_redirect_error_fails)
{
    struct fetch_request request = redirect_request(302, "/echo");

    net_open(&net);
    request.redirect = FETCH_REDIRECT_ERROR;
    net_check_error(net_fetch(&net, &request), FETCH_REDIRECT, "does not allow");
    request.url = bytes_of(net_url(upstream.http, "/echo"));
    fetch_result_free(net_fetch(&net, &request));
    net_close(&net);
}
END_TEST

START_TEST(fetch_redirect_manual_is_the_answer)
{
    struct fetch_request request = redirect_request(307, "/echo");
    struct fetch_result *result;

    net_open(&net);
    request.redirect = FETCH_REDIRECT_MANUAL;
    result = net_fetch(&net, &request);
    ck_assert_int_eq(result->error, FETCH_OK);
    ck_assert_uint_eq(result->status, 307);
    ck_assert_uint_eq(result->moved_to.len, 0);
    ck_assert(net_has(result->headers, "location\n/echo\n"));
    ck_assert(bytes_equal(result->body, bytes_of("moved")));
    fetch_result_free(result);
    net_close(&net);
}
END_TEST

START_TEST(fetch_redirect_without_location_is_the_answer)
{
    struct fetch_result *result;

    net_open(&net);
    result = net_get(&net, net_url(upstream.http, "/redirect?status=302"));
    ck_assert_int_eq(result->error, FETCH_OK);
    ck_assert_uint_eq(result->status, 302);
    ck_assert(bytes_equal(result->body, bytes_of("moved")));
    fetch_result_free(result);
    net_close(&net);
}
END_TEST

START_TEST(fetch_redirect_to_what_is_refused_fails)
{
    static const struct {
        const char *to;
        enum fetch_error error;
    } cases[] = {
        {"http://127.0.0.2/", FETCH_REFUSED_ADDRESS},
        {"http://2130706434/", FETCH_REFUSED_ADDRESS}, /* 127.0.0.2 */
        {"http://0x7f000002/", FETCH_REFUSED_ADDRESS},
        {"http://0177.0.0.2/", FETCH_REFUSED_ADDRESS},
        {"//10.0.0.1/", FETCH_REFUSED_ADDRESS},
        {"http://169.254.169.254/latest/meta-data/", FETCH_REFUSED_ADDRESS},
        {"http://[::ffff:10.0.0.1]/", FETCH_REFUSED_ADDRESS},
        {"http://private.test/", FETCH_REFUSED_ADDRESS},
        {"http://127.0.0.1:25/", FETCH_REFUSED_PORT},
        {"ftp://127.0.0.1/", FETCH_REDIRECT},
        {"file:///etc/passwd", FETCH_REDIRECT},
        {"http://user@127.0.0.1/", FETCH_REDIRECT},
        {"http://", FETCH_REDIRECT},
        {"http://missing.test/", FETCH_DNS},
    };

    net_open(&net);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct fetch_request request = redirect_request(302, cases[i].to);
        struct fetch_result *result = net_fetch(&net, &request);

        ck_assert_msg(result->error == cases[i].error, "%s: %s", cases[i].to,
                      fetch_error_name(result->error));
        net_check_error(result, cases[i].error, "'");
    }
    net_close(&net);
}
END_TEST

START_TEST(fetch_redirect_large_body_is_not_waited_for)
{
    struct fetch_request request = net_request(net_url(upstream.http, "/redirect/large"));
    struct fetch_result *result;

    net_open(&net);
    request.body_bytes_max = 4096; /* the redirect's body is 1 MiB */
    result = net_fetch(&net, &request);
    ck_assert_int_eq(result->error, FETCH_OK);
    ck_assert(net_has(result->body, "\"target\":\"/echo\""));
    ck_assert_uint_lt(result->received_bytes, 1 << 20);
    fetch_result_free(result);
    net_close(&net);
}
END_TEST

/* The name leads to an allowed address for the first hop, and elsewhere for the second. */
START_TEST(fetch_redirect_to_a_name_that_rebinds_fails)
{
    char path[256];

    net_open(&net);
    snprintf(path, sizeof(path), "/redirect?to=%s",
             net_url_of("http", "rebind-a.test", upstream.http, "/echo"));
    net_check_error(net_get(&net, net_url_of("http", "rebind-a.test", upstream.http, path)),
                    FETCH_REFUSED_ADDRESS, "rebind-a.test");
    net_close(&net);
}
END_TEST

NET_MAIN("fetch_redirect", fetch_redirect_statuses, fetch_redirect_across_origins_drops_credentials,
         fetch_redirect_host_is_the_new_one, fetch_redirect_relative_locations_and_fragments,
         fetch_redirect_twenty_are_followed_and_no_more, fetch_redirect_error_fails,
         fetch_redirect_manual_is_the_answer, fetch_redirect_without_location_is_the_answer,
         fetch_redirect_to_what_is_refused_fails, fetch_redirect_large_body_is_not_waited_for,
         fetch_redirect_to_a_name_that_rebinds_fails)
