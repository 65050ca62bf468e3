/* The HTTP client: requests as they go out, answers as they come in. */
#include "net_fixture.h"

static struct net net;

static struct fetch_result *echo(const char *method, const char *headers, const char *body)
{
    struct fetch_request request = net_request(net_url(upstream.http, "/echo/a%20b?c=d&e#frag"));

    request.method = bytes_of(method);
    request.headers = bytes_of(headers);
    request.body = bytes_of(body ? body : "");
    request.has_body = body != NULL;
    return net_fetch(&net, &request);
}

static void check_echo(struct fetch_result *result, const char *const *has,
                       const char *const *lacks)
{
    ck_assert_msg(result->error == FETCH_OK, "%s", result->message);
    for (; *has; has++)
        ck_assert_msg(net_has(result->body, *has), "%s not in %.*s", *has, (int)result->body.len,
                      result->body.data);
    for (; *lacks; lacks++)
        ck_assert_msg(!net_has(result->body, *lacks), "%s in %.*s", *lacks, (int)result->body.len,
                      result->body.data);
    fetch_result_free(result);
}

#define TEXTS(...) ((const char *const[]){__VA_ARGS__ __VA_OPT__(, ) NULL})

START_TEST(fetch_get_sends_defaults_only)
{
    net_open(&net);
    check_echo(echo("GET", "", NULL),
               TEXTS("\"method\":\"GET\"", "\"target\":\"/echo/a%20b?c=d&e\"", "Host: 127.0.0.1:",
                     "Accept: */*\\n", "User-Agent: isoyard\\n", "Accept-Encoding: gzip, deflate"),
               TEXTS("ontent-", "xpect", "ookie", "uthorization", "onnection:", "roxy", "eferer",
                     "frag", "pgrade"));
    net_close(&net);
}
END_TEST

START_TEST(fetch_get_answer_is_whole)
{
    struct fetch_result *result;

    net_open(&net);
    result = echo("GET", "", NULL);
    ck_assert_uint_eq(result->status, 200);
    ck_assert_str_eq(result->status_text, "OK");
    ck_assert_uint_eq(result->moved_to.len, 0);
    ck_assert(net_has(result->headers, "content-type\napplication/json\n"));
    ck_assert_uint_gt(result->sent_bytes, 80);
    ck_assert_uint_gt(result->received_bytes, result->body.len);
    ck_assert_uint_lt(result->received_bytes, result->body.len + 200);
    ck_assert_uint_gt(result->duration_us, 0);
    fetch_result_free(result);
    net_close(&net);
}
END_TEST

START_TEST(fetch_headers_of_the_worker_replace_defaults)
{
    net_open(&net);
    check_echo(
        echo("GET",
             "accept\ntext/html\nuser-agent\nmine\naccept-encoding\nbr;q=0\nx-empty\n\nx-a\n1\n"
             "x-a\n2\nx-latin\n\xc3\xa9\ncookie\na=b\nauthorization\nBasic x\n",
             NULL),
        TEXTS("accept: text/html\\n", "user-agent: mine\\n", "accept-encoding: br;q=0\\n",
              "x-empty: \\n", "x-a: 1\\nx-a: 2\\n", "x-latin: \\u00e9\\n", "cookie: a=b\\n",
              "authorization: Basic x\\n"),
        TEXTS("*/*", "isoyard", "gzip"));
    net_close(&net);
}
END_TEST

START_TEST(fetch_range_is_not_coded)
{
    net_open(&net);
    check_echo(echo("GET", "range\nbytes=0-1\n", NULL), TEXTS("accept-encoding: identity\\n"),
               TEXTS("gzip"));
    net_close(&net);
}
END_TEST

START_TEST(fetch_bodies_have_their_length)
{
    net_open(&net);
    check_echo(echo("POST", "content-type\ntext/plain\n", "hello"),
               TEXTS("\"body\":\"hello\"", "Content-Length: 5\\n", "content-type: text/plain\\n"),
               TEXTS("xpect", "urlencoded", "ransfer-"));
    check_echo(echo("POST", "", "hello"), TEXTS("Content-Length: 5\\n"), TEXTS("ontent-Type"));
    check_echo(echo("POST", "", ""), TEXTS("Content-Length: 0\\n"), TEXTS("xpect"));
    check_echo(echo("POST", "", NULL), TEXTS("Content-Length: 0\\n"), TEXTS("xpect"));
    check_echo(echo("PUT", "", NULL), TEXTS("\"method\":\"PUT\"", "Content-Length: 0\\n"), TEXTS());
    check_echo(echo("PATCH", "", "p"), TEXTS("\"method\":\"PATCH\"", "Content-Length: 1\\n"),
               TEXTS());
    check_echo(echo("DELETE", "", NULL), TEXTS("\"method\":\"DELETE\""), TEXTS("ontent-"));
    check_echo(echo("patch", "", NULL), TEXTS("\"method\":\"patch\""), TEXTS("ontent-"));
    check_echo(echo("OPTIONS", "", NULL), TEXTS("\"method\":\"OPTIONS\""), TEXTS("ontent-"));
    net_close(&net);
}
END_TEST

START_TEST(fetch_large_body_arrives_without_asking)
{
    size_t len = 3 << 20;
    char *body = malloc(len);
    struct fetch_request request;
    struct fetch_result *result;

    memset(body, 'b', len);
    net_open(&net);
    request = net_request(net_url(upstream.http, "/echo"));
    request.method = bytes_of("PUT");
    request.body = (struct bytes){body, len};
    request.has_body = true;
    result = net_fetch(&net, &request);
    ck_assert_int_eq(result->error, FETCH_OK);
    ck_assert(net_has(result->body, "Content-Length: 3145728"));
    ck_assert(!net_has(result->body, "xpect"));
    ck_assert_uint_gt(result->body.len, len);
    ck_assert_uint_gt(result->sent_bytes, len);
    fetch_result_free(result);
    free(body);
    net_close(&net);
}
END_TEST

START_TEST(fetch_body_with_nul_is_whole)
{
    struct fetch_request request;

    net_open(&net);
    request = net_request(net_url(upstream.http, "/echo"));
    request.method = bytes_of("POST");
    request.body = (struct bytes){"a\0b", 3};
    request.has_body = true;
    check_echo(net_fetch(&net, &request), TEXTS("\"body\":\"a\\u0000b\""), TEXTS());
    net_close(&net);
}
END_TEST

START_TEST(fetch_head_has_headers_only)
{
    struct fetch_result *result;

    net_open(&net);
    result = echo("HEAD", "", NULL);
    ck_assert_int_eq(result->error, FETCH_OK);
    ck_assert_uint_eq(result->body.len, 0);
    ck_assert(net_has(result->headers, "content-length\n"));
    fetch_result_free(result);
    net_close(&net);
}
END_TEST

START_TEST(fetch_request_bytes_are_copied)
{
    char *url = strdup(net_url(upstream.http, "/echo")), *body = strdup("body");
    struct fetch_request request = net_request(url);
    struct fetched outcome;

    net_open(&net);
    request.method = bytes_of("POST");
    request.body = bytes_of(body);
    request.has_body = true;
    net_start(&net, &request, &outcome);
    memset(url, 'x', strlen(url));
    memset(body, 'x', strlen(body));
    free(url);
    free(body);
    check_echo(net_wait(&net, &outcome), TEXTS("\"body\":\"body\""), TEXTS());
    net_close(&net);
}
END_TEST

START_TEST(fetch_done_comes_from_the_loop_only)
{
    struct fetch_request bad = net_request("nonsense");
    struct fetched outcome;

    net_open(&net);
    net_start(&net, &bad, &outcome);
    ck_assert_uint_eq(outcome.dones, 0);
    net_check_error(net_wait(&net, &outcome), FETCH_BAD_REQUEST, "URL");
    net_close(&net);
}
END_TEST

static struct fetch_result *get_path(const char *path)
{
    return net_get(&net, net_url(upstream.http, path));
}

START_TEST(fetch_coded_bodies_are_decoded)
{
    static const char *const codings[] = {"gzip",         "x-gzip",   "deflate", "br",
                                          "gzip,%20gzip", "identity", "GZIP"};

    net_open(&net);
    for (size_t i = 0; i < 7; i++) {
        char path[64];
        struct fetch_result *result;

        snprintf(path, sizeof(path), "/coded?coding=%s", codings[i]);
        result = get_path(path);
        ck_assert(net_has(result->headers, "content-encoding\n"));
        net_check_body(result, "hello");
    }
    net_close(&net);
}
END_TEST

START_TEST(fetch_unknown_coding_is_handed_out)
{
    net_open(&net);
    net_check_body(get_path("/coded?coding=aws-chunked"), "hello");
    net_check_body(get_path("/coded?coding=utf-8"), "hello");
    net_check_body(get_path("/coded?coding=gzip,%20utf-8"), "hello");
    net_close(&net);
}
END_TEST

START_TEST(fetch_coded_body_keeps_the_coded_length)
{
    struct fetch_result *result;

    net_open(&net);
    result = get_path("/coded?coding=gzip");
    ck_assert(net_has(result->headers, "content-length\n25\n"));
    net_check_body(result, "hello");
    net_check_body(get_path("/raw/gzip-empty"), "");
    net_check_error(get_path("/raw/gzip-garbage"), FETCH_BAD_RESPONSE, "cannot be decoded");
    net_close(&net);
}
END_TEST

START_TEST(fetch_odd_but_good_answers)
{
    struct fetch_result *result;

    net_open(&net);
    net_check_body(get_path("/raw/until-close"), "until the end");
    net_check_body(get_path("/raw/http-1.0"), "old");
    net_check_body(get_path("/raw/length-twice"), "ok");
    net_check_body(get_path("/raw/no-reason"), "ok");
    net_check_body(get_path("/kept/both"), "ok");
    result = get_path("/raw/interim");
    ck_assert(!net_has(result->headers, "x-early"));
    net_check_body(result, "ok");
    result = get_path("/raw/trailers");
    ck_assert(!net_has(result->headers, "x-trailer"));
    net_check_body(result, "ok");
    result = get_path("/raw/cookies");
    ck_assert(net_has(result->headers, "set-cookie\na=1\nset-cookie\nb=2\n"));
    net_check_body(result, "ok");
    result = get_path("/raw/fold");
    ck_assert(net_has(result->headers, "x-fold\na b\n"));
    net_check_body(result, "ok");
    result = get_path("/raw/latin");
    ck_assert_str_eq(result->status_text, "Gr\xc3\xbc\xc3\x9f"
                                          "e");
    ck_assert(net_has(result->headers, "x-name\ncaf\xc3\xa9\n"));
    net_check_body(result, "ok");
    net_close(&net);
}
END_TEST

START_TEST(fetch_statuses_are_answers)
{
    static const struct {
        const char *path;
        unsigned status;
    } cases[] = {{"/none", 404},
                 {"/raw/no-content", 204},
                 {"/raw/status-999", 999},
                 {"/redirect?status=304", 304},
                 {"/redirect?status=302", 302},
                 {"/redirect?status=500", 500}};

    net_open(&net);
    for (size_t i = 0; i < 6; i++) {
        struct fetch_result *result = get_path(cases[i].path);

        ck_assert_msg(result->error == FETCH_OK, "%s: %s", cases[i].path, result->message);
        ck_assert_uint_eq(result->status, cases[i].status);
        fetch_result_free(result);
    }
    net_close(&net);
}
END_TEST

/* What a proxy, a cookie file or a netrc of the environment would change. */
START_TEST(fetch_environment_does_not_count)
{
    static const char *const names[] = {"http_proxy", "https_proxy", "all_proxy",
                                        "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"};

    for (size_t i = 0; i < 6; i++)
        setenv(names[i], "http://127.0.0.1:1/", 1);
    net_open(&net);
    check_echo(echo("GET", "", NULL), TEXTS("\"target\":\"/echo"), TEXTS());
    net_close(&net);
}
END_TEST

START_TEST(fetcher_open_bad_configurations_are_named)
{
    static const char *const allow[] = {"127.0.0.1"};
    struct fetcher_config config = net_config();
    struct fetcher *fetcher;
    struct error error;

    ck_assert_int_eq(uv_loop_init(&net.loop), 0);
    ck_assert_int_eq(egress_new(allow, 1, &net.egress, &error), 0);
    config.egress = net.egress;
    config.dns_server = "nonsense";
    ck_assert_int_eq(fetcher_open(&net.loop, &config, &fetcher, &error), E_INVALID);
    ck_assert_str_eq(error.field, "dns_server");
    config.dns_server = "";
    ck_assert_int_eq(fetcher_open(&net.loop, &config, &fetcher, &error), E_INVALID);
    config.dns_server = NULL;
    ck_assert_int_eq(fetcher_open(&net.loop, &config, &net.fetcher, &error), 0);
    net_close(&net);
}
END_TEST

NET_MAIN("fetch", fetch_get_sends_defaults_only, fetch_get_answer_is_whole,
         fetch_headers_of_the_worker_replace_defaults, fetch_range_is_not_coded,
         fetch_bodies_have_their_length, fetch_large_body_arrives_without_asking,
         fetch_body_with_nul_is_whole, fetch_head_has_headers_only, fetch_request_bytes_are_copied,
         fetch_done_comes_from_the_loop_only, fetch_coded_bodies_are_decoded,
         fetch_unknown_coding_is_handed_out, fetch_coded_body_keeps_the_coded_length,
         fetch_odd_but_good_answers, fetch_statuses_are_answers, fetch_environment_does_not_count,
         fetcher_open_bad_configurations_are_named)
