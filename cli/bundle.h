/*
 * A deployment's files: read from disk, named relative to the folder of the first one, their kinds
 * told by their extensions or by the user.
 */
#ifndef ISOYARD_BUNDLE_H
#define ISOYARD_BUNDLE_H

#include "api/bytes.h"
#include "api/err.h"
#include "cli/paths.h"

#include <isoyard/v1/worker.pb-c.h>
#include <stdbool.h>
#include <stddef.h>

/* The user's word on a file's kind: --type FILE=KIND. */
struct kind_choice {
    struct bytes file; /* as on the command line, or as named in the bundle */
    Isoyard__V1__FileKind kind;
};

/* Reads "FILE=KIND". E_INVALID where it is none. *ret points into text. */
int kind_choice_parse(const char *text, struct kind_choice *ret, struct error *error);

struct bundle {
    size_t count;
    Isoyard__V1__SourceFile *files;
    Isoyard__V1__SourceFile **pointers; /* for a DeployRequest */
    struct paths inputs;                /* where lists_inputs: what they were made of */
};

/* What is to be read; borrowed. */
struct bundle_request {
    char *const *paths; /* the main one first */
    size_t count;
    const struct kind_choice *choices;
    size_t choice_count;
    size_t max_bytes; /* of all together */
    bool is_bundled;  /* the main one is bundled by esbuild, as TypeScript is in any case */
    bool lists_inputs;
};

/*
 * Reads the files, and source maps that they name. E_INVALID where one lies outside of the main
 * one's folder, its kind is not known, or esbuild cannot bundle it; E_NOT_FOUND where there is no
 * esbuild; E_IO where one cannot be read; E_LIMIT where they are too large together. Inputs are
 * listed as far as they are known, also after an error.
 */
int bundle_read(const struct bundle_request *request, struct bundle *ret, struct error *error);

/* After bundle_read, whatever it returned. */
void bundle_release(struct bundle *bundle);

#endif
