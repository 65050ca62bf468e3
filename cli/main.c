/* isoyard */
#include "api/version.h"
#include "cli/command.h"

#include <locale.h>

static void print_version(FILE *stream, struct argp_state *state)
{
    (void)state;
    fprintf(stream, "isoyard %s\n", isoyard_version());
}

int main(int argc, char **argv)
{
    struct options options;
    char name[] = "isoyard";

    /* Characters are decoded as UTF-8 whatever the user's language is. */
    setlocale(LC_CTYPE, "C.UTF-8");
    argp_program_version_hook = print_version;
    options_init(&options);
    argv[0] = name;
    return command_run(isoyard_commands, ISOYARD_CLI_SUMMARY, &options, argc, argv);
}
