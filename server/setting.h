/*
 * The table of settings: names, bounds and explanations, and how a value becomes a part of a struct
 * config and text again. For config.c and config_choice.c. Any thread, on a config of one's own.
 */
#ifndef ISOYARD_SERVER_SETTING_H
#define ISOYARD_SERVER_SETTING_H

#include "api/err.h"
#include "server/config.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* struct config's `given` has a bit for each. */
#define SETTINGS_MAX 64

enum setting_kind {
    SETTING_TEXT,    /* char * */
    SETTING_UINT,    /* unsigned */
    SETTING_U32,     /* uint32_t */
    SETTING_U64,     /* uint64_t */
    SETTING_SIZE,    /* size_t */
    SETTING_LEVEL,   /* enum log_level */
    SETTING_CHOICE,  /* char *, a pool's architecture */
    SETTING_HANDOFF, /* enum handoff */
    SETTING_CONTEXT, /* enum context_use */
    SETTING_CONSOLE, /* int, enum console_place */
    SETTING_ENDS,    /* int, enum kept_ends */
    SETTING_SWITCH,  /* int, enum switch_position */
};

struct setting {
    const char *name; /* of the flag; the variable is ISOYARD_ and it, in capitals */
    const char *arg;
    enum setting_kind kind;
    size_t offset;  /* in struct config */
    uint64_t scale; /* what is given times this is what is kept */
    uint64_t min, max;
    const char *doc;
};

extern const struct setting settings[];
extern const size_t setting_count; /* up to SETTINGS_MAX */

/* Sets what the text says. E_INVALID, with the setting's name as field. */
int setting_set(const struct setting *s, struct config *config, const char *text,
                struct error *error);

/* The explanation, and behind it in parentheses the value that `defaults` has. The caller frees. */
char *setting_doc(const struct setting *s, const struct config *defaults);

#endif
