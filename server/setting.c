/* Values of settings: from text, and to text. */
#include "server/setting.h"

#include "api/bytes.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

static void *place_of(struct config *config, const struct setting *s)
{
    return (char *)config + s->offset;
}

static bool parse_number(const char *text, uint64_t *ret)
{
    char *end;

    /* strtoull would take a sign and blanks. */
    if (text[0] < '0' || text[0] > '9')
        return false;
    errno = 0;
    *ret = strtoull(text, &end, 10);
    return *end == '\0' && errno == 0;
}

static int set_number(struct config *config, const struct setting *s, const char *text,
                      struct error *error)
{
    uint64_t value;

    if (!parse_number(text, &value) || value < s->min || value > s->max)
        return error_set(error, E_INVALID, s->name,
                         "'%s' is no number from %" PRIu64 " to %" PRIu64, text, s->min, s->max);
    value *= s->scale;
    if (s->kind == SETTING_UINT)
        *(unsigned *)place_of(config, s) = (unsigned)value;
    else if (s->kind == SETTING_U32)
        *(uint32_t *)place_of(config, s) = (uint32_t)value;
    else if (s->kind == SETTING_SIZE)
        *(size_t *)place_of(config, s) = (size_t)value;
    else
        *(uint64_t *)place_of(config, s) = value;
    return 0;
}

static int set_text(struct config *config, const struct setting *s, const char *text,
                    struct error *error)
{
    char **place = place_of(config, s);

    if (text[0] == '\0')
        return error_set(error, E_INVALID, s->name, "it must not be empty");
    if (s->kind == SETTING_CHOICE && !pool_ops_find(text))
        return error_set(error, E_INVALID, s->name, "'%s' is none of pinned, shared and legacy",
                         text);
    free(*place);
    *place = xstrdup(text);
    return 0;
}

static int set_level(struct config *config, const struct setting *s, const char *text,
                     struct error *error)
{
    if (log_level_parse(text, place_of(config, s)))
        return error_set(error, E_INVALID, s->name,
                         "'%s' is none of debug, info, warn, error and off", text);
    return 0;
}

static int set_handoff(struct config *config, const struct setting *s, const char *text,
                       struct error *error)
{
    if (handoff_parse(text, place_of(config, s)))
        return error_set(error, E_INVALID, s->name, "'%s' is neither fifo nor mutex", text);
    return 0;
}

static int set_context(struct config *config, const struct setting *s, const char *text,
                       struct error *error)
{
    if (context_parse(text, place_of(config, s)))
        return error_set(error, E_INVALID, s->name, "'%s' is neither reuse nor fresh", text);
    return 0;
}

/* The words of a setting that is one of some, in the order of their numbers; NULL ends them. */
static const char *const *words_of(const struct setting *s)
{
    static const char *const console[] = {"stderr", "off", NULL};
    static const char *const ends[] = {"failures", "all", "off", NULL};
    static const char *const positions[] = {"on", "off", NULL};

    if (s->kind == SETTING_SWITCH)
        return positions;
    return s->kind == SETTING_CONSOLE ? console : ends;
}

/* "stderr or off", "failures, all or off" */
static void list_words(const char *const *words, char *ret, size_t size)
{
    size_t len = 0;

    for (size_t i = 0; words[i] && len < size; i++) {
        const char *before = i == 0 ? "" : words[i + 1] ? ", " : " or ";

        len += (size_t)snprintf(ret + len, size - len, "%s%s", before, words[i]);
    }
}

static int set_word(struct config *config, const struct setting *s, const char *text,
                    struct error *error)
{
    const char *const *words = words_of(s);
    char list[128];

    for (int i = 0; words[i]; i++) {
        if (strcmp(words[i], text) == 0) {
            *(int *)place_of(config, s) = i;
            return 0;
        }
    }
    list_words(words, list, sizeof(list));
    return error_set(error, E_INVALID, s->name, "'%s' is not %s", text, list);
}

int setting_set(const struct setting *s, struct config *config, const char *text,
                struct error *error)
{
    switch (s->kind) {
    case SETTING_TEXT:
    case SETTING_CHOICE:
        return set_text(config, s, text, error);
    case SETTING_LEVEL:
        return set_level(config, s, text, error);
    case SETTING_HANDOFF:
        return set_handoff(config, s, text, error);
    case SETTING_CONTEXT:
        return set_context(config, s, text, error);
    case SETTING_CONSOLE:
    case SETTING_ENDS:
    case SETTING_SWITCH:
        return set_word(config, s, text, error);
    default:
        return set_number(config, s, text, error);
    }
}

static void print_number(char *ret, size_t size, const void *place, const struct setting *s)
{
    uint64_t value;

    if (s->kind == SETTING_UINT)
        value = *(const unsigned *)place;
    else if (s->kind == SETTING_U32)
        value = *(const uint32_t *)place;
    else if (s->kind == SETTING_SIZE)
        value = *(const size_t *)place;
    else
        value = *(const uint64_t *)place;
    snprintf(ret, size, " (%" PRIu64 ")", value / s->scale);
}

/* A setting's explanation with its default behind it. */
char *setting_doc(const struct setting *s, const struct config *defaults)
{
    const void *place = (const char *)defaults + s->offset;
    char value[64] = "";
    char *doc;

    switch (s->kind) {
    case SETTING_TEXT:
        break; /* the explanation says it */
    case SETTING_CHOICE:
        snprintf(value, sizeof(value), " (%s)", *(char *const *)place);
        break;
    case SETTING_LEVEL:
        snprintf(value, sizeof(value), " (%s)", log_level_name(*(const enum log_level *)place));
        break;
    case SETTING_HANDOFF:
        snprintf(value, sizeof(value), " (%s)", handoff_name(*(const enum handoff *)place));
        break;
    case SETTING_CONTEXT:
        snprintf(value, sizeof(value), " (%s)", context_name(*(const enum context_use *)place));
        break;
    case SETTING_CONSOLE:
    case SETTING_ENDS:
    case SETTING_SWITCH:
        snprintf(value, sizeof(value), " (%s)", words_of(s)[*(const int *)place]);
        break;
    default:
        print_number(value, sizeof(value), place, s);
    }
    if (asprintf(&doc, "%s%s", s->doc, value) < 0)
        abort();
    return doc;
}
