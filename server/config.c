/* Reading the environment and the command line, and what is as nobody said. */
#include "server/config.h"

#include "api/bytes.h"
#include "api/option_names.h"
#include "api/version.h"
#include "server/database_path.h"
#include "server/isolate_room.h"
#include "server/manual.h"
#include "server/setting.h"
#include "shim/shim.h"

#include <argp.h>
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#define MIB ((uint64_t)1 << 20)
#define DAY_MS UINT64_C(86400000)

/* argp takes keys that are no characters for flags without a short form. */
#define KEY_BASE 1000
#define KEY_MANUAL (KEY_BASE + (int)setting_count)

/* As a flag or a variable. */
static int give_value(struct config *config, const struct setting *s, const char *text,
                      struct error *error)
{
    config->given |= UINT64_C(1) << (s - settings);
    return setting_set(s, config, text, error);
}

/* The environment */

/* "idle-ttl-ms": "ISOYARD_IDLE_TTL_MS" */
static void variable_name(const struct setting *s, char ret[64])
{
    size_t len = (size_t)snprintf(ret, 64, "ISOYARD_%s", s->name);

    assert(len < 64);
    for (size_t i = 0; i < len; i++) {
        if (ret[i] == '-')
            ret[i] = '_';
        else if (ret[i] >= 'a' && ret[i] <= 'z')
            ret[i] = (char)(ret[i] - ('a' - 'A'));
    }
}

static void read_environment(struct config *config)
{
    for (size_t i = 0; i < setting_count; i++) {
        struct error error;
        char variable[64];
        const char *text;

        variable_name(&settings[i], variable);
        text = getenv(variable);
        if (text && give_value(config, &settings[i], text, &error)) {
            fprintf(stderr, "isoyardd: %s in the environment: %s\n", variable, error.message);
            exit(CONFIG_EXIT_USAGE);
        }
    }
}

/* The command line */

struct reading {
    struct config *config;
    const struct argp *argp;
};

static error_t parse_flag(int key, char *arg, struct argp_state *state)
{
    const struct reading *reading = state->input;
    struct error error;

    if (key == ARGP_KEY_ARG)
        argp_error(state, "unexpected argument '%s'", arg);
    if (key == KEY_MANUAL) {
        manual_print(reading->argp, arg);
        exit(0);
    }
    if (key < KEY_BASE || key >= KEY_BASE + (int)setting_count)
        return ARGP_ERR_UNKNOWN;
    if (give_value(reading->config, &settings[key - KEY_BASE], arg, &error))
        argp_error(state, "--%s: %s", error.field, error.message);
    return 0;
}

static void print_version(FILE *stream, struct argp_state *state)
{
    (void)state;
    fprintf(stream, "isoyardd %s (V8 %s)\n", isoyard_version(), engine_version());
}

static const char description[] =
    "Runs JavaScript workers on V8, called over gRPC.\v"
    "Every option can also be given in the environment, as ISOYARD_ and its name in capitals: "
    "ISOYARD_IDLE_TTL_MS for --idle-ttl-ms. An option wins over the environment.\n\n"
    "SIGTERM or SIGINT: the server takes nothing new, lets what runs end within --grace-ms, and "
    "leaves; a second signal ends it at once.\n\n"
    "Exit status: 0 ended by a signal, 1 it could not start or stop in order, 2 wrong usage, 3 it should be started "
    "anew (see --quarantine), 128 and the signal's number where a second signal ended it.";

static void read_flags(struct config *config, int argc, char **argv)
{
    struct argp_option options[SETTINGS_MAX + 2] = {{0}};
    const struct argp argp = {options, parse_flag, NULL, description, NULL, NULL, NULL};
    struct reading reading = {config, &argp};

    for (size_t i = 0; i < setting_count; i++)
        options[i] = (struct argp_option){.name = settings[i].name,
                                          .key = KEY_BASE + (int)i,
                                          .arg = settings[i].arg,
                                          .doc = setting_doc(&settings[i], config)};
    options[setting_count] =
        (struct argp_option){"manual", KEY_MANUAL, "DATE", OPTION_HIDDEN, "", 0};
    argp_program_version_hook = print_version;
    argp_err_exit_status = CONFIG_EXIT_USAGE;
    option_names_check(&argp, argc, argv, false, CONFIG_EXIT_USAGE);
    argp_parse(&argp, argc, argv, 0, NULL, &reading);
    for (size_t i = 0; i < setting_count; i++)
        free((char *)options[i].doc);
}

/* Defaults */

static void set_defaults(struct config *config)
{
    *config = (struct config){
        .pool = xstrdup("pinned"),
        .pool_config = pool_config_default(),
        .crew_config = crew_config_default(),
        .limits = limits_default(),
        .fetcher_config = {.connections_per_tenant = 64,
                           .connections = 256,
                           .fetches_per_tenant = 4096,
                           .connect_timeout_ms = 10000},
        .cq_threads = 1,
        .v8_threads = 1,
        .bundle_bytes = (size_t)10 << 20,
        .body_bytes = limits_default().response_body_bytes,
        .buffer_bytes = (size_t)256 << 20,
        .stream_bytes = (size_t)512 << 20,
        .grace_ms = 10000,
        .log_level = LOG_INFO,
        .log_config = {.max_bytes = 64 * MIB, .age_ms = 7 * DAY_MS},
        .code_config = {.max_bytes = 64 * MIB},
    };
}

/* Who gives a Unix socket and nothing else wants no other to be open. */
static void complete_http(struct config *config)
{
    if (!config->http && (config->listen || !config->unix_path)) {
        config->http = xstrdup("127.0.0.1:7071");
        config->is_http_default = true;
    }
    if (config->http && strcmp(config->http, "off") == 0) {
        free(config->http);
        config->http = NULL;
    }
}

/* "dir/isoyard.db", "logs": "dir/isoyard-logs.db" */
static char *path_beside(const char *db_path, const char *what)
{
    size_t len = strlen(db_path);
    const char *suffix = len > 3 && strcmp(db_path + len - 3, ".db") == 0 ? ".db" : "";
    char *path;

    if (asprintf(&path, "%.*s-%s%s", (int)(len - strlen(suffix)), db_path, what, suffix) < 0)
        abort();
    return path;
}

static void complete(struct config *config)
{
    complete_http(config);
    if (!config->listen && !config->unix_path)
        config->listen = xstrdup("127.0.0.1:7070");
    if (!config->db_path)
        config->db_path = database_path_default();
    if (!config->db_path) {
        fprintf(stderr, "isoyardd: there is no HOME to keep the database in; use --db PATH\n");
        exit(CONFIG_EXIT_USAGE);
    }
    if (!config->log_config.path)
        config->log_config.path = path_beside(config->db_path, "logs");
    config->code_config.path = path_beside(config->db_path, "code");
    config->limits.response_body_bytes = config->body_bytes;
    /* The pool that serves has a bound of its own. */
    config->limits.tasks = TICKET_SLOT_MAX;
    config->fetcher_config.dns_server = config->dns_server;
}

void config_parse(struct config *ret, int argc, char **argv)
{
    set_defaults(ret);
    read_environment(ret);
    read_flags(ret, argc, argv);
    complete(ret);
}

int config_prepare(const struct config *config, struct error *error)
{
    return database_path_prepare(config->db_path, error);
}

void config_bound_isolates(struct pool_config *config)
{
    unsigned bound = isolate_room_max(config->lanes);

    if (config->isolates <= bound)
        return;
    log_warn("fewer isolates than asked for: raise vm.max_map_count for more",
             log_number("asked", config->isolates), log_number("isolates", bound));
    config->isolates = bound;
}

void config_release(struct config *config)
{
    free(config->listen);
    free(config->unix_path);
    free(config->http);
    free(config->db_path);
    free(config->log_config.path);
    free(config->code_config.path);
    free(config->pool);
    free(config->egress_allow);
    free(config->dns_server);
    free(config->ca_file);
    *config = (struct config){0};
}
