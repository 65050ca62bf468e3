/* The completion for fish: a line for each command and option, with when it is to be had. */
#include "cli/command.h"
#include "cli/completion.h"

static const char head[] =
    "# fish completion of isoyard; made by \"isoyard completion fish\"\n\n"
    "function __isoyard_worker\n"
    "    isoyard --timeout 1 workers list 2>/dev/null | string match -rg '^([a-z0-9-]+) '\n"
    "end\n\n";

static const char functions[] = "# Whether the words before the cursor are these, or begin so.\n"
                                "function __isoyard_is\n"
                                "    set -l words (__isoyard_words)\n"
                                "    test \"$words\" = \"$argv\"\n"
                                "end\n\n"
                                "function __isoyard_in\n"
                                "    set -l words (__isoyard_words)\n"
                                "    set -l count (count $argv)\n"
                                "    test (count $words) -ge $count\n"
                                "    and test \"$words[1..$count]\" = \"$argv\"\n"
                                "end\n\n"
                                "complete -c isoyard -f\n";

static void append_quoted(struct buffer *out, const char *text)
{
    for (; *text; text++)
        buffer_append_format(out, strchr("'\\", *text) ? "\\%c" : "%c", *text);
}

static bool is_short(const struct argp_option *option)
{
    return option->key > ' ' && option->key < 0x7f;
}

/* Words that are no options: those behind an option that takes one are none, either. */

static void append_taker(void *arg, const struct argp_option *option, const char *group)
{
    (void)group;
    if (!option->name || !option->arg)
        return;
    buffer_append_format(arg, " --%s", option->name);
    if (is_short(option))
        buffer_append_format(arg, " -%c", option->key);
}

static void append_takers(struct buffer *out, const struct command *table)
{
    for (const struct command *c = table; c->name; c++) {
        if (c->group)
            append_takers(out, c->group);
        else
            options_each(c->argp, append_taker, out);
    }
}

static void append_words_function(struct buffer *out)
{
    buffer_append_text(out, "function __isoyard_words\n    set -l skips no\n"
                            "    for token in (commandline -opc)[2..-1]\n"
                            "        if test $skips = yes\n            set skips no\n"
                            "            continue\n        end\n"
                            "        switch $token\n            case");
    append_takers(out, isoyard_commands);
    buffer_append_text(out, "\n                set skips yes\n            case '-*'\n"
                            "            case '*'\n                echo $token\n        end\n"
                            "    end\nend\n\n");
}

static void append_value(struct buffer *out, enum value_kind kind, struct bytes words)
{
    static const char *const values[] = {
        [VALUE_NONE] = "",
        [VALUE_ANY] = " -x",
        [VALUE_FILE] = " -r -F",
        [VALUE_FOLDER] = " -x -a '(__fish_complete_directories)'",
        [VALUE_WORKER] = " -x -a '(__isoyard_worker)'",
        [VALUE_WORD] = "",
    };

    if (kind != VALUE_WORD) {
        buffer_append_text(out, values[kind]);
        return;
    }
    buffer_append_text(out, " -x -a '");
    for (size_t i = 0; i < words.len; i++)
        buffer_append(out, words.data[i] == '|' ? " " : &words.data[i], 1);
    buffer_append_text(out, "'");
}

struct lines {
    struct buffer *out;
    const char *condition; /* "__isoyard_in workers list"; NULL: everywhere */
    bool has_common;
};

static void append_option(void *arg, const struct argp_option *option, const char *group)
{
    struct lines *lines = arg;
    bool is_common = group && strcmp(group, OPTIONS_COMMON_GROUP) == 0;

    if (!option->name || option->flags & OPTION_HIDDEN || is_common != lines->has_common)
        return;
    buffer_append_text(lines->out, "complete -c isoyard");
    if (lines->condition)
        buffer_append_format(lines->out, " -n '%s'", lines->condition);
    if (is_short(option))
        buffer_append_format(lines->out, " -s '%c'", option->key);
    buffer_append_format(lines->out, " -l %s", option->name);
    append_value(lines->out, option_value_kind(option->arg),
                 bytes_of(option->arg ? option->arg : ""));
    buffer_append_text(lines->out, " -d '");
    append_quoted(lines->out, option->doc);
    buffer_append_text(lines->out, "'\n");
}

static void append_leaf(struct buffer *out, const struct command *c, const char *path)
{
    struct bytes words;
    enum value_kind kind = argument_kind(c->argp->args_doc, &words);
    struct buffer condition = {0};
    struct lines lines = {.out = out};

    buffer_append_format(&condition, "__isoyard_in %s", path);
    buffer_append(&condition, "", 1);
    lines.condition = condition.data;
    options_each(c->argp, append_option, &lines);
    if (kind != VALUE_NONE && kind != VALUE_ANY) {
        buffer_append_format(out, "complete -c isoyard -n '%s'", condition.data);
        append_value(out, kind, words);
        buffer_append_text(out, "\n");
    }
    buffer_release(&condition);
}

static void append_table(struct buffer *out, const struct command *table, const char *path)
{
    for (const struct command *c = table; c->name; c++) {
        struct buffer own = {0};

        buffer_append_format(out, "complete -c isoyard -n '__isoyard_is%s%s' -a %s -d '",
                             path[0] ? " " : "", path, c->name);
        append_quoted(out, c->summary);
        buffer_append_text(out, "'\n");
        buffer_append_format(&own, "%s%s%s", path, path[0] ? " " : "", c->name);
        buffer_append(&own, "", 1);
        if (c->group)
            append_table(out, c->group, own.data);
        else
            append_leaf(out, c, own.data);
        buffer_release(&own);
    }
}

void completion_append_fish(struct buffer *out)
{
    struct lines common = {.out = out, .has_common = true};

    buffer_append_text(out, head);
    append_words_function(out);
    buffer_append_text(out, functions);
    options_each_common(append_option, &common);
    append_table(out, isoyard_commands, "");
}
