/* Optimal string alignment: edits of single characters, and swaps of neighbours. */
#include "api/suggest.h"

#include <stdint.h>
#include <string.h>

#define LENGTH_MAX 63

static size_t least(size_t a, size_t b, size_t c)
{
    size_t ab = a < b ? a : b;

    return ab < c ? ab : c;
}

size_t suggest_distance(const char *a, const char *b)
{
    size_t d[LENGTH_MAX + 1][LENGTH_MAX + 1];
    size_t a_len = strnlen(a, LENGTH_MAX), b_len = strnlen(b, LENGTH_MAX);

    for (size_t i = 0; i <= a_len; i++)
        d[i][0] = i;
    for (size_t j = 0; j <= b_len; j++)
        d[0][j] = j;
    for (size_t i = 1; i <= a_len; i++) {
        for (size_t j = 1; j <= b_len; j++) {
            d[i][j] = least(d[i - 1][j] + 1, d[i][j - 1] + 1,
                            d[i - 1][j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1));
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] &&
                d[i - 2][j - 2] + 1 < d[i][j])
                d[i][j] = d[i - 2][j - 2] + 1;
        }
    }
    return d[a_len][b_len];
}

/* One mistake in a short word, one more for every three characters. */
static size_t allowed(const char *text)
{
    return (strlen(text) + 2) / 3;
}

void suggest_begin(struct suggestion *s, const char *text)
{
    *s = (struct suggestion){.text = text, .distance = SIZE_MAX};
}

void suggest_consider(struct suggestion *s, const char *name)
{
    size_t len = strlen(s->text);
    size_t distance = suggest_distance(s->text, name);

    /* The beginning of a word is as good as one mistake. */
    if (len > 1 && distance > 1 && strncmp(s->text, name, len) == 0)
        distance = 1;
    if (distance <= allowed(s->text) && distance < strlen(name) && distance < s->distance) {
        s->best = name;
        s->distance = distance;
    }
}
