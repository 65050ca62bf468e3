/* The table of all commands. */
#include "cli/command.h"
#include "cli/completion.h"
#include "cli/dev.h"
#include "cli/init.h"
#include "cli/manual.h"
#include "cli/top.h"

const struct command isoyard_commands[] = {
    {.name = "init",
     .summary = "write a worker to begin with",
     .run = init_run,
     .argp = &init_argp},
    {.name = "dev",
     .summary = "run a worker here at an HTTP address, and again when it changes",
     .run = dev_run,
     .argp = &dev_argp},
    {.name = "deploy",
     .summary = "deploy a worker from its files",
     .run = deploy_run,
     .argp = &deploy_argp},
    {.name = "exec",
     .summary = "send a request, or another event, to a worker",
     .run = exec_run,
     .argp = &exec_argp},
    {.name = "logs",
     .summary = "show what workers wrote, and why they failed",
     .run = logs_run,
     .argp = &logs_argp},
    {.name = "workers",
     .summary = "list, show, delete workers, and roll them back",
     .group = workers_commands},
    {.name = "pool",
     .summary = "watch, switch and compare pools of isolates",
     .group = pool_commands},
    {.name = "top",
     .summary = "watch lanes, workers and contention live",
     .run = top_run,
     .argp = &top_argp},
    {.name = "health",
     .summary = "ask whether the server takes work",
     .run = health_run,
     .argp = &health_argp},
    {.name = "version",
     .summary = "show versions of this program and the server",
     .run = version_run,
     .argp = &version_argp},
    {.name = "completion",
     .summary = "print a shell's completion of these commands",
     .run = completion_run,
     .argp = &completion_argp},
    {.name = "manual", .summary = "print the manual page", .run = manual_run, .argp = &manual_argp},
    {.name = NULL},
};
