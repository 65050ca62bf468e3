/* isoyardd: the order of starting, and the signals. */
#include "api/log.h"
#include "server/config.h"
#include "server/daemon.h"
#include "server/logger.h"
#include "shim/shim.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

/* Every connection and every fetch of a worker takes a descriptor. */
static void raise_descriptor_limit(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
        return;
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
}

static sigset_t stop_signals(void)
{
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    return set;
}

static void end_at_once(int signal)
{
    _exit(128 + signal);
}

/* Threads inherit the mask: only main ever sees the signals, where it asks for them. */
static void block_signals(void)
{
    sigset_t set = stop_signals();

    pthread_sigmask(SIG_BLOCK, &set, NULL);
    signal(SIGPIPE, SIG_IGN);
}

/* Keeps house each second until a signal comes. */
static void wait_for_signal(struct daemon *daemon)
{
    const struct timespec second = {1, 0};
    sigset_t set = stop_signals();
    int signal;

    while ((signal = sigtimedwait(&set, NULL, &second)) < 0)
        daemon_tick(daemon);
    log_info("stopping", log_text("signal", signal == SIGTERM ? "SIGTERM" : "SIGINT"));
}

/* The second signal interrupts whatever main waits for. */
static void await_second_signal(void)
{
    const struct sigaction action = {.sa_handler = end_at_once};
    sigset_t set = stop_signals();

    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGINT, &action, NULL);
    pthread_sigmask(SIG_UNBLOCK, &set, NULL);
}

static int serve(struct config *config, struct error *error)
{
    struct daemon *daemon;
    int err;

    config_bound_isolates(&config->pool_config);
    err = daemon_open(config, &daemon, error);
    if (err)
        return err;
    wait_for_signal(daemon);
    await_second_signal();
    daemon_close(daemon);
    log_info("stopped");
    return 0;
}

static int run(struct config *config, struct error *error)
{
    const struct engine_config engine = {.worker_threads = config->v8_threads};
    int err;

    /* V8's protection keys are inherited when threads are created: before any other. */
    err = engine_open(&engine, error);
    if (err)
        return err;
    err = logger_start(error);
    if (!err) {
        err = serve(config, error);
        logger_stop();
    }
    engine_close();
    return err;
}

int main(int argc, char **argv)
{
    struct config config;
    struct error error = {0};
    int err;

    config_parse(&config, argc, argv);
    log_set_level(config.log_level);
    block_signals();
    raise_descriptor_limit();
    err = run(&config, &error);
    if (err)
        fprintf(stderr, "isoyardd: %s\n", error.message);
    config_release(&config);
    return err ? EXIT_FAILURE : EXIT_SUCCESS;
}
