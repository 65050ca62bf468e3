/* Worker versions: building, checking, hashing, counting references. */
#include "api/script.h"

#include "api/bytes.h"
#include "api/hash.h"
#include "api/script_map.h"
#include "api/utf8.h"

#include <assert.h>
#include <openssl/evp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static uint64_t hash_worker(const char *tenant, const char *worker)
{
    return hash_text(hash_text(hash_text(HASH_TEXT, tenant), "/"), worker);
}

struct script *script_new(const char *tenant, const char *worker, size_t file_count,
                          const struct limits *limits)
{
    struct script *s = xcalloc(1, sizeof(*s) + file_count * sizeof(s->files[0]));

    assert(strlen(tenant) <= SCRIPT_NAME_MAX && strlen(worker) <= SCRIPT_NAME_MAX);
    assert(file_count <= SCRIPT_FILES_MAX);
    atomic_init(&s->refs, 1);
    strcpy(s->tenant, tenant);
    strcpy(s->worker, worker);
    s->worker_key = hash_worker(tenant, worker);
    s->tenant_key = hash_mix(hash_text(HASH_TEXT, tenant));
    s->limits = *limits;
    s->file_count = file_count;
    return s;
}

void script_set_max_tasks(struct script *s, uint32_t max_tasks)
{
    s->max_tasks = max_tasks;
    if (max_tasks > 0 && max_tasks < s->limits.tasks)
        s->limits.tasks = max_tasks;
}

int script_set_file(struct script *s, size_t index, const char *name, enum file_kind kind,
                    const void *content, size_t size)
{
    struct script_file *file = &s->files[index];

    assert(index < s->file_count && !file->name);
    file->content = malloc(size + 1);
    if (!file->content)
        return E_NOMEM;
    if (size > 0)
        memcpy(file->content, content, size);
    file->content[size] = '\0';
    file->name = xstrdup(name);
    file->kind = kind;
    file->size = size;
    return 0;
}

static bool is_plain_part(const char *part, size_t len)
{
    return len > 0 && !(len == 1 && part[0] == '.') &&
           !(len == 2 && part[0] == '.' && part[1] == '.');
}

/* Whether every part between slashes is a plain name: so it is relative and stays below the
 * bundle's root. */
static bool is_plain_path(const char *path)
{
    const char *part = path;

    for (const char *at = path;; at++) {
        if (*at != '/' && *at != '\0')
            continue;
        if (!is_plain_part(part, (size_t)(at - part)))
            return false;
        if (*at == '\0')
            return true;
        part = at + 1;
    }
}

static bool has_control_or_odd_character(const char *path)
{
    for (const unsigned char *at = (const unsigned char *)path; *at; at++) {
        if (*at < 0x20 || *at == 0x7f || strchr("\\?#%", *at))
            return true;
    }
    return false;
}

static int check_file_name(const struct script *s, size_t index, const char *field,
                           struct error *ret)
{
    const char *name = s->files[index].name;

    if (strlen(name) > SCRIPT_FILE_NAME_MAX)
        return error_set(ret, E_INVALID, field, "the name is longer than %d bytes",
                         SCRIPT_FILE_NAME_MAX);
    if (!utf8_is_valid(name, strlen(name)))
        return error_set(ret, E_INVALID, field, "the name is not UTF-8");
    if (!is_plain_path(name) || has_control_or_odd_character(name))
        return error_set(
            ret, E_INVALID, field,
            "'%s' is no file name of a bundle: a relative path without empty, '.' or '..' parts, control "
            "characters, '\\', '?', '#' or '%%'",
            name);
    for (size_t i = 0; i < index; i++) {
        if (strcmp(s->files[i].name, name) == 0)
            return error_set(ret, E_INVALID, field, "'%s' stands twice in the bundle", name);
    }
    return 0;
}

/* Files that are more than a map of another one. */
static size_t count_code(const struct script *s)
{
    size_t count = 0;

    for (size_t i = 0; i < s->file_count; i++)
        count += s->files[i].kind != FILE_SOURCE_MAP;
    return count;
}

static int check_file_kind(const struct script *s, size_t index, const char *field,
                           struct error *ret)
{
    const struct script_file *file = &s->files[index];

    switch (file->kind) {
    case FILE_MODULE:
        return 0;
    case FILE_SCRIPT:
        if (count_code(s) == 1)
            return 0;
        return error_set(
            ret, E_INVALID, field,
            "'%s' is a classic script, which stands alone in its bundle; files of several are modules",
            file->name);
    case FILE_TEXT:
    case FILE_JSON:
    case FILE_WASM:
    case FILE_DATA:
    case FILE_SOURCE_MAP:
        if (index > 0)
            return 0;
        return error_set(ret, E_INVALID, field,
                         "'%s' is neither a module nor a classic script, and cannot be the main "
                         "file of a worker",
                         file->name);
    }
    return error_set(ret, E_INVALID, field, "unknown kind %d of file '%s'", (int)file->kind,
                     file->name);
}

static bool is_text(enum file_kind kind)
{
    return kind != FILE_WASM && kind != FILE_DATA && kind != FILE_SOURCE_MAP;
}

static int check_file(const struct script *s, size_t index, struct error *ret)
{
    const struct script_file *file = &s->files[index];
    char field[64];
    int err;

    assert(file->name);
    snprintf(field, sizeof(field), "files[%zu].name", index);
    err = check_file_name(s, index, field, ret);
    if (err)
        return err;
    snprintf(field, sizeof(field), "files[%zu].kind", index);
    err = check_file_kind(s, index, field, ret);
    if (err)
        return err;
    snprintf(field, sizeof(field), "files[%zu].content", index);
    if (is_text(file->kind) && !utf8_is_valid(file->content, file->size))
        return error_set(ret, E_INVALID, field, "the text of '%s' is not UTF-8", file->name);
    return 0;
}

static void hash_number(EVP_MD_CTX *digest, uint64_t number)
{
    unsigned char bytes[8];

    for (int i = 0; i < 8; i++)
        bytes[i] = (unsigned char)(number >> (8 * (7 - i)));
    EVP_DigestUpdate(digest, bytes, sizeof(bytes));
}

/* The canonical form: for each file, in order, kind, length of the name, name, length of the
 * content, content; numbers as 8 bytes, big-endian. */
static void hash_files(struct script *s)
{
    EVP_MD_CTX *digest = EVP_MD_CTX_new();

    if (!digest || EVP_DigestInit_ex(digest, EVP_sha256(), NULL) != 1)
        abort();
    for (size_t i = 0; i < s->file_count; i++) {
        const struct script_file *file = &s->files[i];

        hash_number(digest, (uint64_t)file->kind);
        hash_number(digest, strlen(file->name));
        EVP_DigestUpdate(digest, file->name, strlen(file->name));
        hash_number(digest, file->size);
        EVP_DigestUpdate(digest, file->content, file->size);
    }
    if (EVP_DigestFinal_ex(digest, s->sha256, NULL) != 1)
        abort();
    EVP_MD_CTX_free(digest);
}

int script_seal(struct script *s, struct error *ret)
{
    if (s->file_count == 0)
        return error_set(ret, E_INVALID, "files", "a worker needs at least one file");
    for (size_t i = 0; i < s->file_count; i++) {
        int err = check_file(s, i, ret);

        if (err)
            return err;
        s->size_bytes += s->files[i].size;
    }
    hash_files(s);
    s->maps = script_maps_new(s);
    return 0;
}

struct script *script_ref(struct script *s)
{
    /* Relaxed: whoever takes a reference already has one, or the lock under which it was found. */
    atomic_fetch_add_explicit(&s->refs, 1, memory_order_relaxed);
    return s;
}

static void script_free(struct script *s)
{
    for (size_t i = 0; i < s->file_count; i++) {
        free(s->files[i].name);
        free(s->files[i].content);
    }
    script_maps_free(s->maps);
    free(s);
}

void script_unref(struct script *s)
{
    /* Release: what this holder did comes before the freeing. Acquire: the freeing comes after all
     * of that. */
    if (s && atomic_fetch_sub_explicit(&s->refs, 1, memory_order_acq_rel) == 1)
        script_free(s);
}

const struct script_file *script_find(const struct script *s, const char *name, size_t name_len)
{
    for (size_t i = 0; i < s->file_count; i++) {
        const char *candidate = s->files[i].name;

        if (s->files[i].kind != FILE_SOURCE_MAP && strlen(candidate) == name_len &&
            memcmp(candidate, name, name_len) == 0)
            return &s->files[i];
    }
    return NULL;
}

static bool is_name_character(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
}

int script_check_name(const char *text, const char *field, struct error *ret)
{
    size_t len = strlen(text);
    bool is_good = len > 0 && len <= SCRIPT_NAME_MAX && text[0] != '-' && text[len - 1] != '-';

    for (size_t i = 0; is_good && i < len; i++)
        is_good = is_name_character(text[i]);
    if (is_good)
        return 0;
    return error_set(
        ret, E_INVALID, field,
        "'%.80s' is no name: 1 to %d characters of a-z, 0-9 and '-', and no '-' at either end",
        text, SCRIPT_NAME_MAX);
}
