/*
 * Locks that count (api/lock.h), for std::lock_guard and std::unique_lock, and a condition to go
 * with them.
 */
#ifndef ISOYARD_COUNTED_LOCK_H
#define ISOYARD_COUNTED_LOCK_H

#include "api/clock.h"
#include "api/lock.h"

/* Like std::mutex there is nothing to be done before its first use or after its last. */
class counted_lock
{
  public:
    constexpr explicit counted_lock(enum lock_kind kind) : lock_ LOCK_INITIALIZER(kind)
    {
    }
    counted_lock(const counted_lock &) = delete;
    counted_lock &operator=(const counted_lock &) = delete;

    void lock()
    {
        lock_take(&lock_);
    }
    void unlock()
    {
        lock_release(&lock_);
    }

  private:
    friend class condition;

    struct lock lock_;
};

class condition
{
  public:
    condition()
    {
        pthread_condattr_t attributes;

        pthread_condattr_init(&attributes);
        pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
        pthread_cond_init(&condition_, &attributes);
        pthread_condattr_destroy(&attributes);
    }
    ~condition()
    {
        pthread_cond_destroy(&condition_);
    }
    condition(const condition &) = delete;
    condition &operator=(const condition &) = delete;

    void notify_one()
    {
        pthread_cond_signal(&condition_);
    }
    void notify_all()
    {
        pthread_cond_broadcast(&condition_);
    }

    /* Whoever calls has the lock. */
    void wait(counted_lock &with)
    {
        lock_await(&with.lock_, &condition_);
    }
    /* At the latest until clock_now_ns() says so. */
    void wait_until(counted_lock &with, uint64_t until_ns)
    {
        const struct timespec until = {(time_t)(until_ns / NS_PER_S), (long)(until_ns % NS_PER_S)};

        (void)lock_await_until(&with.lock_, &condition_, &until);
    }

  private:
    pthread_cond_t condition_;
};

#endif
