/* "Did you mean ...?" */
#ifndef ISOYARD_SUGGEST_H
#define ISOYARD_SUGGEST_H

#include <stddef.h>

/* How many characters were left out, put in, changed, or swapped with the next one, to get from
 * one text to the other (bytes; up to 63 of each are looked at). */
size_t suggest_distance(const char *a, const char *b);

/* Looks for the name that `text` was meant to be, one name at a time. */
struct suggestion {
    const char *text;
    const char *best; /* the nearest so far; NULL: none is near */
    size_t distance;
};

void suggest_begin(struct suggestion *s, const char *text);

/* `name` must stay valid as long as s->best is used. */
void suggest_consider(struct suggestion *s, const char *name);

#endif
