/* The common options. */
#include "cli/options.h"

#include "cli/color.h"
#include "cli/exit_status.h"

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
    {"timeout", 'T', "SECONDS", 0, "How long to wait for an answer (60, for most commands)", 0},
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

void options_each_common(option_visit_f *visit, void *arg)
{
    const struct argp_child children[] = {{&common, 0, OPTIONS_COMMON_GROUP, 0},
                                          {&option_names_built_in, 0, OPTIONS_COMMON_GROUP, 0},
                                          {NULL, 0, NULL, 0}};
    const struct argp all = {.children = children};

    option_names_each(&all, visit, arg);
}

void options_each(const struct argp *argp, option_visit_f *visit, void *arg)
{
    option_names_each(argp, visit, arg);
    options_each_common(visit, arg);
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

    all.parser = parse_all;
    all.children = children;
    option_names_check(&all, argc, argv, false, EXIT_USAGE);
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

uint64_t options_interval_ms(const char *text, struct argp_state *state)
{
    char *end;
    double seconds = strtod(text, &end);

    if (end == text || *end != '\0' || !(seconds >= 0.1 && seconds <= 3600))
        argp_error(state, "--interval: '%s' is no number of seconds from 0.1 to 3600", text);
    return (uint64_t)(seconds * 1000 + 0.5);
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

    option_names_check(&argp, argc, argv, true, EXIT_USAGE);
    argp_err_exit_status = EXIT_USAGE;
    argp_parse(&argp, argc, argv, ARGP_IN_ORDER, NULL, &leading);
    return leading.index;
}
