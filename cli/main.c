/* isoyard */
#include "api/version.h"
#include "cli/command.h"
#include "cli/exit_status.h"

#include <locale.h>
#include <stdio.h>

static void print_version(FILE *stream, struct argp_state *state)
{
    (void)state;
    fprintf(stream, "isoyard %s\n", isoyard_version());
}

/* What is lost, as on a full disk, must not pass for printed. */
static int finish_output(int status)
{
    bool is_lost = fflush(stdout) != 0 || ferror(stdout);

    if (is_lost)
        fputs("isoyard: not all of the output could be written\n", stderr);
    return is_lost && status == EXIT_FINE ? EXIT_USAGE : status;
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
    return finish_output(command_run(isoyard_commands, ISOYARD_CLI_SUMMARY, &options, argc, argv));
}
