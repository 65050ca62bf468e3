/* isoyard deploy */
#include "cli/bundle.h"
#include "cli/client.h"
#include "cli/command.h"
#include "cli/exit_status.h"
#include "cli/json.h"
#include "cli/problem.h"
#include "cli/project.h"
#include "cli/text.h"

#include <errno.h>
#include <inttypes.h>
#include <libgen.h>
#include <stdlib.h>

/* What a server allows unless it was told otherwise. */
#define BUNDLE_BYTES ((size_t)10 << 20)

#define FILES_MAX 1024

struct deploy_arguments {
    const char *name;
    const char *message;
    bool skips_activation;
    uint32_t max_tasks;
    bool allows_eval;
    bool is_bundled;
    size_t max_bytes;
    char *paths[FILES_MAX];
    size_t path_count;
    struct kind_choice choices[FILES_MAX];
    size_t choice_count;
};

enum {
    KEY_NO_ACTIVATE = 1000,
    KEY_TYPE,
    KEY_MAX_BYTES,
    KEY_MAX_TASKS,
    KEY_ALLOW_EVAL,
    KEY_BUNDLE,
};

static const struct argp_option deploy_options[] = {
    {"name", 'n', "NAME", 0, "The worker", 0},
    {"message", 'm', "TEXT", 0, "A note that is kept with the version", 0},
    {"no-activate", KEY_NO_ACTIVATE, NULL, 0, "Store the version; leave the active one as it is",
     0},
    {"bundle", KEY_BUNDLE, NULL, 0,
     "Bundle the main file with all that it imports, by esbuild; TypeScript (.ts .mts .cts .tsx) "
     "and .jsx are in any case",
     0},
    {"type", KEY_TYPE, "FILE=KIND", 0,
     "What a file is: module, script, text, json, wasm, data or source-map; else its extension "
     "tells (.js .mjs: module, .cjs: script, .txt .md .html .css .svg .xml .csv .sql: text, .json, "
     ".wasm, .bin: data, .map: source-map)",
     0},
    {"max-bytes", KEY_MAX_BYTES, "BYTES", 0,
     "The largest sum of the files' sizes that the server allows (10485760)", 0},
    {"max-tasks", KEY_MAX_TASKS, "N", 0,
     "Tasks in flight in one isolate of this version at once (what the server allows)", 0},
    {"allow-eval", KEY_ALLOW_EVAL, NULL, 0,
     "Let this version make code of strings: eval, new Function and their kin", 0},
    {NULL, 0, NULL, 0, NULL, 0},
};

static void add_path(struct deploy_arguments *a, char *path, struct argp_state *state)
{
    if (a->path_count == FILES_MAX)
        argp_error(state, "more than %d files", FILES_MAX);
    a->paths[a->path_count++] = path;
}

static void add_choice(struct deploy_arguments *a, const char *text, struct argp_state *state)
{
    struct error error;

    if (a->choice_count == FILES_MAX)
        argp_error(state, "more than %d types", FILES_MAX);
    if (kind_choice_parse(text, &a->choices[a->choice_count++], &error))
        argp_error(state, "--type: %s", error.message);
}

static uint64_t parse_number(const char *option, const char *text, uint64_t max,
                             struct argp_state *state)
{
    char *end;
    unsigned long long value;

    errno = 0;
    value = strtoull(text, &end, 10);
    if (text[0] < '0' || text[0] > '9' || *end != '\0' || errno || value > max)
        argp_error(state, "--%s: '%s' is no number up to %" PRIu64, option, text, max);
    return value;
}

static void check(const struct deploy_arguments *a, struct argp_state *state)
{
    if (a->path_count > 0 && !a->name)
        argp_error(state, "no worker named; use --name NAME");
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct deploy_arguments *a = state->input;

    switch (key) {
    case 'n':
        a->name = arg;
        return 0;
    case 'm':
        a->message = arg;
        return 0;
    case KEY_NO_ACTIVATE:
        a->skips_activation = true;
        return 0;
    case KEY_BUNDLE:
        a->is_bundled = true;
        return 0;
    case KEY_TYPE:
        add_choice(a, arg, state);
        return 0;
    case KEY_MAX_BYTES:
        a->max_bytes = (size_t)parse_number("max-bytes", arg, SIZE_MAX, state);
        return 0;
    case KEY_MAX_TASKS:
        a->max_tasks = (uint32_t)parse_number("max-tasks", arg, UINT32_MAX, state);
        return 0;
    case KEY_ALLOW_EVAL:
        a->allows_eval = true;
        return 0;
    case ARGP_KEY_ARG:
        add_path(a, arg, state);
        return 0;
    case ARGP_KEY_END:
        check(a, state);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

const struct argp deploy_argp = {
    .options = deploy_options,
    .parser = parse,
    .args_doc = "[FILE...]",
    .doc = "Deploys a worker from its files. The first one is the main one; all are named relative "
           "to its folder, as its imports name them. Without files " PROJECT_FILE
           " says which.\v" EXIT_STATUS_HELP,
};

static void print(const struct options *options, const struct deploy_arguments *a,
                  const Isoyard__V1__Version *version)
{
    if (options->is_json) {
        json_print(stdout, json_of_message(&version->base));
        return;
    }
    printf("deployed %s version %" PRIu32 " (%s, sha256 %.12s), %s\n", a->name, version->number,
           text_bytes(version->size_bytes), version->sha256,
           version->is_active ? "active" : "not activated");
}

static int send(const struct options *options, const struct deploy_arguments *a,
                const struct bundle *bundle)
{
    Isoyard__V1__DeployRequest request = ISOYARD__V1__DEPLOY_REQUEST__INIT;
    Isoyard__V1__DeployResponse *response;
    struct reply reply;
    int status;

    request.tenant = (char *)options->tenant;
    request.worker = (char *)a->name;
    request.message = (char *)(a->message ? a->message : "");
    request.skip_activation = a->skips_activation;
    request.max_tasks = a->max_tasks;
    request.allow_eval = a->allows_eval;
    request.n_files = bundle->count;
    request.files = bundle->pointers;
    status = client_ask(options, "/isoyard.v1.WorkerService/Deploy", &request.base,
                        &isoyard__v1__deploy_response__descriptor, &reply);
    if (status)
        return status;
    response = (Isoyard__V1__DeployResponse *)reply.response;
    if (response->version)
        print(options, a, response->version);
    reply_release(&reply);
    return EXIT_FINE;
}

/* Files and all that was not said otherwise, as isoyard.json says. */
static int use_project(struct options *options, struct deploy_arguments *a, struct project *project,
                       struct error *error)
{
    int err = project_read(".", project, error);

    if (err == E_NOT_FOUND)
        return error_set(error, E_INVALID, NULL,
                         "no file given, and there is no " PROJECT_FILE " here; the first file is "
                         "the main one, and 'isoyard init' makes a worker to begin with");
    if (err)
        return err;
    a->name = a->name ? a->name : project->name;
    a->max_tasks = a->max_tasks > 0 ? a->max_tasks : project->limits.max_tasks;
    if (project->tenant && !options->has_tenant)
        options->tenant = project->tenant;
    for (size_t i = 0; i < project->path_count; i++)
        a->paths[i] = project->paths[i];
    a->path_count = project->path_count;
    return 0;
}

static int read_files(const struct deploy_arguments *a, struct bundle *ret, struct error *error)
{
    const struct bundle_request request = {
        .paths = a->paths,
        .count = a->path_count,
        .choices = a->choices,
        .choice_count = a->choice_count,
        .max_bytes = a->max_bytes,
        .is_bundled = a->is_bundled,
    };

    return bundle_read(&request, ret, error);
}

int deploy_run(struct options *options, int argc, char **argv)
{
    struct deploy_arguments *a = xcalloc(1, sizeof(*a));
    struct bundle bundle = {0};
    struct project project = {0};
    char *folder = NULL;
    struct error error;
    int status;

    a->max_bytes = BUNDLE_BYTES;
    options_parse(options, &deploy_argp, a, argc, argv);
    if (a->path_count == 0 && use_project(options, a, &project, &error))
        status = problem_usage("%s", error.message);
    else if (read_files(a, &bundle, &error))
        status = problem_usage("%s", error.message);
    else {
        folder = xstrdup(a->paths[0]);
        options->source_folder = dirname(folder);
        status = send(options, a, &bundle);
    }
    bundle_release(&bundle);
    project_release(&project);
    free(folder);
    free(a);
    return status;
}
