/*
 * The server's configuration: every setting is a flag and an environment variable, the flag wins.
 * One table (setting_table.c) names, bounds and explains them all.
 */
#ifndef ISOYARD_CONFIG_H
#define ISOYARD_CONFIG_H

#include "api/err.h"
#include "api/limits.h"
#include "api/log.h"
#include "pools/crew.h"
#include "pools/pool.h"
#include "server/code_thread.h"
#include "server/log_recorder.h"
#include "server/log_thread.h"
#include "shim/net/fetcher.h"
#include "store/store.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Of a setting that is on or off. */
enum switch_position {
    SWITCH_ON,
    SWITCH_OFF,
};

/* Where console lines go beside the log. */
enum console_place {
    CONSOLE_ON_STDERR,
    CONSOLE_NOWHERE,
};

/* Owns its strings. */
struct config {
    char *listen;       /* HOST:PORT; NULL: no TCP */
    char *unix_path;    /* NULL: no Unix socket */
    char *http;         /* HOST:PORT; NULL: off */
    char *db_path;      /* never NULL once parsed */
    char *pool;         /* an architecture's name */
    char *egress_allow; /* networks, with commas between them; NULL: none */
    char *dns_server;   /* NULL: the system's */
    char *ca_file;      /* NULL: the system's roots */
    struct fetcher_config fetcher_config;
    struct pool_config pool_config;
    struct crew_config crew_config;
    struct limits limits;
    unsigned cq_threads;
    unsigned v8_threads;
    size_t bundle_bytes;
    size_t body_bytes; /* of requests; limits.response_body_bytes is the same */
    size_t buffer_bytes;
    size_t stream_bytes; /* the windows of all bodies that stream */
    uint64_t grace_ms;
    bool
        is_http_default; /* nobody asked for it: where the port is in use the server goes without */
    int observe;         /* enum switch_position */
    enum log_level log_level;
    struct log_config log_config;
    struct code_config code_config; /* max_bytes 0: none is kept */
    int log_console;                /* enum console_place */
    int log_ends;                   /* enum kept_ends */
    uint64_t given; /* settings that were given, as a flag or a variable, by their place in the
                       table */
};

/* A pool to be opened. */
struct pool_plan {
    const struct pool_ops *ops;
    struct pool_config config;
};

/*
 * Reads environment and command line. Prints to stdout and leaves the process for --help and
 * --version; prints to stderr and leaves it with CONFIG_EXIT_USAGE where something is wrong. Makes
 * no file. Before start.
 */
void config_parse(struct config *ret, int argc, char **argv);

#define CONFIG_EXIT_USAGE 2

/* Makes the folder of the database where it is the default one and missing. E_IO. */
int config_prepare(const struct config *config, struct error *error);

/* Keeps the number of isolates below what the kernel's bound of mappings allows; says so in the log
 * where it has to. */
void config_bound_isolates(struct pool_config *config);

/*
 * The pool that somebody chooses while the server runs: what is not chosen is as the server was
 * started with. E_INVALID, with the setting's name as field. Any thread.
 */
int config_choose(const struct config *config, const struct pool_choice *choice,
                  struct pool_plan *ret, struct error *error);

/*
 * The pool to start with, after such a choice of an earlier run: --pool sets it aside as a whole,
 * any other setting that was given wins over its own part. What cannot be any more is left out, and
 * the log says so. Before start.
 */
void config_resume(const struct config *config, const struct pool_choice *choice,
                   struct pool_plan *ret);

void config_release(struct config *config);

#endif
