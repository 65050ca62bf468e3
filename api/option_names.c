/* Options: walking them, and finding the nearest. */
#include "api/option_names.h"

#include "api/suggest.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct argp_option built_in[] = {
    {"help", '?', NULL, 0, "Print what there is to say about the command", 0},
    {"usage", 1, NULL, 0, "Print the options' names alone", 0},
    {"version", 'V', NULL, 0, "Print this program's version", 0},
    {NULL, 0, NULL, 0, NULL, 0},
};

const struct argp option_names_built_in = {.options = built_in};

static void walk(const struct argp *argp, const char *group, option_visit_f *visit, void *arg)
{
    for (const struct argp_option *o = argp->options; o && (o->name || o->key || o->doc); o++)
        visit(arg, o, group);
    for (const struct argp_child *child = argp->children; child && child->argp; child++)
        walk(child->argp, child->header, visit, arg);
}

void option_names_each(const struct argp *argp, option_visit_f *visit, void *arg)
{
    walk(argp, NULL, visit, arg);
}

/* Looking for one */

static void each(const struct argp *argp, option_visit_f *visit, void *arg)
{
    walk(argp, NULL, visit, arg);
    walk(&option_names_built_in, NULL, visit, arg);
}

/* Looks for the option that a word of the command line is. */
struct option_search {
    const char *name; /* of a long one, name_len bytes of it; NULL: a short one */
    size_t name_len;
    int key;
    const struct argp_option *found;
    size_t found_count; /* names that begin so */
    bool is_exact;
    struct suggestion suggestion;
};

static void look_at_option(void *arg, const struct argp_option *option, const char *group)
{
    struct option_search *s = arg;
    bool is_exact;

    (void)group;
    if (!s->name) {
        s->found = option->key == s->key ? option : s->found;
        return;
    }
    if (!option->name)
        return;
    suggest_consider(&s->suggestion, option->name);
    is_exact = strlen(option->name) == s->name_len;
    if (s->is_exact || strncmp(option->name, s->name, s->name_len) != 0)
        return;
    s->is_exact = is_exact;
    s->found_count = is_exact ? 1 : s->found_count + 1;
    s->found = option;
}

static const struct argp_option *find_short(const struct argp *argp, int key)
{
    struct option_search search = {.key = key};

    each(argp, look_at_option, &search);
    return search.found;
}

/* Of a cluster of short options: whether the last one takes the next word. */
static bool takes_next(const struct argp *argp, const char *letters)
{
    for (; *letters; letters++) {
        const struct argp_option *option = find_short(argp, *letters);

        if (option && option->arg)
            return letters[1] == '\0' && !(option->flags & OPTION_ARG_OPTIONAL);
    }
    return false;
}

/* argp names the program so, too. */
static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash ? slash + 1 : path;
}

static void complain(const char *program, const char *name, const char *nearest)
{
    fprintf(stderr, "%s: there is no option --%s; ", program, name);
    if (nearest)
        fprintf(stderr, "did you mean --%s?\n", nearest);
    else
        fprintf(stderr, "'%s --help' lists them\n", program);
}

struct checking {
    const struct argp *argp;
    const char *program; /* its name, for what is said */
    int exit_status;
};

/* Leaves the process where there is no such option. Returns whether it takes the next word. */
static bool check_long(const struct checking *c, const char *word)
{
    struct option_search search = {.name = word, .name_len = strcspn(word, "=")};
    char *name = strndup(word, search.name_len);
    bool takes;

    if (!name)
        abort();
    suggest_begin(&search.suggestion, name);
    each(c->argp, look_at_option, &search);
    if (search.found_count == 0) {
        complain(c->program, name, search.suggestion.best);
        exit(c->exit_status);
    }
    takes = search.found->arg && !(search.found->flags & OPTION_ARG_OPTIONAL) &&
            word[search.name_len] == '\0';
    free(name);
    return takes;
}

void option_names_check(const struct argp *argp, int argc, char **argv, bool is_leading,
                        int exit_status)
{
    const struct checking c = {argp, base_name(argv[0]), exit_status};

    for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++) {
        const char *word = argv[i];

        if (word[0] != '-' || word[1] == '\0') {
            if (is_leading)
                return;
            continue;
        }
        if (word[1] == '-' ? check_long(&c, word + 2) : takes_next(argp, word + 1))
            i++;
    }
}
