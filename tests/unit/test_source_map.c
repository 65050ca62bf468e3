/* api/source_map: places are found, and what is no map does no harm. */
#include "api/source_map.h"

#include "unit.h"

#include <stdio.h>

static struct source_map *map_of(const char *text)
{
    return source_map_new(bytes_of(text));
}

/* Expects "file:line:column", or "" for no place. */
static void expect(const struct source_map *map, uint32_t line, uint32_t column,
                   const char *expected)
{
    struct source_place place;
    char found[600] = "";

    if (source_map_find(map, line, column, &place))
        snprintf(found, sizeof(found), "%s:%u:%u", place.file, place.line, place.column);
    ck_assert_msg(strcmp(found, expected) == 0, "%u:%u gives '%s', not '%s'", line, column, found,
                  expected);
}

static void expect_no_map(const char *text)
{
    struct source_map *map = map_of(text);

    ck_assert_msg(!map, "%s", text);
}

/* AAAA: 0 0 0 0; KACK: 5 0 1 5; A: 0 */
START_TEST(find_takes_the_segment_before)
{
    struct source_map *map = map_of(
        "{\"version\":3,\"sources\":[\"a.ts\",\"b.ts\"],\"names\":[],\"mappings\":\"AAAA,KACK;;IAAA,KCDL\"}");

    ck_assert_ptr_nonnull(map);
    expect(map, 1, 1, "a.ts:1:1");
    expect(map, 1, 5, "a.ts:1:1");
    expect(map, 1, 6, "a.ts:2:6");
    expect(map, 1, 1000, "a.ts:2:6");
    expect(map, 2, 1, "");
    expect(map, 3, 1, "");
    expect(map, 3, 5, "a.ts:2:6");
    expect(map, 3, 10, "b.ts:1:1");
    expect(map, 4, 1, "");
    expect(map, 0, 1, "");
    expect(map, 1, 0, "");
    source_map_free(map);
}
END_TEST

START_TEST(find_segment_without_source_is_no_place)
{
    struct source_map *map =
        map_of("{\"version\":3,\"sources\":[\"a\"],\"mappings\":\"AAAA,K,KAAA\"}");

    expect(map, 1, 1, "a:1:1");
    expect(map, 1, 6, "");
    expect(map, 1, 11, "a:1:1");
    source_map_free(map);
}
END_TEST

START_TEST(find_names_the_root_and_undoes_escapes)
{
    struct source_map *map = map_of("{\"sourceRoot\":\"/src\",\"mappings\":\"AAAA\","
                                    "\"sources\":[\"a\\/b\\\\c\\\".ts\",null],\"version\":3}");

    expect(map, 1, 1, "/src/a/b\\c\".ts:1:1");
    source_map_free(map);
    map = map_of("{\"version\":3,\"sourceRoot\":null,\"sources\":[null],\"mappings\":\"AAAA\"}");
    ck_assert_ptr_nonnull(map);
    expect(map, 1, 1, "");
    source_map_free(map);
}
END_TEST

START_TEST(find_long_name_is_cut_at_a_character)
{
    struct buffer text = {0};
    struct source_map *map;
    struct source_place place;

    buffer_append_text(&text, "{\"version\":3,\"mappings\":\"AAAA\",\"sources\":[\"");
    for (int i = 0; i < 1000; i++)
        buffer_append_text(&text, "\xe2\x82\xac");
    buffer_append_text(&text, "\"]}");
    map = source_map_new((struct bytes){text.data, text.len});
    ck_assert(source_map_find(map, 1, 1, &place));
    ck_assert_uint_eq(strlen(place.file), 510);
    source_map_free(map);
    buffer_release(&text);
}
END_TEST

/* So many that searches begin at marks. Line n of the file has a segment each 2 columns, of line n
 * of the source. */
START_TEST(find_in_a_large_map)
{
    struct buffer text = {0};
    struct source_map *map;

    buffer_append_text(&text, "{\"version\":3,\"sources\":[\"a.ts\"],\"mappings\":\"");
    for (int line = 0; line < 200; line++) {
        buffer_append_text(&text, line == 0 ? "AAAA" : ";AACtC"); /* a line on, 38 columns back */
        for (int i = 1; i < 20; i++)
            buffer_append_text(&text, ",EAAE");
    }
    buffer_append_text(&text, "\"}");
    ck_assert_uint_ge(text.len, 9 * 2048);
    map = source_map_new((struct bytes){text.data, text.len});
    ck_assert_ptr_nonnull(map);
    for (uint32_t line = 1; line <= 200; line++) {
        for (uint32_t column = 1; column <= 39; column++) {
            char expected[64];

            snprintf(expected, sizeof(expected), "a.ts:%u:%u", line, (column - 1) / 2 * 2 + 1);
            expect(map, line, column, expected);
        }
    }
    source_map_free(map);
    buffer_release(&text);
}
END_TEST

START_TEST(new_takes_what_it_does_not_know)
{
    struct source_map *map = map_of(
        " {\"a\": [1, -2.5e3, {\"b\": [], \"c\": \"]}\\\"\"}, true], \"version\" : 3 ,\n"
        "\"sources\" : [ \"a\" ] , \"sourcesContent\":[null,\"x\"],\"mappings\":\"AAAA\",\"x\":{}}\n");

    ck_assert_ptr_nonnull(map);
    expect(map, 1, 1, "a:1:1");
    source_map_free(map);
    map = map_of("{\"version\":3,\"sources\":[],\"mappings\":\"\"}");
    ck_assert_ptr_nonnull(map);
    expect(map, 1, 1, "");
    source_map_free(map);
}
END_TEST

START_TEST(new_refuses)
{
    static const char *const texts[] = {
        "",
        "{",
        "{}",
        "[]",
        "null",
        "{\"version\":3}",
        "{\"version\":2,\"sources\":[\"a\"],\"mappings\":\"AAAA\"}",
        "{\"sources\":[\"a\"],\"mappings\":\"AAAA\"}",
        "{\"version\":3,\"sources\":[\"a\"],\"mappings\":\"AAAA\"} x",
        "{\"version\":3,\"sources\":[\"a\"],\"mappings\":\"AAAA\"",
        "{\"version\":3,\"sources\":[\"a\"],\"mappings\":\"AAAA",
        "{\"version\":3,\"sources\":[\"a\"],\"mappings\":\"AAAA\\",
        "{\"version\":3,\"sources\":\"a\",\"mappings\":\"AAAA\"}",
        "{\"version\":3,\"sources\":[1],\"mappings\":\"AAAA\"}",
        "{\"version\":3,\"sources\":[\"a\",],\"mappings\":\"AAAA\"}",
        "{\"version\":3,\"sources\":[\"a\"],\"sources\":[\"b\"],\"mappings\":\"AAAA\"}",
        "{\"version\":3,\"sources\":[\"a\"],\"mappings\":[]}",
        "{\"version\":3,\"sections\":[{\"offset\":{},\"map\":{}}]}",
        "{\"version\":3,\"sources\":[\"a\"],\"mappings\":\"AA\"}",     /* two numbers */
        "{\"version\":3,\"sources\":[\"a\"],\"mappings\":\"AAAAAA\"}", /* six */
        "{\"version\":3,\"sources\":[\"a\"],\"mappings\":\"ACAA\"}",   /* a second source */
        "{\"version\":3,\"sources\":[\"a\"],\"mappings\":\"ADAA\"}",   /* one before the first */
        "{\"version\":3,\"sources\":[\"a\"],\"mappings\":\"DAAA\"}",   /* a column below 0 */
        "{\"version\":3,\"sources\":[\"a\"],\"mappings\":\"AAA!\"}",
        "{\"version\":3,\"sources\":[\"a\"],\"mappings\":\"AAAg\"}", /* a number that goes on */
        "{\"version\":3,\"sources\":[\"a\"],\"mappings\":\"AAAggggggggggA\"}",
        "{\"version\":3,\"sources\":[\"\xff\"],\"mappings\":\"AAAA\"}",
        "{\"a\":]}",
        "{\"a\":[[[[[[[[[[",
        "{\"a\" 1}",
        "{1:1}",
    };

    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        expect_no_map(texts[i]);
}
END_TEST

/* Every beginning of a map, and every map with one byte changed: nothing is read out of bounds. */
START_TEST(new_bears_any_bytes)
{
    static const char good[] =
        "{\"version\":3,\"sourceRoot\":\"r\",\"sources\":[\"a\",null],"
        "\"names\":[{\"x\":\"\\\"\"}],\"mappings\":\"AAAA,KACKA;IAAA,KCDL\"}";
    struct source_place place;

    for (size_t len = 0; len < sizeof(good); len++) {
        for (size_t at = 0; at <= len; at++) {
            static const char bytes[] = "\"\\[]{},:;0gA\x80";

            for (size_t b = 0; b < sizeof(bytes); b++) {
                char *text = malloc(len + 1); /* so that a sanitizer sees its end */
                struct source_map *map;

                memcpy(text, good, len);
                if (at < len)
                    text[at] = bytes[b];
                map = source_map_new((struct bytes){text, len});
                for (uint32_t column = 1; map && column < 50; column += 7)
                    source_map_find(map, 1 + column % 2, column, &place);
                source_map_free(map);
                free(text);
            }
        }
    }
}
END_TEST

UNIT_MAIN("source_map", find_takes_the_segment_before, find_segment_without_source_is_no_place,
          find_names_the_root_and_undoes_escapes, find_long_name_is_cut_at_a_character,
          find_in_a_large_map, new_takes_what_it_does_not_know, new_refuses, new_bears_any_bytes)
