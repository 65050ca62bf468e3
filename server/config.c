/* The table of settings, and what reads it. */
#include "server/config.h"

#include "api/bytes.h"
#include "api/version.h"
#include "server/database_path.h"
#include "server/isolate_room.h"
#include "server/manual.h"
#include "shim/op.h"
#include "shim/shim.h"

#include <argp.h>
#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#define MIB ((uint64_t)1 << 20)
#define DAY_MS UINT64_C(86400000)
#define HOUR_MS UINT64_C(3600000)

enum setting_kind {
    SETTING_TEXT,    /* char * */
    SETTING_UINT,    /* unsigned */
    SETTING_U32,     /* uint32_t */
    SETTING_U64,     /* uint64_t */
    SETTING_SIZE,    /* size_t */
    SETTING_LEVEL,   /* enum log_level */
    SETTING_CHOICE,  /* char *, a pool's architecture */
    SETTING_HANDOFF, /* enum handoff */
    SETTING_CONTEXT, /* enum context_use */
    SETTING_CONSOLE, /* int, enum console_place */
    SETTING_ENDS,    /* int, enum kept_ends */
    SETTING_SWITCH,  /* int, enum switch_position */
};

struct setting {
    const char *name; /* of the flag; the variable is ISOYARD_ and it, in capitals */
    const char *arg;
    enum setting_kind kind;
    size_t offset;  /* in struct config */
    uint64_t scale; /* what is given times this is what is kept */
    uint64_t min, max;
    const char *doc;
};

#define AT(member) offsetof(struct config, member)
#define POOL(member) offsetof(struct config, pool_config.member)
#define CREW(member) offsetof(struct config, crew_config.member)
#define FETCHER(member) offsetof(struct config, fetcher_config.member)
#define LIMITS(member) offsetof(struct config, limits.member)

static const struct setting settings[] = {
    {"listen", "HOST:PORT", SETTING_TEXT, AT(listen), 0, 0, 0,
     "Where to listen; port 0 picks one, which the log names (127.0.0.1:7070 unless only --unix is "
     "given)"},
    {"unix", "PATH", SETTING_TEXT, AT(unix_path), 0, 0, 0, "A Unix socket to listen at, too"},
    {"db", "PATH", SETTING_TEXT, AT(db_path), 0, 0, 0,
     "The database (isoyard.db in $STATE_DIRECTORY, or $XDG_STATE_HOME/isoyard, or "
     "~/.local/state/isoyard)"},
    {"http", "HOST:PORT|off", SETTING_TEXT, AT(http), 0, 0, 0,
     "Where metrics and the dashboard are served, by plain HTTP; off: nowhere (127.0.0.1:7071 unless "
     "only --unix is given)"},
    {"observe", "on|off", SETTING_SWITCH, AT(observe), 0, 0, 0,
     "Keep the last hour and recent failures for the dashboard, and the log; off: none of these"},
    {"pool", "NAME", SETTING_CHOICE, AT(pool), 0, 0, 0,
     "How isolates are pooled: pinned, shared, or legacy"},
    {"lanes", "N", SETTING_UINT, POOL(lanes), 1, 1, POOL_LANES_MAX, "Lanes"},
    {"isolates", "N", SETTING_UINT, POOL(isolates), 1, 1, 100000,
     "Warm isolates, in all lanes together"},
    {"handoff", "NAME", SETTING_HANDOFF, POOL(handoff), 0, 0, 0,
     "How shared isolates go from lane to lane: fifo, or mutex"},
    {"context", "NAME", SETTING_CONTEXT, POOL(context), 0, 0, 0,
     "Of a task in a warm isolate: the one that is there (reuse), or a new one (fresh)"},
    {"isolates-per-worker", "N", SETTING_UINT, POOL(isolates_per_worker), 1, 0, 100000,
     "Isolates of one worker at once, where they are shared; 0: as many as lanes"},
    {"queue", "N", SETTING_UINT, POOL(queue), 1, 1, 1000000,
     "Tasks that may wait, per lane; more are refused"},
    {"spread", "N", SETTING_UINT, POOL(spread), 1, 0, 1000000,
     "Pinned: tasks of a worker that may wait on a lane before further ones go to the next; 0: they "
     "never do"},
    {"tasks-per-isolate", "N", SETTING_UINT, POOL(tasks_per_isolate), 1, 1, TICKET_SLOT_MAX,
     "Tasks in flight in one isolate"},
    {"idle-ttl-ms", "MS", SETTING_U64, POOL(idle_ttl_ms), 1, 0, 365 * DAY_MS,
     "Isolates idle for longer are disposed of; 0: never"},
    {"recycle-after", "N", SETTING_U64, POOL(recycle_after), 1, 0, UINT32_MAX,
     "Isolates are recycled after this many tasks; 0: never"},
    {"spares", "N", SETTING_UINT, CREW(spares), 1, 0, 256,
     "Threads that stand by to adopt a lane whose turn lasts"},
    {"crypto-threads", "N", SETTING_UINT, CREW(crypto_threads), 1, 1, 64,
     "Threads for operations of crypto.subtle that take long"},
    {"adopt-after-ms", "MS", SETTING_U64, CREW(adopt_after_ms), 1, 1, 60000,
     "A turn that lasts longer loses its lane"},
    {"adopt-every", "N", SETTING_UINT, CREW(adopt_every), 1, 0, UINT32_MAX,
     "For tests: every N turns a lane is adopted though its turn does not last; 0: never"},
    {"cancel-grace-ms", "MS", SETTING_U64, CREW(cancel_grace_ms), 1, 0, 60000,
     "The turn of a cancelled task may last on for this long"},
    {"quarantine-after-ms", "MS", SETTING_U64, CREW(quarantine_after_ms), 1, 1, 600000,
     "A turn that was stopped and lasts on for longer is written off, with its isolate and thread"},
    {"quarantine", "N", SETTING_UINT, CREW(quarantine), 1, 0, 64,
     "Threads that may be in such turns; with one more the server drains and leaves, to be started "
     "anew"},
    {"cq-threads", "N", SETTING_UINT, AT(cq_threads), 1, 1, 64, "Threads that poll gRPC's queue"},
    {"v8-threads", "N", SETTING_UINT, AT(v8_threads), 1, 1, 16, "Threads of V8's background jobs"},
    {"cpu-ms", "MS", SETTING_U64, LIMITS(cpu_us), 1000, 1, DAY_MS, "Limit: CPU time of a task"},
    {"wall-ms", "MS", SETTING_U64, LIMITS(wall_us), 1000, 1, DAY_MS,
     "Limit: time from a task's start to its answer"},
    {"wait-until-ms", "MS", SETTING_U64, LIMITS(wait_until_us), 1000, 1, DAY_MS,
     "Limit: time from the answer to the end of what ctx.waitUntil was given"},
    {"body-idle-ms", "MS", SETTING_U64, LIMITS(body_idle_us), 1000, 1, DAY_MS,
     "Limit: time in which no byte of an answer's body moves while it streams"},
    {"startup-ms", "MS", SETTING_U64, LIMITS(startup_us), 1000, 1, DAY_MS,
     "Limit: time to evaluate a worker's modules"},
    {"heap-mib", "MIB", SETTING_SIZE, LIMITS(heap_bytes), MIB, 8, 4096,
     "Limit: JavaScript heap of an isolate"},
    {"external-mib", "MIB", SETTING_SIZE, LIMITS(external_bytes), MIB, 1, 65536,
     "Limit: an isolate's memory outside its heap"},
    {"max-subrequests", "N", SETTING_U32, LIMITS(subrequests), 1, 0, 1000000,
     "Limit: fetch() calls of a task"},
    {"max-concurrent-subrequests", "N", SETTING_U32, LIMITS(concurrent_subrequests), 1, 1, 1000,
     "fetch() calls of a task at once; those after them wait"},
    {"max-fetch-body-bytes", "BYTES", SETTING_SIZE, LIMITS(fetch_body_bytes), 1, 1024, 1024 * MIB,
     "The largest body that fetch() takes, decompressed"},
    {"egress-allow", "CIDR,...", SETTING_TEXT, AT(egress_allow), 0, 0, 0,
     "Networks that workers may reach beside public addresses, as 10.1.0.0/16"},
    {"dns-server", "ADDR:PORT", SETTING_TEXT, AT(dns_server), 0, 0, 0,
     "Who resolves names for fetch() (the system's servers)"},
    {"ca-file", "PATH", SETTING_TEXT, AT(ca_file), 0, 0, 0,
     "Certificates that fetch() trusts, PEM (the system's)"},
    {"connect-timeout-ms", "MS", SETTING_U64, FETCHER(connect_timeout_ms), 1, 1, 600000,
     "fetch() gives up connecting after this"},
    {"connections", "N", SETTING_UINT, FETCHER(connections), 1, 1, 65536,
     "Connections of fetch(), per lane"},
    {"connections-per-tenant", "N", SETTING_UINT, FETCHER(connections_per_tenant), 1, 1, 65536,
     "... and of them those of a tenant"},
    {"max-bundle-bytes", "BYTES", SETTING_SIZE, AT(bundle_bytes), 1, 1024, 256 * MIB,
     "The largest sum of a deployment's files"},
    {"max-body-bytes", "BYTES", SETTING_SIZE, AT(body_bytes), 1, 1024, 256 * MIB,
     "The largest body of a request or a response; gRPC clients refuse messages over 4 MiB unless "
     "told otherwise"},
    {"buffer-mib", "MIB", SETTING_SIZE, AT(buffer_bytes), MIB, 16, 65536,
     "What gRPC may buffer of requests at once, and the server of answers"},
    {"stream-mib", "MIB", SETTING_SIZE, AT(stream_bytes), MIB, 1, 65536,
     "What bodies that stream may have on their way at once, 256 KiB each"},
    {"code-cache-mib", "MIB", SETTING_U64, AT(code_config.max_bytes), MIB, 0, 65536,
     "Compiled code that is kept on disk for the next start; what is oldest goes. 0: none is kept"},
    {"grace-ms", "MS", SETTING_U64, AT(grace_ms), 1, 0, DAY_MS,
     "At SIGTERM what runs may end within this time"},
    {"log-level", "LEVEL", SETTING_LEVEL, AT(log_level), 0, 0, 0,
     "debug, info, warn, error or off"},
    {"log-console", "WHERE", SETTING_CONSOLE, AT(log_console), 0, 0, 0,
     "Where console lines of workers go beside the log that is kept: stderr, or off"},
    {"log-executions", "WHICH", SETTING_ENDS, AT(log_ends), 0, 0, 0,
     "Executions whose ends are kept in the log: failures, all, or off"},
    {"log-db", "PATH", SETTING_TEXT, AT(log_config.path), 0, 0, 0,
     "The log's database (that of --db with -logs in its name)"},
    {"log-mib", "MIB", SETTING_U64, AT(log_config.max_bytes), MIB, 0, 1024 * 1024,
     "The size of the log that is kept; what is oldest goes. 0: none is kept"},
    {"log-hours", "HOURS", SETTING_U64, AT(log_config.age_ms), HOUR_MS, 0, 100000,
     "Records of the log that are older go, too; 0: they do not"},
};

#define SETTING_COUNT (sizeof(settings) / sizeof(settings[0]))

/* argp takes keys that are no characters for flags without a short form. */
#define KEY_BASE 1000
#define KEY_MANUAL (KEY_BASE + (int)SETTING_COUNT)

static void *place_of(struct config *config, const struct setting *s)
{
    return (char *)config + s->offset;
}

/* Setting a value */

static bool parse_number(const char *text, uint64_t *ret)
{
    char *end;

    /* strtoull would take a sign and blanks. */
    if (text[0] < '0' || text[0] > '9')
        return false;
    errno = 0;
    *ret = strtoull(text, &end, 10);
    return *end == '\0' && errno == 0;
}

static int set_number(struct config *config, const struct setting *s, const char *text,
                      struct error *error)
{
    uint64_t value;

    if (!parse_number(text, &value) || value < s->min || value > s->max)
        return error_set(error, E_INVALID, s->name,
                         "'%s' is no number from %" PRIu64 " to %" PRIu64, text, s->min, s->max);
    value *= s->scale;
    if (s->kind == SETTING_UINT)
        *(unsigned *)place_of(config, s) = (unsigned)value;
    else if (s->kind == SETTING_U32)
        *(uint32_t *)place_of(config, s) = (uint32_t)value;
    else if (s->kind == SETTING_SIZE)
        *(size_t *)place_of(config, s) = (size_t)value;
    else
        *(uint64_t *)place_of(config, s) = value;
    return 0;
}

static int set_text(struct config *config, const struct setting *s, const char *text,
                    struct error *error)
{
    char **place = place_of(config, s);

    if (text[0] == '\0')
        return error_set(error, E_INVALID, s->name, "it must not be empty");
    if (s->kind == SETTING_CHOICE && !pool_ops_find(text))
        return error_set(error, E_INVALID, s->name, "'%s' is none of pinned, shared and legacy",
                         text);
    free(*place);
    *place = xstrdup(text);
    return 0;
}

static int set_level(struct config *config, const struct setting *s, const char *text,
                     struct error *error)
{
    if (log_level_parse(text, place_of(config, s)))
        return error_set(error, E_INVALID, s->name,
                         "'%s' is none of debug, info, warn, error and off", text);
    return 0;
}

static int set_handoff(struct config *config, const struct setting *s, const char *text,
                       struct error *error)
{
    if (handoff_parse(text, place_of(config, s)))
        return error_set(error, E_INVALID, s->name, "'%s' is neither fifo nor mutex", text);
    return 0;
}

static int set_context(struct config *config, const struct setting *s, const char *text,
                       struct error *error)
{
    if (context_parse(text, place_of(config, s)))
        return error_set(error, E_INVALID, s->name, "'%s' is neither reuse nor fresh", text);
    return 0;
}

/* The words of a setting that is one of some, in the order of their numbers; NULL ends them. */
static const char *const *words_of(const struct setting *s)
{
    static const char *const console[] = {"stderr", "off", NULL};
    static const char *const ends[] = {"failures", "all", "off", NULL};
    static const char *const positions[] = {"on", "off", NULL};

    if (s->kind == SETTING_SWITCH)
        return positions;
    return s->kind == SETTING_CONSOLE ? console : ends;
}

/* "stderr or off", "failures, all or off" */
static void list_words(const char *const *words, char *ret, size_t size)
{
    size_t len = 0;

    for (size_t i = 0; words[i] && len < size; i++) {
        const char *before = i == 0 ? "" : words[i + 1] ? ", " : " or ";

        len += (size_t)snprintf(ret + len, size - len, "%s%s", before, words[i]);
    }
}

static int set_word(struct config *config, const struct setting *s, const char *text,
                    struct error *error)
{
    const char *const *words = words_of(s);
    char list[128];

    for (int i = 0; words[i]; i++) {
        if (strcmp(words[i], text) == 0) {
            *(int *)place_of(config, s) = i;
            return 0;
        }
    }
    list_words(words, list, sizeof(list));
    return error_set(error, E_INVALID, s->name, "'%s' is not %s", text, list);
}

static int set_value(struct config *config, const struct setting *s, const char *text,
                     struct error *error)
{
    switch (s->kind) {
    case SETTING_TEXT:
    case SETTING_CHOICE:
        return set_text(config, s, text, error);
    case SETTING_LEVEL:
        return set_level(config, s, text, error);
    case SETTING_HANDOFF:
        return set_handoff(config, s, text, error);
    case SETTING_CONTEXT:
        return set_context(config, s, text, error);
    case SETTING_CONSOLE:
    case SETTING_ENDS:
    case SETTING_SWITCH:
        return set_word(config, s, text, error);
    default:
        return set_number(config, s, text, error);
    }
}

/* As a flag or a variable. */
static int give_value(struct config *config, const struct setting *s, const char *text,
                      struct error *error)
{
    static_assert(SETTING_COUNT <= 64, "config.given has a bit for each setting");
    config->given |= UINT64_C(1) << (s - settings);
    return set_value(config, s, text, error);
}

static bool is_given(const struct config *config, const struct setting *s)
{
    return config->given >> (s - settings) & 1;
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
    for (size_t i = 0; i < SETTING_COUNT; i++) {
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
    if (key < KEY_BASE || key >= KEY_BASE + (int)SETTING_COUNT)
        return ARGP_ERR_UNKNOWN;
    if (give_value(reading->config, &settings[key - KEY_BASE], arg, &error))
        argp_error(state, "--%s: %s", error.field, error.message);
    return 0;
}

static void print_number(char *ret, size_t size, const void *place, const struct setting *s)
{
    uint64_t value;

    if (s->kind == SETTING_UINT)
        value = *(const unsigned *)place;
    else if (s->kind == SETTING_U32)
        value = *(const uint32_t *)place;
    else if (s->kind == SETTING_SIZE)
        value = *(const size_t *)place;
    else
        value = *(const uint64_t *)place;
    snprintf(ret, size, " (%" PRIu64 ")", value / s->scale);
}

/* A setting's explanation with its default behind it. */
static char *option_doc(struct config *defaults, const struct setting *s)
{
    const void *place = place_of(defaults, s);
    char value[64] = "";
    char *doc;

    switch (s->kind) {
    case SETTING_TEXT:
        break; /* the explanation says it */
    case SETTING_CHOICE:
        snprintf(value, sizeof(value), " (%s)", *(char *const *)place);
        break;
    case SETTING_LEVEL:
        snprintf(value, sizeof(value), " (%s)", log_level_name(*(const enum log_level *)place));
        break;
    case SETTING_HANDOFF:
        snprintf(value, sizeof(value), " (%s)", handoff_name(*(const enum handoff *)place));
        break;
    case SETTING_CONTEXT:
        snprintf(value, sizeof(value), " (%s)", context_name(*(const enum context_use *)place));
        break;
    case SETTING_CONSOLE:
    case SETTING_ENDS:
    case SETTING_SWITCH:
        snprintf(value, sizeof(value), " (%s)", words_of(s)[*(const int *)place]);
        break;
    default:
        print_number(value, sizeof(value), place, s);
    }
    if (asprintf(&doc, "%s%s", s->doc, value) < 0)
        abort();
    return doc;
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
    struct argp_option options[SETTING_COUNT + 2] = {{0}};
    const struct argp argp = {options, parse_flag, NULL, description, NULL, NULL, NULL};
    struct reading reading = {config, &argp};

    for (size_t i = 0; i < SETTING_COUNT; i++)
        options[i] = (struct argp_option){.name = settings[i].name,
                                          .key = KEY_BASE + (int)i,
                                          .arg = settings[i].arg,
                                          .doc = option_doc(config, &settings[i])};
    options[SETTING_COUNT] =
        (struct argp_option){"manual", KEY_MANUAL, "DATE", OPTION_HIDDEN, "", 0};
    argp_program_version_hook = print_version;
    argp_err_exit_status = CONFIG_EXIT_USAGE;
    argp_parse(&argp, argc, argv, 0, NULL, &reading);
    for (size_t i = 0; i < SETTING_COUNT; i++)
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
    config->fetcher_config.ca_file = config->ca_file;
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

/* Choices of a pool */

static const struct setting *find_pools_setting(const char *name)
{
    const size_t begin = offsetof(struct config, pool_config);
    const size_t end = begin + sizeof(struct pool_config);

    for (size_t i = 0; i < SETTING_COUNT; i++) {
        const struct setting *s = &settings[i];
        bool is_pools = s->offset == AT(pool) || (s->offset >= begin && s->offset < end);

        if (is_pools && strcmp(s->name, name) == 0)
            return s;
    }
    return NULL;
}

static int choose(struct config *config, const struct pool_setting *chosen, struct error *error)
{
    const struct setting *s = find_pools_setting(chosen->name);

    if (!s)
        return error_set(error, E_INVALID, chosen->name, "a pool has no such setting");
    return set_value(config, s, chosen->value, error);
}

/* A copy that owns its pool's name, and nothing else. */
static struct config copy_of(const struct config *config)
{
    struct config copy = *config;

    copy.pool = xstrdup(config->pool);
    return copy;
}

static void make_plan(struct config *copy, struct pool_plan *ret)
{
    *ret = (struct pool_plan){pool_ops_find(copy->pool), copy->pool_config};
    free(copy->pool);
}

int config_choose(const struct config *config, const struct pool_choice *choice,
                  struct pool_plan *ret, struct error *error)
{
    struct config copy = copy_of(config);
    struct pool_plan plan;
    int err = 0;

    for (size_t i = 0; i < choice->count && !err; i++)
        err = choose(&copy, &choice->settings[i], error);
    make_plan(&copy, &plan);
    if (!err)
        *ret = plan;
    return err;
}

static void resume(struct config *copy, const struct pool_setting *chosen)
{
    const struct setting *s = find_pools_setting(chosen->name);
    struct error error;

    if (s && is_given(copy, s))
        return;
    if (choose(copy, chosen, &error))
        log_warn("what the last switch of pools chose cannot be any more",
                 log_text("setting", chosen->name), log_text("value", chosen->value),
                 log_text("error", error.message));
}

void config_resume(const struct config *config, const struct pool_choice *choice,
                   struct pool_plan *ret)
{
    struct config copy = copy_of(config);
    bool is_set_aside = is_given(config, find_pools_setting("pool"));

    for (size_t i = 0; i < choice->count && !is_set_aside; i++)
        resume(&copy, &choice->settings[i]);
    make_plan(&copy, ret);
    config_bound_isolates(&ret->config);
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
