/* Finding esbuild, and running it. */
#include "cli/esbuild.h"

#include <errno.h>
#include <libgen.h>
#include <limits.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

#define LOCAL "node_modules/.bin/esbuild"

/* What is read at once. */
#define READ_BYTES 65536

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
static int start(const char *program, const char *path, int *ret_output, pid_t *ret_process)
{
    char *const arguments[] = {(char *)"esbuild",
                               (char *)path,
                               (char *)"--bundle",
                               (char *)"--format=esm",
                               (char *)"--platform=neutral",
                               (char *)"--main-fields=module,main",
                               (char *)"--conditions=workerd,worker,browser",
                               (char *)"--target=chrome102",
                               (char *)"--define:process.env.NODE_ENV=\"production\"",
                               (char *)"--external:*.wasm",
                               (char *)"--external:*.bin",
                               (char *)"--loader:.html=text",
                               (char *)"--loader:.css=text",
                               (char *)"--loader:.svg=text",
                               (char *)"--loader:.md=text",
                               (char *)"--loader:.sql=text",
                               (char *)"--charset=utf8",
                               (char *)"--sourcemap=inline",
                               (char *)"--sources-content=false",
                               (char *)"--log-level=warning",
                               NULL};
    posix_spawn_file_actions_t actions;
    int ends[2];
    int failed;

    if (pipe(ends) < 0)
        return errno;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
    posix_spawn_file_actions_addclose(&actions, ends[0]);
    posix_spawn_file_actions_addclose(&actions, ends[1]);
    failed = posix_spawnp(ret_process, program, &actions, NULL, arguments, environ);
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

int esbuild_bundle(const char *path, size_t max_bytes, struct buffer *ret, struct error *error)
{
    char *program = find(path);
    int output = -1, status, err = 0;
    bool is_whole;
    pid_t process;
    int cause = start(program, path, &output, &process);

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
        err =
            error_set(error, E_INVALID, NULL, "esbuild cannot bundle %s; it says why above", path);
    return err;
}
