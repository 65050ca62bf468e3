/* The common options. */
#include "cli/options.h"

#include "cli/color.h"
#include "cli/exit_status.h"
#include "cli/suggest.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TIMEOUT_MAX_S (24 * 3600.0)

enum {
    KEY_COLOR = 2000,
};

static const struct argp_option common_options[] = {
    {"address", 'a', "ADDRESS", 0,
     "The server: HOST:PORT or unix:PATH ($ISOYARD_ADDRESS, or 127.0.0.1:7070)", 0},
    {"tenant", 't', "NAME", 0, "Whose workers (default)", 0},
    {"json", 'j', NULL, 0, "Print JSON, its fields named as in the protos", 0},
    {"timeout", 'T', "SECONDS", 0, "How long to wait for an answer", 0},
    {"color", KEY_COLOR, "auto|always|never", 0,
     "Whether output is coloured (auto: on a terminal, unless NO_COLOR is set)", 0},
    {NULL, 0, NULL, 0, NULL, 0},
};

static uint64_t parse_timeout(const char *text, struct argp_state *state)
{
    char *end;
    double seconds = strtod(text, &end);

    if (end == text || *end != '\0' || !(seconds > 0 && seconds <= TIMEOUT_MAX_S))
        argp_error(state, "--timeout: '%s' is no number of seconds above 0, up to a day", text);
    return (uint64_t)(seconds * 1000) + 1;
}

static void parse_color(const char *text, struct argp_state *state)
{
    static const char *const names[] = {"auto", "always", "never"};

    for (int i = 0; i < 3; i++) {
        if (strcmp(text, names[i]) == 0) {
            color_set_mode((enum color_mode)i);
            return;
        }
    }
    argp_error(state, "--color: '%s' is none of auto, always and never", text);
}

static error_t parse_common(int key, char *arg, struct argp_state *state)
{
    struct options *options = state->input;

    switch (key) {
    case 'a':
        options->address = arg;
        return 0;
    case 't':
        options->tenant = arg;
        options->has_tenant = true;
        return 0;
    case 'j':
        options->is_json = true;
        return 0;
    case 'T':
        options->timeout_ms = parse_timeout(arg, state);
        return 0;
    case KEY_COLOR:
        parse_color(arg, state);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp common = {common_options, parse_common, NULL, NULL, NULL, NULL, NULL};

void options_init(struct options *ret)
{
    const char *address = getenv("ISOYARD_ADDRESS");

    *ret = (struct options){
        .address = address && address[0] ? address : "127.0.0.1:7070",
        .tenant = "default",
    };
}

/* Walking them. */

typedef void option_visit(void *arg, const struct argp_option *option, const char *group);

static void walk(const struct argp *argp, const char *group, option_visit *visit, void *arg)
{
    for (const struct argp_option *o = argp->options; o && (o->name || o->key || o->doc); o++)
        visit(arg, o, group);
    for (const struct argp_child *child = argp->children; child && child->argp; child++)
        walk(child->argp, child->header, visit, arg);
}

void options_each_common(option_visit *visit, void *arg)
{
    /* argp has these itself. */
    static const struct argp_option built_in[] = {
        {"help", '?', NULL, 0, "Print what there is to say about the command", 0},
        {"usage", 1, NULL, 0, "Print the options' names alone", 0},
        {"version", 'V', NULL, 0, "Print this program's version", 0},
        {NULL, 0, NULL, 0, NULL, 0},
    };
    const struct argp all = {.options = built_in};

    walk(&common, OPTIONS_COMMON_GROUP, visit, arg);
    walk(&all, OPTIONS_COMMON_GROUP, visit, arg);
}

void options_each(const struct argp *argp, option_visit *visit, void *arg)
{
    walk(argp, NULL, visit, arg);
    options_each_common(visit, arg);
}

/* Options that there are not: argp says no more than that. */

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

    options_each(argp, look_at_option, &search);
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

/* Leaves the process where there is no such option. Returns whether it takes the next word. */
static bool check_long(const struct argp *argp, const char *program, const char *word)
{
    struct option_search search = {.name = word, .name_len = strcspn(word, "=")};
    char *name = strndup(word, search.name_len);
    bool takes;

    if (!name)
        abort();
    suggest_begin(&search.suggestion, name);
    options_each(argp, look_at_option, &search);
    if (search.found_count == 0) {
        fprintf(stderr, "%s: there is no option --%s", program, name);
        if (search.suggestion.best)
            fprintf(stderr, "; did you mean --%s?\n", search.suggestion.best);
        else
            fprintf(stderr, "; '%s --help' lists them\n", program);
        exit(EXIT_USAGE);
    }
    takes = search.found->arg && !(search.found->flags & OPTION_ARG_OPTIONAL) &&
            word[search.name_len] == '\0';
    free(name);
    return takes;
}

/* Looks at the words as getopt will. `is_leading`: up to the first one that is no option. */
static void check_names(const struct argp *argp, int argc, char **argv, bool is_leading)
{
    for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++) {
        const char *word = argv[i];

        if (word[0] != '-' || word[1] == '\0') {
            if (is_leading)
                return;
            continue;
        }
        if (word[1] == '-' ? check_long(argp, argv[0], word + 2) : takes_next(argp, word + 1))
            i++;
    }
}

/* A command may have so many groups of options that it shares with others. */
#define GROUPS_MAX 4u

/* A command's parser and what it wants, beside the common options. */
struct parsing {
    const struct argp *own;
    void *own_input;
    struct options *options;
    unsigned group_count;
};

static error_t parse_all(int key, char *arg, struct argp_state *state)
{
    struct parsing *parsing = state->input;
    error_t result;

    if (key == ARGP_KEY_INIT)
        state->child_inputs[parsing->group_count] = parsing->options;
    if (!parsing->own->parser)
        return key == ARGP_KEY_ARG ? (argp_error(state, "unexpected argument '%s'", arg), 0)
                                   : ARGP_ERR_UNKNOWN;
    state->input = parsing->own_input;
    result = parsing->own->parser(key, arg, state);
    state->input = parsing;
    return result;
}

void options_parse(struct options *options, const struct argp *argp, void *input, int argc,
                   char **argv)
{
    struct parsing parsing = {argp, input, options, 0};
    struct argp_child children[GROUPS_MAX + 2] = {{NULL, 0, NULL, 0}};
    struct argp all = *argp;

    for (const struct argp_child *group = argp->children; group && group->argp; group++) {
        assert(parsing.group_count < GROUPS_MAX);
        children[parsing.group_count++] = *group;
    }
    children[parsing.group_count] = (struct argp_child){&common, 0, OPTIONS_COMMON_GROUP, 2};

    check_names(argp, argc, argv, false);
    all.parser = parse_all;
    all.children = children;
    argp_err_exit_status = EXIT_USAGE;
    argp_parse(&all, argc, argv, 0, NULL, &parsing);
}

uint64_t options_number(const char *name, const char *text, uint64_t min, uint64_t max,
                        struct argp_state *state)
{
    uint64_t value;
    char *end;

    errno = 0;
    value = strtoull(text, &end, 10);
    if (text[0] < '0' || text[0] > '9' || *end != '\0' || errno || value < min || value > max)
        argp_error(state, "--%s: '%s' is no number from %" PRIu64 " to %" PRIu64, name, text, min,
                   max);
    return value;
}

struct leading {
    struct options *options;
    int index;
};

static error_t parse_leading(int key, char *arg, struct argp_state *state)
{
    struct leading *leading = state->input;

    (void)arg;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = leading->options;
        return 0;
    case ARGP_KEY_ARG:
        leading->index = state->next - 1;
        state->next = state->argc;
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

int options_parse_leading(struct options *options, const char *description, int argc, char **argv)
{
    struct leading leading = {options, argc};
    const struct argp_child children[] = {{&common, 0, OPTIONS_COMMON_GROUP, 1},
                                          {NULL, 0, NULL, 0}};
    const struct argp argp = {NULL,     parse_leading, "COMMAND ...", description,
                              children, NULL,          NULL};

    check_names(&(const struct argp){0}, argc, argv, true);
    argp_err_exit_status = EXIT_USAGE;
    argp_parse(&argp, argc, argv, ARGP_IN_ORDER, NULL, &leading);
    return leading.index;
}
