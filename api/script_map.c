/* Maps by file, read once. */
#include "api/script_map.h"

#include <stdatomic.h>
#include <stdlib.h>

#define SUFFIX ".map"

/* Where somebody else reads the same map at the same time, the second one drops what it read. */
struct file_map {
    const struct script_file *file;   /* the map's own */
    _Atomic(struct source_map *) map; /* NULL: not read yet */
    atomic_bool is_unusable;          /* relaxed: it is read in vain once more at the worst */
};

struct script_maps {
    size_t count;
    struct file_map files[];
};

struct script_maps *script_maps_new(const struct script *s)
{
    struct script_maps *maps;
    size_t count = 0;

    for (size_t i = 0; i < s->file_count; i++)
        count += s->files[i].kind == FILE_SOURCE_MAP;
    if (count == 0)
        return NULL;
    maps = xcalloc(1, sizeof(*maps) + count * sizeof(maps->files[0]));
    for (size_t i = 0; i < s->file_count; i++) {
        if (s->files[i].kind == FILE_SOURCE_MAP)
            maps->files[maps->count++].file = &s->files[i];
    }
    return maps;
}

void script_maps_free(struct script_maps *maps)
{
    if (!maps)
        return;
    for (size_t i = 0; i < maps->count; i++)
        source_map_free(atomic_load_explicit(&maps->files[i].map, memory_order_relaxed));
    free(maps);
}

static const struct source_map *read_map(struct file_map *f)
{
    struct source_map *none = NULL;
    struct source_map *map = source_map_new((struct bytes){f->file->content, f->file->size});

    if (!map) {
        atomic_store_explicit(&f->is_unusable, true, memory_order_relaxed);
        return NULL;
    }
    /* Release: who sees the pointer sees the map. Acquire: so do we, where it is another's. */
    if (atomic_compare_exchange_strong_explicit(&f->map, &none, map, memory_order_acq_rel,
                                                memory_order_acquire))
        return map;
    source_map_free(map);
    return none;
}

static const struct source_map *map_of(struct file_map *f)
{
    const struct source_map *map = atomic_load_explicit(&f->map, memory_order_acquire);

    if (map || atomic_load_explicit(&f->is_unusable, memory_order_relaxed))
        return map;
    return read_map(f);
}

static bool belongs_to(const struct script_file *map, struct bytes file)
{
    return strlen(map->name) == file.len + strlen(SUFFIX) &&
           memcmp(map->name, file.data, file.len) == 0 && strcmp(map->name + file.len, SUFFIX) == 0;
}

bool script_find_source(const struct script *s, struct bytes file, uint32_t line, uint32_t column,
                        struct source_place *ret)
{
    for (size_t i = 0; s->maps && i < s->maps->count; i++) {
        struct file_map *f = &s->maps->files[i];

        if (belongs_to(f->file, file)) {
            const struct source_map *map = map_of(f);

            return map && source_map_find(map, line, column, ret);
        }
    }
    return false;
}
