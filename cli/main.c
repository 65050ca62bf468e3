/* isoyard: the table of commands. */
#include "cli/command.h"

#include <locale.h>

static const struct command commands[] = {
    {.name = "deploy",
     .summary = "deploy a worker from its files",
     .run = deploy_run,
     .argp = &deploy_argp},
    {.name = "exec",
     .summary = "send a request, or another event, to a worker",
     .run = exec_run,
     .argp = &exec_argp},
    {.name = "workers",
     .summary = "list, show, delete workers, and roll them back",
     .group = workers_commands},
    {.name = "pool",
     .summary = "watch, switch and compare pools of isolates",
     .group = pool_commands},
    {.name = "health",
     .summary = "ask whether the server takes work",
     .run = health_run,
     .argp = &health_argp},
    {.name = "version",
     .summary = "show versions of this program and the server",
     .run = version_run,
     .argp = &version_argp},
    {.name = NULL},
};

int main(int argc, char **argv)
{
    struct options options;
    char name[] = "isoyard";

    /* Characters are decoded as UTF-8 whatever the user's language is. */
    setlocale(LC_CTYPE, "C.UTF-8");
    argp_program_version = "isoyard " ISOYARD_VERSION;
    options_init(&options);
    argv[0] = name;
    return command_run(commands, "Deploys JavaScript workers to an Isoyard server and calls them.",
                       &options, argc, argv);
}
