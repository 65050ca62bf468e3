/*
 * Numbers in hexadecimal, as ids of executions and traces are written.
 */
#ifndef ISOYARD_HEX_H
#define ISOYARD_HEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HEX_ID_LEN 16u

/* Sixteen lower-case digits and a NUL. Any thread. */
static inline void hex_id_format(uint64_t id, char ret[HEX_ID_LEN + 1])
{
    for (unsigned i = 0; i < HEX_ID_LEN; i++)
        ret[i] = "0123456789abcdef"[id >> (60 - 4 * i) & 15];
    ret[HEX_ID_LEN] = '\0';
}

/* Whether text begins with sixteen lower-case digits, and *ret then. Any thread. */
static inline bool hex_id_parse(const char *text, size_t len, uint64_t *ret)
{
    uint64_t id = 0;

    if (len < HEX_ID_LEN)
        return false;
    for (unsigned i = 0; i < HEX_ID_LEN; i++) {
        char c = text[i];

        if (c >= '0' && c <= '9')
            id = id << 4 | (uint64_t)(c - '0');
        else if (c >= 'a' && c <= 'f')
            id = id << 4 | (uint64_t)(c - 'a' + 10);
        else
            return false;
    }
    *ret = id;
    return true;
}

#endif
