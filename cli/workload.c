/* Names of workloads, and what they do. */
#include "cli/workload.h"

static const struct {
    const char *name;
    const char *text;
} workloads[] = {
    {"cpu", "10,000 times sqrt and sin; 10 workers, 30 tasks"},
    {"standard", "1,000 additions; 10 workers, 20 tasks, 5 ms between two"},
    {"warm", "1,000 additions; 1 worker, 1 task to warm it and 50 tasks"},
    {"simple", "answers a text with one header; 10 workers, 30 tasks"},
    {"fetch", "a subrequest of 20 ms (a timer), JSON; 10 workers, 20 tasks"},
    {"multi-fetch", "two at once of 15 ms, 1,000 additions; 5 workers, 15 tasks"},
    {"threads", "100 additions; 4 callers, 50 tasks and 5 workers each"},
    {"contention", "1,000 template strings; 8 callers, 100 tasks each, 1 worker"},
};

#define WORKLOAD_COUNT (sizeof(workloads) / sizeof(workloads[0]))

bool workload_exists(const char *name)
{
    for (size_t i = 0; i < WORKLOAD_COUNT; i++) {
        if (strcmp(workloads[i].name, name) == 0)
            return true;
    }
    return false;
}

void workload_append_list(struct buffer *out)
{
    for (size_t i = 0; i < WORKLOAD_COUNT; i++)
        buffer_append_format(out, "  %-12s %s\n", workloads[i].name, workloads[i].text);
}

void workload_append_names(struct buffer *out)
{
    for (size_t i = 0; i < WORKLOAD_COUNT; i++)
        buffer_append_format(out, "%s%s",
                             i == 0                    ? ""
                             : i + 1 == WORKLOAD_COUNT ? " and "
                                                       : ", ",
                             workloads[i].name);
}
