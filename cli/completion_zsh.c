/* The completion for zsh: a function for each command, which hands over to those of its group. */
#include "cli/command.h"
#include "cli/completion.h"

static const char head[] =
    "#compdef isoyard\n"
    "# zsh completion of isoyard; made by \"isoyard completion zsh\"\n\n"
    "_isoyard_worker()\n"
    "{\n"
    "    local -a names\n"
    "    names=(${(f)\"$(isoyard --timeout 1 workers list 2>/dev/null | sed '1d; s/ .*//')\"})\n"
    "    _describe worker names\n"
    "}\n\n";

/* Works when it is sourced, and as a function that zsh loads by itself. */
static const char tail[] = "if [[ $funcstack[1] == _isoyard ]]; then\n"
                           "    _isoyard \"$@\"\n"
                           "else\n"
                           "    compdef _isoyard isoyard\n"
                           "fi\n";

/* Text inside of single quotes, with what _arguments and _describe obey quoted for them. */
static void append_quoted(struct buffer *out, const char *text)
{
    for (; *text; text++) {
        if (*text == '\'')
            buffer_append_text(out, "'\\''");
        else if (strchr("[]:\\", *text))
            buffer_append_format(out, "\\%c", *text);
        else
            buffer_append(out, text, 1);
    }
}

static void append_action(struct buffer *out, enum value_kind kind, struct bytes words)
{
    static const char *const actions[] = {
        [VALUE_NONE] = "",
        [VALUE_ANY] = " ",
        [VALUE_FILE] = "_files",
        [VALUE_FOLDER] = "_files -/",
        [VALUE_WORKER] = "_isoyard_worker",
        [VALUE_WORD] = "",
    };

    if (kind != VALUE_WORD) {
        buffer_append_text(out, actions[kind]);
        return;
    }
    buffer_append_text(out, "(");
    for (size_t i = 0; i < words.len; i++)
        buffer_append(out, words.data[i] == '|' ? " " : &words.data[i], 1);
    buffer_append_text(out, ")");
}

/* '(-n --name)'{-n+,--name=}'[what it is]:NAME: ' */
static void append_option(void *arg, const struct argp_option *option, const char *group)
{
    bool has_short = option->key > ' ' && option->key < 0x7f;

    (void)group;
    if (!option->name || option->flags & OPTION_HIDDEN)
        return;
    buffer_append_text(arg, " \\\n        ");
    if (has_short)
        buffer_append_format(arg, "'(-%c --%s)'{-%c%s,--%s%s}'", option->key, option->name,
                             option->key, option->arg ? "+" : "", option->name,
                             option->arg ? "=" : "");
    else
        buffer_append_format(arg, "'--%s%s", option->name, option->arg ? "=" : "");
    buffer_append_text(arg, "[");
    append_quoted(arg, option->doc);
    buffer_append_text(arg, "]");
    if (option->arg) {
        buffer_append_text(arg, ":");
        append_quoted(arg, strchr(option->arg, '|') ? option->name : option->arg);
        buffer_append_text(arg, ":");
        append_action(arg, option_value_kind(option->arg), bytes_of(option->arg));
    }
    buffer_append_text(arg, "'");
}

/* "workers list" as "_workers_list", behind "_isoyard". */
static void append_function_name(struct buffer *out, const char *path)
{
    buffer_append_text(out, path[0] ? "_isoyard_" : "_isoyard");
    for (; *path; path++)
        buffer_append(out, *path == ' ' ? "_" : path, 1);
}

static void append_leaf(struct buffer *out, const struct command *c, const char *path)
{
    struct bytes words;
    enum value_kind kind = argument_kind(c->argp->args_doc, &words);

    append_function_name(out, path);
    buffer_append_text(out, "()\n{\n    _arguments -S");
    options_each(c->argp, append_option, out);
    if (kind != VALUE_NONE) {
        buffer_append_text(out, " \\\n        '*: :");
        append_action(out, kind, words);
        buffer_append_text(out, "'");
    }
    buffer_append_text(out, "\n}\n\n");
}

static void append_join(struct buffer *ret, const char *path, const char *name)
{
    buffer_append_format(ret, "%s%s%s", path, path[0] ? " " : "", name);
    buffer_append(ret, "", 1);
}

static void append_dispatch(struct buffer *out, const struct command *table, const char *path)
{
    append_function_name(out, path);
    buffer_append_text(out, "()\n{\n    local state line\n    local -a commands\n    commands=(\n");
    for (const struct command *c = table; c->name; c++) {
        buffer_append_format(out, "        '%s:", c->name);
        append_quoted(out, c->summary);
        buffer_append_text(out, "'\n");
    }
    buffer_append_text(out, "    )\n    _arguments -C -S");
    options_each_common(append_option, out);
    buffer_append_text(out, " \\\n        '1: :->command' '*:: :->rest'\n    case $state in\n"
                            "    command) _describe command commands ;;\n    rest)\n"
                            "        case $words[1] in\n");
    for (const struct command *c = table; c->name; c++) {
        struct buffer own = {0};

        append_join(&own, path, c->name);
        buffer_append_format(out, "        %s) ", c->name);
        append_function_name(out, own.data);
        buffer_append_text(out, " ;;\n");
        buffer_release(&own);
    }
    buffer_append_text(out, "        esac\n        ;;\n    esac\n}\n\n");
}

static void append_table(struct buffer *out, const struct command *table, const char *path)
{
    for (const struct command *c = table; c->name; c++) {
        struct buffer own = {0};

        append_join(&own, path, c->name);
        if (c->group)
            append_table(out, c->group, own.data);
        else
            append_leaf(out, c, own.data);
        buffer_release(&own);
    }
    append_dispatch(out, table, path);
}

void completion_append_zsh(struct buffer *out)
{
    buffer_append_text(out, head);
    append_table(out, isoyard_commands, "");
    buffer_append_text(out, tail);
}
