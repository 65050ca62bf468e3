/* From points in time to events. */
#include "server/observer.h"

#include "api/bytes.h"
#include "api/hex.h"
#include "api/message_json.h"
#include "server/comparer.h"
#include "server/history.h"
#include "server/stats_point.h"

#include <isoyard/v1/failure.pb-c.h>
#include <stdlib.h>

/* Failures in an event. */
#define FAILURES_TOLD 30u

struct observer {
    const struct pool_service *service;
    struct failures *failures;
    struct control *control;
    struct events *events;
    struct history *history;
    struct stats_point *last;
    json_t *told; /* the last look's part of an event; NULL: nobody was there */
};

struct observer *observer_new(const struct pool_service *service, struct failures *failures,
                              struct control *control, struct events *events)
{
    struct observer *observer = xcalloc(1, sizeof(*observer));

    observer->service = service;
    observer->failures = failures;
    observer->control = control;
    observer->events = events;
    observer->history = history_new();
    observer->last = stats_point_new(service->dispatcher);
    return observer;
}

void observer_free(struct observer *observer)
{
    if (!observer)
        return;
    json_decref(observer->told);
    stats_point_free(observer->last);
    history_free(observer->history);
    free(observer);
}

/* Failures. */

static json_t *enum_name(const ProtobufCEnumDescriptor *type, int value, const char *prefix)
{
    const ProtobufCEnumValue *known = protobuf_c_enum_descriptor_get_value(type, value);

    return json_string(known ? known->name + strlen(prefix) : "");
}

static json_t *json_of_failed(const struct failed_task *f)
{
    char execution[HEX_ID_LEN + 1];
    json_t *object;

    hex_id_format(f->execution, execution);
    object =
        json_pack("{s:I, s:I, s:s, s:s, s:s, s:i, s:s, s:s, s:s, s:i, s:I, s:I}", "number",
                  (json_int_t)f->number, "time_ms", (json_int_t)(f->ended_us / 1000), "execution",
                  execution, "tenant", f->tenant, "worker", f->worker, "version",
                  (int)f->report.version, "reason", failure_reason_name(f->reason), "architecture",
                  architecture_name(f->report.architecture), "file", f->file, "line", (int)f->line,
                  "wall_us", (json_int_t)f->report.wall_us, "cpu_us", (json_int_t)f->report.cpu_us);
    json_object_set_new(object, "message", json_of_text(f->message, strlen(f->message)));
    json_object_set_new(object, "phase",
                        enum_name(&isoyard__v1__phase__descriptor, (int)f->phase, "PHASE_"));
    if (f->limit != LIMIT_NONE)
        json_object_set_new(object, "limit",
                            enum_name(&isoyard__v1__limit__descriptor, (int)f->limit, "LIMIT_"));
    return object;
}

static json_t *recent_failures(struct observer *observer)
{
    struct failed_task *failed = xcalloc(FAILURES_TOLD, sizeof(failed[0]));
    size_t count = failures_read(observer->failures, failed, FAILURES_TOLD);
    json_t *array = json_array();

    for (size_t i = 0; i < count; i++)
        json_array_append_new(array, json_of_failed(&failed[i]));
    free(failed);
    return array;
}

/* Events. */

static json_t *figures_since(const struct observer *observer, const struct stats_point *now,
                             const struct history_point *point)
{
    struct stats_message *message = xcalloc(1, sizeof(*message));
    json_t *object;

    stats_message_init_since(message, observer->service, observer->last, now);
    object = json_of_message(&message->tick.base);
    stats_message_release(message);
    free(message);
    json_object_set_new(object, "point", history_point_json(point));
    return object;
}

static void publish(struct observer *observer, const json_t *figures)
{
    json_t *event = json_copy((json_t *)figures); /* shallow */
    char *text;

    json_object_set_new(event, "failures", recent_failures(observer));
    json_object_set_new(event, "control", control_json(observer->control));
    json_object_set_new(event, "comparisons",
                        json_integer((json_int_t)comparer_concluded(observer->service->comparer)));
    json_object_set_new(event, "clients",
                        json_integer((json_int_t)events_clients(observer->events)));
    json_object_set_new(event, "dropped_events",
                        json_integer((json_int_t)events_dropped(observer->events)));
    text = json_dumps(event, JSON_COMPACT | JSON_REAL_PRECISION(6));
    json_decref(event);
    if (text)
        events_publish(observer->events, bytes_of(text));
    free(text);
}

void observer_look(struct observer *observer)
{
    struct stats_point *now = stats_point_new(observer->service->dispatcher);
    struct history_point point;

    history_point_init(&point, observer->last, now);
    history_add(observer->history, &point);
    json_decref(observer->told);
    observer->told = NULL;
    if (events_clients(observer->events) > 0) {
        observer->told = figures_since(observer, now, &point);
        publish(observer, observer->told);
    }
    stats_point_free(observer->last);
    observer->last = now;
}

void observer_tell(struct observer *observer)
{
    if (observer->told && events_clients(observer->events) > 0)
        publish(observer, observer->told);
}

json_t *observer_history(const struct observer *observer)
{
    return history_json(observer->history);
}
