/* shim/wasm_memories: what is read of each kind of import and memory. That V8 reads them so, too,
 * is in tests/js/wasm.js. */
#include "shim/wasm_memories.h"

#include "unit.h"

#include <stdlib.h>

#define HEAD "\0asm\1\0\0\0"
#define CUSTOM "\0\3\1xy"

/* In memory of its own, so that a sanitizer sees what is read beyond it. */
static enum wasm_memories memories_in(const char *bytes, size_t len)
{
    char *copy = malloc(len ? len : 1);
    enum wasm_memories memories;

    ck_assert_ptr_nonnull(copy);
    memcpy(copy, bytes, len);
    memories = wasm_memories_of((struct bytes){copy, len});
    free(copy);
    return memories;
}

/* Of a literal. */
#define MEMORIES(bytes) memories_in(bytes, sizeof(bytes) - 1)
#define EXPECT(bytes, expected) ck_assert_int_eq(MEMORIES(bytes), WASM_MEMORIES_##expected)

START_TEST(memories_of_no_module_are_plain)
{
    EXPECT("", PLAIN);
    EXPECT("\0asm", PLAIN);
    EXPECT("text that is no module", PLAIN);
    EXPECT("\0asm\2\0\0\0\5\4\1\3\1\1", PLAIN);
    EXPECT(HEAD, PLAIN);
}
END_TEST

START_TEST(memories_of_memory_section_by_flags)
{
    EXPECT(HEAD "\5\3\1\0\1", PLAIN);
    EXPECT(HEAD "\5\4\1\1\1\1", PLAIN);
    EXPECT(HEAD "\5\3\1\4\1", PLAIN);
    EXPECT(HEAD "\5\4\1\3\1\1", SHARED);
    EXPECT(HEAD "\5\3\1\2\1", SHARED);
    EXPECT(HEAD "\5\4\1\7\1\1", SHARED);
    EXPECT(HEAD "\5\4\1\x08\1\1", UNKNOWN);
    /* The flags in two bytes. */
    EXPECT(HEAD "\5\5\1\x83\0\1\1", SHARED);
}
END_TEST

START_TEST(memories_after_others_are_seen)
{
    EXPECT(HEAD CUSTOM "\1\1\0" CUSTOM "\5\4\1\3\1\1", SHARED);
    EXPECT(HEAD "\5\6\2\0\1\3\1\1", SHARED);
    EXPECT(HEAD "\5\3\1\0\1"
                "\5\4\1\3\1\1",
           SHARED);
    /* Numbers that are longer than they need be. */
    EXPECT(HEAD "\5\x88\x80\x80\0\x81\x80\0\3\1\x81\x80\0", SHARED);
}
END_TEST

START_TEST(memories_of_imports_by_kind)
{
    EXPECT(HEAD "\2\x07\1\1m\1f\0\0", PLAIN);
    EXPECT(HEAD "\2\x09\1\1m\1t\1\x70\0\1", PLAIN);
    EXPECT(HEAD "\2\x0a\1\1m\1t\1\x63\5\0\1", PLAIN);
    EXPECT(HEAD "\2\x08\1\1m\1m\2\0\1", PLAIN);
    EXPECT(HEAD "\2\x09\1\1m\1m\2\3\1\1", SHARED);
    EXPECT(HEAD "\2\x08\1\1m\1g\3\x7f\0", PLAIN);
    EXPECT(HEAD "\2\x09\1\1m\1g\3\x64\x70\0", PLAIN);
    EXPECT(HEAD "\2\x08\1\1m\1t\4\0\0", PLAIN);
    EXPECT(HEAD "\2\x07\1\1m\1f\x20\0", UNKNOWN);
    EXPECT(HEAD "\2\x0a\1\1m\1g\3\x64\x65\x70\0", UNKNOWN);
    EXPECT(HEAD "\2\x08\1\1m\1g\3\x01\0", UNKNOWN);
}
END_TEST

START_TEST(memories_of_import_after_each_kind_are_seen)
{
    EXPECT(HEAD "\2\x0f\2\1m\1f\0\x05\1m\1m\2\3\1\1", SHARED);
    EXPECT(HEAD "\2\x11\2\1m\1t\1\x70\0\1\1m\1m\2\3\1\1", SHARED);
    EXPECT(HEAD "\2\x12\2\1m\1t\1\x70\1\1\2\1m\1m\2\3\1\1", SHARED);
    EXPECT(HEAD "\2\x10\2\1m\1g\3\x7f\1\1m\1m\2\3\1\1", SHARED);
    EXPECT(HEAD "\2\x11\2\1m\1g\3\x63\x6b\1\1m\1m\2\3\1\1", SHARED);
    EXPECT(HEAD "\2\x10\2\1m\1t\4\0\x05\1m\1m\2\3\1\1", SHARED);
}
END_TEST

START_TEST(memories_of_what_is_cut_are_unknown)
{
    static const char whole[] = HEAD CUSTOM "\2\x09\1\1m\1t\1\x70\0\1"
                                            "\5\3\1\0\1";
    size_t len = sizeof(whole) - 1;
    /* Where a section ends. */
    const size_t ends[] = {8, 13, 24, 29};

    for (size_t cut = 8, end = 0; cut <= len; cut++) {
        if (cut == ends[end]) {
            ck_assert_int_eq(memories_in(whole, cut), WASM_MEMORIES_PLAIN);
            end++;
        } else {
            ck_assert_int_eq(memories_in(whole, cut), WASM_MEMORIES_UNKNOWN);
        }
    }
}
END_TEST

START_TEST(memories_of_what_is_malformed_are_unknown)
{
    /* Something is left in the section, or something is missing. */
    EXPECT(HEAD "\5\4\1\0\1\1", UNKNOWN);
    EXPECT(HEAD "\5\3\2\0\1", UNKNOWN);
    EXPECT(HEAD "\2\x07\1\x7fm\1f\0\0", UNKNOWN);
    EXPECT(HEAD "\2\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\1", UNKNOWN);
    EXPECT(HEAD "\5\x05\xff\xff\xff\xff\x0f", UNKNOWN);
}
END_TEST

UNIT_MAIN("wasm_memories", memories_of_no_module_are_plain, memories_of_memory_section_by_flags,
          memories_after_others_are_seen, memories_of_imports_by_kind,
          memories_of_import_after_each_kind_are_seen, memories_of_what_is_cut_are_unknown,
          memories_of_what_is_malformed_are_unknown)
