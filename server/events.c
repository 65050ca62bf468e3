/* One event, and those who read it. */
#include "server/events.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <utlist.h>

/* What is given to libmicrohttpd at once. */
#define BLOCK_BYTES ((size_t)16 << 10)

/* What the kernel keeps for a client that does not read; it doubles this. */
#define SEND_BYTES (32 << 10)

/* Shared by those who are being sent it. */
struct event {
    unsigned refs;
    uint64_t number; /* counted from 1 */
    struct buffer text;
};

struct client {
    struct events *events;
    struct MHD_Connection *connection;
    bool is_suspended; /* it has all that there is */
    bool is_gone;      /* it has hung up, and counts no more */
    uint64_t seen;     /* the last event that it got, or gets */
    struct event *event;
    size_t sent;   /* of its text */
    char note[64]; /* what comes before it: how many were missed */
    size_t note_sent;
    struct client *next, *prev;
};

struct events {
    uint64_t number;        /* of the latest event, also where that is gone */
    struct event *latest;   /* NULL: there was none since the first of the clients came */
    struct client *clients; /* utlist's DL */
    size_t count;
    uint64_t dropped;
    bool is_ending;
};

struct events *events_new(void)
{
    return xcalloc(1, sizeof(struct events));
}

static void unref(struct event *event)
{
    if (!event || --event->refs > 0)
        return;
    buffer_release(&event->text);
    free(event);
}

void events_free(struct events *events)
{
    if (!events)
        return;
    assert(!events->clients);
    unref(events->latest);
    free(events);
}

/* Sending. */

/* Has the client go on with the latest event; false: it has had that. */
static bool take_latest(struct client *client)
{
    struct events *events = client->events;
    struct event *latest = events->latest;
    uint64_t missed;

    if (!latest || latest->number == client->seen)
        return false;
    missed = client->seen > 0 ? latest->number - client->seen - 1 : 0;
    client->note[0] = '\0';
    client->note_sent = 0;
    if (missed > 0)
        snprintf(client->note, sizeof(client->note), "event: missed\ndata: %" PRIu64 "\n\n",
                 missed);
    client->seen = latest->number;
    client->event = latest;
    client->sent = 0;
    latest->refs++;
    return true;
}

static size_t copy_some(char *to, size_t max, const char *from, size_t len, size_t *done)
{
    size_t some = len - *done < max ? len - *done : max;

    memcpy(to, from + *done, some);
    *done += some;
    return some;
}

static ssize_t read_event(void *arg, uint64_t at, char *to, size_t max)
{
    struct client *client = arg;
    size_t some;

    (void)at;
    if (client->events->is_ending)
        return MHD_CONTENT_READER_END_OF_STREAM;
    if (client->is_gone)
        return MHD_CONTENT_READER_END_WITH_ERROR;
    if (!client->event && !take_latest(client)) {
        client->is_suspended = true;
        MHD_suspend_connection(client->connection);
        return 0;
    }
    some = copy_some(to, max, client->note, strlen(client->note), &client->note_sent);
    some += copy_some(to + some, max - some, client->event->text.data, client->event->text.len,
                      &client->sent);
    if (client->sent == client->event->text.len) {
        unref(client->event);
        client->event = NULL;
    }
    return (ssize_t)some;
}

static void count_out(struct events *events)
{
    if (--events->count > 0)
        return;
    unref(events->latest);
    events->latest = NULL;
}

static void leave(void *arg)
{
    struct client *client = arg;

    DL_DELETE(client->events->clients, client);
    if (!client->is_gone)
        count_out(client->events);
    unref(client->event);
    free(client);
}

static void resume(struct client *client)
{
    if (!client->is_suspended)
        return;
    client->is_suspended = false;
    MHD_resume_connection(client->connection);
}

static bool has_hung_up(const struct client *client)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(client->connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    char byte;
    ssize_t got = info ? recv(info->connect_fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) : 1;

    /* An error: it was reset, as by a client that is killed. */
    return got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR);
}

/* libmicrohttpd does not look at connections that are suspended, and would find out at the second
 * event: somebody who reloads the page would have several places until then. */
static void find_gone(struct events *events)
{
    struct client *client;

    DL_FOREACH(events->clients, client)
    {
        if (client->is_gone || !has_hung_up(client))
            continue;
        client->is_gone = true;
        count_out(events);
        resume(client);
    }
}

static void bound_send_buffer(struct MHD_Connection *connection)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    int bytes = SEND_BYTES;

    if (info)
        setsockopt(info->connect_fd, SOL_SOCKET, SO_SNDBUF, &bytes, sizeof(bytes));
}

struct MHD_Response *events_join(struct events *events, struct MHD_Connection *connection)
{
    struct client *client;
    struct MHD_Response *response;

    find_gone(events);
    if (events->count >= EVENTS_CLIENTS_MAX || events->is_ending)
        return NULL;
    bound_send_buffer(connection);
    client = xcalloc(1, sizeof(*client));
    client->events = events;
    client->connection = connection;
    DL_APPEND(events->clients, client);
    events->count++;
    response =
        MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, BLOCK_BYTES, read_event, client, leave);
    if (!response)
        leave(client);
    return response;
}

/* News. */

/* Those who have not come for the latest event yet will not get it any more. */
static void count_missed(struct events *events)
{
    const struct client *client;

    DL_FOREACH(events->clients, client)
    {
        if (client->seen > 0 && events->latest && client->seen < events->latest->number)
            events->dropped++;
    }
}

static void resume_all(struct events *events)
{
    struct client *client;

    DL_FOREACH(events->clients, client)
    {
        resume(client);
    }
}

void events_publish(struct events *events, struct bytes json)
{
    struct event *event = xcalloc(1, sizeof(*event));

    event->refs = 1;
    event->number = ++events->number;
    buffer_append_text(&event->text, "data: ");
    buffer_append(&event->text, json.data, json.len);
    buffer_append_text(&event->text, "\n\n");
    count_missed(events);
    unref(events->latest);
    events->latest = event;
    resume_all(events);
}

void events_end(struct events *events)
{
    events->is_ending = true;
    resume_all(events);
}

size_t events_clients(const struct events *events)
{
    return events->count;
}

uint64_t events_dropped(const struct events *events)
{
    return events->dropped;
}
