/*
 * isoyard.json: what a folder with a worker says about it, so that commands need not be told.
 *
 *     {"name": "hello", "main": "worker.js", "files": ["lib/text.js"], "tenant": "default",
 *      "limits": {"max_tasks": 16}}
 */
#ifndef ISOYARD_CLI_PROJECT_H
#define ISOYARD_CLI_PROJECT_H

#include "api/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PROJECT_FILE "isoyard.json"
#define PROJECT_FILES_MAX 1024

/* Limits of a server that `isoyard dev` starts, beside the one of a version: 0 where not given. */
struct project_limits {
    uint32_t max_tasks;
    uint64_t cpu_ms, wall_ms, heap_mib, external_mib;
};

struct project {
    char *name;
    char *tenant;                   /* NULL: not said */
    char *paths[PROJECT_FILES_MAX]; /* the main file first; relative to the working directory */
    size_t path_count;
    struct project_limits limits;
};

/* Reads isoyard.json in the folder. E_NOT_FOUND: there is none; E_IO; E_INVALID: it is not as it
 * should be, and error says where. *ret is set only on success: project_release. */
int project_read(const char *folder, struct project *ret, struct error *error);
void project_release(struct project *project);

/* Whether a worker, or a tenant, may have the name; and how that is said. */
#define PROJECT_NAME_RULE "1 to 63 of a-z, 0-9 and '-', with no '-' at its ends"
bool project_is_name(const char *name);

#endif
