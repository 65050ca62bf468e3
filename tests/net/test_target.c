/* shim/net/target: URLs taken apart, locations resolved. */
#include "shim/net/target.h"

#include "unit.h"

START_TEST(target_parse_parts)
{
    static const struct {
        const char *url, *host;
        unsigned port;
        bool is_https;
    } cases[] = {
        {"http://example.com/", "example.com", 80, false},
        {"https://example.com/a?b#c", "example.com", 443, true},
        {"http://example.com:8080/", "example.com", 8080, false},
        {"http://[::1]:81/", "::1", 81, false},
        {"http://127.0.0.1/", "127.0.0.1", 80, false},
        {"https://xn--bcher-kva.example./", "xn--bcher-kva.example.", 443, true},
        {"http://a_b-c.example/", "a_b-c.example", 80, false},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct target t;
        char *text;

        ck_assert_ptr_null(target_parse(bytes_of(cases[i].url), &t));
        ck_assert_str_eq(t.host, cases[i].host);
        ck_assert_uint_eq(t.port, cases[i].port);
        ck_assert_int_eq(t.is_https, cases[i].is_https);
        text = target_text(&t);
        ck_assert_str_eq(text, cases[i].url);
        curl_free(text);
        target_release(&t);
    }
}
END_TEST

START_TEST(target_parse_bad_urls_have_a_fault)
{
    static const char *const urls[] = {
        "",
        "/path",
        "example.com",
        "ftp://example.com/",
        "file:///etc/passwd",
        "gopher://example.com/",
        "data:text/plain,x",
        "http://",
        "http://user@example.com/",
        "http://user:secret@example.com/",
        "http://:@example.com/",
        "http://exam ple.com/",
        "http://example.com/a b",
        "http://example.com/\r\nHost: x",
        "http://example.com/\xc3\xbc",
        "http://b\xc3\xbc"
        "cher.example/",
        "http://[::1",
        "http://[fe80::1%25eth0]/",
        "http://example.com:65536/",
        "http://example.com:80x/",
        "http://exa%00mple.com/",
        "http://exa%2fmple.com/",
    };

    for (size_t i = 0; i < sizeof(urls) / sizeof(urls[0]); i++) {
        struct target t;

        ck_assert_msg(target_parse(bytes_of(urls[i]), &t) != NULL, "%s", urls[i]);
    }
}
END_TEST

START_TEST(target_parse_nul_and_length_are_bounded)
{
    size_t len = TARGET_BYTES_MAX + 1;
    char *url = malloc(len);
    struct target t;

    memset(url, 'a', len);
    memcpy(url, "http://example.com/", 19);
    ck_assert_ptr_nonnull(target_parse((struct bytes){url, len}, &t));
    ck_assert_ptr_null(target_parse((struct bytes){url, len - 1}, &t));
    target_release(&t);
    free(url);
    ck_assert_ptr_nonnull(target_parse((struct bytes){"http://a\0b/", 11}, &t));
    ck_assert_ptr_nonnull(target_parse((struct bytes){NULL, 0}, &t));
}
END_TEST

START_TEST(target_resolve_locations)
{
    static const struct {
        const char *base, *location, *url;
    } cases[] = {
        {"http://a.test/b/c?d", "e", "http://a.test/b/e"},
        {"http://a.test/b/c?d", "/e?f", "http://a.test/e?f"},
        {"http://a.test/b/c?d", "?f", "http://a.test/b/c?f"},
        {"http://a.test/b/c?d", "../e", "http://a.test/e"},
        {"http://a.test/b/c/d", "./../e/./f", "http://a.test/b/e/f"},
        {"http://a.test/b/c", "../../../../e", "http://a.test/e"},
        {"https://a.test/b", "//c.test/d", "https://c.test/d"},
        {"https://a.test:444/b", "/d", "https://a.test:444/d"},
        {"https://a.test/b", "http://c.test:81/d?e", "http://c.test:81/d?e"},
        {"http://a.test/b", "HTTP://C.test/", "http://C.test/"},
        {"http://a.test/b#frag", "/c", "http://a.test/c#frag"},
        {"http://a.test/b#frag", "/c#other", "http://a.test/c#other"},
        {"http://a.test/b/c#d/e", "f", "http://a.test/b/f#d/e"},
        {"http://a.test/b/c?d", "#e", "http://a.test/b/c?d#e"},
        {"http://a.test/b/c?d", "", "http://a.test/b/c?d"},
        {"http://a.test/b", "/c d?e f", "http://a.test/c%20d?e+f"},
        {"http://a.test/b", "http://a.test/c d", "http://a.test/c%20d"},
        {"http://a.test/b",
         "/gr\xc3\xbc\xc3\x9f"
         "e",
         "http://a.test/gr%C3%BC%C3%9Fe"},
        {"http://a.test/b", "http://a.test/\xfc#\xfc", "http://a.test/%FC#%FC"},
        {"http://a.test/b", "/c#d e", "http://a.test/c#d%20e"},
        {"http://a.test/b", "#d e", "http://a.test/b#d%20e"},
        {"http://a.test/b", "http://0x7f.1/", "http://127.0.0.1/"},
        {"http://a.test/b", "http://2130706433/", "http://127.0.0.1/"},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct target base, next;
        const char *fault;
        char *text;

        ck_assert_ptr_null(target_parse(bytes_of(cases[i].base), &base));
        fault = target_resolve(&base, bytes_of(cases[i].location), &next);
        ck_assert_msg(!fault, "%s: %s", cases[i].location, fault);
        text = target_text(&next);
        ck_assert_str_eq(text, cases[i].url);
        curl_free(text);
        target_release(&next);
        target_release(&base);
    }
}
END_TEST

START_TEST(target_resolve_bad_locations_have_a_fault)
{
    static const char *const locations[] = {
        "ftp://a.test/",
        "javascript:alert(1)",
        "file:///etc/passwd",
        "http://user@b.test/",
        "//user@b.test/",
        "http://",
        "http://a.test:99999/",
        "/a\x01"
        "b",
        "#a\tb",
        "/a\x7f",
        "//b test/",
        "http://b\xc3\xbc.test/",
        "mailto:a@b.test",
    };
    struct target base, next;

    ck_assert_ptr_null(target_parse(bytes_of("http://a.test/b"), &base));
    for (size_t i = 0; i < sizeof(locations) / sizeof(locations[0]); i++)
        ck_assert_msg(target_resolve(&base, bytes_of(locations[i]), &next) != NULL, "%s",
                      locations[i]);
    target_release(&base);
}
END_TEST

START_TEST(target_is_same_origin_scheme_host_and_port_count)
{
    static const struct {
        const char *url;
        bool is_same;
    } cases[] = {
        {"http://a.test/x", true},    {"http://A.TEST:80/", true}, {"https://a.test/", false},
        {"http://a.test:81/", false}, {"http://b.a.test/", false}, {"https://a.test:80/", false},
    };
    struct target base, other;

    ck_assert_ptr_null(target_parse(bytes_of("http://a.test/"), &base));
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        ck_assert_ptr_null(target_parse(bytes_of(cases[i].url), &other));
        ck_assert_msg(target_is_same_origin(&base, &other) == cases[i].is_same, "%s", cases[i].url);
        target_release(&other);
    }
    target_release(&base);
}
END_TEST

UNIT_MAIN("target", target_parse_parts, target_parse_bad_urls_have_a_fault,
          target_parse_nul_and_length_are_bounded, target_resolve_locations,
          target_resolve_bad_locations_have_a_fault,
          target_is_same_origin_scheme_host_and_port_count)
