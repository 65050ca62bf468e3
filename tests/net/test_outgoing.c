/* shim/net/outgoing: what may be sent, and what redirects make of it. */
#include "shim/net/outgoing.h"

#include "unit.h"

static bool init(struct outgoing *o, const char *method, const char *headers, const char *body,
                 struct fault *fault)
{
    *o = (struct outgoing){0};
    return outgoing_init(o, bytes_of(method), bytes_of("http://a.test/"), bytes_of(headers),
                         bytes_of(body ? body : ""), body != NULL, fault);
}

static void check_headers(const struct outgoing *o, const char *headers)
{
    ck_assert_msg(bytes_equal((struct bytes){o->headers.data, o->headers.len}, bytes_of(headers)),
                  "%.*s", (int)o->headers.len, o->headers.data);
}

START_TEST(outgoing_init_values_go_as_bytes)
{
    struct outgoing o;
    struct fault fault;

    ck_assert(init(&o, "GET", "x-a\ncaf\xc3\xa9\nx-b\n \t\xc2\x80 \nx-c\n\n", NULL, &fault));
    check_headers(&o, "x-a\ncaf\xe9\nx-b\n\x80\nx-c\n\n");
    ck_assert(outgoing_has_header(&o, "x-a"));
    ck_assert(!outgoing_has_header(&o, "x"));
    outgoing_release(&o);
}
END_TEST

START_TEST(outgoing_init_framing_headers_are_refused_by_name)
{
    static const char *const names[] = {
        "connection",
        "content-length",
        "expect",
        "host",
        "http2-settings",
        "keep-alive",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
        "proxy-authorization",
        "proxy-connection",
        "proxy-",
        "Host",
        "TRANSFER-ENCODING",
        "Proxy-X",
    };

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        char headers[128];
        struct outgoing o;
        struct fault fault = {0};

        snprintf(headers, sizeof(headers), "accept\n*/*\n%s\nx\n", names[i]);
        ck_assert_msg(!init(&o, "POST", headers, "", &fault), "%s", names[i]);
        ck_assert_int_eq(fault.error, FETCH_BAD_REQUEST);
        ck_assert_ptr_nonnull(strstr(fault.message, names[i]));
        outgoing_release(&o);
    }
}
END_TEST

START_TEST(outgoing_init_bad_headers_are_refused)
{
    static const char *const blocks[] = {
        "x a\n1\n",    "\n1\n",        "x:\n1\n",         "x\r\n1\n",
        "x-a\na\rb\n", "x-a\n1",       "x-a\n",           "x-a\n\xe2\x82\xac\n",
        "x-a\n\xc3\n", "x-a\n\x80\n",  "x-\xc3\xa9\n1\n", "x-a\n1\nx-b\n",
        "x\ty\n1\n",   "x-a\n\xc3(\n",
    };

    for (size_t i = 0; i < sizeof(blocks) / sizeof(blocks[0]); i++) {
        struct outgoing o;
        struct fault fault = {0};

        ck_assert_msg(!init(&o, "GET", blocks[i], NULL, &fault), "%zu", i);
        ck_assert_int_eq(fault.error, FETCH_BAD_REQUEST);
        outgoing_release(&o);
    }
}
END_TEST

START_TEST(outgoing_init_nul_in_value_is_refused)
{
    struct outgoing o = {0};
    struct fault fault;

    ck_assert(!outgoing_init(&o, bytes_of("GET"), bytes_of("http://a.test/"),
                             (struct bytes){"x\na\0b\n", 6}, (struct bytes){0}, false, &fault));
    outgoing_release(&o);
}
END_TEST

START_TEST(outgoing_init_methods)
{
    static const char *const bad[] = {"",        "GE T",  "GET\r\nX: y", "CONNECT",
                                      "connect", "Trace", "TRACK",       "G\xc3\x89T"};
    static const char *const good[] = {"GET", "PATCH", "patch", "M-SEARCH", "x!"};
    struct outgoing o;
    struct fault fault;

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        ck_assert_msg(!init(&o, bad[i], "", NULL, &fault), "%s", bad[i]);
        outgoing_release(&o);
    }
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        ck_assert_msg(init(&o, good[i], "", NULL, &fault), "%s", good[i]);
        outgoing_release(&o);
    }
    ck_assert(!init(&o, "GET", "", "x", &fault));
    outgoing_release(&o);
    ck_assert(!init(&o, "HEAD", "", "", &fault));
    outgoing_release(&o);
}
END_TEST

#define ALL_HEADERS                                                                                \
    "accept\n1\nauthorization\n2\ncontent-encoding\n3\ncontent-language\n4\ncontent-location\n"    \
    "5\ncontent-type\n6\ncookie\n7\nx-y\n8\n"
#define WITHOUT_BODY "accept\n1\nauthorization\n2\ncookie\n7\nx-y\n8\n"
#define WITHOUT_CREDENTIALS                                                                        \
    "accept\n1\ncontent-encoding\n3\ncontent-language\n4\ncontent-location\n5\n"                   \
    "content-type\n6\nx-y\n8\n"
#define WITHOUT_BOTH "accept\n1\nx-y\n8\n"

START_TEST(outgoing_redirect_methods_bodies_and_headers)
{
    static const struct {
        unsigned status;
        const char *method, *to, *new_method, *headers;
        bool has_body;
    } cases[] = {
        {301, "POST", "http://a.test/x", "GET", WITHOUT_BODY, false},
        {302, "POST", "http://a.test/x", "GET", WITHOUT_BODY, false},
        {303, "POST", "http://a.test/x", "GET", WITHOUT_BODY, false},
        {307, "POST", "http://a.test/x", "POST", ALL_HEADERS, true},
        {308, "POST", "http://a.test/x", "POST", ALL_HEADERS, true},
        {301, "PUT", "http://a.test/x", "PUT", ALL_HEADERS, true},
        {302, "PATCH", "http://a.test/x", "PATCH", ALL_HEADERS, true},
        {303, "PUT", "http://a.test/x", "GET", WITHOUT_BODY, false},
        {303, "DELETE", "http://b.test/x", "GET", WITHOUT_BOTH, false},
        {307, "POST", "http://b.test/x", "POST", WITHOUT_CREDENTIALS, true},
        {308, "POST", "https://a.test/x", "POST", WITHOUT_CREDENTIALS, true},
        {308, "POST", "http://a.test:81/x", "POST", WITHOUT_CREDENTIALS, true},
        {302, "POST", "http://b.test/x", "GET", WITHOUT_BOTH, false},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct outgoing o;
        struct target next;
        struct fault fault;

        ck_assert(init(&o, cases[i].method, ALL_HEADERS, "body", &fault));
        ck_assert_ptr_null(target_parse(bytes_of(cases[i].to), &next));
        outgoing_redirect(&o, cases[i].status, &next);
        ck_assert_str_eq(o.method, cases[i].new_method);
        ck_assert_int_eq(o.has_body, cases[i].has_body);
        ck_assert_uint_eq(o.body.len, cases[i].has_body ? 4 : 0);
        check_headers(&o, cases[i].headers);
        outgoing_release(&o);
    }
}
END_TEST

START_TEST(outgoing_redirect_get_and_head_stay)
{
    static const unsigned statuses[] = {301, 302, 303, 307, 308};
    static const char *const methods[] = {"GET", "HEAD"};

    for (size_t i = 0; i < 10; i++) {
        struct outgoing o;
        struct target next;
        struct fault fault;

        ck_assert(init(&o, methods[i % 2], "content-type\n1\n", NULL, &fault));
        ck_assert_ptr_null(target_parse(bytes_of("http://a.test/x"), &next));
        outgoing_redirect(&o, statuses[i / 2], &next);
        ck_assert_str_eq(o.method, methods[i % 2]);
        check_headers(&o, "content-type\n1\n");
        outgoing_release(&o);
    }
}
END_TEST

UNIT_MAIN("outgoing", outgoing_init_values_go_as_bytes,
          outgoing_init_framing_headers_are_refused_by_name, outgoing_init_bad_headers_are_refused,
          outgoing_init_nul_in_value_is_refused, outgoing_init_methods,
          outgoing_redirect_methods_bodies_and_headers, outgoing_redirect_get_and_head_stay)
