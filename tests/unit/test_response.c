/* api/response: one allocation, and its parts. */
#include "api/response.h"

#include "unit.h"

START_TEST(response_new_sizes_place_headers_before_body)
{
    struct response *r = response_new(404, 10, 1000);

    ck_assert_ptr_nonnull(r);
    ck_assert_uint_eq(r->status, 404);
    ck_assert_ptr_eq(r->headers.data, r->data);
    ck_assert_uint_eq(r->headers.len, 10);
    ck_assert_ptr_eq(r->body.data, r->data + 10);
    ck_assert_uint_eq(r->body.len, 1000);
    ck_assert(!r->has_body);
    ck_assert(!r->is_body_text);
    memset(r->data, 'x', 1010); /* a sanitizer sees where this is too much */
    response_free(r);
}
END_TEST

START_TEST(response_new_nothing_is_an_empty_response)
{
    struct response *r = response_new(204, 0, 0);

    ck_assert_ptr_nonnull(r);
    ck_assert_uint_eq(r->headers.len, 0);
    ck_assert_uint_eq(r->body.len, 0);
    response_free(r);
}
END_TEST

START_TEST(response_new_sum_beyond_size_t_is_refused)
{
    ck_assert_ptr_null(response_new(200, SIZE_MAX - 4, 8));
    ck_assert_ptr_null(response_new(200, 8, SIZE_MAX - 4));
    ck_assert_ptr_null(response_new(200, SIZE_MAX / 2 + 1, SIZE_MAX / 2 + 1));
}
END_TEST

START_TEST(response_free_null_is_fine)
{
    response_free(NULL);
}
END_TEST

UNIT_MAIN("response", response_new_sizes_place_headers_before_body,
          response_new_nothing_is_an_empty_response, response_new_sum_beyond_size_t_is_refused,
          response_free_null_is_fine)
