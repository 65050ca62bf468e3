/*
 * What `isoyard dev` runs: the files of the command line, or what isoyard.json says, which may
 * change meanwhile. Main thread.
 */
#ifndef ISOYARD_CLI_DEV_PROJECT_H
#define ISOYARD_CLI_DEV_PROJECT_H

#include "cli/options.h"
#include "cli/project.h"

struct dev_project {
    struct project now; /* before dev_project_open: what the command line says */
    bool is_file;       /* isoyard.json says it */

    /* What stays whatever that says later. */
    char *name;                    /* that --name gave; NULL: none */
    char *tenant;                  /* of all calls; NULL: nobody says */
    bool has_tenant;               /* of the command line */
    struct project_limits started; /* of the server */
};

/* Reads isoyard.json where the command line names no files; sets the options' tenant, which lives
 * as long as *p. E_INVALID: there is none, or it is not as it should be. E_IO. */
int dev_project_open(struct dev_project *p, struct options *options, struct error *error);

/* Reads it again, where it was read, and says on stderr what of it cannot change while a server
 * runs. After an error *p is as it was. */
int dev_project_reread(struct dev_project *p, struct error *error);

void dev_project_release(struct dev_project *p);

#endif
