/*
 * What a turn costs before and after what runs in it: V8's Locker, the scopes and the stack limit
 * (isolate_enter), on one thread, and where two threads take turns, as lanes of a shared pool do.
 * What waking the other thread costs is not part of it. Medians of rounds.
 *
 * usage: bench_locker [ROUNDS]
 */
#include "api/bytes.h"
#include "api/clock.h"
#include "shim/shim.h"

#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ROUNDS_DEFAULT 11
#define ROUNDS_MAX 101
#define ENTRIES 200000
#define CHANGES 20000

static struct isolate *isolate;

/* Two threads, each of which goes on when the other has posted its semaphore. */
struct player {
    sem_t *own, *others;
    uint64_t inside_ns;
};

static void die(const char *what)
{
    fprintf(stderr, "bench_locker: %s\n", what);
    exit(1);
}

static void do_nothing(void *arg)
{
    (void)arg;
}

static void ignore_platform(void *arg, uint64_t due_ns)
{
    (void)arg;
    (void)due_ns;
}

static struct isolate *open_isolate(void)
{
    static const char source[] = "export default {};";
    const struct isolate_host host = {.platform_task = ignore_platform};
    struct limits limits = limits_default();
    struct script *script = script_new("bench", "nothing", 1, &limits);
    struct isolate *opened;
    struct error error = {0};

    if (script_set_file(script, 0, "main.js", FILE_MODULE, source, strlen(source)) != 0 ||
        script_seal(script, &error) != 0)
        die(error.message);
    if (isolate_open(script, &host, &opened) != 0)
        die("no isolate");
    script_unref(script);
    return opened;
}

/* Nanoseconds an entry. */
static double measure_same_thread(void)
{
    uint64_t begin_ns = clock_now_ns();

    for (int i = 0; i < ENTRIES; i++)
        isolate_enter(isolate, do_nothing, NULL);
    return (double)(clock_now_ns() - begin_ns) / ENTRIES;
}

static void *play(void *arg)
{
    struct player *player = arg;

    for (int i = 0; i < CHANGES / 2; i++) {
        uint64_t begin_ns;

        while (sem_wait(player->own) != 0)
            ;
        begin_ns = clock_now_ns();
        isolate_enter(isolate, do_nothing, NULL);
        player->inside_ns += clock_now_ns() - begin_ns;
        sem_post(player->others);
    }
    return NULL;
}

/* Nanoseconds an entry of another thread than the last one's. */
static double measure_changes(void)
{
    sem_t first, second;
    struct player one = {&first, &second, 0}, two = {&second, &first, 0};
    pthread_t thread;

    sem_init(&first, 0, 1);
    sem_init(&second, 0, 0);
    if (pthread_create(&thread, NULL, play, &two) != 0)
        die("no thread");
    play(&one);
    pthread_join(thread, NULL);
    sem_destroy(&first);
    sem_destroy(&second);
    return (double)(one.inside_ns + two.inside_ns) / CHANGES;
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

static double median(double *values, unsigned count)
{
    qsort(values, count, sizeof(values[0]), compare);
    return values[count / 2];
}

int main(int argc, char **argv)
{
    unsigned rounds = argc > 1 ? (unsigned)atoi(argv[1]) : ROUNDS_DEFAULT;
    double same[ROUNDS_MAX], change[ROUNDS_MAX];
    struct engine_config engine = {.worker_threads = 1};
    struct error error = {0};

    if (argc > 2 || rounds < 1 || rounds > ROUNDS_MAX)
        die("usage: bench_locker [ROUNDS]");
    if (engine_open(&engine, &error) != 0)
        die(error.message);
    isolate = open_isolate();
    for (unsigned i = 0; i < rounds; i++) {
        same[i] = measure_same_thread();
        change[i] = measure_changes();
    }
    printf("a turn of nothing, on the thread of the one before   %8.0f ns\n", median(same, rounds));
    printf("... on another thread than the one before            %8.0f ns\n",
           median(change, rounds));
    isolate_close(isolate);
    engine_close();
    return 0;
}
