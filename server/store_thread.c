/* A queue with one consumer. */
#include "server/store_thread.h"

#include "api/bytes.h"
#include "server/container_of.h"

#include <pthread.h>
#include <semaphore.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define QUEUE_MAX 256

struct store_thread {
    struct store *store; /* the thread's own */
    pthread_t thread;
    pthread_mutex_t lock; /* a leaf; guards the rest */
    pthread_cond_t changed;
    struct store_job *first;
    struct store_job **end;
    size_t count;
    bool is_stopping;
};

/* Waits for jobs and takes them all; NULL once the thread is to stop and none is left. */
static struct store_job *take_jobs(struct store_thread *t)
{
    struct store_job *jobs;

    pthread_mutex_lock(&t->lock);
    while (!t->first && !t->is_stopping)
        pthread_cond_wait(&t->changed, &t->lock);
    jobs = t->first;
    t->first = NULL;
    t->end = &t->first;
    t->count = 0;
    pthread_mutex_unlock(&t->lock);
    return jobs;
}

static void *run_jobs(void *arg)
{
    struct store_thread *t = arg;
    struct store_job *job;

    while ((job = take_jobs(t)) != NULL) {
        while (job) {
            struct store_job *next = job->next; /* run may free it */

            job->run(job, t->store);
            job = next;
        }
    }
    store_close(t->store);
    return NULL;
}

static void thread_free(struct store_thread *t)
{
    pthread_cond_destroy(&t->changed);
    pthread_mutex_destroy(&t->lock);
    free(t);
}

int store_thread_start(struct store *store, struct store_thread **ret, struct error *error)
{
    struct store_thread *t = xcalloc(1, sizeof(*t));
    int err;

    t->store = store;
    t->end = &t->first;
    pthread_mutex_init(&t->lock, NULL);
    pthread_cond_init(&t->changed, NULL);
    err = pthread_create(&t->thread, NULL, run_jobs, t);
    if (err) {
        thread_free(t);
        return error_set(error, E_NOMEM, NULL, "cannot start the store's thread: %s",
                         strerror(err));
    }
    pthread_setname_np(t->thread, "store");
    *ret = t;
    return 0;
}

int store_thread_post(struct store_thread *t, struct store_job *job)
{
    int err = 0;

    job->next = NULL;
    pthread_mutex_lock(&t->lock);
    if (t->is_stopping) {
        err = E_CLOSED;
    } else if (t->count == QUEUE_MAX) {
        err = E_BUSY;
    } else {
        *t->end = job;
        t->end = &job->next;
        t->count++;
        pthread_cond_signal(&t->changed);
    }
    pthread_mutex_unlock(&t->lock);
    return err;
}

/* On the stack of who waits. */
struct waited_job {
    struct store_job job;
    int (*run)(void *arg, struct store *store, struct error *error);
    void *arg;
    struct error *error;
    int err;
    sem_t done; /* posted by the store's thread, which touches nothing of it afterwards */
};

static void run_waited(struct store_job *job, struct store *store)
{
    struct waited_job *waited = container_of(job, struct waited_job, job);

    waited->err = waited->run(waited->arg, store, waited->error);
    sem_post(&waited->done);
}

static int refuse(int err, const char *what, struct error *error)
{
    return error_set(error, err, NULL, "%s: %s", what,
                     err == E_BUSY ? "the database is busy; try again a little later"
                                   : "the server is shutting down");
}

int store_thread_call(struct store_thread *t,
                      int (*run)(void *arg, struct store *store, struct error *error), void *arg,
                      const char *what, struct error *error)
{
    struct waited_job waited = {{.run = run_waited}, run, arg, error, 0, {{0}}};
    int err;

    sem_init(&waited.done, 0, 0);
    err = store_thread_post(t, &waited.job);
    if (err) {
        err = refuse(err, what, error);
    } else {
        while (sem_wait(&waited.done) != 0)
            ;
        err = waited.err;
    }
    sem_destroy(&waited.done);
    return err;
}

void store_thread_stop(struct store_thread *t)
{
    if (!t)
        return;
    pthread_mutex_lock(&t->lock);
    t->is_stopping = true;
    pthread_cond_signal(&t->changed);
    pthread_mutex_unlock(&t->lock);
    pthread_join(t->thread, NULL);
    thread_free(t);
}
