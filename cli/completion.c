/* isoyard completion bash|zsh|fish */
#include "cli/completion.h"

#include "cli/exit_status.h"

#include <stdio.h>
#include <strings.h>

static const struct {
    const char *name;
    void (*append)(struct buffer *out);
} shells[] = {
    {"bash", completion_append_bash},
    {"zsh", completion_append_zsh},
    {"fish", completion_append_fish},
};

#define SHELL_COUNT (sizeof(shells) / sizeof(shells[0]))

enum value_kind option_value_kind(const char *arg)
{
    if (!arg)
        return VALUE_NONE;
    if (strchr(arg, '|'))
        return VALUE_WORD;
    if (strcmp(arg, "FILE") == 0)
        return VALUE_FILE;
    return strcmp(arg, "DIR") == 0 ? VALUE_FOLDER : VALUE_ANY;
}

enum value_kind argument_kind(const char *args_doc, struct bytes *ret_words)
{
    const char *first = args_doc ? args_doc + strspn(args_doc, "[") : "";
    size_t len = strcspn(first, " ]\n");

    *ret_words = (struct bytes){first, len};
    if (len == 0)
        return VALUE_NONE;
    if (memchr(first, '|', len))
        return VALUE_WORD;
    if (strncmp(first, "FILE", 4) == 0)
        return VALUE_FILE;
    if (strncmp(first, "DIR", 3) == 0)
        return VALUE_FOLDER;
    return strncmp(first, "NAME", 4) == 0 || strncmp(first, "WORKER", 6) == 0 ? VALUE_WORKER
                                                                              : VALUE_ANY;
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
    size_t *shell = state->input;

    switch (key) {
    case ARGP_KEY_ARG:
        for (*shell = 0; *shell < SHELL_COUNT; ++*shell) {
            if (strcmp(shells[*shell].name, arg) == 0)
                return 0;
        }
        argp_error(state, "'%s' is none of bash, zsh and fish", arg);
        return 0;
    case ARGP_KEY_NO_ARGS:
        argp_error(state, "name the shell: bash, zsh or fish");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

const struct argp completion_argp = {
    .parser = parse,
    .args_doc = "bash|zsh|fish",
    .doc =
        "Prints a script that has the shell complete commands, options, files and names of "
        "workers.\vbash: isoyard completion bash >~/.local/share/bash-completion/completions/isoyard\n"
        "zsh: isoyard completion zsh >DIR/_isoyard, DIR being in $fpath\n"
        "fish: isoyard completion fish >~/.config/fish/completions/isoyard.fish\n\n"
        "Names of workers come from the server at $ISOYARD_ADDRESS, where it answers within a "
        "second."};

int completion_run(struct options *options, int argc, char **argv)
{
    struct buffer script = {0};
    size_t shell = 0;

    options_parse(options, &completion_argp, &shell, argc, argv);
    shells[shell].append(&script);
    fwrite(script.data, 1, script.len, stdout);
    buffer_release(&script);
    return EXIT_FINE;
}
