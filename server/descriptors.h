/*
 * What the server knows of its own protos: the descriptor set that the build wrote, indexed by file
 * and by symbol.
 */
#ifndef ISOYARD_DESCRIPTORS_H
#define ISOYARD_DESCRIPTORS_H

#include "api/bytes.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct descriptors;

/* A file of the set: its FileDescriptorProto as protoc packed it. */
struct descriptor_file;

/* Reads the set that is built in. Aborts where it is damaged: the build is broken then. */
struct descriptors *descriptors_new(void);
void descriptors_free(struct descriptors *d); /* NULL is fine */

/* The file of that name, or NULL. The rest: any thread. */
const struct descriptor_file *descriptors_find_file(const struct descriptors *d, const char *name);

/* The file that declares a service, method, message, field, enum, ... by its full name without a
 * leading dot; NULL: none does. */
const struct descriptor_file *descriptors_find_symbol(const struct descriptors *d,
                                                      const char *symbol);

/* The file that declares an extension of a message with the number, or NULL. */
const struct descriptor_file *descriptors_find_extension(const struct descriptors *d,
                                                         const char *type, int32_t number);

/* Numbers of all known extensions of a message, in an array to free(). */
size_t descriptors_list_extensions(const struct descriptors *d, const char *type, int32_t **ret);

/* Whether there is a message of that full name. */
bool descriptors_has_message(const struct descriptors *d, const char *name);

/* A file and all that it imports, each once, the file first, in an array to free(). */
size_t descriptors_closure(const struct descriptors *d, const struct descriptor_file *file,
                           struct bytes **ret);

/* Full names of all services, in an array to free(); the names stay d's. */
size_t descriptors_list_services(const struct descriptors *d, char ***ret);

#endif
