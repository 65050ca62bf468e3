/*
 * Turns are stopped at random moments, 10,000 times. No event that was to be stopped runs on, and
 * no stop hits an event that it was not meant for: the short ones around it are always answered.
 *
 * The watchdog's look is called here by a thread of the test, without its pauses, and the deadlines
 * lie where events begin and end, so that stop and end meet as often as can be.
 */
#include "shim_test.h"

#include "api/clock.h"
#include "pools/actor.h"

#include <pthread.h>

#define TURNS 10000
#define LONGEST_US 60

static const char source[] =
    "function work(us) { let n = 0; for (let i = 0; i < us * 150; i++) n += i % 7; return n; }\n"
    "export default { fetch(request) {\n"
    "  const path = request.url.slice(10);\n"
    "  if (path === 'loop') for (;;);\n"
    "  if (path !== 'short') work(Number(path));\n"
    "  return new Response(path);\n"
    "} };\n";

static struct turn turn;
static struct actor actor;
static bool is_over;

static void *watch(void *arg)
{
    static const struct turn_patience patience = {UINT64_MAX, UINT64_MAX, NULL, NULL};

    (void)arg;
    while (!__atomic_load_n(&is_over, __ATOMIC_ACQUIRE))
        turn_watch(&turn, clock_now_ns(), &patience);
    return NULL;
}

static struct request *request_of(const char *path)
{
    char url[64];

    snprintf(url, sizeof(url), "https://h/%s", path);
    return request_new(bytes_of("GET"), bytes_of(url), bytes_of(""), (struct bytes){NULL, 0});
}

static void add(uint32_t slot, const char *path, uint64_t allowed_ns)
{
    struct turn_event *event = turn_add(&turn);

    event->event = (struct event){
        .kind = EVENT_REQUEST, .ticket = TICKET_OF(slot, 1), .request = request_of(path)};
    event->cpu_allowed_ns = UINT64_MAX;
    event->wall_allowed_ns = allowed_ns;
}

/* Which of the slots 1 to 3 were answered. */
static void collect_answers(bool *answered)
{
    struct op *op = turn_take_sealed(&turn);

    while (op) {
        struct op *next = op->next;

        expect(op->kind == OP_ANSWER);
        answered[TICKET_SLOT(op->ticket)] = true;
        op_free(op);
        op = next;
    }
}

/* A turn that has lasted for its slice leaves the rest to the next one. */
static unsigned check_begun(void)
{
    unsigned begun = turn_begun(&turn);

    expect(begun == 3 || turn.ended_ns - turn.started_ns > TURN_SLICE_NS);
    return begun;
}

/* Whether the event in the middle was stopped. */
static bool check_middle(bool is_endless, bool was_answered)
{
    const struct turn_event *middle = &turn.events[1];

    expect(!is_endless || (middle->stopped == STOP_WALL && !was_answered));
    /* It may be cut off when it has just answered. */
    expect(was_answered || middle->stopped == STOP_WALL);
    return middle->stopped != STOP_NONE;
}

static bool take_turn(struct worker *worker, unsigned *seed)
{
    bool is_endless = rand_r(seed) % 4 == 0;
    unsigned us = (unsigned)rand_r(seed) % LONGEST_US;
    bool answered[4] = {false};
    unsigned begun;
    char path[16];

    snprintf(path, sizeof(path), "%u", us);
    turn_prepare(&turn, NULL, &actor, worker->isolate);
    add(1, "short", UINT64_MAX);
    add(2, is_endless ? "loop" : path, (uint64_t)rand_r(seed) % (LONGEST_US * 1000));
    add(3, "short", UINT64_MAX);
    turn_begin(&turn);
    turn_run(&turn);
    begun = check_begun();
    collect_answers(answered);
    expect(answered[1]);
    expect(answered[3] == (begun == 3));
    for (unsigned i = 0; i < 3; i++)
        request_unref(turn.events[i].event.request);
    return begun >= 2 && check_middle(is_endless, answered[2]);
}

int main(void)
{
    unsigned seed = 1, stopped = 0, ended = 0;
    struct worker *worker;
    pthread_t watcher;

    shim_start();
    worker = worker_loaded(source);
    turn_init(&turn);
    expect(pthread_create(&watcher, NULL, watch, NULL) == 0);
    while (stopped < TURNS) {
        if (take_turn(worker, &seed))
            stopped++;
        else
            ended++;
    }
    __atomic_store_n(&is_over, true, __ATOMIC_RELEASE);
    pthread_join(watcher, NULL);
    fprintf(stderr, "%u stopped, %u ended by themselves\n", stopped, ended);
    expect(ended > TURNS / 100);
    turn_release(&turn);
    worker_free(worker);
    engine_close();
    return 0;
}
