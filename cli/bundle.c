/* Collecting a deployment's files. */
#include "cli/bundle.h"

#include "cli/esbuild.h"
#include "cli/file.h"
#include "cli/map_comment.h"

#include <errno.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

/* What esbuild writes may be larger than the module that is left of it, by its map in base64. */
#define MAPPED_FACTOR 4

struct kind_name {
    const char *name;
    Isoyard__V1__FileKind kind;
};

static const struct kind_name kinds[] = {
    {"module", ISOYARD__V1__FILE_KIND__FILE_KIND_MODULE},
    {"script", ISOYARD__V1__FILE_KIND__FILE_KIND_SCRIPT},
    {"text", ISOYARD__V1__FILE_KIND__FILE_KIND_TEXT},
    {"json", ISOYARD__V1__FILE_KIND__FILE_KIND_JSON},
    {"wasm", ISOYARD__V1__FILE_KIND__FILE_KIND_WASM},
    {"data", ISOYARD__V1__FILE_KIND__FILE_KIND_DATA},
    {"source-map", ISOYARD__V1__FILE_KIND__FILE_KIND_SOURCE_MAP},
};

static const struct kind_name extensions[] = {
    {".js", ISOYARD__V1__FILE_KIND__FILE_KIND_MODULE},
    {".mjs", ISOYARD__V1__FILE_KIND__FILE_KIND_MODULE},
    {".cjs", ISOYARD__V1__FILE_KIND__FILE_KIND_SCRIPT},
    {".txt", ISOYARD__V1__FILE_KIND__FILE_KIND_TEXT},
    {".md", ISOYARD__V1__FILE_KIND__FILE_KIND_TEXT},
    {".html", ISOYARD__V1__FILE_KIND__FILE_KIND_TEXT},
    {".css", ISOYARD__V1__FILE_KIND__FILE_KIND_TEXT},
    {".svg", ISOYARD__V1__FILE_KIND__FILE_KIND_TEXT},
    {".xml", ISOYARD__V1__FILE_KIND__FILE_KIND_TEXT},
    {".csv", ISOYARD__V1__FILE_KIND__FILE_KIND_TEXT},
    {".sql", ISOYARD__V1__FILE_KIND__FILE_KIND_TEXT},
    {".json", ISOYARD__V1__FILE_KIND__FILE_KIND_JSON},
    {".wasm", ISOYARD__V1__FILE_KIND__FILE_KIND_WASM},
    {".bin", ISOYARD__V1__FILE_KIND__FILE_KIND_DATA},
    {".map", ISOYARD__V1__FILE_KIND__FILE_KIND_SOURCE_MAP},
};

static Isoyard__V1__FileKind find_kind(const struct kind_name *names, size_t count,
                                       const char *name)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(names[i].name, name) == 0)
            return names[i].kind;
    }
    return ISOYARD__V1__FILE_KIND__FILE_KIND_UNSPECIFIED;
}

#define FIND_KIND(names, name) find_kind(names, sizeof(names) / sizeof(names[0]), name)

int kind_choice_parse(const char *text, struct kind_choice *ret, struct error *error)
{
    const char *equals = strrchr(text, '=');

    if (!equals || equals == text)
        return error_set(error, E_INVALID, NULL, "'%s' is not FILE=KIND", text);
    ret->file = (struct bytes){text, (size_t)(equals - text)};
    ret->kind = FIND_KIND(kinds, equals + 1);
    if (ret->kind == ISOYARD__V1__FILE_KIND__FILE_KIND_UNSPECIFIED)
        return error_set(error, E_INVALID, NULL,
                         "'%s' is no kind of a file: module, script, text, json, wasm, data or "
                         "source-map",
                         equals + 1);
    return 0;
}

static Isoyard__V1__FileKind chosen_kind(const struct kind_choice *choices, size_t count,
                                         const char *path, const char *name)
{
    for (size_t i = 0; i < count; i++) {
        if (bytes_equal(choices[i].file, bytes_of(path)) ||
            bytes_equal(choices[i].file, bytes_of(name)))
            return choices[i].kind;
    }
    return ISOYARD__V1__FILE_KIND__FILE_KIND_UNSPECIFIED;
}

static int choose_kind(const struct kind_choice *choices, size_t count, const char *path,
                       Isoyard__V1__SourceFile *file, struct error *error)
{
    const char *dot = strrchr(file->name, '.');

    file->kind = chosen_kind(choices, count, path, file->name);
    if (file->kind == ISOYARD__V1__FILE_KIND__FILE_KIND_UNSPECIFIED && dot)
        file->kind = FIND_KIND(extensions, dot);
    if (file->kind != ISOYARD__V1__FILE_KIND__FILE_KIND_UNSPECIFIED)
        return 0;
    return error_set(error, E_INVALID, NULL,
                     "what kind of a file %s is cannot be told by its name; say it with --type "
                     "%s=KIND (module, script, text, json, wasm, data or source-map)",
                     path, path);
}

/* The folder that a path's last part lies in, without links, dots and double slashes. */
static char *real_folder(const char *path, struct error *error)
{
    char *copy = xstrdup(path);
    char *folder = realpath(dirname(copy), NULL);

    if (!folder)
        file_error(path, errno, error);
    free(copy);
    return folder;
}

/* The part of a folder below the root ("" or "lib/"); NULL where it is not below. */
static const char *below(const char *folder, const char *root)
{
    size_t len = strlen(root);

    if (strncmp(folder, root, len) != 0)
        return NULL;
    /* The root folder of the system ends with its slash already. */
    if (len > 0 && root[len - 1] == '/')
        return folder + len;
    if (folder[len] == '\0')
        return folder + len;
    return folder[len] == '/' ? folder + len + 1 : NULL;
}

static int name_file(const char *path, const char *root, const char *main_path, char **ret,
                     struct error *error)
{
    char *folder = real_folder(path, error);
    char *copy = xstrdup(path);
    const char *inside = folder ? below(folder, root) : NULL;
    int err = 0;

    if (!folder)
        err = E_IO;
    else if (!inside)
        err = error_set(error, E_INVALID, NULL,
                        "%s is not in the folder of the main file %s, %s; files are named relative "
                        "to that",
                        path, main_path, root);
    else if (asprintf(ret, "%s%s%s", inside, inside[0] ? "/" : "", basename(copy)) < 0)
        abort();
    free(copy);
    free(folder);
    return err;
}

static int read_content(const char *path, size_t left, Isoyard__V1__SourceFile *file,
                        struct error *error)
{
    struct buffer content = {0};
    int err = file_read(path, left, &content, error);

    file->content.data = (uint8_t *)content.data;
    file->content.len = content.len;
    return err;
}

static size_t total_size(const struct bundle *bundle)
{
    size_t size = 0;

    for (size_t i = 0; i < bundle->count; i++)
        size += bundle->files[i].content.len;
    return size;
}

static int too_large(size_t max_bytes, struct error *error)
{
    return error_set(error, E_LIMIT, NULL,
                     "the files are larger than %zu bytes together; where the server allows more, "
                     "say so with --max-bytes",
                     max_bytes);
}

/* A further file of the bundle, which has room for it. */
static Isoyard__V1__SourceFile *add_file(struct bundle *bundle)
{
    Isoyard__V1__SourceFile *file = &bundle->files[bundle->count];

    isoyard__v1__source_file__init(file);
    file->name = NULL;
    bundle->pointers[bundle->count++] = file;
    return file;
}

static void drop_last_file(struct bundle *bundle)
{
    Isoyard__V1__SourceFile *file = &bundle->files[--bundle->count];

    free(file->name);
    free(file->content.data);
}

/* "worker.ts" becomes "worker.js" */
static void name_as_javascript(Isoyard__V1__SourceFile *file)
{
    char *dot = strrchr(file->name, '.');
    char *name;

    if (asprintf(&name, "%.*s.js", (int)(dot ? dot - file->name : (long)strlen(file->name)),
                 file->name) < 0)
        abort();
    free(file->name);
    file->name = name;
}

static int bundle_content(const char *path, size_t max_bytes, Isoyard__V1__SourceFile *file,
                          struct error *error)
{
    struct buffer content = {0};
    int err = esbuild_bundle(path, MAPPED_FACTOR * max_bytes, &content, error);

    file->content.data = (uint8_t *)content.data;
    file->content.len = content.len;
    file->kind = ISOYARD__V1__FILE_KIND__FILE_KIND_MODULE;
    name_as_javascript(file);
    return err;
}

/* Where the file names a source map, that is the next file. */
static void take_map(struct bundle *bundle, const char *path, size_t max_bytes)
{
    Isoyard__V1__SourceFile *file = &bundle->files[bundle->count - 1];
    struct buffer map = {0};
    bool is_code = file->kind == ISOYARD__V1__FILE_KIND__FILE_KIND_MODULE ||
                   file->kind == ISOYARD__V1__FILE_KIND__FILE_KIND_SCRIPT;
    char *name;

    if (!is_code ||
        !map_comment_take(path, (char *)file->content.data, &file->content.len, max_bytes, &map))
        return;
    if (asprintf(&name, "%s.map", file->name) < 0)
        abort();
    file = add_file(bundle);
    file->name = name;
    file->kind = ISOYARD__V1__FILE_KIND__FILE_KIND_SOURCE_MAP;
    file->content.data = (uint8_t *)map.data;
    file->content.len = map.len;
}

/* A map that was taken with its file, and is given besides. */
static bool is_last_one_known(const struct bundle *bundle)
{
    const Isoyard__V1__SourceFile *last = &bundle->files[bundle->count - 1];

    for (size_t i = 0; i + 1 < bundle->count; i++) {
        if (last->kind == ISOYARD__V1__FILE_KIND__FILE_KIND_SOURCE_MAP &&
            bundle->files[i].kind == last->kind && strcmp(bundle->files[i].name, last->name) == 0)
            return true;
    }
    return false;
}

static bool is_bundled(const struct bundle_request *r)
{
    return r->is_bundled || esbuild_is_needed(r->paths[0]);
}

static int check_file(const char *path, struct error *error)
{
    struct stat s;

    if (strcmp(path, "-") == 0)
        return 0;
    if (stat(path, &s) < 0)
        return file_error(path, errno, error);
    if (S_ISDIR(s.st_mode))
        return error_set(error, E_INVALID, NULL,
                         "%s is a directory; name the worker's main file, and behind it those that "
                         "it imports",
                         path);
    return 0;
}

static int read_file(struct bundle *bundle, const char *path, const char *root,
                     const struct bundle_request *r, struct error *error)
{
    bool is_main = bundle->count == 0;
    Isoyard__V1__SourceFile *file = add_file(bundle);
    int err = check_file(path, error);

    if (!err)
        err = name_file(path, root, r->paths[0], &file->name, error);
    if (err)
        return err;
    if (is_main && is_bundled(r)) {
        err = bundle_content(path, r->max_bytes, file, error);
    } else {
        err = choose_kind(r->choices, r->choice_count, path, file, error);
        if (!err)
            err = read_content(path, r->max_bytes, file, error);
    }
    if (err)
        return err;
    if (is_last_one_known(bundle))
        drop_last_file(bundle);
    else
        take_map(bundle, path, r->max_bytes);
    return 0;
}

static void list_inputs(const struct bundle_request *r, struct paths *ret)
{
    struct error ignored; /* the bundle itself has it, too */

    for (size_t i = 0; i < r->count; i++)
        paths_add(ret, r->paths[i]);
    if (is_bundled(r))
        (void)esbuild_inputs(r->paths[0], ret, &ignored);
}

int bundle_read(const struct bundle_request *r, struct bundle *ret, struct error *error)
{
    char *root = real_folder(r->paths[0], error);
    int err = root ? 0 : E_IO;

    *ret = (struct bundle){0};
    /* Each may have a map. */
    ret->files = xcalloc(2 * r->count, sizeof(ret->files[0]));
    ret->pointers = xcalloc(2 * r->count, sizeof(ret->pointers[0]));
    for (size_t i = 0; i < r->count && !err; i++) {
        err = read_file(ret, r->paths[i], root, r, error);
        if (err == E_LIMIT || (!err && total_size(ret) > r->max_bytes))
            err = too_large(r->max_bytes, error);
    }
    if (r->lists_inputs)
        list_inputs(r, &ret->inputs);
    free(root);
    return err;
}

void bundle_release(struct bundle *bundle)
{
    for (size_t i = 0; i < bundle->count; i++) {
        free(bundle->files[i].name);
        free(bundle->files[i].content.data);
    }
    free(bundle->files);
    free(bundle->pointers);
    paths_release(&bundle->inputs);
    *bundle = (struct bundle){0};
}
