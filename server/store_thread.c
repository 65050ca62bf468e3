/* A queue with one consumer. */
#include "server/store_thread.h"

#include "api/bytes.h"

#include <pthread.h>
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
