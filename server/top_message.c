/* The workers that used most as protobuf-c has them. */
#include "server/top_message.h"

#include "api/clock.h"

static void set_use(Isoyard__V1__WorkerUse *m, const struct top_use *use)
{
    isoyard__v1__worker_use__init(m);
    m->tenant = (char *)use->tenant;
    m->worker = (char *)use->worker;
    m->tasks = use->tasks;
    m->total_us = use->total_ns / NS_PER_US;
    m->error_us = use->error_ns / NS_PER_US + (use->error_ns % NS_PER_US != 0);
}

void top_message_init(struct top_message *m, const struct top_list *list)
{
    m->count = list->count < TOP_MESSAGE_WORKERS ? list->count : TOP_MESSAGE_WORKERS;
    for (size_t i = 0; i < m->count; i++) {
        set_use(&m->uses[i], &list->uses[i]);
        m->pointers[i] = &m->uses[i];
    }
}
