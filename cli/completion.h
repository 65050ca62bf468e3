/* isoyard completion: completions of shells, made of the tables of commands. */
#ifndef ISOYARD_CLI_COMPLETION_H
#define ISOYARD_CLI_COMPLETION_H

#include "api/bytes.h"
#include "cli/options.h"

/* What stands for an option's value, or a command's argument. */
enum value_kind {
    VALUE_NONE, /* there is none */
    VALUE_ANY,
    VALUE_FILE,
    VALUE_FOLDER,
    VALUE_WORKER,
    VALUE_WORD, /* one of those that "one|two|three" says */
};

/* Of an option's argument; "FILE", "auto|always|never", ...; NULL: it takes none. */
enum value_kind option_value_kind(const char *arg);

/* Of what `args_doc` of a command says first; *ret_words is where its words begin, with their
 * length behind. */
enum value_kind argument_kind(const char *args_doc, struct bytes *ret_words);

/* Append the script. */
void completion_append_bash(struct buffer *out);
void completion_append_zsh(struct buffer *out);
void completion_append_fish(struct buffer *out);

int completion_run(struct options *options, int argc, char **argv);
extern const struct argp completion_argp;

#endif
