/* An index of the descriptor set. */
#include "server/descriptors.h"

#include "api/wire.h"

#include <google/protobuf/descriptor.pb-c.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include <uthash.h>

extern const char isoyard_descriptor_set[], isoyard_descriptor_set_end[];

struct descriptor_file {
    struct bytes packed;
    Google__Protobuf__FileDescriptorProto *proto;
};

enum symbol_kind {
    SYMBOL_MESSAGE,
    SYMBOL_SERVICE,
    SYMBOL_OTHER,
};

struct symbol {
    UT_hash_handle hh;
    char *name;
    enum symbol_kind kind;
    const struct descriptor_file *file;
};

struct extension {
    const char *type; /* without the leading dot */
    int32_t number;
    const struct descriptor_file *file;
};

struct descriptors {
    size_t file_count;
    struct descriptor_file *files;
    struct symbol *symbols;
    size_t extension_count;
    struct extension *extensions;
};

/* Reading the set */

static struct symbol *find_symbol(const struct descriptors *d, const char *name)
{
    struct symbol *symbol;

    HASH_FIND_STR(d->symbols, name, symbol);
    return symbol;
}

/* Adds "scope.name" and returns the full name. */
static const char *add_symbol(struct descriptors *d, const struct descriptor_file *file,
                              enum symbol_kind kind, const char *scope, const char *name)
{
    struct symbol *symbol = xcalloc(1, sizeof(*symbol));

    if (asprintf(&symbol->name, "%s%s%s", scope, scope[0] ? "." : "", name) < 0)
        abort();
    symbol->kind = kind;
    symbol->file = file;
    HASH_ADD_KEYPTR(hh, d->symbols, symbol->name, strlen(symbol->name), symbol);
    return symbol->name;
}

static void add_extension(struct descriptors *d, const struct descriptor_file *file,
                          const char *scope, const Google__Protobuf__FieldDescriptorProto *field)
{
    struct extension *extension;

    d->extensions = realloc(d->extensions, (d->extension_count + 1) * sizeof(d->extensions[0]));
    if (!d->extensions)
        abort();
    extension = &d->extensions[d->extension_count++];
    extension->type = field->extendee + (field->extendee[0] == '.');
    extension->number = field->number;
    extension->file = file;
    add_symbol(d, file, SYMBOL_OTHER, scope, field->name);
}

/* The values of an enum stand beside it, not in it. */
static void add_enum(struct descriptors *d, const struct descriptor_file *file, const char *scope,
                     const Google__Protobuf__EnumDescriptorProto *type)
{
    add_symbol(d, file, SYMBOL_OTHER, scope, type->name);
    for (size_t i = 0; i < type->n_value; i++)
        add_symbol(d, file, SYMBOL_OTHER, scope, type->value[i]->name);
}

static void add_message(struct descriptors *d, const struct descriptor_file *file,
                        const char *scope, const Google__Protobuf__DescriptorProto *type)
{
    const char *name = add_symbol(d, file, SYMBOL_MESSAGE, scope, type->name);

    for (size_t i = 0; i < type->n_field; i++)
        add_symbol(d, file, SYMBOL_OTHER, name, type->field[i]->name);
    for (size_t i = 0; i < type->n_oneof_decl; i++)
        add_symbol(d, file, SYMBOL_OTHER, name, type->oneof_decl[i]->name);
    for (size_t i = 0; i < type->n_enum_type; i++)
        add_enum(d, file, name, type->enum_type[i]);
    for (size_t i = 0; i < type->n_extension; i++)
        add_extension(d, file, name, type->extension[i]);
    for (size_t i = 0; i < type->n_nested_type; i++)
        add_message(d, file, name, type->nested_type[i]);
}

static void add_service(struct descriptors *d, const struct descriptor_file *file,
                        const char *scope, const Google__Protobuf__ServiceDescriptorProto *service)
{
    const char *name = add_symbol(d, file, SYMBOL_SERVICE, scope, service->name);

    for (size_t i = 0; i < service->n_method; i++)
        add_symbol(d, file, SYMBOL_OTHER, name, service->method[i]->name);
}

static void add_file(struct descriptors *d, const struct descriptor_file *file)
{
    const Google__Protobuf__FileDescriptorProto *proto = file->proto;
    const char *scope = proto->package ? proto->package : "";

    for (size_t i = 0; i < proto->n_message_type; i++)
        add_message(d, file, scope, proto->message_type[i]);
    for (size_t i = 0; i < proto->n_enum_type; i++)
        add_enum(d, file, scope, proto->enum_type[i]);
    for (size_t i = 0; i < proto->n_service; i++)
        add_service(d, file, scope, proto->service[i]);
    for (size_t i = 0; i < proto->n_extension; i++)
        add_extension(d, file, scope, proto->extension[i]);
}

static void read_file(struct descriptors *d, struct bytes packed)
{
    struct descriptor_file *file = &d->files[d->file_count++];

    file->packed = packed;
    file->proto = google__protobuf__file_descriptor_proto__unpack(NULL, packed.len,
                                                                  (const uint8_t *)packed.data);
    if (!file->proto)
        abort();
}

/* FileDescriptorSet has nothing but its files, field 1. The first pass only counts. */
static size_t each_file(struct descriptors *d, bool reads)
{
    const struct bytes set = {isoyard_descriptor_set,
                              (size_t)(isoyard_descriptor_set_end - isoyard_descriptor_set)};
    struct wire_reader reader = wire_reader_of(set);
    struct wire_field field;
    size_t count = 0;

    while (wire_next(&reader, &field) == WIRE_FIELD) {
        if (reads)
            read_file(d, field.bytes);
        count++;
    }
    return count;
}

struct descriptors *descriptors_new(void)
{
    struct descriptors *d = xcalloc(1, sizeof(*d));

    d->files = xcalloc(each_file(d, false) + 1, sizeof(d->files[0]));
    each_file(d, true);
    for (size_t i = 0; i < d->file_count; i++)
        add_file(d, &d->files[i]);
    return d;
}

void descriptors_free(struct descriptors *d)
{
    struct symbol *symbol, *next;

    if (!d)
        return;
    HASH_ITER(hh, d->symbols, symbol, next)
    {
        HASH_DEL(d->symbols, symbol);
        free(symbol->name);
        free(symbol);
    }
    for (size_t i = 0; i < d->file_count; i++)
        google__protobuf__file_descriptor_proto__free_unpacked(d->files[i].proto, NULL);
    free(d->extensions);
    free(d->files);
    free(d);
}

/* Asking it */

const struct descriptor_file *descriptors_find_file(const struct descriptors *d, const char *name)
{
    for (size_t i = 0; i < d->file_count; i++) {
        if (strcmp(d->files[i].proto->name, name) == 0)
            return &d->files[i];
    }
    return NULL;
}

const struct descriptor_file *descriptors_find_symbol(const struct descriptors *d,
                                                      const char *symbol)
{
    const struct symbol *found = find_symbol(d, symbol);

    return found ? found->file : NULL;
}

bool descriptors_has_message(const struct descriptors *d, const char *name)
{
    const struct symbol *found = find_symbol(d, name);

    return found && found->kind == SYMBOL_MESSAGE;
}

const struct descriptor_file *descriptors_find_extension(const struct descriptors *d,
                                                         const char *type, int32_t number)
{
    for (size_t i = 0; i < d->extension_count; i++) {
        const struct extension *e = &d->extensions[i];

        if (e->number == number && strcmp(e->type, type) == 0)
            return e->file;
    }
    return NULL;
}

size_t descriptors_list_extensions(const struct descriptors *d, const char *type, int32_t **ret)
{
    int32_t *numbers = xcalloc(d->extension_count + 1, sizeof(numbers[0]));
    size_t count = 0;

    for (size_t i = 0; i < d->extension_count; i++) {
        if (strcmp(d->extensions[i].type, type) == 0)
            numbers[count++] = d->extensions[i].number;
    }
    *ret = numbers;
    return count;
}

/* Files found so far; each one's imports are looked at once, in the order of finding. */
struct closure {
    const struct descriptor_file **files;
    size_t count;
};

static void closure_add(struct closure *closure, const struct descriptor_file *file)
{
    for (size_t i = 0; i < closure->count; i++) {
        if (closure->files[i] == file)
            return;
    }
    closure->files[closure->count++] = file;
}

size_t descriptors_closure(const struct descriptors *d, const struct descriptor_file *file,
                           struct bytes **ret)
{
    struct closure closure = {xcalloc(d->file_count, sizeof(closure.files[0])), 0};
    struct bytes *packed = xcalloc(d->file_count, sizeof(packed[0]));

    closure_add(&closure, file);
    for (size_t i = 0; i < closure.count; i++) {
        const Google__Protobuf__FileDescriptorProto *proto = closure.files[i]->proto;

        for (size_t k = 0; k < proto->n_dependency; k++)
            closure_add(&closure, descriptors_find_file(d, proto->dependency[k]));
        packed[i] = closure.files[i]->packed;
    }
    free(closure.files);
    *ret = packed;
    return closure.count;
}

size_t descriptors_list_services(const struct descriptors *d, char ***ret)
{
    char **names = xcalloc(HASH_COUNT(d->symbols) + 1, sizeof(names[0]));
    struct symbol *symbol, *next;
    size_t count = 0;

    HASH_ITER(hh, d->symbols, symbol, next)
    {
        if (symbol->kind == SYMBOL_SERVICE)
            names[count++] = symbol->name;
    }
    *ret = names;
    return count;
}
