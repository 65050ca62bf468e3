/* One record, some lines. */
#include "cli/log_text.h"

#include "cli/color.h"
#include "cli/text.h"

#include <inttypes.h>
#include <stdlib.h>
#include <strings.h>
#include <time.h>

#define INDENT "    "

static enum color level_color(Isoyard__V1__LogLevel level)
{
    switch (level) {
    case ISOYARD__V1__LOG_LEVEL__LOG_LEVEL_ERROR:
        return COLOR_RED;
    case ISOYARD__V1__LOG_LEVEL__LOG_LEVEL_WARN:
        return COLOR_YELLOW;
    default:
        return COLOR_PLAIN;
    }
}

static void print_time(FILE *out, const Google__Protobuf__Timestamp *time)
{
    time_t seconds = time ? (time_t)time->seconds : 0;
    char text[32] = "?";
    struct tm utc;

    if (gmtime_r(&seconds, &utc))
        strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S", &utc);
    fprintf(out, "%s.%03d", text, time ? time->nanos / 1000000 : 0);
}

static const char *level_word(Isoyard__V1__LogLevel level)
{
    static const char *const words[] = {"?", "debug", "info", "warn", "error"};

    return (unsigned)level < sizeof(words) / sizeof(words[0]) ? words[level] : "?";
}

/* Lines but the first one are indented, so that a text cannot pass for a record. */
static void print_lines(FILE *out, const char *text)
{
    char *escaped = text_escape(text, true);
    char *rest = escaped;
    const char *line = strsep(&rest, "\n");

    fprintf(out, "%s\n", line);
    while ((line = strsep(&rest, "\n")))
        fprintf(out, INDENT "%s\n", line);
    free(escaped);
}

/* The frames only: the text has said the rest. */
static void print_stack(FILE *out, const char *stack)
{
    char *escaped = text_escape(stack, true);
    char *rest = escaped;
    const char *line;

    while ((line = strsep(&rest, "\n"))) {
        const char *frame = line + strspn(line, " ");

        if (strncmp(frame, "at ", 3) == 0)
            fprintf(out, INDENT "%s\n", frame);
    }
    free(escaped);
}

void log_text_print(FILE *out, const Isoyard__V1__LogRecord *record)
{
    fputs(color(out, COLOR_DIM), out);
    print_time(out, record->time);
    fprintf(out, "%s %s%-5s%s ", color(out, COLOR_PLAIN), color(out, level_color(record->level)),
            level_word(record->level), color(out, COLOR_PLAIN));
    text_print(out, record->worker);
    fprintf(out, " v%" PRIu32 " %s", record->version, color(out, COLOR_DIM));
    text_print(out, record->execution_id[0] ? record->execution_id : "-");
    fprintf(out, "%s ", color(out, COLOR_PLAIN));
    print_lines(out, record->text);
    if (record->end && record->end->failure)
        print_stack(out, record->end->failure->stack);
}
