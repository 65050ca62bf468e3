/* The completion for bash: functions that look up a command's words, and one that uses them. */
#include "cli/command.h"
#include "cli/completion.h"

static const char head[] = "# bash completion of isoyard; made by \"isoyard completion bash\"\n\n";

/* $command is the path of the command that the words before the cursor name. */
static const char tail[] =
    "_isoyard()\n"
    "{\n"
    "    local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]}\n"
    "    local command= has_all= word words i\n"
    "    COMPREPLY=()\n"
    "    # \"--color=al\" comes as three words.\n"
    "    if [[ $cur == = ]]; then cur=; elif [[ $prev == = ]]; then prev=${COMP_WORDS[COMP_CWORD-2]}; fi\n"
    "    for ((i = 1; i < COMP_CWORD; i++)); do\n"
    "        word=${COMP_WORDS[i]}\n"
    "        if [[ $word == -* ]]; then\n"
    "            [[ $(_isoyard_value \"$command\" \"$word\") == none ]] || ((i++))\n"
    "            if [[ ${COMP_WORDS[i]-} == = ]]; then ((i++)); fi\n"
    "        elif [[ -z $has_all ]]; then\n"
    "            command=${command:+$command }$word\n"
    "            [[ -n $(_isoyard_commands \"$command\") ]] || has_all=1\n"
    "        fi\n"
    "    done\n"
    "    if [[ $cur == -* ]]; then\n"
    "        COMPREPLY=($(compgen -W \"$(_isoyard_options \"$command\")\" -- \"$cur\"))\n"
    "        return\n"
    "    fi\n"
    "    words=none\n"
    "    [[ $prev == -* ]] && words=$(_isoyard_value \"$command\" \"$prev\")\n"
    "    if [[ $words == none ]]; then\n"
    "        words=$(_isoyard_commands \"$command\")\n"
    "        [[ -n $words ]] || words=$(_isoyard_argument \"$command\")\n"
    "    fi\n"
    "    case $words in\n"
    "    any | none) ;;\n"
    "    file) compopt -o filenames 2>/dev/null; COMPREPLY=($(compgen -f -- \"$cur\")) ;;\n"
    "    folder) compopt -o filenames 2>/dev/null; COMPREPLY=($(compgen -d -- \"$cur\")) ;;\n"
    "    worker)\n"
    "        words=$(isoyard --timeout 1 workers list 2>/dev/null | sed '1d; s/ .*//')\n"
    "        COMPREPLY=($(compgen -W \"$words\" -- \"$cur\"))\n"
    "        ;;\n"
    "    *) COMPREPLY=($(compgen -W \"$words\" -- \"$cur\")) ;;\n"
    "    esac\n"
    "}\n"
    "complete -F _isoyard isoyard\n";

static void append_words(struct buffer *out, struct bytes words)
{
    for (size_t i = 0; i < words.len; i++)
        buffer_append(out, words.data[i] == '|' ? " " : &words.data[i], 1);
}

/* What stands in a table for a value: "none", "file", or the words themselves. */
static void append_value(struct buffer *out, enum value_kind kind, struct bytes words)
{
    static const char *const names[] = {"none", "any", "file", "folder", "worker"};

    if (kind == VALUE_WORD)
        append_words(out, words);
    else
        buffer_append_text(out, names[kind]);
}

/* A line of a table for each command: its path, and what `append` says. */
static void each_command(struct buffer *out, const struct command *table, const char *path,
                         void (*append)(struct buffer *out, const struct command *command,
                                        const char *path))
{
    for (const struct command *c = table; c->name; c++) {
        struct buffer own = {0};

        buffer_append_format(&own, "%s%s%s", path, path[0] ? " " : "", c->name);
        buffer_append(&own, "", 1);
        append(out, c, own.data);
        if (c->group)
            each_command(out, c->group, own.data, append);
        buffer_release(&own);
    }
}

static void append_names(struct buffer *out, const struct command *table, const char *path)
{
    buffer_append_format(out, "    '%s') echo '", path);
    for (const struct command *c = table; c->name; c++)
        buffer_append_format(out, "%s%s", c == table ? "" : " ", c->name);
    buffer_append_text(out, "' ;;\n");
}

static void append_group(struct buffer *out, const struct command *c, const char *path)
{
    if (c->group)
        append_names(out, c->group, path);
}

static void append_option(void *arg, const struct argp_option *option, const char *group)
{
    (void)group;
    if (option->name && !(option->flags & OPTION_HIDDEN))
        buffer_append_format(arg, " --%s", option->name);
}

static void append_options(struct buffer *out, const struct command *c, const char *path)
{
    if (!c->argp)
        return;
    buffer_append_format(out, "    '%s') echo '", path);
    options_each(c->argp, append_option, out);
    buffer_append_text(out, "' ;;\n");
}

static bool is_short(const struct argp_option *option)
{
    return option->key > ' ' && option->key < 0x7f;
}

/* "'exec --event' | 'exec -e') echo ..." */
struct value_lines {
    struct buffer *out;
    const char *path;
};

static void append_value_line(void *arg, const struct argp_option *option, const char *group)
{
    struct value_lines *lines = arg;
    enum value_kind kind = option_value_kind(option->arg);

    (void)group;
    if (kind == VALUE_NONE || !option->name)
        return;
    buffer_append_format(lines->out, "    '%s --%s'", lines->path, option->name);
    if (is_short(option))
        buffer_append_format(lines->out, " | '%s -%c'", lines->path, option->key);
    buffer_append_text(lines->out, ") echo '");
    append_value(lines->out, kind, bytes_of(option->arg));
    buffer_append_text(lines->out, "' ;;\n");
}

static void ignore_common(void *arg, const struct argp_option *option, const char *group)
{
    if (!group || strcmp(group, OPTIONS_COMMON_GROUP) != 0)
        append_value_line(arg, option, group);
}

static void append_values(struct buffer *out, const struct command *c, const char *path)
{
    struct value_lines lines = {out, path};

    if (c->argp)
        options_each(c->argp, ignore_common, &lines);
}

static void append_common_value(void *arg, const struct argp_option *option, const char *group)
{
    enum value_kind kind = option_value_kind(option->arg);

    (void)group;
    if (kind == VALUE_NONE)
        return;
    buffer_append_format(arg, "    *' --%s'", option->name);
    if (is_short(option))
        buffer_append_format(arg, " | *' -%c'", option->key);
    buffer_append_text(arg, ") echo '");
    append_value(arg, kind, bytes_of(option->arg));
    buffer_append_text(arg, "' ;;\n");
}

static void append_argument(struct buffer *out, const struct command *c, const char *path)
{
    struct bytes words;
    enum value_kind kind = c->argp ? argument_kind(c->argp->args_doc, &words) : VALUE_NONE;

    if (kind == VALUE_NONE)
        return;
    buffer_append_format(out, "    '%s') echo '", path);
    append_value(out, kind, words);
    buffer_append_text(out, "' ;;\n");
}

void completion_append_bash(struct buffer *out)
{
    buffer_append_text(out, head);
    buffer_append_text(out, "_isoyard_commands()\n{\n    case $1 in\n");
    append_names(out, isoyard_commands, "");
    each_command(out, isoyard_commands, "", append_group);
    buffer_append_text(out, "    esac\n}\n\n_isoyard_options()\n{\n    case $1 in\n");
    each_command(out, isoyard_commands, "", append_options);
    buffer_append_text(out, "    *) echo '");
    options_each_common(append_option, out);
    buffer_append_text(out, "' ;;\n    esac\n}\n\n_isoyard_value()\n{\n    case \"$1 $2\" in\n");
    each_command(out, isoyard_commands, "", append_values);
    options_each_common(append_common_value, out);
    buffer_append_text(out, "    *) echo none ;;\n    esac\n}\n\n"
                            "_isoyard_argument()\n{\n    case $1 in\n");
    each_command(out, isoyard_commands, "", append_argument);
    buffer_append_text(out, "    *) echo none ;;\n    esac\n}\n\n");
    buffer_append_text(out, tail);
}
