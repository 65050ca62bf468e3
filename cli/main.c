/* isoyard: the table of commands. */
#include "cli/command.h"

#include <locale.h>

static const struct command commands[] = {
    {"deploy", "deploy a worker from its files", deploy_run, NULL},
    {"exec", "send a request, or another event, to a worker", exec_run, NULL},
    {"workers", "list, show, delete workers, and roll them back", NULL, workers_commands},
    {"pool", "watch, switch and compare pools of isolates", NULL, pool_commands},
    {"health", "ask whether the server takes work", health_run, NULL},
    {"version", "show versions of this program and the server", version_run, NULL},
    {NULL, NULL, NULL, NULL},
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
