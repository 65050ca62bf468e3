/* libuv's events of file systems, thinned out. */
#include "cli/dev_watch.h"

#include "api/bytes.h"
#include "cli/problem.h"

#include <dirent.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

/* Programs write a file in several steps. */
#define REST_MS 80

/* Of a tree. */
#define TREE_FOLDERS 256
#define TREE_DEPTH 16

/* Times of files are those of the kernel's last tick. */
#define TICK_NS 10000000

struct folder {
    uv_fs_event_t handle;
    struct dev_watch *watch;
    char *path;
    struct paths names; /* in it */
    bool is_whole;      /* all sources in it are watched */
    struct folder *next;
};

struct dev_watch {
    uv_loop_t *loop;
    uv_timer_t rest;
    char *hidden; /* without links */
    void (*changed)(void *arg);
    void *arg;
    struct folder *folders;
    bool has_warned;
};

static void on_rest(uv_timer_t *timer)
{
    struct dev_watch *watch = timer->data;

    watch->changed(watch->arg);
}

static void start_rest(struct dev_watch *watch)
{
    uv_timer_start(&watch->rest, on_rest, REST_MS, 0);
}

/* Whether a worker may be made of it. */
static bool is_source(const char *name)
{
    static const char *const endings[] = {".js",   ".mjs", ".cjs", ".ts",   ".mts", ".cts",
                                          ".tsx",  ".jsx", ".css", ".html", ".svg", ".sql",
                                          ".json", ".txt", ".md",  ".wasm", ".bin"};
    const char *dot = strrchr(name, '.');

    for (size_t i = 0; dot && i < sizeof(endings) / sizeof(endings[0]); i++) {
        if (strcmp(endings[i], dot) == 0)
            return true;
    }
    return false;
}

static char *join(const char *folder, const char *name)
{
    char *path;

    if (asprintf(&path, "%s/%s", folder, name) < 0)
        abort();
    return path;
}

static bool is_folder(const char *folder, const char *name)
{
    char *path = join(folder, name);
    struct stat s;
    bool is_one = stat(path, &s) == 0 && S_ISDIR(s.st_mode);

    free(path);
    return is_one;
}

static bool has_name(const struct folder *folder, const char *name)
{
    for (size_t i = 0; i < folder->names.count; i++) {
        if (strcmp(folder->names.list[i], name) == 0)
            return true;
    }
    return false;
}

static void on_event(uv_fs_event_t *handle, const char *name, int events, int status)
{
    struct folder *folder = handle->data;

    (void)events;
    if (status != 0 || !name)
        return;
    if (has_name(folder, name) ||
        (folder->is_whole && (is_source(name) || is_folder(folder->path, name))))
        start_rest(folder->watch);
}

/* Folders */

static struct folder *find_folder(struct dev_watch *watch, const char *path)
{
    for (struct folder *folder = watch->folders; folder; folder = folder->next) {
        if (strcmp(folder->path, path) == 0)
            return folder;
    }
    return NULL;
}

/* A folder that is not there comes with its files, whose absence is said elsewhere. */
static void start_folder(struct folder *folder)
{
    int err = uv_fs_event_start(&folder->handle, on_event, folder->path, 0);

    if (err == 0 || err == UV_ENOENT || folder->watch->has_warned)
        return;
    problem_usage("changes in %s are not seen: %s", folder->path, uv_strerror(err));
    folder->watch->has_warned = true;
}

/* From now on its events are kept for the loop: what is looked at after this cannot be missed. */
static struct folder *add_folder(struct dev_watch *watch, const char *path)
{
    struct folder *folder = find_folder(watch, path);

    if (folder)
        return folder;
    folder = xcalloc(1, sizeof(*folder));
    folder->watch = watch;
    folder->path = xstrdup(path);
    folder->handle.data = folder;
    folder->next = watch->folders;
    watch->folders = folder;
    uv_fs_event_init(watch->loop, &folder->handle);
    start_folder(folder);
    return folder;
}

static void free_folder(uv_handle_t *handle)
{
    struct folder *folder = handle->data;

    paths_release(&folder->names);
    free(folder->path);
    free(folder);
}

static void close_folders(struct dev_watch *watch)
{
    struct folder *folder = watch->folders;

    watch->folders = NULL;
    while (folder) {
        struct folder *next = folder->next;

        uv_close((uv_handle_t *)&folder->handle, free_folder);
        folder = next;
    }
}

static void add_file(struct dev_watch *watch, const char *path)
{
    char *name = xstrdup(path), *folder = xstrdup(path);

    paths_add(&add_folder(watch, dirname(folder))->names, basename(name));
    free(name);
    free(folder);
}

/* Changes before they were watched */

static bool is_after(struct timespec time, struct timespec other)
{
    return time.tv_sec != other.tv_sec ? time.tv_sec > other.tv_sec : time.tv_nsec > other.tv_nsec;
}

/* Times to come, which files may have, say nothing. */
static bool has_changed(const char *path, struct timespec since)
{
    struct timespec now;
    struct stat s;

    clock_gettime(CLOCK_REALTIME, &now);
    return stat(path, &s) == 0 && is_after(s.st_mtim, since) && is_after(now, s.st_mtim);
}

static struct timespec tick_before(struct timespec time)
{
    bool is_less = time.tv_nsec < TICK_NS;

    return (struct timespec){time.tv_sec - is_less,
                             time.tv_nsec - TICK_NS + (is_less ? 1000000000 : 0)};
}

/* Trees */

static bool is_hidden(const struct dev_watch *watch, const char *path)
{
    char *real = realpath(path, NULL);
    bool is_same = real && watch->hidden && strcmp(real, watch->hidden) == 0;

    free(real);
    return is_same;
}

static bool may_be_folder(const struct dirent *entry)
{
    return (entry->d_type == DT_DIR || entry->d_type == DT_UNKNOWN) && entry->d_name[0] != '.' &&
           strcmp(entry->d_name, "node_modules") != 0;
}

/* Folders that may still be added, and whether a source in one has changed. */
struct tree {
    struct timespec since;
    unsigned left;
    bool has_changed;
};

static void add_tree(struct dev_watch *watch, const char *path, unsigned depth, struct tree *tree)
{
    DIR *folder = is_hidden(watch, path) ? NULL : opendir(path);
    const struct dirent *entry;

    if (!folder)
        return;
    tree->left--;
    add_folder(watch, path)->is_whole = true;
    while ((entry = readdir(folder))) {
        char *below = join(path, entry->d_name);

        if (is_source(entry->d_name) && has_changed(below, tree->since))
            tree->has_changed = true;
        if (may_be_folder(entry) && tree->left > 0 && depth > 0)
            add_tree(watch, below, depth - 1, tree);
        free(below);
    }
    closedir(folder);
}

void dev_watch_set(struct dev_watch *watch, const struct paths *files, const char *tree,
                   struct timespec since)
{
    struct tree all = {.since = tick_before(since), .left = TREE_FOLDERS};

    close_folders(watch);
    for (size_t i = 0; i < files->count; i++)
        add_file(watch, files->list[i]);
    if (tree)
        add_tree(watch, tree, TREE_DEPTH, &all);
    for (size_t i = 0; i < files->count; i++)
        all.has_changed = all.has_changed || has_changed(files->list[i], all.since);
    if (all.has_changed)
        start_rest(watch);
}

struct dev_watch *dev_watch_new(uv_loop_t *loop, const char *hidden, void (*changed)(void *arg),
                                void *arg)
{
    struct dev_watch *watch = xcalloc(1, sizeof(*watch));

    watch->loop = loop;
    watch->hidden = realpath(hidden, NULL);
    watch->changed = changed;
    watch->arg = arg;
    uv_timer_init(loop, &watch->rest);
    watch->rest.data = watch;
    return watch;
}

void dev_watch_close(struct dev_watch *watch)
{
    uv_close((uv_handle_t *)&watch->rest, NULL);
    close_folders(watch);
}

void dev_watch_free(struct dev_watch *watch)
{
    free(watch->hidden);
    free(watch);
}
