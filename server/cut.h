/* Bounding text that somebody else wrote. */
#ifndef ISOYARD_CUT_H
#define ISOYARD_CUT_H

#include <stddef.h>

/*
 * Copies text to ret, of `size` bytes, cut off before the character that has no room. What then is
 * not UTF-8 (it may quote a piece of some text, cut anywhere) keeps its ASCII: clients refuse to
 * decode it otherwise. Returns ret.
 */
char *cut_copy(char *ret, size_t size, const char *text);

/* The same as a new string of at most max bytes, for free(); NULL stays NULL. */
char *cut_dup(const char *text, size_t max);

#endif
