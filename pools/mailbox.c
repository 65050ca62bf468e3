/* The mailbox: a lock-free stack that is taken whole. */
#include "pools/mailbox.h"

#include <stddef.h>

/* Heads that are no messages. Only their addresses count. */
static struct message asleep_mark;
static struct message closed_mark;

void mailbox_init(struct mailbox *mailbox)
{
    atomic_init(&mailbox->head, NULL);
}

enum mailbox_result mailbox_push(struct mailbox *mailbox, struct message *message)
{
    struct message *head = atomic_load_explicit(&mailbox->head, memory_order_relaxed);

    do {
        if (head == &closed_mark)
            return MAILBOX_CLOSED;
        message->next = head == &asleep_mark ? NULL : head;
        /* Release: what the message says is seen by whoever takes it. */
    } while (!atomic_compare_exchange_weak_explicit(&mailbox->head, &head, message,
                                                    memory_order_release, memory_order_relaxed));
    return head == &asleep_mark ? MAILBOX_PUSHED_WAKE : MAILBOX_PUSHED;
}

static struct message *reverse(struct message *newest)
{
    struct message *oldest = NULL;

    while (newest) {
        struct message *next = newest->next;

        newest->next = oldest;
        oldest = newest;
        newest = next;
    }
    return oldest;
}

struct message *mailbox_take(struct mailbox *mailbox)
{
    /* The common case, without writing to the line that senders write to. Relaxed: NULL carries
     * nothing. */
    if (!atomic_load_explicit(&mailbox->head, memory_order_relaxed))
        return NULL;
    /* Acquire: pairs with the release of every push in the list, since each of them read the one
     * before (a release sequence of read-modify-writes). */
    struct message *head = atomic_exchange_explicit(&mailbox->head, NULL, memory_order_acquire);

    return head == &asleep_mark ? NULL : reverse(head);
}

/* Puts the mark where nothing is. */
static bool mark(struct mailbox *mailbox, struct message *mark)
{
    struct message *empty = NULL;

    /* Relaxed: the mark carries nothing; whoever finds it wakes the reader by other means. */
    return atomic_compare_exchange_strong_explicit(&mailbox->head, &empty, mark,
                                                   memory_order_relaxed, memory_order_relaxed);
}

bool mailbox_sleep(struct mailbox *mailbox)
{
    return mark(mailbox, &asleep_mark);
}

bool mailbox_close(struct mailbox *mailbox)
{
    return mark(mailbox, &closed_mark);
}
