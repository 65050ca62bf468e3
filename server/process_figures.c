/* /proc/self. */
#include "server/process_figures.h"

#include "api/resident.h"

#include <dirent.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <unistd.h>

/* The seconds since the epoch at which the machine started. */
static double boot_s(void)
{
    FILE *file = fopen("/proc/stat", "re");
    char line[256];
    unsigned long long s = 0;

    while (file && fgets(line, sizeof(line), file) && sscanf(line, "btime %llu", &s) != 1)
        ;
    if (file)
        fclose(file);
    return (double)s;
}

/* The numbers behind the name, which is in brackets and may have any character in it. */
static void read_stat(struct process_figures *ret)
{
    double ticks = (double)sysconf(_SC_CLK_TCK);
    FILE *file = fopen("/proc/self/stat", "re");
    unsigned long long user, system, start, size;
    unsigned long threads;
    char text[1024];
    const char *rest;
    size_t len;

    if (!file)
        return;
    len = fread(text, 1, sizeof(text) - 1, file);
    fclose(file);
    text[len] = '\0';
    rest = strrchr(text, ')');
    if (!rest || sscanf(rest + 1,
                        " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %llu %llu %*d %*d %*d %*d "
                        "%lu %*d %llu %llu",
                        &user, &system, &threads, &start, &size) != 5)
        return;
    ret->cpu_s = (double)(user + system) / ticks;
    ret->start_s = boot_s() + (double)start / ticks;
    ret->threads = threads;
    ret->virtual_bytes = size;
}

static uint64_t count_files(void)
{
    DIR *folder = opendir("/proc/self/fd");
    uint64_t count = 0;
    const struct dirent *entry;

    if (!folder)
        return 0;
    while ((entry = readdir(folder)))
        count += entry->d_name[0] != '.';
    closedir(folder);
    return count > 0 ? count - 1 : 0; /* the folder itself */
}

void process_figures_read(struct process_figures *ret)
{
    struct rlimit limit;

    *ret = (struct process_figures){.resident_bytes = resident_bytes()};
    read_stat(ret);
    ret->open_files = count_files();
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0)
        ret->max_files = limit.rlim_cur;
}
