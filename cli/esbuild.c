/* Finding esbuild, and running it. */
#include "cli/esbuild.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <libgen.h>
#include <limits.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

#define LOCAL "node_modules/.bin/esbuild"

/* What is read at once. */
#define READ_BYTES 65536

#define METAFILE_BYTES ((size_t)64 << 20)

bool esbuild_is_needed(const char *path)
{
    static const char *const extensions[] = {".ts", ".mts", ".cts", ".tsx", ".jsx"};
    const char *dot = strrchr(path, '.');

    for (size_t i = 0; dot && i < sizeof(extensions) / sizeof(extensions[0]); i++) {
        if (strcmp(extensions[i], dot) == 0)
            return true;
    }
    return false;
}

/* In node_modules of the folder, or of one above; NULL: nowhere. The caller frees. */
static char *find_above(const char *folder)
{
    char *above = realpath(folder, NULL);

    while (above) {
        char *slash = strrchr(above, '/');
        char *program;

        if (asprintf(&program, "%s/" LOCAL, slash == above && !above[1] ? "" : above) < 0)
            abort();
        if (access(program, X_OK) == 0) {
            free(above);
            return program;
        }
        free(program);
        if (!above[1])
            break;
        slash[slash == above] = '\0';
    }
    free(above);
    return NULL;
}

static char *find(const char *path)
{
    const char *given = getenv("ISOYARD_ESBUILD");
    char *copy, *program;

    if (given && given[0])
        return xstrdup(given);
    copy = xstrdup(path);
    program = find_above(dirname(copy));
    free(copy);
    return program ? program : xstrdup("esbuild");
}

/* The main file is a module for a V8 10.2, which is Chrome 102's; packages are asked for what they
 * have for workers, and browsers, and not for Node.js. */
static const char *const bundling[] = {"--bundle",
                                       "--format=esm",
                                       "--platform=neutral",
                                       "--main-fields=module,main",
                                       "--conditions=workerd,worker,browser",
                                       "--target=chrome102",
                                       "--define:process.env.NODE_ENV=\"production\"",
                                       "--external:*.wasm",
                                       "--external:*.bin",
                                       "--loader:.html=text",
                                       "--loader:.css=text",
                                       "--loader:.svg=text",
                                       "--loader:.md=text",
                                       "--loader:.sql=text",
                                       "--charset=utf8"};

#define BUNDLING_COUNT (sizeof(bundling) / sizeof(bundling[0]))

/* What is asked for besides. */
static const char *const to_module[3] = {"--sourcemap=inline", "--sources-content=false",
                                         "--log-level=warning"};

/* It says what it read only where it also writes the module to a file. */
static const char *const to_inputs[3] = {"--outfile=/dev/null", "--metafile=/dev/stdout",
                                         "--log-level=silent"};

/* The caller may have blocked signals; Ctrl-C is to end it. */
static int spawn(const char *program, char *const *arguments,
                 const posix_spawn_file_actions_t *actions, pid_t *ret_process)
{
    posix_spawnattr_t attributes;
    sigset_t none;
    int failed;

    sigemptyset(&none);
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
    failed = posix_spawnp(ret_process, program, actions, &attributes, arguments, environ);
    posix_spawnattr_destroy(&attributes);
    return failed;
}

static int start(const char *program, const char *path, const char *const flags[3], int *ret_output,
                 pid_t *ret_process)
{
    char *arguments[2 + BUNDLING_COUNT + 3 + 1] = {(char *)"esbuild", (char *)path};
    posix_spawn_file_actions_t actions;
    int ends[2];
    int failed;

    memcpy(arguments + 2, bundling, sizeof(bundling));
    memcpy(arguments + 2 + BUNDLING_COUNT, flags, 3 * sizeof(flags[0]));
    if (pipe2(ends, O_CLOEXEC) < 0)
        return errno;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
    failed = spawn(program, arguments, &actions, ret_process);
    posix_spawn_file_actions_destroy(&actions);
    close(ends[1]);
    if (failed)
        close(ends[0]);
    else
        *ret_output = ends[0];
    return failed;
}

/* All that it writes; false where that is too much, or cannot be read. */
static bool read_output(int output, size_t max_bytes, struct buffer *ret)
{
    ssize_t len;

    do {
        do
            len = read(output, buffer_reserve(ret, READ_BYTES), READ_BYTES);
        while (len < 0 && errno == EINTR);
        ret->len += len > 0 ? (size_t)len : 0;
    } while (len > 0 && ret->len <= max_bytes);
    return len == 0;
}

static int wait_for(pid_t process)
{
    int status;

    while (waitpid(process, &status, 0) < 0) {
        if (errno != EINTR)
            return -1;
    }
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static int cannot_start(const char *program, const char *path, int cause, struct error *error)
{
    if (cause != ENOENT)
        return error_set(error, E_IO, NULL, "cannot run %s: %s", program, strerror(cause));
    return error_set(error, E_NOT_FOUND, NULL,
                     "%s has to be bundled by esbuild, which is not there (%s): install it in your "
                     "project by 'npm install --save-dev esbuild', or say where it is with "
                     "ISOYARD_ESBUILD",
                     path, program);
}

/* Runs it; *ret is what it wrote. */
static int run(const char *path, const char *const flags[3], size_t max_bytes, struct buffer *ret,
               struct error *error)
{
    char *program = find(path);
    int output = -1, status, err = 0;
    bool is_whole;
    pid_t process;
    int cause = start(program, path, flags, &output, &process);

    if (cause) {
        err = cannot_start(program, path, cause, error);
        free(program);
        return err;
    }
    free(program);
    is_whole = read_output(output, max_bytes, ret);
    close(output); /* where it writes on, this ends it */
    status = wait_for(process);
    if (!is_whole)
        return error_set(error, E_LIMIT, NULL, "what esbuild made of %s is larger than %zu bytes",
                         path, max_bytes);
    if (status != 0)
        err = error_set(
            error, E_INVALID, NULL,
            "esbuild cannot bundle %s; it says why above (a package that it does not find wants "
            "'npm install')",
            path);
    return err;
}

int esbuild_bundle(const char *path, size_t max_bytes, struct buffer *ret, struct error *error)
{
    return run(path, to_module, max_bytes, ret, error);
}

/* Keys are relative to the working directory; some are no files: "(disabled):x". */
static void add_inputs(const json_t *metafile, struct paths *ret)
{
    json_t *inputs = json_object_get(metafile, "inputs");
    const char *path;
    json_t *value;

    json_object_foreach(inputs, path, value)
    {
        if (access(path, F_OK) == 0)
            paths_add(ret, path);
    }
}

int esbuild_inputs(const char *path, struct paths *ret, struct error *error)
{
    struct buffer text = {0};
    int err = run(path, to_inputs, METAFILE_BYTES, &text, error);
    json_t *metafile = err ? NULL : json_loadb(text.data, text.len, 0, NULL);

    if (!err && !metafile)
        err = error_set(error, E_INVALID, NULL, "esbuild does not say what it read for %s", path);
    add_inputs(metafile, ret);
    json_decref(metafile);
    buffer_release(&text);
    return err;
}
