/* Hits, misses, and what is kept where. */
#include "server/code_metrics.h"

#include "server/code_thread.h"
#include "server/exposition.h"
#include "shim/shim.h"

#define CACHE "isoyard_code_cache_"

static void count(struct buffer *out, const char *name, const char *help, uint64_t value)
{
    exposition_single_count(out, name, "counter", help, value);
}

static void gauge(struct buffer *out, const char *name, const char *help, uint64_t value)
{
    exposition_single_count(out, name, "gauge", help, value);
}

static void write_memory(struct buffer *out)
{
    struct code_cache_stats cache;

    engine_code_cache_stats(&cache);
    count(out, CACHE "hits_total",
          "Files of workers whose compiled code was taken from what earlier isolates have left.",
          cache.hits);
    count(out, CACHE "misses_total", "Files of which there was none.", cache.misses);
    count(out, CACHE "rejected_total", "Files of which V8 did not take it.", cache.rejected);
    gauge(out, CACHE "files", "Files of which there is compiled code in memory.", cache.entries);
    gauge(out, CACHE "bytes", "Size of that code.", cache.bytes);
}

static void write_disk(struct buffer *out, struct code_thread *thread)
{
    struct code_stats disk;

    code_thread_stats(thread, &disk);
    count(out, CACHE "restored_total",
          "Files whose compiled code was read back from the disk after the start.", disk.restored);
    count(out, CACHE "discarded_total",
          "Files whose compiled code was removed from the disk: damaged, or another V8's.",
          disk.discarded);
    count(out, CACHE "lost_total", "Files whose compiled code could not be kept on the disk.",
          disk.lost);
    gauge(out, CACHE "disk_bytes", "Size of compiled code on the disk.", disk.bytes);
}

void code_metrics_write(struct buffer *out, struct code_thread *thread)
{
    write_memory(out);
    if (thread)
        write_disk(out, thread);
}
