/* The sections of a WebAssembly module, as far as memories are concerned. */
#include "shim/wasm_memories.h"

#include <stdint.h>

enum { SECTION_IMPORT = 2, SECTION_MEMORY = 5 };
enum { IMPORT_FUNCTION, IMPORT_TABLE, IMPORT_MEMORY, IMPORT_GLOBAL, IMPORT_TAG };

/* Of limits. Others are of proposals. */
#define HAS_MAXIMUM 1u
#define IS_SHARED 2u
#define IS_64 4u

/* Types of values: one byte, but for references that name what they refer to. */
#define TYPE_MIN 0x40u
#define TYPE_MAX 0x7fu
#define TYPE_SHARED 0x65u /* of a proposal; a prefix */
#define TYPE_REF 0x64u
#define TYPE_REF_NULL 0x63u
#define TYPE_EXACT 0x62u /* of a proposal; a prefix */

/* What is left to read. After a failure nothing is. */
struct reader {
    const uint8_t *at, *end;
    bool has_failed;
    bool is_shared;
};

static size_t left(const struct reader *r)
{
    return (size_t)(r->end - r->at);
}

static void fail(struct reader *r)
{
    r->has_failed = true;
    r->at = r->end;
}

static uint8_t read_byte(struct reader *r)
{
    if (r->at == r->end) {
        fail(r);
        return 0;
    }
    return *r->at++;
}

/* LEB128, of up to 64 bits. Of a signed one the value is of no use. */
static uint64_t read_number(struct reader *r)
{
    uint64_t value = 0;

    for (unsigned shift = 0; shift < 64; shift += 7) {
        uint8_t byte = read_byte(r);

        value |= (uint64_t)(byte & 0x7f) << shift;
        if (!(byte & 0x80))
            return value;
    }
    fail(r);
    return 0;
}

static void skip(struct reader *r, uint64_t count)
{
    if (count > left(r))
        fail(r);
    else
        r->at += count;
}

static void skip_type(struct reader *r)
{
    uint8_t type = read_byte(r);

    if (type == TYPE_REF || type == TYPE_REF_NULL) {
        type = r->at < r->end ? *r->at : 0;
        if (type == TYPE_SHARED || type == TYPE_EXACT)
            fail(r);
        read_number(r);
    } else if (type < TYPE_MIN || type > TYPE_MAX || type == TYPE_SHARED || type == TYPE_EXACT) {
        fail(r);
    }
}

/* Of a memory or a table; gives the flags. */
static unsigned read_limits(struct reader *r)
{
    unsigned flags = read_byte(r);

    if (flags & ~(HAS_MAXIMUM | IS_SHARED | IS_64))
        fail(r);
    read_number(r);
    if (flags & HAS_MAXIMUM)
        read_number(r);
    return flags;
}

static void read_memory(struct reader *r)
{
    if (read_limits(r) & IS_SHARED)
        r->is_shared = true;
}

static void read_import(struct reader *r)
{
    skip(r, read_number(r)); /* the module's name */
    skip(r, read_number(r)); /* its own */
    switch (read_byte(r)) {
    case IMPORT_FUNCTION:
        read_number(r);
        break;
    case IMPORT_TABLE:
        skip_type(r);
        read_limits(r);
        break;
    case IMPORT_MEMORY:
        read_memory(r);
        break;
    case IMPORT_GLOBAL:
        skip_type(r);
        read_byte(r);
        break;
    case IMPORT_TAG:
        read_byte(r);
        read_number(r);
        break;
    default:
        fail(r);
    }
}

/* Reads on after the section. */
static void read_section(struct reader *r)
{
    uint8_t id = read_byte(r);
    uint64_t size = read_number(r);
    struct reader section = *r;

    skip(r, size);
    if (r->has_failed || (id != SECTION_IMPORT && id != SECTION_MEMORY))
        return;
    section.end = r->at;
    for (uint64_t count = read_number(&section); count > 0 && !section.has_failed; count--) {
        if (id == SECTION_IMPORT)
            read_import(&section);
        else
            read_memory(&section);
    }
    r->is_shared = section.is_shared;
    if (section.has_failed || section.at != section.end)
        fail(r);
}

enum wasm_memories wasm_memories_of(struct bytes module)
{
    static const uint8_t head[] = {0, 'a', 's', 'm', 1, 0, 0, 0};
    struct reader r = {.at = (const uint8_t *)module.data};

    if (module.len < sizeof(head) || memcmp(module.data, head, sizeof(head)) != 0)
        return WASM_MEMORIES_PLAIN;
    r.end = r.at + module.len;
    r.at += sizeof(head);
    while (r.at < r.end && !r.is_shared)
        read_section(&r);
    if (r.is_shared)
        return WASM_MEMORIES_SHARED;
    return r.has_failed ? WASM_MEMORIES_UNKNOWN : WASM_MEMORIES_PLAIN;
}
