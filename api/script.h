/*
 * One version of a worker: immutable, reference-counted, shared by all threads. Tasks and isolates
 * each hold a reference, so a version that was replaced or deleted lives until the last of them
 * ends. Isolates are keyed by its address: while one is referenced no other version can have it.
 */
#ifndef ISOYARD_SCRIPT_H
#define ISOYARD_SCRIPT_H

#include "api/atomic.h"
#include "api/err.h"
#include "api/limits.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define SCRIPT_NAME_MAX 63       /* characters of a tenant's or worker's name */
#define SCRIPT_FILES_MAX 1024    /* files in a bundle */
#define SCRIPT_FILE_NAME_MAX 255 /* bytes of a file's name */
#define SCRIPT_MESSAGE_MAX 1024  /* bytes of a deployment's message */
#define SCRIPT_SHA256_BYTES 32

/* The numbers are FileKind's of worker.proto, and stand in the database. */
enum file_kind {
    FILE_MODULE = 1,
    FILE_SCRIPT = 2,
    FILE_TEXT = 3,
    FILE_JSON = 4,
    FILE_WASM = 5,
    FILE_DATA = 6,
    FILE_SOURCE_MAP = 7, /* of the file whose name is its own without ".map"; no code sees it */
};

struct script_file {
    char *name; /* a relative path: "main.js", "lib/text.js" */
    enum file_kind kind;
    char *content; /* size bytes, and a NUL that does not count */
    size_t size;
};

struct script {
    atomic_uint refs;
    uint32_t version; /* from 1; 0 while it is only a candidate */
    char tenant[SCRIPT_NAME_MAX + 1];
    char worker[SCRIPT_NAME_MAX + 1];
    unsigned char sha256[SCRIPT_SHA256_BYTES]; /* of the canonical form, see script.c */
    uint64_t worker_key; /* a hash of tenant and worker: the same for all versions of a worker */
    uint64_t tenant_key; /* a hash of the tenant, all bits of which are alike good */
    struct limits limits;
    uint32_t max_tasks; /* limits.tasks as its deployer wants it; 0: says nothing */
    bool allows_eval;   /* code may be made of strings; set before anyone else sees the script */
    size_t size_bytes;  /* sum of the files' sizes */
    struct script_maps *maps; /* script_map.h; NULL: there are none */
    size_t file_count;
    struct script_file files[]; /* the main one first */
};

/*
 * Makes a script with one reference and room for file_count files, which the caller fills in with
 * script_set_file before anyone else sees it. The names must be valid. Any thread.
 */
struct script *script_new(const char *tenant, const char *worker, size_t file_count,
                          const struct limits *limits);

/* Copies name and content in as file `index`. E_NOMEM where there is no memory for it. */
int script_set_file(struct script *s, size_t index, const char *name, enum file_kind kind,
                    const void *content, size_t size);

/* Lowers limits.tasks; 0 leaves it. Before anyone else sees the script. */
void script_set_max_tasks(struct script *s, uint32_t max_tasks);
#define SCRIPT_MAX_TASKS_MAX 65535u

/*
 * Checks names, kinds and text of the files and computes size and hash. E_INVALID, with the field,
 * where a name is empty, absolute, has a "." or ".." part or stands twice, a kind is unknown, the
 * main file is not JavaScript, text is not UTF-8, or a classic script does not stand alone. Call
 * once, after the last script_set_file.
 */
int script_seal(struct script *s, struct error *ret);

struct script *script_ref(struct script *s);
void script_unref(struct script *s); /* frees with the last reference; NULL is fine */

/* The file of that name, or NULL; none that is a source map. */
const struct script_file *script_find(const struct script *s, const char *name, size_t name_len);

/* Whether text is a name of a tenant or a worker: 1 to 63 of a-z 0-9 '-', no '-' at either end (RFC
 * 1123's label, in lower case). E_INVALID with the field otherwise. */
int script_check_name(const char *text, const char *field, struct error *ret);

#ifdef __cplusplus
}
#endif

#endif
