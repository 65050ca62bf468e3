/* The decoders, one step function each, by the steps of the Encoding standard. */
#include "shim/encoding/legacy.h"

#include "encoding_tables.h"

#include <assert.h>

#define END (-1)

struct decoding {
    struct legacy_state *state;
    const uint16_t *units; /* of a single-byte encoding */
    uint16_t *out;
    size_t count;
    int back[4]; /* given back to the input; the last one comes first */
    unsigned back_count;
    bool has_failed;
};

typedef void step_f(struct decoding *d, int byte);

static void put(struct decoding *d, uint32_t code)
{
    if (code > 0xffff) {
        d->out[d->count++] = (uint16_t)(0xd800 + ((code - 0x10000) >> 10));
        code = 0xdc00 + (code & 0x3ff);
    }
    d->out[d->count++] = (uint16_t)code;
}

static void fail(struct decoding *d)
{
    d->has_failed = true;
    put(d, 0xfffd);
}

static void give_back(struct decoding *d, int byte)
{
    assert(d->back_count < 4);
    d->back[d->back_count++] = byte;
}

static bool is_ascii(int byte)
{
    return byte >= 0 && byte < 0x80;
}

static bool is_in(int byte, int first, int last)
{
    return byte >= first && byte <= last;
}

/* 0 where the pointer stands for nothing. */
#define LOOK_UP(index, pointer)                                                                    \
    ((size_t)(pointer) < sizeof(index) / sizeof((index)[0]) ? (index)[pointer] : 0)

/* What becomes of the two bytes of a character; 0: nothing, and the second may be one of its own.
 */
static void put_pair(struct decoding *d, uint32_t code, int byte)
{
    if (code) {
        put(d, code);
        return;
    }
    if (is_ascii(byte))
        give_back(d, byte);
    fail(d);
}

static void step_single(struct decoding *d, int byte)
{
    if (byte == END)
        return;
    if (is_ascii(byte))
        put(d, (uint32_t)byte);
    else if (d->units[byte - 0x80])
        put(d, d->units[byte - 0x80]);
    else
        fail(d);
}

static void step_user_defined(struct decoding *d, int byte)
{
    if (byte != END)
        put(d, is_ascii(byte) ? (uint32_t)byte : 0xf780 + (uint32_t)byte - 0x80);
}

/* gb18030 and GBK. */

static uint32_t code_of_range(uint32_t pointer)
{
    size_t i = sizeof(ranges_gb18030) / sizeof(ranges_gb18030[0]);

    if ((pointer > 39419 && pointer < 189000) || pointer > 1237575)
        return 0;
    if (pointer == 7457)
        return 0xe7c7;
    do {
        i--;
    } while (ranges_gb18030[i].pointer > pointer);
    return ranges_gb18030[i].code + pointer - ranges_gb18030[i].pointer;
}

static void step_gb_fourth(struct decoding *d, int byte)
{
    uint8_t *lead = d->state->lead;
    int first = lead[0], second = lead[1], third = lead[2];
    uint32_t code;

    memset(lead, 0, 3);
    if (!is_in(byte, 0x30, 0x39)) {
        give_back(d, byte);
        give_back(d, third);
        give_back(d, second);
        fail(d);
        return;
    }
    code = code_of_range((uint32_t)((first - 0x81) * 12600 + (second - 0x30) * 1260 +
                                    (third - 0x81) * 10 + byte - 0x30));
    if (code)
        put(d, code);
    else
        fail(d);
}

static void step_gb_third(struct decoding *d, int byte)
{
    uint8_t *lead = d->state->lead;

    if (is_in(byte, 0x81, 0xfe)) {
        lead[2] = (uint8_t)byte;
        return;
    }
    give_back(d, byte);
    give_back(d, lead[1]);
    lead[0] = lead[1] = 0;
    fail(d);
}

static void step_gb_second(struct decoding *d, int byte)
{
    uint8_t *lead = d->state->lead;
    int first = lead[0];
    uint32_t code = 0;

    if (is_in(byte, 0x30, 0x39)) {
        lead[1] = (uint8_t)byte;
        return;
    }
    lead[0] = 0;
    if (is_in(byte, 0x40, 0x7e) || is_in(byte, 0x80, 0xfe))
        code = LOOK_UP(index_gb18030, (first - 0x81) * 190 + byte - (byte < 0x7f ? 0x40 : 0x41));
    put_pair(d, code, byte);
}

static void step_gb18030(struct decoding *d, int byte)
{
    uint8_t *lead = d->state->lead;

    if (byte == END) {
        if (lead[0])
            fail(d);
        memset(lead, 0, 3);
    } else if (lead[2]) {
        step_gb_fourth(d, byte);
    } else if (lead[1]) {
        step_gb_third(d, byte);
    } else if (lead[0]) {
        step_gb_second(d, byte);
    } else if (is_ascii(byte)) {
        put(d, (uint32_t)byte);
    } else if (byte == 0x80) {
        put(d, 0x20ac);
    } else if (byte == 0xff) {
        fail(d);
    } else {
        lead[0] = (uint8_t)byte;
    }
}

/* The encodings of two bytes. */

/* Takes the lead byte that was there; 0 where there was none, and the byte was dealt with, if it
 * is the end or no lead byte. */
static int take_lead(struct decoding *d, int byte)
{
    int lead = d->state->lead[0];

    d->state->lead[0] = 0;
    if (lead && byte == END) {
        fail(d);
        return 0;
    }
    return lead;
}

static void put_single(struct decoding *d, int byte, bool is_lead)
{
    if (byte == END)
        return;
    if (is_ascii(byte))
        put(d, (uint32_t)byte);
    else if (is_lead)
        d->state->lead[0] = (uint8_t)byte;
    else
        fail(d);
}

static void step_big5(struct decoding *d, int byte)
{
    int lead = take_lead(d, byte);
    uint32_t code = 0;

    if (!lead) {
        put_single(d, byte, is_in(byte, 0x81, 0xfe));
        return;
    }
    if (is_in(byte, 0x40, 0x7e) || is_in(byte, 0xa1, 0xfe))
        code = LOOK_UP(index_big5, (lead - 0x81) * 157 + byte - (byte < 0x7f ? 0x40 : 0x62));
    if (code > 0xffff) { /* two units: a pair of surrogates, or a letter and its mark */
        put(d, code >> 16);
        put(d, code & 0xffff);
    } else {
        put_pair(d, code, byte);
    }
}

static void step_euc_kr(struct decoding *d, int byte)
{
    int lead = take_lead(d, byte);
    uint32_t code = 0;

    if (!lead) {
        put_single(d, byte, is_in(byte, 0x81, 0xfe));
        return;
    }
    if (is_in(byte, 0x41, 0xfe))
        code = LOOK_UP(index_euc_kr, (lead - 0x81) * 190 + byte - 0x41);
    put_pair(d, code, byte);
}

static uint32_t code_of_shift_jis(int lead, int byte)
{
    int pointer;

    if (!is_in(byte, 0x40, 0x7e) && !is_in(byte, 0x80, 0xfc))
        return 0;
    pointer = (lead - (lead < 0xa0 ? 0x81 : 0xc1)) * 188 + byte - (byte < 0x7f ? 0x40 : 0x41);
    if (is_in(pointer, 8836, 10715))
        return (uint32_t)(0xe000 - 8836 + pointer);
    return LOOK_UP(index_jis0208, pointer);
}

static void step_shift_jis(struct decoding *d, int byte)
{
    int lead = take_lead(d, byte);

    if (lead)
        put_pair(d, code_of_shift_jis(lead, byte), byte);
    else if (byte == 0x80)
        put(d, 0x80);
    else if (is_in(byte, 0xa1, 0xdf))
        put(d, 0xff61 - 0xa1 + (uint32_t)byte);
    else
        put_single(d, byte, is_in(byte, 0x81, 0x9f) || is_in(byte, 0xe0, 0xfc));
}

static void step_euc_jp(struct decoding *d, int byte)
{
    int lead = take_lead(d, byte);
    bool is_jis0212 = d->state->mode;
    uint32_t code = 0;
    int pointer;

    d->state->mode = 0;
    if (!lead) {
        put_single(d, byte, byte == 0x8e || byte == 0x8f || is_in(byte, 0xa1, 0xfe));
        return;
    }
    if (lead == 0x8e && is_in(byte, 0xa1, 0xdf)) {
        put(d, 0xff61 - 0xa1 + (uint32_t)byte);
        return;
    }
    if (lead == 0x8f && is_in(byte, 0xa1, 0xfe)) {
        d->state->mode = 1;
        d->state->lead[0] = (uint8_t)byte;
        return;
    }
    if (is_in(lead, 0xa1, 0xfe) && is_in(byte, 0xa1, 0xfe)) {
        pointer = (lead - 0xa1) * 94 + byte - 0xa1;
        code = is_jis0212 ? LOOK_UP(index_jis0212, pointer) : LOOK_UP(index_jis0208, pointer);
    }
    put_pair(d, code, byte);
}

/* ISO-2022-JP. */

enum iso_2022_jp_mode {
    MODE_ASCII,
    MODE_ROMAN,
    MODE_KATAKANA,
    MODE_LEAD,
    MODE_TRAIL,
    MODE_ESCAPE_START,
    MODE_ESCAPE,
};

static void step_escape_start(struct decoding *d, int byte)
{
    struct legacy_state *state = d->state;

    if (byte == 0x24 || byte == 0x28) {
        state->lead[0] = (uint8_t)byte;
        state->mode = MODE_ESCAPE;
        return;
    }
    if (byte != END)
        give_back(d, byte);
    state->has_shift = 0;
    state->mode = state->output;
    fail(d);
}

static int mode_of_escape(int lead, int byte)
{
    if (lead == 0x24)
        return byte == 0x40 || byte == 0x42 ? MODE_LEAD : -1;
    switch (byte) {
    case 0x42:
        return MODE_ASCII;
    case 0x4a:
        return MODE_ROMAN;
    case 0x49:
        return MODE_KATAKANA;
    default:
        return -1;
    }
}

static void step_escape(struct decoding *d, int byte)
{
    struct legacy_state *state = d->state;
    int lead = state->lead[0];
    int mode = mode_of_escape(lead, byte);

    state->lead[0] = 0;
    if (mode >= 0) {
        bool had_shift = state->has_shift;

        state->mode = state->output = (uint8_t)mode;
        state->has_shift = 1;
        if (had_shift)
            fail(d);
        return;
    }
    if (byte != END)
        give_back(d, byte);
    give_back(d, lead);
    state->has_shift = 0;
    state->mode = state->output;
    fail(d);
}

/* The second byte of a character of JIS X 0208. */
static void step_trail(struct decoding *d, int byte)
{
    struct legacy_state *state = d->state;
    int lead = state->lead[0];
    uint32_t code = 0;

    if (byte == 0x1b) {
        state->mode = MODE_ESCAPE_START;
        fail(d);
        return;
    }
    state->mode = MODE_LEAD;
    if (is_in(byte, 0x21, 0x7e))
        code = LOOK_UP(index_jis0208, (lead - 0x21) * 94 + byte - 0x21);
    if (code)
        put(d, code);
    else
        fail(d);
}

/* What a byte is in the modes of one byte, outside of escape sequences; false where it is nothing.
 */
static bool code_of_iso_2022_jp(uint8_t mode, int byte, uint32_t *ret)
{
    *ret = (uint32_t)byte;
    if (mode == MODE_KATAKANA) {
        *ret = 0xff61 - 0x21 + (uint32_t)byte;
        return is_in(byte, 0x21, 0x5f);
    }
    if (mode == MODE_ROMAN && byte == 0x5c)
        *ret = 0xa5;
    if (mode == MODE_ROMAN && byte == 0x7e)
        *ret = 0x203e;
    return is_ascii(byte) && byte != 0x0e && byte != 0x0f;
}

static void step_iso_2022_jp(struct decoding *d, int byte)
{
    struct legacy_state *state = d->state;
    uint32_t code;

    if (state->mode == MODE_ESCAPE_START) {
        step_escape_start(d, byte);
    } else if (state->mode == MODE_ESCAPE) {
        step_escape(d, byte);
    } else if (state->mode == MODE_TRAIL) {
        step_trail(d, byte);
    } else if (byte == 0x1b) {
        state->mode = MODE_ESCAPE_START;
    } else if (byte != END) {
        state->has_shift = 0;
        if (state->mode == MODE_LEAD && is_in(byte, 0x21, 0x7e)) {
            state->lead[0] = (uint8_t)byte;
            state->mode = MODE_TRAIL;
        } else if (state->mode != MODE_LEAD && code_of_iso_2022_jp(state->mode, byte, &code)) {
            put(d, code);
        } else {
            fail(d);
        }
    }
}

/* UTF-16. In `mode` is whether there is a lead byte, since that may be 0. */

static void step_utf_16(struct decoding *d, int byte, bool is_big_endian)
{
    struct legacy_state *state = d->state;
    uint32_t unit;
    uint16_t high;
    int first;

    if (byte == END) {
        if (state->mode || state->high)
            fail(d);
        state->mode = 0;
        state->high = 0;
        return;
    }
    if (!state->mode) {
        state->lead[0] = (uint8_t)byte;
        state->mode = 1;
        return;
    }
    state->mode = 0;
    first = state->lead[0];
    unit = (uint32_t)(is_big_endian ? first << 8 | byte : byte << 8 | first);
    high = state->high;
    state->high = 0;
    if (high && (unit & 0xfc00) == 0xdc00) {
        put(d, high);
        put(d, unit);
    } else if (high) {
        give_back(d, byte);
        give_back(d, first);
        fail(d);
    } else if ((unit & 0xfc00) == 0xd800) {
        state->high = (uint16_t)unit;
    } else if ((unit & 0xfc00) == 0xdc00) {
        fail(d);
    } else {
        put(d, unit);
    }
}

static void step_utf_16le(struct decoding *d, int byte)
{
    step_utf_16(d, byte, false);
}

static void step_utf_16be(struct decoding *d, int byte)
{
    step_utf_16(d, byte, true);
}

/* By number: these, and after them the single-byte ones. */
static const struct {
    const char *name;
    step_f *step;
} steps[] = {
    {"gbk", step_gb18030},
    {"gb18030", step_gb18030},
    {"big5", step_big5},
    {"euc-jp", step_euc_jp},
    {"iso-2022-jp", step_iso_2022_jp},
    {"shift_jis", step_shift_jis},
    {"euc-kr", step_euc_kr},
    {"utf-16be", step_utf_16be},
    {"utf-16le", step_utf_16le},
    {"x-user-defined", step_user_defined},
};

#define STEPS (int)(sizeof(steps) / sizeof(steps[0]))
#define SINGLE_BYTE (int)(sizeof(single_byte) / sizeof(single_byte[0]))

int legacy_find(const char *name)
{
    for (int i = 0; i < STEPS; i++) {
        if (strcmp(steps[i].name, name) == 0)
            return i;
    }
    for (int i = 0; i < SINGLE_BYTE; i++) {
        if (strcmp(single_byte[i].name, name) == 0)
            return STEPS + i;
    }
    return -1;
}

static void run(struct decoding *d, step_f *step, int byte)
{
    step(d, byte);
    while (d->back_count > 0)
        step(d, d->back[--d->back_count]);
}

ptrdiff_t legacy_decode(int encoding, struct legacy_state *state, struct bytes in, bool is_last,
                        bool is_fatal, uint16_t *out)
{
    struct decoding d = {.state = state, .out = out};
    step_f *step = encoding < STEPS ? steps[encoding].step : step_single;

    assert(encoding >= 0 && encoding < STEPS + SINGLE_BYTE);
    if (encoding >= STEPS)
        d.units = single_byte[encoding - STEPS].units;
    for (size_t i = 0; i < in.len && !(is_fatal && d.has_failed); i++)
        run(&d, step, (unsigned char)in.data[i]);
    if (is_last && !(is_fatal && d.has_failed)) {
        run(&d, step, END);
        /* What the end has given back comes to an end, too. */
        run(&d, step, END);
        *state = (struct legacy_state){0};
    }
    return is_fatal && d.has_failed ? -1 : (ptrdiff_t)d.count;
}
