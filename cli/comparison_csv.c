/* Lines of values. */
#include "cli/comparison_csv.h"

#include "cli/json.h"
#include "cli/text.h"

#include <inttypes.h>
#include <stdlib.h>

void csv_append_value(struct buffer *out, const char *text)
{
    if (!strpbrk(text, ",\"\r\n")) {
        buffer_append_text(out, text);
        return;
    }
    buffer_append_text(out, "\"");
    for (; *text; text++)
        buffer_append_text(out, *text == '"' ? "\"\"" : (const char[]){*text, '\0'});
    buffer_append_text(out, "\"");
}

/* A server's text: a terminal may show it. */
static void append_text(struct buffer *out, const char *text)
{
    char *escaped = text_escape(text, false);

    csv_append_value(out, escaped);
    free(escaped);
}

static void append_json(struct buffer *out, const json_t *value)
{
    switch (value ? json_typeof(value) : JSON_NULL) {
    case JSON_STRING:
        append_text(out, json_string_value(value));
        break;
    case JSON_INTEGER:
        buffer_append_format(out, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
        break;
    case JSON_REAL:
        buffer_append_format(out, "%.9g", json_real_value(value));
        break;
    default:
        break; /* not there */
    }
}

/* The fields of a message, and of those in it; lists are lines of their own. */

static const ProtobufCMessageDescriptor *message_of(const ProtobufCFieldDescriptor *field)
{
    return field->type == PROTOBUF_C_TYPE_MESSAGE ? field->descriptor : NULL;
}

static void append_names(struct buffer *out, const ProtobufCMessageDescriptor *type,
                         const char *prefix)
{
    for (unsigned i = 0; i < type->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &type->fields[i];
        struct buffer name = {0};

        if (field->label == PROTOBUF_C_LABEL_REPEATED)
            continue;
        buffer_append_format(&name, "%s%s", prefix, field->name);
        if (message_of(field)) {
            buffer_append(&name, "_", 2);
            append_names(out, message_of(field), name.data);
        } else {
            buffer_append(&name, "", 1);
            buffer_append_format(out, ",%s", name.data);
        }
        buffer_release(&name);
    }
}

/* object may be NULL: all of it is empty. */
static void append_values(struct buffer *out, const ProtobufCMessageDescriptor *type,
                          const json_t *object)
{
    for (unsigned i = 0; i < type->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &type->fields[i];
        const json_t *value = json_object_get(object, field->name);

        if (field->label == PROTOBUF_C_LABEL_REPEATED)
            continue;
        if (message_of(field)) {
            append_values(out, message_of(field), value);
        } else {
            buffer_append_text(out, ",");
            append_json(out, value);
        }
    }
}

static void append_message(struct buffer *out, const ProtobufCMessage *message)
{
    json_t *object = json_of_message(message);

    append_values(out, message->descriptor, object);
    json_decref(object);
}

/* Which comparison. */

static void append_key_names(struct buffer *out)
{
    buffer_append_text(out, "comparison,create_time,title");
}

static void append_key(struct buffer *out, const Isoyard__V1__Comparison *c)
{
    buffer_append_format(out, "%" PRIu64 ",%s,", c->id,
                         c->create_time ? text_time(c->create_time) : "");
    append_text(out, c->title);
}

/* Arms. */

static const struct {
    Isoyard__V1__ComparisonMetric metric;
    const char *name;
} metrics[] = {
    {ISOYARD__V1__COMPARISON_METRIC__COMPARISON_METRIC_THROUGHPUT, "throughput"},
    {ISOYARD__V1__COMPARISON_METRIC__COMPARISON_METRIC_LATENCY_P50, "latency_p50"},
    {ISOYARD__V1__COMPARISON_METRIC__COMPARISON_METRIC_LATENCY_P99, "latency_p99"},
    {ISOYARD__V1__COMPARISON_METRIC__COMPARISON_METRIC_CPU, "cpu"},
};

#define METRICS (sizeof(metrics) / sizeof(metrics[0]))

static void append_ratio_names(struct buffer *out)
{
    static const char *const parts[] = {"", "_min", "_max", "_low", "_high"};

    for (size_t i = 0; i < METRICS; i++) {
        for (size_t part = 0; part < 5; part++)
            buffer_append_format(out, ",%s_ratio%s", metrics[i].name, parts[part]);
    }
}

static void append_ratio(struct buffer *out, const Isoyard__V1__ComparisonRatio *ratio)
{
    if (!ratio) {
        buffer_append_text(out, ",,,,,");
        return;
    }
    buffer_append_format(out, ",%.9g,%.9g,%.9g", ratio->median, ratio->min, ratio->max);
    if (ratio->interval)
        buffer_append_format(out, ",%.9g,%.9g", ratio->interval->low, ratio->interval->high);
    else
        buffer_append_text(out, ",,");
}

static const Isoyard__V1__ComparisonRatio *find_ratio(const Isoyard__V1__Comparison *c, size_t arm,
                                                      Isoyard__V1__ComparisonMetric metric)
{
    for (size_t i = 0; i < c->n_ratios; i++) {
        if (c->ratios[i]->arm == arm && c->ratios[i]->metric == metric)
            return c->ratios[i];
    }
    return NULL;
}

void comparison_csv_append_arms(struct buffer *out, const Isoyard__V1__Comparison *c)
{
    append_key_names(out);
    append_names(out, &isoyard__v1__comparison_arm_result__descriptor, "");
    append_ratio_names(out);
    buffer_append_text(out, "\r\n");
    for (size_t arm = 0; arm < c->n_arms; arm++) {
        append_key(out, c);
        append_message(out, &c->arms[arm]->base);
        for (size_t i = 0; i < METRICS; i++)
            append_ratio(out, find_ratio(c, arm, metrics[i].metric));
        buffer_append_text(out, "\r\n");
    }
}

/* Rounds. */

static void append_rounds(struct buffer *out, const Isoyard__V1__Comparison *c,
                          const Isoyard__V1__ComparisonArmResult *arm)
{
    for (size_t round = 0; round < arm->n_rounds; round++) {
        append_key(out, c);
        buffer_append_text(out, ",");
        append_text(out, arm->name);
        buffer_append_format(out, ",%zu", round + 1);
        append_message(out, &arm->rounds[round]->base);
        buffer_append_text(out, "\r\n");
    }
}

void comparison_csv_append_rounds(struct buffer *out, const Isoyard__V1__Comparison *c)
{
    append_key_names(out);
    buffer_append_text(out, ",name,round");
    append_names(out, &isoyard__v1__comparison_round__descriptor, "");
    buffer_append_text(out, "\r\n");
    for (size_t arm = 0; arm < c->n_arms; arm++)
        append_rounds(out, c, c->arms[arm]);
}
