/* libuv's events of file systems, thinned out. */
#include "cli/dev_watch.h"

#include "api/bytes.h"

#include <libgen.h>
#include <stdlib.h>

/* Programs write a file in several steps. */
#define REST_MS 80

struct watched {
    uv_fs_event_t handle; /* of the file's folder */
    struct dev_watch *watch;
    char *name; /* in it */
};

struct dev_watch {
    uv_timer_t rest;
    void (*changed)(void *arg);
    void *arg;
    size_t count;
    struct watched *files;
};

static void on_rest(uv_timer_t *timer)
{
    struct dev_watch *watch = timer->data;

    watch->changed(watch->arg);
}

static void on_event(uv_fs_event_t *handle, const char *name, int events, int status)
{
    struct watched *file = handle->data;

    (void)events;
    if (status == 0 && name && strcmp(name, file->name) == 0)
        uv_timer_start(&file->watch->rest, on_rest, REST_MS, 0);
}

static void watch_one(uv_loop_t *loop, struct dev_watch *watch, struct watched *file,
                      const char *path)
{
    char *copy = xstrdup(path), *folder = xstrdup(path);

    file->watch = watch;
    file->name = xstrdup(basename(copy));
    uv_fs_event_init(loop, &file->handle);
    file->handle.data = file;
    uv_fs_event_start(&file->handle, on_event, dirname(folder), 0);
    free(copy);
    free(folder);
}

struct dev_watch *dev_watch_new(uv_loop_t *loop, char *const *paths, size_t count,
                                void (*changed)(void *arg), void *arg)
{
    struct dev_watch *watch = xcalloc(1, sizeof(*watch));

    watch->changed = changed;
    watch->arg = arg;
    watch->count = count;
    watch->files = xcalloc(count, sizeof(watch->files[0]));
    uv_timer_init(loop, &watch->rest);
    watch->rest.data = watch;
    for (size_t i = 0; i < count; i++)
        watch_one(loop, watch, &watch->files[i], paths[i]);
    return watch;
}

void dev_watch_close(struct dev_watch *watch)
{
    uv_close((uv_handle_t *)&watch->rest, NULL);
    for (size_t i = 0; i < watch->count; i++)
        uv_close((uv_handle_t *)&watch->files[i].handle, NULL);
}

void dev_watch_free(struct dev_watch *watch)
{
    for (size_t i = 0; i < watch->count; i++)
        free(watch->files[i].name);
    free(watch->files);
    free(watch);
}
