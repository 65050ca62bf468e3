/* isoyard dev */
#include "cli/dev.h"

#include "api/bytes.h"
#include "cli/bundle.h"
#include "cli/client.h"
#include "cli/color.h"
#include "cli/dev_http.h"
#include "cli/dev_project.h"
#include "cli/dev_server.h"
#include "cli/dev_watch.h"
#include "cli/exit_status.h"
#include "cli/file.h"
#include "cli/log_text.h"
#include "cli/problem.h"

#include <errno.h>
#include <grpc/health/v1/health.pb-c.h>
#include <inttypes.h>
#include <isoyard/v1/log.pb-c.h>
#include <isoyard/v1/worker.pb-c.h>
#include <libgen.h>
#include <signal.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#define PORT 8787
#define BUNDLE_BYTES ((size_t)10 << 20)
#define START_MS 15000
#define LOOK_MS 50
#define SILENCE_MS (UINT64_C(365) * 86400 * 1000)

/* Signals that end it: the last two unless they are ignored from the start, as by nohup. */
static const int ending[] = {SIGINT, SIGTERM, SIGHUP, SIGPIPE};

#define ENDING_COUNT (sizeof(ending) / sizeof(ending[0]))

struct dev {
    struct options *options;
    uint16_t port;
    const char *program; /* --server; NULL: the one beside this program */
    struct dev_project project;
    struct dev_server server;
    struct dev_http *http;
    char *served; /* the worker that it asks */
    bool is_bundled;
    char *folder;        /* the main file's; that of the options is in it */
    struct paths inputs; /* what was deployed is made of, as far as is known */
    struct dev_watch *watch;
    uv_loop_t loop;
    uv_signal_t ends[ENDING_COUNT], child;
    uv_thread_t tail;
    int status;
};

enum {
    KEY_SERVER = 1000,
    KEY_BUNDLE,
};

static const struct argp_option dev_options[] = {
    {"port", 'P', "PORT", 0, "Where HTTP is served, at 127.0.0.1 (8787); 0: a port that is free",
     0},
    {"name", 'n', "NAME", 0, "The worker's name (worker, or as " PROJECT_FILE " says)", 0},
    {"bundle", KEY_BUNDLE, NULL, 0,
     "Bundle the main file with all that it imports, as deploy does; TypeScript is in any case", 0},
    {"server", KEY_SERVER, "FILE", 0, "The isoyardd to start (the one beside this program)", 0},
    {NULL, 0, NULL, 0, NULL, 0},
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct dev *dev = state->input;

    switch (key) {
    case 'P':
        dev->port = (uint16_t)options_number("port", arg, 0, UINT16_MAX, state);
        return 0;
    case 'n':
        if (!project_is_name(arg))
            argp_error(state, "--name: '%s' is no worker's name: " PROJECT_NAME_RULE, arg);
        free(dev->project.name);
        dev->project.name = xstrdup(arg);
        return 0;
    case KEY_BUNDLE:
        dev->is_bundled = true;
        return 0;
    case KEY_SERVER:
        dev->program = arg;
        return 0;
    case ARGP_KEY_ARG:
        if (dev->project.now.path_count == PROJECT_FILES_MAX)
            argp_error(state, "more than %d files", PROJECT_FILES_MAX);
        dev->project.now.paths[dev->project.now.path_count++] = xstrdup(arg);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

const struct argp dev_argp = {
    .options = dev_options,
    .parser = parse,
    .args_doc = "[FILE...]",
    .doc =
        "Runs a worker on a server of its own, whose database is thrown away at the end, and "
        "answers plain HTTP with it. It is deployed again when one of its files changes, also of "
        "those that are bundled; what it logs is shown. The first file is the main one; without "
        "files " PROJECT_FILE
        " names them, and is read again when it changes.\vThe worker may ask servers of this machine. A "
        "request's body is whole, up to 64 MiB; an answer's comes as it is written. --address is not used. "
        "Ctrl-C ends it.\n\n" EXIT_STATUS_HELP};

/* Deploying */

static int deploy_bundle(struct dev *dev, const struct bundle *bundle)
{
    Isoyard__V1__DeployRequest request = ISOYARD__V1__DEPLOY_REQUEST__INIT;
    const Isoyard__V1__DeployResponse *response;
    struct reply reply;
    int status;

    request.tenant = (char *)dev->options->tenant;
    request.worker = dev->project.now.name;
    request.max_tasks = dev->project.now.limits.max_tasks;
    request.n_files = bundle->count;
    request.files = bundle->pointers;
    status = client_ask(dev->options, "/isoyard.v1.WorkerService/Deploy", &request.base,
                        &isoyard__v1__deploy_response__descriptor, &reply);
    if (status)
        return status;
    response = (const Isoyard__V1__DeployResponse *)reply.response;
    printf("%sdeployed%s %s version %" PRIu32 "\n", color(stdout, COLOR_GREEN),
           color(stdout, COLOR_PLAIN), dev->project.now.name,
           response->version ? response->version->number : 0);
    fflush(stdout);
    reply_release(&reply);
    return EXIT_FINE;
}

/* Where there is no bundle any file may be what is missing, and the last one's go on. */
static void watch_inputs(struct dev *dev, const struct paths *inputs, bool is_whole,
                         struct timespec since)
{
    if (is_whole)
        paths_release(&dev->inputs);
    for (size_t i = 0; i < inputs->count; i++)
        paths_add(&dev->inputs, inputs->list[i]);
    if (dev->project.is_file)
        paths_add(&dev->inputs, PROJECT_FILE);
    dev_watch_set(dev->watch, &dev->inputs, is_whole ? NULL : dev->options->source_folder, since);
}

static void print_address(const struct dev *dev)
{
    printf("%s is at %shttp://127.0.0.1:%u/%s; Ctrl-C ends it\n", dev->served,
           color(stdout, COLOR_BOLD), dev_http_port(dev->http), color(stdout, COLOR_PLAIN));
    fflush(stdout);
}

/* Another name gets the requests once there is something by it. */
static void serve_by_name(struct dev *dev)
{
    if (strcmp(dev->served, dev->project.now.name) == 0)
        return;
    free(dev->served);
    dev->served = xstrdup(dev->project.now.name);
    dev_http_set_worker(dev->http, dev->served);
    print_address(dev);
}

static void set_folder(struct dev *dev)
{
    free(dev->folder);
    dev->folder = xstrdup(dev->project.now.paths[0]);
    dev->options->source_folder = dirname(dev->folder);
}

static int bundle(struct dev *dev, struct bundle *ret, struct error *error)
{
    struct bundle_request request = {
        .max_bytes = BUNDLE_BYTES, .is_bundled = dev->is_bundled, .lists_inputs = true};
    int err = dev_project_reread(&dev->project, error);

    *ret = (struct bundle){0};
    set_folder(dev);
    if (err)
        return err;
    request.paths = dev->project.now.paths;
    request.count = dev->project.now.path_count;
    return bundle_read(&request, ret, error);
}

/* What is wrong with the worker is shown, and what was deployed before goes on. */
static void deploy(struct dev *dev)
{
    struct timespec since;
    struct bundle files;
    struct error error;
    int err;

    clock_gettime(CLOCK_REALTIME, &since);
    err = bundle(dev, &files, &error);
    watch_inputs(dev, &files.inputs, !err, since);
    if (err)
        problem_usage("%s", error.message);
    else if (deploy_bundle(dev, &files) == EXIT_FINE)
        serve_by_name(dev);
    bundle_release(&files);
}

static void on_change(void *arg)
{
    deploy(arg);
}

/* Logs: a thread that follows them until the server ends. */

static bool print_record(void *arg, const ProtobufCMessage *message)
{
    const Isoyard__V1__TailResponse *response = (const Isoyard__V1__TailResponse *)message;

    (void)arg;
    for (size_t i = 0; i < response->n_records; i++)
        log_text_print(stdout, response->records[i]);
    return fflush(stdout) == 0;
}

static void follow_logs(void *arg)
{
    Isoyard__V1__TailRequest request = ISOYARD__V1__TAIL_REQUEST__INIT;
    struct dev *dev = arg;
    struct reply reply;

    request.tenant = (char *)dev->options->tenant;
    client_watch(dev->options, "/isoyard.v1.LogService/Tail", &request.base,
                 &isoyard__v1__tail_response__descriptor, SILENCE_MS, print_record, NULL, &reply);
    reply_release(&reply);
}

/* Signals. They are blocked from before there is a folder that must not stay behind until the loop
 * takes them. */

static bool is_taken(int number)
{
    struct sigaction action;

    if (number == SIGINT || number == SIGTERM)
        return true;
    return sigaction(number, NULL, &action) == 0 && action.sa_handler != SIG_IGN;
}

static void mask_signals(int how)
{
    sigset_t set;

    sigemptyset(&set);
    for (size_t i = 0; i < ENDING_COUNT; i++) {
        if (is_taken(ending[i]))
            sigaddset(&set, ending[i]);
    }
    pthread_sigmask(how, &set, NULL);
}

static bool is_to_end(void)
{
    bool has_come = false;
    sigset_t pending;

    sigpending(&pending);
    for (size_t i = 0; i < ENDING_COUNT; i++)
        has_come = has_come || (is_taken(ending[i]) && sigismember(&pending, ending[i]) == 1);
    return has_come;
}

/* Starting */

static bool is_serving(const struct options *options)
{
    Grpc__Health__V1__HealthCheckRequest request = GRPC__HEALTH__V1__HEALTH_CHECK_REQUEST__INIT;
    struct reply reply;
    bool is_fine;

    client_call(options, "/grpc.health.v1.Health/Check", &request.base,
                &grpc__health__v1__health_check_response__descriptor, 1000, &reply);
    is_fine = reply.code == GRPC_STATUS_OK;
    reply_release(&reply);
    return is_fine;
}

/* Fine also where it is to end before. */
static int wait_for_server(struct dev *dev)
{
    const struct timespec step = {.tv_nsec = LOOK_MS * 1000000};
    int status;

    for (int waited = 0; waited < START_MS; waited += LOOK_MS) {
        if (is_to_end())
            return EXIT_FINE;
        if (!dev_server_is_alive(&dev->server, &status)) {
            problem_usage("the server did not start: %s ended with status %d",
                          dev->program ? dev->program : "isoyardd", status);
            return status == 127 ? EXIT_USAGE : EXIT_SERVER;
        }
        if (is_serving(dev->options))
            return EXIT_FINE;
        nanosleep(&step, NULL);
    }
    problem_usage("the server did not start within %d s", START_MS / 1000);
    return EXIT_SERVER;
}

/* A wrong name is best told before anything runs. */
static int check_files(const struct project *project, struct error *error)
{
    for (size_t i = 0; i < project->path_count; i++) {
        if (access(project->paths[i], F_OK) < 0)
            return file_error(project->paths[i], errno, error);
    }
    return 0;
}

/* The loop */

static void stop(struct dev *dev, int status)
{
    dev->status = status;
    uv_stop(&dev->loop);
}

static void on_signal(uv_signal_t *handle, int number)
{
    (void)number;
    stop(handle->data, EXIT_FINE);
}

static void on_child(uv_signal_t *handle, int number)
{
    struct dev *dev = handle->data;
    int status;

    (void)number;
    if (dev_server_is_alive(&dev->server, &status))
        return;
    problem_usage("the server ended with status %d", status);
    stop(dev, EXIT_SERVER);
}

static void catch (struct dev *dev, uv_signal_t *handle, uv_signal_cb callback, int number)
{
    uv_signal_init(&dev->loop, handle);
    handle->data = dev;
    uv_signal_start(handle, callback, number);
}

static void open_loop(struct dev *dev)
{
    uv_loop_init(&dev->loop);
    for (size_t i = 0; i < ENDING_COUNT; i++) {
        if (is_taken(ending[i]))
            catch (dev, &dev->ends[i], on_signal, ending[i]);
        else
            uv_signal_init(&dev->loop, &dev->ends[i]);
    }
    catch (dev, &dev->child, on_child, SIGCHLD);
    dev->watch = dev_watch_new(&dev->loop, dev->server.folder, on_change, dev);
    mask_signals(SIG_UNBLOCK);
}

static void close_loop(struct dev *dev)
{
    dev_watch_close(dev->watch);
    for (size_t i = 0; i < ENDING_COUNT; i++)
        uv_close((uv_handle_t *)&dev->ends[i], NULL);
    uv_close((uv_handle_t *)&dev->child, NULL);
    uv_run(&dev->loop, UV_RUN_DEFAULT);
    dev_watch_free(dev->watch);
    uv_loop_close(&dev->loop);
}

static int serve(struct dev *dev)
{
    struct error error;

    dev->served = xstrdup(dev->project.now.name);
    if (dev_http_start(&dev->http, dev->options, dev->served, dev->port, &error)) {
        problem_usage("%s", error.message);
        return EXIT_USAGE;
    }
    open_loop(dev);
    deploy(dev);
    print_address(dev);
    uv_run(&dev->loop, UV_RUN_DEFAULT);
    /* What is left is short: an impatient second Ctrl-C must not leave the folder behind. */
    mask_signals(SIG_BLOCK);
    close_loop(dev);
    dev_http_stop(dev->http);
    return dev->status;
}

/* The server is started by a fork: before gRPC, and before any thread. */
static int run(struct dev *dev)
{
    struct error error;
    int status = EXIT_USAGE;

    mask_signals(SIG_BLOCK);
    if (dev_server_start(&dev->server, dev->program, &dev->project.started, &error))
        problem_usage("%s", error.message);
    else {
        dev->options->address = dev->server.address;
        grpc_init(); /* once for all calls */
        status = wait_for_server(dev);
        if (!status && !is_to_end() && uv_thread_create(&dev->tail, follow_logs, dev) == 0) {
            status = serve(dev);
            dev_server_stop(&dev->server);
            uv_thread_join(&dev->tail);
        }
        grpc_shutdown();
    }
    dev_server_stop(&dev->server);
    return status;
}

int dev_run(struct options *options, int argc, char **argv)
{
    struct dev *dev = xcalloc(1, sizeof(*dev));
    struct error error;
    int status;

    dev->options = options;
    dev->port = PORT;
    options_parse(options, &dev_argp, dev, argc, argv);
    if (dev_project_open(&dev->project, options, &error) || check_files(&dev->project.now, &error))
        status = problem_usage("%s", error.message);
    else
        status = run(dev);
    dev_project_release(&dev->project);
    paths_release(&dev->inputs);
    free(dev->served);
    free(dev->folder);
    free(dev);
    return status;
}
