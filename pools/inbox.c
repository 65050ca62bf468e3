/* Inboxes. */
#include "pools/inbox.h"

#include "shim/crypto/job.h"
#include "shim/net/fetch_result.h"

#include "api/bytes.h"

#include <assert.h>
#include <stdlib.h>

#define FIRST_CAPACITY 8u

static void grow(struct inbox *inbox)
{
    unsigned capacity = inbox->capacity ? inbox->capacity * 2 : FIRST_CAPACITY;
    struct inbox_item *items = xmalloc(capacity * sizeof(items[0]));

    for (unsigned i = 0; i < inbox->count; i++)
        items[i] = inbox->items[(inbox->first + i) % inbox->capacity];
    free(inbox->items);
    inbox->items = items;
    inbox->first = 0;
    inbox->capacity = capacity;
}

void inbox_push(struct inbox *inbox, struct inbox_item item)
{
    if (inbox->count == inbox->capacity)
        grow(inbox);
    inbox->items[(inbox->first + inbox->count++) % inbox->capacity] = item;
}

void inbox_push_front(struct inbox *inbox, struct inbox_item item)
{
    if (inbox->count == inbox->capacity)
        grow(inbox);
    inbox->first = (inbox->first + inbox->capacity - 1) % inbox->capacity;
    inbox->items[inbox->first] = item;
    inbox->count++;
}

struct inbox_item inbox_pop(struct inbox *inbox)
{
    struct inbox_item item;

    assert(inbox->count > 0);
    item = inbox->items[inbox->first];
    inbox->first = (inbox->first + 1) % inbox->capacity;
    inbox->count--;
    return item;
}

void inbox_item_release(struct inbox_item *item)
{
    fetch_result_free(item->result);
    body_event_free(item->body);
    crypto_job_free(item->job);
    item->result = NULL;
    item->body = NULL;
    item->job = NULL;
}

void inbox_release(struct inbox *inbox)
{
    while (inbox->count > 0) {
        struct inbox_item item = inbox_pop(inbox);

        inbox_item_release(&item);
    }
    free(inbox->items);
    *inbox = (struct inbox){0};
}
