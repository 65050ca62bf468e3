/* api/request: what it owns, and when it goes. */
#include "api/request.h"

#include "unit.h"

#define NO_BODY ((struct bytes){NULL, 0})

static void count_free(struct request *r)
{
    ++*(int *)r->owner;
}

START_TEST(request_new_texts_are_copied)
{
    char url[] = "http://worker/path", body[] = "body";
    struct request *r =
        request_new(bytes_of("POST"), bytes_of(url), bytes_of("accept\n*/*\n"), bytes_of(body));

    memset(url, 'x', sizeof(url) - 1);
    memset(body, 'x', sizeof(body) - 1);
    ck_assert(bytes_equal(r->method, bytes_of("POST")));
    ck_assert(bytes_equal(r->url, bytes_of("http://worker/path")));
    ck_assert(bytes_equal(r->headers, bytes_of("accept\n*/*\n")));
    ck_assert(bytes_equal(r->body, bytes_of("body")));
    ck_assert(r->has_body);
    ck_assert(!r->is_body_text);
    request_unref(r);
}
END_TEST

START_TEST(request_new_without_body_has_none)
{
    struct request *r = request_new(bytes_of("GET"), bytes_of("http://worker/"), NO_BODY, NO_BODY);

    ck_assert(!r->has_body);
    ck_assert_uint_eq(r->body.len, 0);
    ck_assert_uint_eq(r->headers.len, 0);
    request_unref(r);
}
END_TEST

START_TEST(request_new_empty_body_is_a_body)
{
    struct request *r =
        request_new(bytes_of("POST"), bytes_of("http://worker/"), NO_BODY, bytes_of(""));

    ck_assert(r->has_body);
    ck_assert_uint_eq(r->body.len, 0);
    request_unref(r);
}
END_TEST

START_TEST(request_new_body_with_nul_is_whole)
{
    struct bytes body = {"a\0b", 3};
    struct request *r = request_new(bytes_of("POST"), bytes_of("http://worker/"), NO_BODY, body);

    ck_assert(bytes_equal(r->body, body));
    request_unref(r);
}
END_TEST

START_TEST(request_unref_last_reference_frees_once)
{
    int freed = 0;
    struct request r = {.free = count_free, .owner = &freed};

    atomic_init(&r.refs, 1);
    ck_assert_ptr_eq(request_ref(&r), &r);
    request_unref(&r);
    ck_assert_int_eq(freed, 0);
    request_unref(&r);
    ck_assert_int_eq(freed, 1);
}
END_TEST

START_TEST(request_unref_null_is_fine)
{
    request_unref(NULL);
}
END_TEST

UNIT_MAIN("request", request_new_texts_are_copied, request_new_without_body_has_none,
          request_new_empty_body_is_a_body, request_new_body_with_nul_is_whole,
          request_unref_last_reference_frees_once, request_unref_null_is_fine)
