/* The HTTP client: TLS. */
#include "net_fixture.h"

static struct net net;

static void open_trusting(void)
{
    struct fetcher_config config = net_config();

    config.roots = net_roots();
    net_open_with(&net, config);
}

static struct fetch_result *get_host(const char *host)
{
    return net_get(&net, net_url_of("https", host, upstream.tls, "/echo"));
}

START_TEST(fetch_tls_trusted_certificate_passes)
{
    struct fetch_result *result;

    open_trusting();
    for (unsigned i = 1; i <= 3; i++) {
        result = get_host("tls.test");
        ck_assert_msg(result->error == FETCH_OK, "%s", result->message);
        ck_assert_uint_eq(net_echo_number(result, "number"), i); /* on one connection */
        fetch_result_free(result);
    }
    result = get_host("127.0.0.1");
    ck_assert_int_eq(result->error, FETCH_OK);
    fetch_result_free(result);
    net_close(&net);
}
END_TEST

START_TEST(fetch_tls_unknown_certificate_is_refused)
{
    net_open(&net);
    for (unsigned i = 0; i < 3; i++)
        net_check_error(get_host("tls.test"), FETCH_TLS, "self-signed certificate");
    net_close(&net);
}
END_TEST

/* The system's, which do not have it either. */
START_TEST(fetch_tls_unknown_certificate_is_refused_by_the_systems_roots)
{
    struct fetcher_config config = net_config();
    struct error error;

    ck_assert_int_eq(roots_new(NULL, &config.roots, &error), 0);
    net_open_with(&net, config);
    net_check_error(get_host("tls.test"), FETCH_TLS, "");
    net_close(&net);
    roots_free(config.roots);
}
END_TEST

START_TEST(roots_new_of_a_file_that_is_not_there_fails)
{
    struct roots *roots;
    struct error error;

    ck_assert_int_eq(roots_new("/does/not/exist", &roots, &error), E_INVALID);
    ck_assert_str_eq(error.field, "ca_file");
}
END_TEST

START_TEST(fetch_tls_certificate_of_another_name_is_refused)
{
    open_trusting();
    net_check_error(get_host("wrong.test"), FETCH_TLS, "wrong.test");
    net_close(&net);
}
END_TEST

START_TEST(fetch_tls_to_a_server_without_fails)
{
    open_trusting();
    net_check_error(net_get(&net, net_url_of("https", "127.0.0.1", upstream.http, "/echo")),
                    FETCH_TLS, "127.0.0.1");
    net_close(&net);
}
END_TEST

START_TEST(fetch_plain_to_a_server_with_tls_fails)
{
    struct fetch_result *result;

    open_trusting();
    result = net_get(&net, net_url(upstream.tls, "/echo"));
    ck_assert_int_ne(result->error, FETCH_OK);
    fetch_result_free(result);
    net_close(&net);
}
END_TEST

START_TEST(fetch_tls_cut_body_without_length_is_cut_off)
{
    open_trusting();
    net_check_error(net_get(&net, net_url_of("https", "tls.test", upstream.tls, "/raw/cut")),
                    FETCH_CUT_OFF, "tls.test");
    net_close(&net);
}
END_TEST

START_TEST(fetch_tls_redirect_from_and_to_plain)
{
    char path[256];
    struct fetch_result *result;

    open_trusting();
    snprintf(path, sizeof(path), "/redirect?to=%s",
             net_url_of("https", "tls.test", upstream.tls, "/echo"));
    result = net_get(&net, net_url(upstream.http, path));
    ck_assert_int_eq(result->error, FETCH_OK);
    fetch_result_free(result);
    snprintf(path, sizeof(path), "/redirect?to=%s", net_url(upstream.http, "/echo"));
    result = net_get(&net, net_url_of("https", "tls.test", upstream.tls, path));
    ck_assert_int_eq(result->error, FETCH_OK);
    fetch_result_free(result);
    net_close(&net);
}
END_TEST

START_TEST(fetch_tls_tenants_share_no_connection)
{
    struct fetch_request request;
    unsigned connections[2];

    open_trusting();
    for (unsigned i = 0; i < 2; i++) {
        struct fetch_result *result;

        request = net_request(net_url_of("https", "tls.test", upstream.tls, "/echo"));
        request.tenant = i ? "b" : "a";
        result = net_fetch(&net, &request);
        ck_assert_uint_eq(net_echo_number(result, "number"), 1);
        connections[i] = net_echo_number(result, "connection");
        fetch_result_free(result);
    }
    ck_assert_uint_ne(connections[0], connections[1]);
    net_close(&net);
}
END_TEST

START_TEST(fetch_tls_large_bodies_pass)
{
    struct fetch_request request;
    struct fetch_result *result;
    size_t len = 1 << 20;
    char *body = calloc(1, len);

    open_trusting();
    request = net_request(net_url_of("https", "tls.test", upstream.tls, "/body?bytes=8000000"));
    result = net_fetch(&net, &request);
    ck_assert_int_eq(result->error, FETCH_OK);
    ck_assert_uint_eq(result->body.len, 8000000);
    fetch_result_free(result);
    request = net_request(net_url_of("https", "tls.test", upstream.tls, "/echo"));
    request.method = bytes_of("POST");
    request.body = (struct bytes){body, len};
    request.has_body = true;
    result = net_fetch(&net, &request);
    ck_assert_int_eq(result->error, FETCH_OK);
    fetch_result_free(result);
    free(body);
    net_close(&net);
}
END_TEST

NET_MAIN("fetch_tls", fetch_tls_trusted_certificate_passes,
         fetch_tls_unknown_certificate_is_refused,
         fetch_tls_unknown_certificate_is_refused_by_the_systems_roots,
         roots_new_of_a_file_that_is_not_there_fails,
         fetch_tls_certificate_of_another_name_is_refused, fetch_tls_to_a_server_without_fails,
         fetch_plain_to_a_server_with_tls_fails, fetch_tls_cut_body_without_length_is_cut_off,
         fetch_tls_redirect_from_and_to_plain, fetch_tls_tenants_share_no_connection,
         fetch_tls_large_bodies_pass)
