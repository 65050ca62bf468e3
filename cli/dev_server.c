/* Starting and stopping isoyardd. */
#include "cli/dev_server.h"

#include "api/bytes.h"

#include <errno.h>
#include <ftw.h>
#include <inttypes.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define STOP_MS 5000
#define STEP_MS 20
#define ARGUMENTS_MAX 24

/* "DIR/isoyardd" beside this program, or in ../sbin; NULL: in neither. */
static char *find_beside(void)
{
    static const char *const places[] = {"isoyardd", "../sbin/isoyardd"};
    char own[4096];
    ssize_t len = readlink("/proc/self/exe", own, sizeof(own) - 1);
    char *slash, *path;

    own[len > 0 ? len : 0] = '\0';
    slash = strrchr(own, '/');
    for (int i = 0; slash && i < 2; i++) {
        if (asprintf(&path, "%.*s/%s", (int)(slash - own), own, places[i]) < 0)
            abort();
        if (access(path, X_OK) == 0)
            return path;
        free(path);
    }
    return NULL;
}

struct arguments {
    char *list[ARGUMENTS_MAX];
    size_t count;
};

__attribute__((format(printf, 2, 3))) static void add(struct arguments *a, const char *format, ...)
{
    va_list args;

    if (a->count + 1 >= ARGUMENTS_MAX)
        abort();
    va_start(args, format);
    if (vasprintf(&a->list[a->count++], format, args) < 0)
        abort();
    va_end(args);
}

static void add_limit(struct arguments *a, const char *flag, uint64_t value)
{
    if (value > 0)
        add(a, "--%s=%" PRIu64, flag, value);
}

/* A worker under development asks servers next door, which a server in service must not allow. */
static void fill(struct arguments *a, const char *program, const char *folder,
                 const struct project_limits *limits)
{
    add(a, "%s", program);
    add(a, "--unix=%s/socket", folder);
    add(a, "--db=%s/isoyard.db", folder);
    add(a, "--log-level=warn");
    add(a, "--log-console=off");
    add(a, "--grace-ms=1000");
    add(a, "--max-body-bytes=%d", DEV_BODY_BYTES);
    add(a, "--egress-allow=127.0.0.0/8,::1/128");
    add_limit(a, "cpu-ms", limits->cpu_ms);
    add_limit(a, "wall-ms", limits->wall_ms);
    add_limit(a, "heap-mib", limits->heap_mib);
    add_limit(a, "external-mib", limits->external_mib);
}

/* Settings of another server are not for this one. */
static void forget_settings(void)
{
    for (size_t i = 0; environ[i];) {
        char *name = strndup(environ[i], strcspn(environ[i], "="));

        if (!name)
            abort();
        /* Removing one moves the others up. */
        if (strncmp(name, "ISOYARD_", 8) != 0 || unsetenv(name) < 0)
            i++;
        free(name);
    }
}

/* In the new process. The terminal's Ctrl-C is for its parent, which then stops it in order, and
 * may have blocked signals. */
static void run(char *const *arguments, pid_t parent)
{
    sigset_t none;

    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (getppid() != parent)
        _exit(1);
    setpgid(0, 0);
    forget_settings();
    execvp(arguments[0], arguments);
    fprintf(stderr, "isoyard: cannot start %s: %s\n", arguments[0], strerror(errno));
    _exit(127);
}

int dev_server_start(struct dev_server *server, const char *program,
                     const struct project_limits *limits, struct error *error)
{
    const char *tmp = getenv("TMPDIR");
    struct arguments arguments = {.count = 0};
    char *found = program ? xstrdup(program) : find_beside();
    pid_t parent = getpid();

    *server = (struct dev_server){0};
    if (asprintf(&server->folder, "%s/isoyard-dev.XXXXXX", tmp && tmp[0] ? tmp : "/tmp") < 0)
        abort();
    if (!mkdtemp(server->folder)) {
        int err = error_set(error, E_IO, NULL, "cannot make the folder %s: %s", server->folder,
                            strerror(errno));
        free(server->folder);
        free(found);
        server->folder = NULL;
        return err;
    }
    if (asprintf(&server->address, "unix:%s/socket", server->folder) < 0)
        abort();
    fill(&arguments, found ? found : "isoyardd", server->folder, limits);
    server->pid = fork();
    if (server->pid == 0)
        run(arguments.list, parent);
    for (size_t i = 0; i < arguments.count; i++)
        free(arguments.list[i]);
    free(found);
    if (server->pid < 0) {
        server->pid = 0;
        return error_set(error, E_IO, NULL, "cannot start isoyardd: %s", strerror(errno));
    }
    return 0;
}

bool dev_server_is_alive(struct dev_server *server, int *ret_status)
{
    int status;

    if (server->pid == 0)
        return false;
    if (waitpid(server->pid, &status, WNOHANG) != server->pid)
        return true;
    server->pid = 0;
    *ret_status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    return false;
}

static int remove_one(const char *path, const struct stat *s, int kind, struct FTW *place)
{
    (void)s;
    (void)kind;
    (void)place;
    return remove(path);
}

static void end_process(struct dev_server *server)
{
    const struct timespec step = {.tv_nsec = STEP_MS * 1000000};
    int status;

    if (!dev_server_is_alive(server, &status))
        return;
    kill(server->pid, SIGTERM);
    for (int waited = 0; waited < STOP_MS; waited += STEP_MS) {
        if (!dev_server_is_alive(server, &status))
            return;
        nanosleep(&step, NULL);
    }
    kill(server->pid, SIGKILL);
    waitpid(server->pid, &status, 0);
    server->pid = 0;
}

void dev_server_stop(struct dev_server *server)
{
    end_process(server);
    if (server->folder)
        nftw(server->folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
    free(server->folder);
    free(server->address);
    *server = (struct dev_server){0};
}
