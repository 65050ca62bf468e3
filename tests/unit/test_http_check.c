/* server/http_check: methods, headers, URLs. */
#include "server/http_check.h"

#include "unit.h"

static bool is_header_value(const char *text, size_t len)
{
    return http_is_header_value((struct bytes){text, len});
}

START_TEST(http_is_method_tokens_but_the_forbidden_ones)
{
    ck_assert(http_is_method(bytes_of("GET")));
    ck_assert(http_is_method(bytes_of("m-search!")));
    ck_assert(!http_is_method(bytes_of("")));
    ck_assert(!http_is_method(bytes_of("A B")));
    ck_assert(!http_is_method(bytes_of("cOnNeCt")));
    ck_assert(!http_is_method(bytes_of("TRACE")));
    ck_assert(!http_is_method(bytes_of("track")));
    ck_assert(!http_is_method((struct bytes){"G\0T", 3}));
}
END_TEST

START_TEST(http_normal_method_six_methods_in_capitals)
{
    ck_assert(bytes_equal(http_normal_method(bytes_of("delete")), bytes_of("DELETE")));
    ck_assert(bytes_equal(http_normal_method(bytes_of("Get")), bytes_of("GET")));
    ck_assert(bytes_equal(http_normal_method(bytes_of("patch")), bytes_of("patch")));
}
END_TEST

START_TEST(http_is_header_value_every_character)
{
    for (unsigned c = 0; c < 0x800; c++) {
        char text[2] = {(char)(0xc0 | c >> 6), (char)(0x80 | (c & 0x3f))};
        bool is_bad_ascii = c == 0 || c == '\r' || c == '\n';

        if (c < 0x80) {
            text[0] = (char)c;
            ck_assert_int_eq(is_header_value(text, 1), !is_bad_ascii);
        } else {
            ck_assert_int_eq(is_header_value(text, 2), c <= 0xff);
            ck_assert(!is_header_value(text, 1));
        }
    }
    ck_assert(!is_header_value("\xe2\x82\xac", 3));
    ck_assert(!is_header_value("\x80", 1));
    ck_assert(!is_header_value("\xc3(", 2));
}
END_TEST

START_TEST(http_trim_blanks_and_tabs_go)
{
    ck_assert(bytes_equal(http_trim(bytes_of(" \t a b \t")), bytes_of("a b")));
    ck_assert_uint_eq(http_trim(bytes_of(" \t")).len, 0);
}
END_TEST

START_TEST(http_url_fault_good_urls_have_none)
{
    static const char *const urls[] = {
        "http://a",          "https://a.b-c.d/x?y#z", "HTTP://A:80/",       "http://a:/",
        "http://127.0.0.1/", "http://[::1]:8080/x",   "http://a?q=http://", "https://a:65535",
    };

    for (size_t i = 0; i < sizeof(urls) / sizeof(urls[0]); i++)
        ck_assert_msg(http_url_fault(bytes_of(urls[i])) == NULL, "%s", urls[i]);
}
END_TEST

START_TEST(http_url_fault_bad_urls_have_one)
{
    static const char *const urls[] = {
        "",          "ftp://a",       "http:/a",         "http://",        "http:///x",
        "http://:1", "http://u@a/",   "http://a:x",      "http://a:65536", "http://[::1",
        "http://[]", "http://[::1]x", "http://a b/",     "http://a/\x7f",  "http://a/\xc3\xa9",
        "http://a|", "//a",           "http://a:999999",
    };

    for (size_t i = 0; i < sizeof(urls) / sizeof(urls[0]); i++)
        ck_assert_msg(http_url_fault(bytes_of(urls[i])) != NULL, "%s", urls[i]);
}
END_TEST

UNIT_MAIN("http_check", http_is_method_tokens_but_the_forbidden_ones,
          http_normal_method_six_methods_in_capitals, http_is_header_value_every_character,
          http_trim_blanks_and_tabs_go, http_url_fault_good_urls_have_none,
          http_url_fault_bad_urls_have_one)
