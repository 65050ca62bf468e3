/* What the kernel says of this process (proc(5)). */
#ifndef ISOYARD_PROCESS_FIGURES_H
#define ISOYARD_PROCESS_FIGURES_H

#include <stdint.h>

struct process_figures {
    double cpu_s;   /* user and system, of all threads */
    double start_s; /* since the Unix epoch */
    uint64_t virtual_bytes, resident_bytes;
    uint64_t threads;
    uint64_t open_files, max_files;
};

/* What cannot be read is 0. Any thread; takes about as long as there are files open. */
void process_figures_read(struct process_figures *ret);

#endif
