/* Mailboxes: order, sleep, closing, and many senders. */
#include "pools/mailbox.h"

#include "unit.h"

#include <pthread.h>
#include <stdint.h>

static struct mailbox mailbox;

static void push(struct message *message, enum mailbox_result wanted)
{
    ck_assert_int_eq(mailbox_push(&mailbox, message), wanted);
}

START_TEST(mailbox_take_empty_returns_null)
{
    mailbox_init(&mailbox);
    ck_assert_ptr_null(mailbox_take(&mailbox));
}
END_TEST

START_TEST(mailbox_take_several_are_in_order)
{
    struct message messages[3];

    mailbox_init(&mailbox);
    for (int i = 0; i < 3; i++)
        push(&messages[i], MAILBOX_PUSHED);
    struct message *at = mailbox_take(&mailbox);
    for (int i = 0; i < 3; i++, at = at->next)
        ck_assert_ptr_eq(at, &messages[i]);
    ck_assert_ptr_null(at);
    ck_assert_ptr_null(mailbox_take(&mailbox));
}
END_TEST

START_TEST(mailbox_push_wakes_sleeper_once)
{
    struct message messages[2];

    mailbox_init(&mailbox);
    ck_assert(mailbox_sleep(&mailbox));
    push(&messages[0], MAILBOX_PUSHED_WAKE);
    push(&messages[1], MAILBOX_PUSHED);
    ck_assert_ptr_eq(mailbox_take(&mailbox), &messages[0]);
}
END_TEST

START_TEST(mailbox_sleep_with_message_is_refused)
{
    struct message message;

    mailbox_init(&mailbox);
    push(&message, MAILBOX_PUSHED);
    ck_assert(!mailbox_sleep(&mailbox));
}
END_TEST

START_TEST(mailbox_take_after_sleep_is_awake)
{
    struct message message;

    mailbox_init(&mailbox);
    ck_assert(mailbox_sleep(&mailbox));
    ck_assert_ptr_null(mailbox_take(&mailbox));
    push(&message, MAILBOX_PUSHED);
}
END_TEST

START_TEST(mailbox_close_empty_refuses_messages)
{
    struct message message;

    mailbox_init(&mailbox);
    ck_assert(mailbox_close(&mailbox));
    push(&message, MAILBOX_CLOSED);
}
END_TEST

START_TEST(mailbox_close_with_message_is_refused)
{
    struct message message;

    mailbox_init(&mailbox);
    push(&message, MAILBOX_PUSHED);
    ck_assert(!mailbox_close(&mailbox));
    ck_assert_ptr_eq(mailbox_take(&mailbox), &message);
    ck_assert(mailbox_close(&mailbox));
}
END_TEST

#define SENDERS 4
#define PER_SENDER 20000

struct numbered {
    struct message message;
    unsigned sender, number;
};

static struct numbered sent[SENDERS][PER_SENDER];

static void *send_all(void *arg)
{
    unsigned sender = (unsigned)(uintptr_t)arg;

    for (unsigned i = 0; i < PER_SENDER; i++) {
        sent[sender][i].sender = sender;
        sent[sender][i].number = i;
        ck_assert_int_ne(mailbox_push(&mailbox, &sent[sender][i].message), MAILBOX_CLOSED);
    }
    return NULL;
}

START_TEST(mailbox_push_many_senders_none_lost_each_in_order)
{
    unsigned next[SENDERS] = {0}, received = 0;
    pthread_t threads[SENDERS];

    mailbox_init(&mailbox);
    for (uintptr_t i = 0; i < SENDERS; i++)
        pthread_create(&threads[i], NULL, send_all, (void *)i);
    while (received < SENDERS * PER_SENDER) {
        struct message *at;

        if (received % 3 == 0)
            (void)mailbox_sleep(&mailbox);
        for (at = mailbox_take(&mailbox); at; received++) {
            struct numbered *message = (struct numbered *)at;

            at = at->next;
            ck_assert_uint_eq(message->number, next[message->sender]++);
        }
    }
    for (int i = 0; i < SENDERS; i++)
        pthread_join(threads[i], NULL);
    ck_assert(mailbox_close(&mailbox));
}
END_TEST

UNIT_MAIN("mailbox", mailbox_take_empty_returns_null, mailbox_take_several_are_in_order,
          mailbox_push_wakes_sleeper_once, mailbox_sleep_with_message_is_refused,
          mailbox_take_after_sleep_is_awake, mailbox_close_empty_refuses_messages,
          mailbox_close_with_message_is_refused, mailbox_push_many_senders_none_lost_each_in_order)
