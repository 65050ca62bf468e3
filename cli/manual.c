/* isoyard manual */
#include "cli/manual.h"

#include "api/roff.h"
#include "api/version.h"
#include "cli/command.h"
#include "cli/exit_status.h"

#include <stdlib.h>

static const char description[] =
    "isoyard is the client of isoyardd(8), which runs many tenants' JavaScript workers. Each command "
    "is one gRPC call, or a few. It explains itself with --help.\n\n"
    "Output is for people, its tables as wide as the terminal, or for scripts: with --json it is one "
    "JSON object on stdout, and errors are JSON on stderr.";

static const char exit_status[] = EXIT_STATUS_HELP;

static const char examples[] = "isoyard deploy hello.js --name hello\n"
                               "isoyard exec hello --path '/?name=you'\n"
                               "isoyard pool watch --count 10\n"
                               "isoyard workers rollback hello";

static error_t parse(int key, char *arg, struct argp_state *state)
{
    const char **date = state->input;

    if (key != ARGP_KEY_ARG)
        return ARGP_ERR_UNKNOWN;
    if (*date)
        argp_error(state, "unexpected argument '%s'", arg);
    *date = arg;
    return 0;
}

const struct argp manual_argp = {
    .parser = parse,
    .args_doc = "[DATE]",
    .doc = "Prints the manual page of this program, as roff: isoyard manual | man -l -\v"
           "It is made of what --help prints. DATE stands in its foot."};

static void append_option(void *arg, const struct argp_option *option, const char *group)
{
    if (!group || strcmp(group, OPTIONS_COMMON_GROUP) != 0)
        roff_option(arg, option);
}

static void append_common_option(void *arg, const struct argp_option *option, const char *group)
{
    (void)group;
    roff_option(arg, option);
}

/* A doc of argp: what stands before the options, and behind them. The exit status has a section of
 * its own. */
static void append_doc(struct buffer *out, const char *doc, bool is_behind)
{
    const char *mark = strchr(doc, '\v');
    const char *text = is_behind ? (mark ? mark + 1 : "") : doc;
    const char *end = is_behind ? strstr(text, exit_status) : mark;
    char *part = strndup(text, end ? (size_t)(end - text) : strlen(text));

    if (!part)
        abort();
    if (is_behind && part[0])
        buffer_append_text(out, ".PP\n");
    roff_text(out, part);
    free(part);
}

/* "isoyard deploy [OPTION...] FILE..."; each line of args_doc is another way. */
static void append_usage(struct buffer *out, const char *path, const char *args_doc)
{
    struct buffer lines = {0};
    const char *rest = args_doc ? args_doc : "";

    do {
        size_t len = strcspn(rest, "\n");

        buffer_append_format(&lines, "%sisoyard %s [OPTION...]%s%.*s", lines.len > 0 ? "\n" : "",
                             path, len > 0 ? " " : "", (int)len, rest);
        rest += len + strspn(rest + len, "\n");
    } while (*rest);
    buffer_append(&lines, "", 1);
    roff_example(out, lines.data);
    buffer_release(&lines);
}

static void append_commands(struct buffer *out, const struct command *table, const char *path)
{
    for (const struct command *c = table; c->name; c++) {
        struct buffer own = {0};

        buffer_append_format(&own, "%s%s%s", path, path[0] ? " " : "", c->name);
        buffer_append(&own, "", 1);
        if (c->group) {
            append_commands(out, c->group, own.data);
        } else {
            roff_subsection(out, own.data);
            append_doc(out, c->argp->doc, false);
            append_usage(out, own.data, c->argp->args_doc);
            options_each(c->argp, append_option, out);
            append_doc(out, c->argp->doc, true);
        }
        buffer_release(&own);
    }
}

static void append_environment(struct buffer *out)
{
    roff_section(out, "ENVIRONMENT");
    roff_item(out, "ISOYARD_ADDRESS", "The server, where --address says nothing.");
    roff_item(out, "NO_COLOR", "Output has no colours, unless --color says otherwise.");
}

static void append_manual(struct buffer *out, const char *date)
{
    roff_begin(out, "isoyard", "1", date, "client of an Isoyard server");
    roff_section(out, "SYNOPSIS");
    roff_text(out, "isoyard [OPTION...] COMMAND ...");
    roff_section(out, "DESCRIPTION");
    roff_text(out, description);
    roff_section(out, "OPTIONS");
    roff_text(out, "Every command takes these, before or after its name.");
    options_each_common(append_common_option, out);
    roff_section(out, "COMMANDS");
    append_commands(out, isoyard_commands, "");
    roff_section(out, "EXIT STATUS");
    roff_text(out, exit_status + sizeof("Exit status: ") - 1);
    append_environment(out);
    roff_section(out, "EXAMPLES");
    roff_example(out, examples);
    roff_section(out, "SEE ALSO");
    roff_text(out, "isoyardd(8)");
}

int manual_run(struct options *options, int argc, char **argv)
{
    struct buffer page = {0};
    const char *date = NULL;

    options_parse(options, &manual_argp, &date, argc, argv);
    append_manual(&page, date ? date : isoyard_version());
    fwrite(page.data, 1, page.len, stdout);
    buffer_release(&page);
    return EXIT_FINE;
}
