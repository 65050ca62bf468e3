/*
 * A startup snapshot from files, in place of the one that is part of the program.
 */
#ifndef ISOYARD_BENCH_SNAPSHOT_FILES_H
#define ISOYARD_BENCH_SNAPSHOT_FILES_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Reads prelude.js, snapshot.bin and snapshot.sha256 of a folder, as make_snapshot has written
 * them with this build's flags, and returns the snapshot's size in bytes; 0 where a file cannot be
 * read. Once, before engine_open.
 */
size_t snapshot_files_read(const char *folder);

#ifdef __cplusplus
}
#endif

#endif
