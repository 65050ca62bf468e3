/* isoyard init */
#include "cli/init.h"

#include "api/bytes.h"
#include "api/err.h"
#include "cli/exit_status.h"
#include "cli/problem.h"
#include "cli/project.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* starter/starter.S */
extern const char starter_worker[], starter_worker_end[], starter_types[], starter_types_end[];

struct init_arguments {
    const char *folder;
    const char *name;
};

static const struct argp_option init_options[] = {
    {"name", 'n', "NAME", 0, "The worker's name (the folder's)", 0},
    {NULL, 0, NULL, 0, NULL, 0},
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct init_arguments *a = state->input;

    switch (key) {
    case 'n':
        a->name = arg;
        return 0;
    case ARGP_KEY_ARG:
        if (a->folder)
            argp_error(state, "unexpected argument '%s'", arg);
        a->folder = arg;
        return 0;
    case ARGP_KEY_END:
        if (a->name && !project_is_name(a->name))
            argp_error(state, "--name: '%s' is no worker's name: " PROJECT_NAME_RULE, a->name);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

const struct argp init_argp = {
    .options = init_options,
    .parser = parse,
    .args_doc = "[DIR]",
    .doc = "Writes a worker to begin with into a folder: worker.js, isoyard.d.ts with its types, "
           "and " PROJECT_FILE ", which deploy, dev and logs read.\vNo file that is there is "
           "changed.\n\n" EXIT_STATUS_HELP};

/* "My worker!" as "my-worker"; "worker" where nothing is left. */
static char *name_of_folder(const char *folder)
{
    char *path = realpath(folder, NULL);
    struct buffer name = {0};

    for (const char *c = path ? basename(path) : ""; *c && name.len < 63; c++) {
        char lower = (char)tolower((unsigned char)*c);

        if (isalnum((unsigned char)lower) && isascii((unsigned char)lower))
            buffer_append(&name, &lower, 1);
        else if (name.len > 0 && name.data[name.len - 1] != '-')
            buffer_append(&name, "-", 1);
    }
    while (name.len > 0 && name.data[name.len - 1] == '-')
        name.len--;
    if (name.len == 0)
        buffer_append_text(&name, "worker");
    buffer_append(&name, "", 1);
    free(path);
    return name.data;
}

static int write_file(const char *folder, const char *name, struct bytes content,
                      struct error *error)
{
    char *path;
    int fd, err = 0;

    if (asprintf(&path, "%s/%s", folder, name) < 0)
        abort();
    fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (fd < 0 && errno == EEXIST)
        err = error_set(error, E_CONDITION, NULL, "%s is there already, and stays as it is", path);
    else if (fd < 0 || write(fd, content.data, content.len) != (ssize_t)content.len)
        err = error_set(error, E_IO, NULL, "cannot write %s: %s", path, strerror(errno));
    if (fd >= 0 && close(fd) < 0 && !err)
        err = error_set(error, E_IO, NULL, "cannot write %s: %s", path, strerror(errno));
    free(path);
    return err;
}

/* One that is there keeps all from being written. */
static int check_absent(const char *folder, const char *name, struct error *error)
{
    char *path;
    int err = 0;

    if (asprintf(&path, "%s/%s", folder, name) < 0)
        abort();
    if (access(path, F_OK) == 0)
        err = error_set(error, E_CONDITION, NULL, "%s is there already; nothing was written", path);
    free(path);
    return err;
}

static char *project_text(const char *name)
{
    json_t *root = json_pack("{s:s, s:s, s:s, s:{s:i}}", "name", name, "main", "worker.js",
                             "tenant", "default", "limits", "max_tasks", 64);
    char *text = json_dumps(root, JSON_INDENT(4));
    char *ret;

    if (!text || asprintf(&ret, "%s\n", text) < 0)
        abort();
    free(text);
    json_decref(root);
    return ret;
}

static int write_all(const char *folder, const char *name, struct error *error)
{
    static const char *const files[] = {"worker.js", "isoyard.d.ts", PROJECT_FILE};
    char *project = project_text(name);
    const struct bytes contents[] = {
        {starter_worker, (size_t)(starter_worker_end - starter_worker)},
        {starter_types, (size_t)(starter_types_end - starter_types)},
        bytes_of(project)};
    int err = 0;

    for (int i = 0; i < 3 && !err; i++)
        err = check_absent(folder, files[i], error);
    for (int i = 0; i < 3 && !err; i++)
        err = write_file(folder, files[i], contents[i], error);
    free(project);
    return err;
}

static void print_next(const struct options *options, const char *folder, const char *name)
{
    bool is_here = strcmp(folder, ".") == 0;

    if (options->is_json) {
        json_t *object = json_pack("{s:s, s:s}", "name", name, "folder", folder);

        json_dumpf(object, stdout, JSON_INDENT(2));
        putchar('\n');
        json_decref(object);
        return;
    }
    printf("wrote %s/worker.js, isoyard.d.ts and " PROJECT_FILE " of the worker %s\n", folder,
           name);
    printf("next: %s%s%sisoyard dev      (try it at http://127.0.0.1:8787)\n", is_here ? "" : "cd ",
           is_here ? "" : folder, is_here ? "" : " && ");
    puts("      isoyard deploy   (to the server at $ISOYARD_ADDRESS, or 127.0.0.1:7070)");
}

int init_run(struct options *options, int argc, char **argv)
{
    struct init_arguments a = {0};
    struct error error;
    int status = EXIT_FINE;
    char *name;

    options_parse(options, &init_argp, &a, argc, argv);
    if (!a.folder)
        a.folder = ".";
    if (mkdir(a.folder, 0777) < 0 && errno != EEXIST)
        return problem_usage("cannot make the folder %s: %s", a.folder, strerror(errno));
    name = a.name ? xstrdup(a.name) : name_of_folder(a.folder);
    if (write_all(a.folder, name, &error))
        status = problem_usage("%s", error.message);
    else
        print_next(options, a.folder, name);
    free(name);
    return status;
}
