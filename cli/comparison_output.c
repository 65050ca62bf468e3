/* Printing reports. */
#include "cli/comparison_output.h"

#include "cli/comparison_csv.h"
#include "cli/comparison_text.h"
#include "cli/exit_status.h"
#include "cli/json.h"
#include "cli/problem.h"

enum {
    KEY_CSV = 1000,
    KEY_ROUNDS,
};

static const struct argp_option output_options[] = {
    {"csv", KEY_CSV, NULL, 0, "Print CSV: a line for each arm, with all its figures", 0},
    {"rounds-detail", KEY_ROUNDS, NULL, 0, "With --csv: a line for each arm and round", 0},
    {NULL, 0, NULL, 0, NULL, 0},
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct comparison_output *output = state->input;

    (void)arg;
    switch (key) {
    case KEY_CSV:
        output->is_csv = true;
        return 0;
    case KEY_ROUNDS:
        output->has_rounds = true;
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

const struct argp comparison_output_argp = {.options = output_options, .parser = parse};

int comparison_output_check(const struct comparison_output *output, const struct options *options)
{
    if (output->is_csv && options->is_json)
        return problem_usage("--csv and --json: choose one of them");
    if (output->has_rounds && !output->is_csv)
        return problem_usage("--rounds-detail is for --csv; --json has the rounds in any case");
    return EXIT_FINE;
}

static void print_text(const struct comparison_output *output,
                       const Isoyard__V1__Comparison *comparison)
{
    struct buffer text = {0};

    if (output->has_rounds)
        comparison_csv_append_rounds(&text, comparison);
    else if (output->is_csv)
        comparison_csv_append_arms(&text, comparison);
    else
        comparison_text_append(&text, comparison);
    fwrite(text.data, 1, text.len, stdout);
    buffer_release(&text);
}

void comparison_output_print(const struct comparison_output *output, const struct options *options,
                             const Isoyard__V1__Comparison *comparison)
{
    if (options->is_json)
        json_print(stdout, json_of_message(&comparison->base));
    else
        print_text(output, comparison);
    fflush(stdout);
}
