/* Finding and running commands. */
#include "cli/command.h"

#include "api/bytes.h"
#include "api/suggest.h"
#include "cli/exit_status.h"

#include <stdio.h>
#include <stdlib.h>

/* "DESCRIPTION\vCommands:\n  NAME  SUMMARY\n...": what stands behind \v comes after the options. */
static char *describe(const struct command *commands, const char *description)
{
    struct buffer text = {0};

    buffer_append_format(&text, "%s\vCommands:\n", description);
    for (const struct command *c = commands; c->name; c++)
        buffer_append_format(&text, "  %-12s %s\n", c->name, c->summary);
    buffer_append_text(&text, "\nEach command explains itself with --help.\n\n" EXIT_STATUS_HELP);
    buffer_append(&text, "", 1);
    return text.data;
}

static const struct command *find(const struct command *commands, const char *name)
{
    for (const struct command *c = commands; c->name; c++) {
        if (strcmp(c->name, name) == 0)
            return c;
    }
    return NULL;
}

static int complain_none(const char *program)
{
    fprintf(stderr, "%s: no command given; '%s --help' lists the commands\n", program, program);
    return EXIT_USAGE;
}

static void consider_all(const struct command *commands, struct suggestion *s)
{
    for (const struct command *c = commands; c->name; c++)
        suggest_consider(s, c->name);
}

/* The group whose command was meant; NULL: none is near. */
static const struct command *nearest_group(const struct command *commands, struct suggestion *s)
{
    const struct command *ret = NULL;

    for (const struct command *c = commands; c->name; c++) {
        const char *before = s->best;

        if (c->group)
            consider_all(c->group, s);
        if (s->best != before)
            ret = c;
    }
    return ret;
}

static int complain_unknown(const struct command *commands, const char *program, const char *name)
{
    const struct command *group = NULL;
    struct suggestion suggestion;

    suggest_begin(&suggestion, name);
    consider_all(commands, &suggestion);
    if (!suggestion.best)
        group = nearest_group(commands, &suggestion);
    fprintf(stderr, "%s: there is no command %s; ", program, name);
    if (suggestion.best)
        fprintf(stderr, "did you mean '%s %s%s%s'?\n", program, group ? group->name : "",
                group ? " " : "", suggestion.best);
    else
        fprintf(stderr, "'%s --help' lists the commands\n", program);
    return EXIT_USAGE;
}

static int run_found(const struct command *command, struct options *options, int argc, char **argv)
{
    if (command->group)
        return command_run(command->group, command->summary, options, argc, argv);
    return command->run(options, argc, argv);
}

int command_run(const struct command *commands, const char *description, struct options *options,
                int argc, char **argv)
{
    char *help = describe(commands, description);
    int index = options_parse_leading(options, help, argc, argv);
    const struct command *command;
    char *name;
    int status;

    free(help);
    if (index >= argc)
        return complain_none(argv[0]);
    command = find(commands, argv[index]);
    if (!command)
        return complain_unknown(commands, argv[0], argv[index]);
    if (asprintf(&name, "%s %s", argv[0], command->name) < 0)
        abort();
    argv[index] = name;
    status = run_found(command, options, argc - index, argv + index);
    free(name);
    return status;
}
