/* isoyard.json, and the command line, which wins. */
#include "cli/dev_project.h"

#include "api/bytes.h"
#include "cli/problem.h"

#include <stdlib.h>
#include <string.h>

#define LATER "once isoyard dev is started again"

static void use_name(const struct dev_project *p, struct project *project)
{
    if (!p->name)
        return;
    free(project->name);
    project->name = xstrdup(p->name);
}

static int read_file(struct dev_project *p, struct options *options, struct error *error)
{
    int err = project_read(".", &p->now, error);

    if (err == E_NOT_FOUND)
        return error_set(error, E_INVALID, NULL,
                         "no file given, and there is no " PROJECT_FILE " here; 'isoyard init' "
                         "makes one");
    if (err)
        return err;
    p->is_file = true;
    p->has_tenant = options->has_tenant;
    p->started = p->now.limits;
    if (p->now.tenant && !p->has_tenant)
        options->tenant = p->tenant = xstrdup(p->now.tenant);
    use_name(p, &p->now);
    return 0;
}

int dev_project_open(struct dev_project *p, struct options *options, struct error *error)
{
    if (p->now.path_count == 0)
        return read_file(p, options, error);
    p->now.name = xstrdup(p->name ? p->name : "worker");
    return 0;
}

/* Rereading */

static bool is_other_server(const struct project_limits *a, const struct project_limits *b)
{
    return a->cpu_ms != b->cpu_ms || a->wall_ms != b->wall_ms || a->heap_mib != b->heap_mib ||
           a->external_mib != b->external_mib;
}

static bool is_other_text(const char *a, const char *b)
{
    return a && b ? strcmp(a, b) != 0 : a != b;
}

/* Once for each change. */
static void say_what_stays(const struct dev_project *p, const struct project *now)
{
    const struct project *before = &p->now;

    if (is_other_server(&now->limits, &before->limits) &&
        is_other_server(&now->limits, &p->started))
        problem_usage(PROJECT_FILE
                      ": limits are the server's, but for max_tasks: these hold " LATER);
    if (!p->has_tenant && is_other_text(now->tenant, before->tenant) &&
        is_other_text(now->tenant, p->tenant))
        problem_usage(PROJECT_FILE ": \"tenant\" holds " LATER);
}

int dev_project_reread(struct dev_project *p, struct error *error)
{
    struct project now;
    int err;

    if (!p->is_file)
        return 0;
    err = project_read(".", &now, error);
    if (err)
        return err;
    use_name(p, &now);
    say_what_stays(p, &now);
    project_release(&p->now);
    p->now = now;
    return 0;
}

void dev_project_release(struct dev_project *p)
{
    project_release(&p->now);
    free(p->name);
    free(p->tenant);
    *p = (struct dev_project){0};
}
