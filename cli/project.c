/* Reading isoyard.json. */
#include "cli/project.h"

#include "api/bytes.h"
#include "api/suggest.h"
#include "cli/file.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define SIZE_MAX_BYTES ((size_t)1 << 20)
#define NAME_MAX_LENGTH 63

bool project_is_name(const char *name)
{
    size_t len = strlen(name);

    return len > 0 && len <= NAME_MAX_LENGTH && name[0] != '-' && name[len - 1] != '-' &&
           strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-") == len;
}

/* Faults, each named with its place. */

static int wrong(struct error *error, const char *key, const char *what)
{
    return error_set(error, E_INVALID, key, PROJECT_FILE ": \"%s\" %s", key, what);
}

static int check_keys(const json_t *object, const char *const *known, size_t count,
                      struct error *error)
{
    const char *key;
    json_t *value;

    json_object_foreach((json_t *)object, key, value)
    {
        struct suggestion suggestion;
        bool is_known = false;

        suggest_begin(&suggestion, key);
        for (size_t i = 0; i < count; i++) {
            is_known = is_known || strcmp(known[i], key) == 0;
            suggest_consider(&suggestion, known[i]);
        }
        if (!is_known && suggestion.best)
            return error_set(error, E_INVALID, key,
                             PROJECT_FILE ": there is no \"%s\"; did you mean \"%s\"?", key,
                             suggestion.best);
        if (!is_known)
            return wrong(error, key, "is nothing that it may have");
    }
    return 0;
}

/* Values */

static int read_name(const json_t *root, const char *key, bool is_needed, char **ret,
                     struct error *error)
{
    const json_t *value = json_object_get(root, key);
    const char *text = json_string_value(value);

    if (!value && !is_needed)
        return 0;
    if (!text || !project_is_name(text))
        return wrong(error, key, value ? "must be " PROJECT_NAME_RULE : "is missing");
    *ret = xstrdup(text);
    return 0;
}

static int add_path(const char *folder, const char *key, const json_t *value, struct project *ret,
                    struct error *error)
{
    const char *text = json_string_value(value);
    char *path;

    if (!text || !text[0])
        return wrong(error, key, "must name a file");
    if (ret->path_count == PROJECT_FILES_MAX)
        return wrong(error, key, "names too many files");
    if (strcmp(folder, ".") == 0 || text[0] == '/')
        path = xstrdup(text);
    else if (asprintf(&path, "%s/%s", folder, text) < 0)
        abort();
    ret->paths[ret->path_count++] = path;
    return 0;
}

static int read_files(const char *folder, const json_t *root, struct project *ret,
                      struct error *error)
{
    const json_t *files = json_object_get(root, "files");
    int err = add_path(folder, "main", json_object_get(root, "main"), ret, error);

    if (!err && files && !json_is_array(files))
        err = wrong(error, "files", "must be a list of files");
    for (size_t i = 0; !err && i < json_array_size(files); i++)
        err = add_path(folder, "files", json_array_get(files, i), ret, error);
    return err;
}

static int read_limits(const json_t *root, struct project_limits *ret, struct error *error)
{
    static const char *const keys[] = {"max_tasks", "cpu_ms", "wall_ms", "heap_mib",
                                       "external_mib"};
    const json_t *limits = json_object_get(root, "limits");
    uint64_t values[5] = {0};
    int err;

    if (!limits)
        return 0;
    if (!json_is_object(limits))
        return wrong(error, "limits", "must be an object");
    err = check_keys(limits, keys, 5, error);
    for (size_t i = 0; !err && i < 5; i++) {
        const json_t *value = json_object_get(limits, keys[i]);
        json_int_t number = json_integer_value(value);

        if (value && (!json_is_integer(value) || number < 1 || number > UINT32_MAX))
            err = wrong(error, keys[i], "must be a whole number from 1 on");
        values[i] = (uint64_t)number;
    }
    if (!err)
        *ret = (struct project_limits){(uint32_t)values[0], values[1], values[2], values[3],
                                       values[4]};
    return err;
}

static int read_all(const char *folder, const json_t *root, struct project *ret,
                    struct error *error)
{
    static const char *const keys[] = {"name", "main", "files", "tenant", "limits"};
    int err;

    if (!json_is_object(root))
        return error_set(error, E_INVALID, NULL, PROJECT_FILE " must be an object");
    err = check_keys(root, keys, 5, error);
    if (!err)
        err = read_name(root, "name", true, &ret->name, error);
    if (!err)
        err = read_name(root, "tenant", false, &ret->tenant, error);
    if (!err)
        err = read_files(folder, root, ret, error);
    if (!err)
        err = read_limits(root, &ret->limits, error);
    return err;
}

static int parse(const char *folder, const struct buffer *text, struct project *ret,
                 struct error *error)
{
    json_error_t fault;
    json_t *root =
        json_loadb(text->data ? text->data : "", text->len, JSON_REJECT_DUPLICATES, &fault);
    struct project project = {0};
    int err;

    if (!root)
        return error_set(error, E_INVALID, NULL, PROJECT_FILE ":%d:%d: %s", fault.line,
                         fault.column, fault.text);
    err = read_all(folder, root, &project, error);
    json_decref(root);
    if (err)
        project_release(&project);
    else
        *ret = project;
    return err;
}

int project_read(const char *folder, struct project *ret, struct error *error)
{
    struct buffer text = {0};
    char *path;
    int err;

    if (asprintf(&path, "%s/" PROJECT_FILE, folder) < 0)
        abort();
    if (access(path, F_OK) < 0)
        err = error_set(error, E_NOT_FOUND, NULL, "there is no %s; isoyard init makes one", path);
    else
        err = file_read(path, SIZE_MAX_BYTES, &text, error);
    if (!err)
        err = parse(folder, &text, ret, error);
    free(path);
    buffer_release(&text);
    return err;
}

void project_release(struct project *project)
{
    free(project->name);
    free(project->tenant);
    for (size_t i = 0; i < project->path_count; i++)
        free(project->paths[i]);
    *project = (struct project){0};
}
