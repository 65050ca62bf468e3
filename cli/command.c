/* Finding and running commands. */
#include "cli/command.h"

#include "api/bytes.h"
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

static int complain(const char *program, const char *what, const char *name)
{
    fprintf(stderr, "%s: %s%s; '%s --help' lists the commands\n", program, what, name, program);
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
        return complain(argv[0], "no command given", "");
    command = find(commands, argv[index]);
    if (!command)
        return complain(argv[0], "there is no command ", argv[index]);
    if (asprintf(&name, "%s %s", argv[0], command->name) < 0)
        abort();
    argv[index] = name;
    status = run_found(command, options, argc - index, argv + index);
    free(name);
    return status;
}
