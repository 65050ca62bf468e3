/* Who may ask for what. */
#include "server/http_guard.h"

#include "unit.h"

#include <arpa/inet.h>
#include <netinet/in.h>

static const struct http_guard guard = {"pool.example", "0123456789abcdef"};

static struct sockaddr_in loopback, elsewhere;
static struct sockaddr_in6 loopback6, mapped;

static const struct sockaddr *peer4(struct sockaddr_in *at, const char *text)
{
    at->sin_family = AF_INET;
    ck_assert_int_eq(inet_pton(AF_INET, text, &at->sin_addr), 1);
    return (const struct sockaddr *)at;
}

static const struct sockaddr *peer6(struct sockaddr_in6 *at, const char *text)
{
    at->sin6_family = AF_INET6;
    ck_assert_int_eq(inet_pton(AF_INET6, text, &at->sin6_addr), 1);
    return (const struct sockaddr *)at;
}

/* A GET, and a POST, that are as they should be. */
static struct http_claims a_get(void)
{
    return (struct http_claims){.peer = peer4(&loopback, "127.0.0.1"), .host = "127.0.0.1:7071"};
}

static struct http_claims a_post(void)
{
    return (struct http_claims){
        .is_change = true,
        .peer = peer4(&loopback, "127.0.0.1"),
        .host = "localhost:7071",
        .origin = "http://localhost:7071",
        .token = "0123456789abcdef",
        .content_type = "application/json",
        .fetch_site = "same-origin",
    };
}

static void expect_ok(const struct http_claims *claims)
{
    const char *fault = http_guard_fault(&guard, claims);

    ck_assert_msg(!fault, "%s", fault);
}

static void expect_fault(const struct http_claims *claims, const char *word)
{
    const char *fault = http_guard_fault(&guard, claims);

    ck_assert_ptr_nonnull(fault);
    ck_assert_msg(strstr(fault, word) != NULL, "'%s' without '%s'", fault, word);
}

START_TEST(guard_host_of_an_address_or_its_own_name_passes)
{
    static const char *const hosts[] = {"127.0.0.1:7071", "127.0.0.1",      "10.1.2.3:80",
                                        "[::1]:7071",     "[::1]",          "localhost:7071",
                                        "LocalHost",      "pool.example:1", "POOL.EXAMPLE"};
    struct http_claims claims = a_get();

    for (size_t i = 0; i < sizeof(hosts) / sizeof(hosts[0]); i++) {
        claims.host = hosts[i];
        expect_ok(&claims);
    }
}
END_TEST

START_TEST(guard_host_of_another_name_is_refused)
{
    static const char *const hosts[] = {"evil.example:7071",
                                        "evil.example",
                                        "127.0.0.1.evil.example",
                                        "localhost.evil.example:7071",
                                        "xlocalhost",
                                        "pool.example.evil:7071",
                                        "127.0.0.1:7071@evil.com",
                                        "[::1].evil.example",
                                        "[::1",
                                        "",
                                        ":7071",
                                        "127.0.0.1:70x"};
    struct http_claims claims = a_get();

    for (size_t i = 0; i < sizeof(hosts) / sizeof(hosts[0]); i++) {
        claims.host = hosts[i];
        expect_fault(&claims, "Host");
    }
    claims.host = NULL;
    expect_fault(&claims, "Host");
}
END_TEST

START_TEST(guard_page_of_another_site_is_refused)
{
    struct http_claims claims = a_get();

    claims.fetch_site = "cross-site";
    expect_fault(&claims, "other sites");
    claims.fetch_site = "same-site";
    expect_fault(&claims, "other sites");
    claims.is_page = true; /* a link to the dashboard */
    expect_ok(&claims);
    claims.is_page = false;
    claims.fetch_site = "none";
    expect_ok(&claims);
}
END_TEST

START_TEST(guard_change_by_the_own_page_passes)
{
    struct http_claims claims = a_post();

    expect_ok(&claims);
    claims.peer = peer6(&loopback6, "::1");
    expect_ok(&claims);
    claims.peer = peer6(&mapped, "::ffff:127.0.0.1");
    expect_ok(&claims);
    claims.content_type = "application/json; charset=utf-8";
    expect_ok(&claims);
}
END_TEST

START_TEST(guard_change_from_elsewhere_is_refused)
{
    struct http_claims claims = a_post();

    claims.peer = peer4(&elsewhere, "10.0.0.7");
    expect_fault(&claims, "this machine");
    claims.peer = peer6(&mapped, "::ffff:10.0.0.7");
    expect_fault(&claims, "this machine");
    claims.peer = NULL;
    expect_fault(&claims, "this machine");
    claims = a_post();
    claims.forwarded = "for=10.0.0.7"; /* a proxy's peer is the proxy */
    expect_fault(&claims, "this machine");
}
END_TEST

START_TEST(guard_change_of_another_origin_is_refused)
{
    static const char *const origins[] = {"http://evil.example",        "null",
                                          "https://localhost:7071",     "http://localhost",
                                          "http://localhost:7071.evil", "http://127.0.0.1:7071"};
    struct http_claims claims = a_post();

    for (size_t i = 0; i < sizeof(origins) / sizeof(origins[0]); i++) {
        claims.origin = origins[i];
        expect_fault(&claims, "Origin");
    }
    claims.origin = NULL;
    expect_fault(&claims, "Origin");
}
END_TEST

START_TEST(guard_change_without_the_token_is_refused)
{
    static const char *const tokens[] = {"", "0123456789abcdee", "0123456789abcde",
                                         "0123456789abcdef0", "0123456789ABCDEF"};
    struct http_claims claims = a_post();

    for (size_t i = 0; i < sizeof(tokens) / sizeof(tokens[0]); i++) {
        claims.token = tokens[i];
        expect_fault(&claims, "Token");
    }
    claims.token = NULL;
    expect_fault(&claims, "Token");
}
END_TEST

/* What a form can send without a browser's asking first. */
START_TEST(guard_change_that_is_no_json_is_refused)
{
    static const char *const types[] = {"text/plain", "application/x-www-form-urlencoded",
                                        "application/jsonx", ""};
    struct http_claims claims = a_post();

    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        claims.content_type = types[i];
        expect_fault(&claims, "Content-Type");
    }
    claims.content_type = NULL;
    expect_fault(&claims, "Content-Type");
}
END_TEST

UNIT_MAIN("http_guard", guard_host_of_an_address_or_its_own_name_passes,
          guard_host_of_another_name_is_refused, guard_page_of_another_site_is_refused,
          guard_change_by_the_own_page_passes, guard_change_from_elsewhere_is_refused,
          guard_change_of_another_origin_is_refused, guard_change_without_the_token_is_refused,
          guard_change_that_is_no_json_is_refused)
