/* api/bytes: views, buffers, allocations that may not fail. */
#include "api/bytes.h"

#include "unit.h"

#include <stdint.h>

START_TEST(bytes_of_text_leaves_out_the_nul)
{
    struct bytes b = bytes_of("abc");

    ck_assert_uint_eq(b.len, 3);
    ck_assert_mem_eq(b.data, "abc", 3);
}
END_TEST

START_TEST(bytes_equal_same_content_is_true)
{
    char copy[] = "abc";

    ck_assert(bytes_equal(bytes_of("abc"), bytes_of(copy)));
}
END_TEST

START_TEST(bytes_equal_other_content_is_false)
{
    ck_assert(!bytes_equal(bytes_of("abc"), bytes_of("abd")));
    ck_assert(!bytes_equal(bytes_of("abc"), bytes_of("ab")));
    ck_assert(!bytes_equal((struct bytes){"a\0b", 3}, (struct bytes){"a\0c", 3}));
}
END_TEST

START_TEST(bytes_equal_empty_without_data_is_true)
{
    ck_assert(bytes_equal((struct bytes){NULL, 0}, bytes_of("")));
    ck_assert(!bytes_equal((struct bytes){NULL, 0}, bytes_of("a")));
}
END_TEST

START_TEST(buffer_append_many_pieces_keeps_all)
{
    struct buffer b = {0};

    for (uint32_t i = 0; i < 10000; i++)
        buffer_append(&b, &i, sizeof(i));
    ck_assert_uint_eq(b.len, 10000 * sizeof(uint32_t));
    ck_assert_uint_le(b.len, b.capacity);
    for (uint32_t i = 0; i < 10000; i++)
        ck_assert_mem_eq(b.data + i * sizeof(i), &i, sizeof(i));
    buffer_release(&b);
}
END_TEST

START_TEST(buffer_append_nothing_allocates_nothing)
{
    struct buffer b = {0};

    buffer_append(&b, NULL, 0);
    ck_assert_ptr_null(b.data);
    ck_assert_uint_eq(b.len, 0);
}
END_TEST

START_TEST(buffer_append_text_adds_no_nul)
{
    struct buffer b = {0};

    buffer_append_text(&b, "ab");
    buffer_append_text(&b, "");
    buffer_append_text(&b, "c");
    ck_assert(bytes_equal((struct bytes){b.data, b.len}, bytes_of("abc")));
    buffer_release(&b);
}
END_TEST

START_TEST(buffer_append_format_adds_no_nul)
{
    struct buffer b = {0};

    buffer_append_format(&b, "%d-%s", 42, "x");
    buffer_append_format(&b, "|%c", 'y');
    ck_assert(bytes_equal((struct bytes){b.data, b.len}, bytes_of("42-x|y")));
    buffer_release(&b);
}
END_TEST

START_TEST(buffer_append_format_longer_than_capacity_is_whole)
{
    struct buffer b = {0};

    for (int i = 0; i < 3; i++)
        buffer_append_format(&b, "%0500d", i);
    ck_assert_uint_eq(b.len, 1500);
    ck_assert_int_eq(b.data[499], '0');
    ck_assert_int_eq(b.data[999], '1');
    ck_assert_int_eq(b.data[1499], '2');
    buffer_release(&b);
}
END_TEST

START_TEST(buffer_reserve_more_gives_the_end)
{
    struct buffer b = {0};
    char *end;

    buffer_append_text(&b, "abc");
    end = buffer_reserve(&b, 1000);
    ck_assert_ptr_eq(end, b.data + 3);
    ck_assert_uint_ge(b.capacity, 1003);
    ck_assert_uint_eq(b.len, 3);
    memset(end, 'x', 1000); /* a sanitizer sees where this is too much */
    buffer_release(&b);
}
END_TEST

START_TEST(buffer_reserve_beyond_address_space_aborts)
{
    struct buffer b = {0};

    buffer_append_text(&b, "abc");
    buffer_reserve(&b, SIZE_MAX - 1);
}
END_TEST

START_TEST(buffer_release_filled_can_be_used_again)
{
    struct buffer b = {0};

    buffer_append_text(&b, "abc");
    buffer_release(&b);
    ck_assert_ptr_null(b.data);
    ck_assert_uint_eq(b.len, 0);
    ck_assert_uint_eq(b.capacity, 0);
    buffer_append_text(&b, "d");
    ck_assert(bytes_equal((struct bytes){b.data, b.len}, bytes_of("d")));
    buffer_release(&b);
}
END_TEST

START_TEST(xcalloc_always_is_zeroed)
{
    unsigned char *memory = xcalloc(100, 10);

    for (int i = 0; i < 1000; i++)
        ck_assert_uint_eq(memory[i], 0);
    free(memory);
}
END_TEST

START_TEST(xstrdup_text_is_a_copy)
{
    char text[] = "abc";
    char *copy = xstrdup(text);

    text[0] = 'x';
    ck_assert_str_eq(copy, "abc");
    free(copy);
}
END_TEST

UNIT_MAIN("bytes", bytes_of_text_leaves_out_the_nul, bytes_equal_same_content_is_true,
          bytes_equal_other_content_is_false, bytes_equal_empty_without_data_is_true,
          buffer_append_many_pieces_keeps_all, buffer_append_nothing_allocates_nothing,
          buffer_append_text_adds_no_nul, buffer_append_format_adds_no_nul,
          buffer_append_format_longer_than_capacity_is_whole, buffer_reserve_more_gives_the_end,
          buffer_reserve_beyond_address_space_aborts, buffer_release_filled_can_be_used_again,
          xcalloc_always_is_zeroed, xstrdup_text_is_a_copy)
