/*
 * The server of `isoyard dev`: an isoyardd of its own on a Unix socket and a database in a folder
 * that is removed with it. Before gRPC and threads: it is started by a fork. Main thread.
 */
#ifndef ISOYARD_CLI_DEV_SERVER_H
#define ISOYARD_CLI_DEV_SERVER_H

#include "api/err.h"
#include "cli/project.h"

#include <sys/types.h>

/* The largest body of a request or an answer that it takes. */
#define DEV_BODY_BYTES (64 << 20)

struct dev_server {
    pid_t pid; /* 0: there is none, or no longer */
    char *folder;
    char *address; /* "unix:PATH" */
};

/* Starts one; it ends with this process. program: NULL: the isoyardd beside this program, or in
 * $PATH. E_NOT_FOUND: there is none. E_IO. */
int dev_server_start(struct dev_server *server, const char *program,
                     const struct project_limits *limits, struct error *error);

/* Whether it runs; reaps it where it does not, and sets *ret_status to how it ended. */
bool dev_server_is_alive(struct dev_server *server, int *ret_status);

/* Ends it, within some seconds, and removes its folder. Also after dev_server_start failed. */
void dev_server_stop(struct dev_server *server);

#endif
