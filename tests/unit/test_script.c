/* api/script: what a bundle may hold, its hash, its references. */
#include "api/script.h"

#include "api/script_map.h"

#include "unit.h"

#include <stdbool.h>
#include <stdio.h>

/* A script of one module of that name. */
static struct script *module_named(const char *name)
{
    struct limits limits = limits_default();
    struct script *s = script_new("default", "hello", 1, &limits);

    ck_assert_int_eq(script_set_file(s, 0, name, FILE_MODULE, "", 0), 0);
    return s;
}

static struct script *script_of(size_t file_count)
{
    struct limits limits = limits_default();

    return script_new("default", "hello", file_count, &limits);
}

static void set_text(struct script *s, size_t index, const char *name, enum file_kind kind,
                     const char *text)
{
    ck_assert_int_eq(script_set_file(s, index, name, kind, text, strlen(text)), 0);
}

static void expect_refused(struct script *s, const char *field)
{
    struct error error = {0};

    ck_assert_int_eq(script_seal(s, &error), E_INVALID);
    ck_assert_int_eq(error.code, E_INVALID);
    ck_assert_str_eq(error.field, field);
    ck_assert_str_ne(error.message, "");
    script_unref(s);
}

static void expect_hash(const struct script *s, const char *hex)
{
    char found[2 * SCRIPT_SHA256_BYTES + 1];

    for (size_t i = 0; i < SCRIPT_SHA256_BYTES; i++)
        snprintf(found + 2 * i, 3, "%02x", s->sha256[i]);
    ck_assert_str_eq(found, hex);
}

START_TEST(script_new_arguments_are_copied)
{
    char tenant[] = "acme";
    struct limits limits = limits_default();
    struct script *s;

    limits.cpu_us = 7;
    s = script_new(tenant, "hello", 3, &limits);
    tenant[0] = 'x';
    ck_assert_str_eq(s->tenant, "acme");
    ck_assert_str_eq(s->worker, "hello");
    ck_assert_uint_eq(s->limits.cpu_us, 7);
    ck_assert_uint_eq(s->file_count, 3);
    ck_assert_uint_eq(s->version, 0);
    script_unref(s);
}
END_TEST

START_TEST(script_set_file_content_is_copied_with_a_nul)
{
    struct script *s = script_of(1);
    char content[] = {'a', '\0', 'b'};

    ck_assert_int_eq(script_set_file(s, 0, "main.js", FILE_MODULE, content, sizeof(content)), 0);
    content[0] = 'x';
    ck_assert_uint_eq(s->files[0].size, 3);
    ck_assert_mem_eq(s->files[0].content, "a\0b", 4);
    ck_assert_str_eq(s->files[0].name, "main.js");
    ck_assert_int_eq(s->files[0].kind, FILE_MODULE);
    script_unref(s);
}
END_TEST

START_TEST(script_set_file_twice_aborts)
{
    struct script *s = script_of(1);

    set_text(s, 0, "main.js", FILE_MODULE, "");
    set_text(s, 0, "main.js", FILE_MODULE, "");
}
END_TEST

START_TEST(script_set_file_beyond_the_last_aborts)
{
    set_text(script_of(1), 1, "main.js", FILE_MODULE, "");
}
END_TEST

START_TEST(script_seal_one_file_has_the_known_hash)
{
    struct script *s = script_of(1);

    set_text(s, 0, "main.js", FILE_SCRIPT, "42");
    ck_assert_int_eq(script_seal(s, NULL), 0);
    ck_assert_uint_eq(s->size_bytes, 2);
    expect_hash(s, "c309c14c09a5f8bded0d0a7a584691fb9d24b927b9d6cd6a0313e5ed5a5ffd46");
    script_unref(s);
}
END_TEST

START_TEST(script_seal_two_files_has_the_known_hash)
{
    struct script *s = script_of(2);

    set_text(s, 0, "main.js", FILE_MODULE, "import \"./lib/a.js\"");
    set_text(s, 1, "lib/a.js", FILE_MODULE, "");
    ck_assert_int_eq(script_seal(s, NULL), 0);
    ck_assert_uint_eq(s->size_bytes, 19);
    expect_hash(s, "321f8770b19357a7d6603655b23142625339b8f2b4d49ebf8e5e9597af1f9e3a");
    script_unref(s);
}
END_TEST

/* The sealed hash of two modules. */
static void hash_of(const char *name_a, const char *text_a, const char *name_b, const char *text_b,
                    unsigned char *ret)
{
    struct script *s = script_of(2);

    set_text(s, 0, name_a, FILE_MODULE, text_a);
    set_text(s, 1, name_b, FILE_MODULE, text_b);
    ck_assert_int_eq(script_seal(s, NULL), 0);
    memcpy(ret, s->sha256, SCRIPT_SHA256_BYTES);
    script_unref(s);
}

START_TEST(script_seal_moved_boundaries_change_the_hash)
{
    unsigned char first[SCRIPT_SHA256_BYTES], other[SCRIPT_SHA256_BYTES];

    hash_of("a", "bc", "d", "e", first);
    hash_of("a", "b", "cd", "e", other);
    ck_assert_mem_ne(first, other, sizeof(first));
    hash_of("ab", "c", "d", "e", other);
    ck_assert_mem_ne(first, other, sizeof(first));
    hash_of("d", "e", "a", "bc", other);
    ck_assert_mem_ne(first, other, sizeof(first));
    hash_of("a", "bc", "d", "e", other);
    ck_assert_mem_eq(first, other, sizeof(first));
}
END_TEST

START_TEST(script_seal_no_files_is_refused)
{
    expect_refused(script_of(0), "files");
}
END_TEST

START_TEST(script_seal_good_names_are_accepted)
{
    static const char *const names[] = {"a",     "main.js", "lib/text.js", "...",   ".hidden",
                                        "a/..b", "a b",     "lib/ü.js",    "-/-/-", "a:b"};

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        struct script *s = module_named(names[i]);
        struct error error;

        if (script_seal(s, &error))
            ck_abort_msg("'%s': %s", names[i], error.message);
        script_unref(s);
    }
}
END_TEST

START_TEST(script_seal_bad_names_are_refused)
{
    static const char *const names[] = {"",      "/",       "/main.js",  "a/",   "a//b",   ".",
                                        "..",    "./a",     "../a",      "a/..", "a/../b", "a/./b",
                                        "a\\b",  "a?b",     "a#b",       "a%2e", "a\x01z", "a\nb",
                                        "a\x7f", "\xff.js", "\xc0\xae/a"};

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        expect_refused(module_named(names[i]), "files[0].name");
}
END_TEST

START_TEST(script_seal_longest_name_is_accepted_and_a_longer_one_refused)
{
    char name[SCRIPT_FILE_NAME_MAX + 2];
    struct script *s;

    memset(name, 'a', sizeof(name));
    name[SCRIPT_FILE_NAME_MAX] = '\0';
    s = module_named(name);
    ck_assert_int_eq(script_seal(s, NULL), 0);
    script_unref(s);

    name[SCRIPT_FILE_NAME_MAX] = 'a';
    name[SCRIPT_FILE_NAME_MAX + 1] = '\0';
    expect_refused(module_named(name), "files[0].name");
}
END_TEST

START_TEST(script_seal_name_that_stands_twice_is_refused)
{
    for (size_t first = 0; first < 3; first++) {
        static const char *const others[] = {"A.js", "b.js", "a.jsx"};
        struct script *s = script_of(4);

        for (size_t i = 0; i < 3; i++)
            set_text(s, i, i == first ? "a.js" : others[i], FILE_MODULE, "");
        set_text(s, 3, "a.js", FILE_MODULE, "");
        expect_refused(s, "files[3].name");
    }
}
END_TEST

START_TEST(script_seal_classic_script_among_others_is_refused)
{
    struct script *s = script_of(2);

    set_text(s, 0, "a.js", FILE_MODULE, "");
    set_text(s, 1, "b.js", FILE_SCRIPT, "");
    expect_refused(s, "files[1].kind");
}
END_TEST

START_TEST(script_seal_kinds_that_are_imported_are_accepted)
{
    struct script *s = script_of(5);
    struct error error = {0};

    set_text(s, 0, "a.js", FILE_MODULE, "");
    set_text(s, 1, "b", FILE_TEXT, "grüße");
    set_text(s, 2, "c", FILE_JSON, "{}");
    set_text(s, 3, "d", FILE_WASM, "\xff");
    set_text(s, 4, "e", FILE_DATA, "\xff");
    ck_assert_int_eq(script_seal(s, &error), 0);
    script_unref(s);
}
END_TEST

START_TEST(script_seal_kind_decides_the_hash)
{
    unsigned char before[SCRIPT_SHA256_BYTES] = {0};

    for (int kind = FILE_TEXT; kind <= FILE_SOURCE_MAP; kind++) {
        struct script *s = script_of(2);
        struct error error = {0};

        set_text(s, 0, "a.js", FILE_MODULE, "");
        set_text(s, 1, "b", (enum file_kind)kind, "1");
        ck_assert_int_eq(script_seal(s, &error), 0);
        ck_assert_mem_ne(s->sha256, before, sizeof(before));
        memcpy(before, s->sha256, sizeof(before));
        script_unref(s);
    }
}
END_TEST

START_TEST(script_seal_other_text_that_is_not_utf8_is_refused)
{
    for (int kind = FILE_TEXT; kind <= FILE_JSON; kind++) {
        struct script *s = script_of(2);

        set_text(s, 0, "a.js", FILE_MODULE, "");
        set_text(s, 1, "b", (enum file_kind)kind, "\xff");
        expect_refused(s, "files[1].content");
    }
}
END_TEST

START_TEST(script_seal_map_beside_a_script_is_accepted)
{
    struct script *s = script_of(2);
    struct source_place place;
    struct error error = {0};

    set_text(s, 0, "a.js", FILE_SCRIPT, "");
    set_text(s, 1, "a.js.map", FILE_SOURCE_MAP,
             "{\"version\":3,\"sources\":[\"a.ts\"],\"mappings\":\"AACA\"}");
    ck_assert_int_eq(script_seal(s, &error), 0);
    ck_assert(script_find_source(s, bytes_of("a.js"), 1, 5, &place));
    ck_assert_str_eq(place.file, "a.ts");
    ck_assert_uint_eq(place.line, 2);
    ck_assert(!script_find_source(s, bytes_of("a.jsx"), 1, 5, &place));
    ck_assert(!script_find_source(s, bytes_of("a.js.map"), 1, 5, &place));
    ck_assert_ptr_null(script_find(s, "a.js.map", 8));
    script_unref(s);
}
END_TEST

START_TEST(script_seal_map_that_is_none_is_accepted_and_says_nothing)
{
    struct script *s = script_of(2);
    struct source_place place;
    struct error error = {0};

    set_text(s, 0, "a.js", FILE_MODULE, "");
    set_text(s, 1, "a.js.map", FILE_SOURCE_MAP, "\xff{");
    ck_assert_int_eq(script_seal(s, &error), 0);
    for (int i = 0; i < 2; i++)
        ck_assert(!script_find_source(s, bytes_of("a.js"), 1, 1, &place));
    script_unref(s);
}
END_TEST

START_TEST(script_seal_text_beside_a_script_is_refused)
{
    struct script *s = script_of(2);

    set_text(s, 0, "a.js", FILE_SCRIPT, "");
    set_text(s, 1, "b.txt", FILE_TEXT, "");
    expect_refused(s, "files[0].kind");
}
END_TEST

START_TEST(script_seal_main_file_that_is_no_javascript_is_refused)
{
    static const int kinds[] = {-1,        0,         FILE_TEXT,       FILE_JSON,
                                FILE_WASM, FILE_DATA, FILE_SOURCE_MAP, 8};

    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        struct script *s = script_of(1);

        set_text(s, 0, "a", (enum file_kind)kinds[i], "");
        expect_refused(s, "files[0].kind");
    }
}
END_TEST

START_TEST(script_seal_text_that_is_not_utf8_is_refused)
{
    struct script *s = script_of(2);

    set_text(s, 0, "a.js", FILE_MODULE, "let grüße");
    set_text(s, 1, "b.js", FILE_MODULE, "let gr\xfc\xdf");
    expect_refused(s, "files[1].content");
}
END_TEST

START_TEST(script_seal_most_files_are_accepted)
{
    struct script *s = script_of(SCRIPT_FILES_MAX);

    for (size_t i = 0; i < SCRIPT_FILES_MAX; i++) {
        char name[32];

        snprintf(name, sizeof(name), "%zu.js", i);
        set_text(s, i, name, FILE_MODULE, "1");
    }
    ck_assert_int_eq(script_seal(s, NULL), 0);
    ck_assert_uint_eq(s->size_bytes, SCRIPT_FILES_MAX);
    script_unref(s);
}
END_TEST

START_TEST(script_new_too_many_files_aborts)
{
    script_of(SCRIPT_FILES_MAX + 1);
}
END_TEST

START_TEST(script_unref_with_another_reference_keeps_it)
{
    struct script *s = module_named("main.js");

    ck_assert_ptr_eq(script_ref(s), s);
    script_unref(s);
    ck_assert_str_eq(s->files[0].name, "main.js"); /* a sanitizer sees where it is gone */
    script_unref(s);
}
END_TEST

START_TEST(script_unref_half_filled_frees_what_there_is)
{
    struct script *s = script_of(3);

    set_text(s, 1, "b.js", FILE_MODULE, "1");
    script_unref(s);
    script_unref(NULL);
}
END_TEST

START_TEST(script_find_name_is_its_file)
{
    struct script *s = script_of(2);

    set_text(s, 0, "main.js", FILE_MODULE, "");
    set_text(s, 1, "main", FILE_MODULE, "");
    ck_assert_ptr_eq(script_find(s, "main.js", 7), &s->files[0]);
    ck_assert_ptr_eq(script_find(s, "main.js", 4), &s->files[1]);
    ck_assert_ptr_null(script_find(s, "main.js", 5));
    ck_assert_ptr_null(script_find(s, "main.jsx", 8));
    ck_assert_ptr_null(script_find(s, "", 0));
    script_unref(s);
}
END_TEST

START_TEST(script_check_name_good_ones_are_accepted)
{
    char longest[SCRIPT_NAME_MAX + 1];

    memset(longest, 'z', SCRIPT_NAME_MAX);
    longest[SCRIPT_NAME_MAX] = '\0';
    ck_assert_int_eq(script_check_name("a", "worker", NULL), 0);
    ck_assert_int_eq(script_check_name("0", "worker", NULL), 0);
    ck_assert_int_eq(script_check_name("my-worker-9", "worker", NULL), 0);
    ck_assert_int_eq(script_check_name("a--b", "worker", NULL), 0);
    ck_assert_int_eq(script_check_name(longest, "worker", NULL), 0);
}
END_TEST

START_TEST(script_check_name_bad_ones_are_refused_with_the_field)
{
    static const char *const names[] = {"",  "-",   "-a", "a-", "A",  "a_b",  "a.b", "a b",  "a/b",
                                        "ü", "a\n", "a`", "a{", "a:", "\x80", "*",   "a\x7f"};

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        struct error error = {0};

        ck_assert_int_eq(script_check_name(names[i], "tenant", &error), E_INVALID);
        ck_assert_str_eq(error.field, "tenant");
    }
}
END_TEST

START_TEST(script_check_name_too_long_is_refused)
{
    char name[SCRIPT_NAME_MAX + 2];

    memset(name, 'a', sizeof(name));
    name[SCRIPT_NAME_MAX + 1] = '\0';
    ck_assert_int_eq(script_check_name(name, "worker", NULL), E_INVALID);
}
END_TEST

UNIT_MAIN("script", script_new_arguments_are_copied, script_set_file_content_is_copied_with_a_nul,
          script_set_file_twice_aborts, script_set_file_beyond_the_last_aborts,
          script_seal_one_file_has_the_known_hash, script_seal_two_files_has_the_known_hash,
          script_seal_moved_boundaries_change_the_hash, script_seal_no_files_is_refused,
          script_seal_good_names_are_accepted, script_seal_bad_names_are_refused,
          script_seal_longest_name_is_accepted_and_a_longer_one_refused,
          script_seal_name_that_stands_twice_is_refused,
          script_seal_classic_script_among_others_is_refused,
          script_seal_kinds_that_are_imported_are_accepted, script_seal_kind_decides_the_hash,
          script_seal_other_text_that_is_not_utf8_is_refused,
          script_seal_map_beside_a_script_is_accepted,
          script_seal_map_that_is_none_is_accepted_and_says_nothing,
          script_seal_text_beside_a_script_is_refused,
          script_seal_main_file_that_is_no_javascript_is_refused,
          script_seal_text_that_is_not_utf8_is_refused, script_seal_most_files_are_accepted,
          script_new_too_many_files_aborts, script_unref_with_another_reference_keeps_it,
          script_unref_half_filled_frees_what_there_is, script_find_name_is_its_file,
          script_check_name_good_ones_are_accepted,
          script_check_name_bad_ones_are_refused_with_the_field,
          script_check_name_too_long_is_refused)
