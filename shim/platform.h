/*
 * V8's platform, ours: worker threads for background jobs, and a foreground task runner per isolate
 * whose tasks become events of the isolate's owner. V8's default platform cannot wake a thread that
 * sleeps in an event loop.
 */
#ifndef ISOYARD_PLATFORM_H
#define ISOYARD_PLATFORM_H

#include "shim/counted_lock.h"
#include "shim/page_allocator.h"
#include "shim/shim.h"
#include "shim/v8_compat.h"

#include <map>
#include <mutex>
#include <thread>
#include <unordered_map>
#include <vector>

/*
 * The tasks that V8 wants to run in one isolate's turns. V8 posts from any thread, and may hold a
 * reference longer than the isolate lives: after close() what still comes is dropped. Delays are
 * the owner's affair: it delivers EVENT_PLATFORM after them, and next() then finds the task due.
 */
class foreground_runner final : public compat::task_runner
{
  public:
    explicit foreground_runner(const struct isolate_host &host);

    void post(std::unique_ptr<v8::Task> task) override;
    void post_delayed(std::unique_ptr<v8::Task> task, double delay_s) override;

    /* The next task that is due, or nothing. In a turn. */
    std::unique_ptr<v8::Task> next();
    /* Tells the owner of the tasks that are left. In a turn. */
    void announce();
    /* Whether one is due or will be. Any thread. */
    bool has_task();
    /* No call to the owner comes once this returns. */
    void close();

  private:
    void tell_owner(uint64_t due_ns);

    counted_lock lock_{LOCK_V8_ISOLATE}; /* guards all below; a leaf: the owner's callbacks under it
                         only push to a lock-free mailbox */
    struct isolate_host host_;
    bool is_closed_ = false;
    std::multimap<uint64_t, std::unique_ptr<v8::Task>>
        tasks_; /* by due time in ns; equal ones in order of arrival */
};

/* Threads that run V8's background tasks, oldest first. */
class worker_threads
{
  public:
    explicit worker_threads(unsigned count);
    ~worker_threads();

    /* Until then tasks wait. */
    void start();

    void post(std::unique_ptr<v8::Task> task, uint64_t due_ns);
    /* Whether a task runs or is due. */
    bool is_busy();
    unsigned count() const
    {
        return count_;
    }

  private:
    void run();
    std::unique_ptr<v8::Task> wait_for_task();

    counted_lock lock_{LOCK_V8_WORKERS}; /* guards all but threads_; a leaf */
    condition changed_;
    std::multimap<uint64_t, std::unique_ptr<v8::Task>>
        tasks_; /* by due time in ns; equal ones in order of arrival */
    unsigned running_ = 0;
    bool is_stopping_ = false;
    const unsigned count_;
    std::vector<std::thread> threads_; /* set by start, and then still */
};

class platform final : public compat::platform
{
  public:
    explicit platform(unsigned worker_count)
        : pages_(compat::standard_page_allocator()), workers_(worker_count)
    {
    }

    /* Starts the threads: once V8 is initialised, since its protection keys are inherited when
     * threads are created. */
    void start()
    {
        workers_.start();
    }

    /* Between Isolate::Allocate and Isolate::Initialize, since V8 asks for the runner while it
     * initialises. */
    void add_isolate(v8::Isolate *isolate, std::shared_ptr<foreground_runner> runner);
    /* After the isolate was disposed of. Its address may be another one's by then, which another
     * thread has added: that one stays. */
    void remove_isolate(v8::Isolate *isolate, const foreground_runner *runner);

    bool is_busy()
    {
        return workers_.is_busy();
    }
    v8::PageAllocator *GetPageAllocator() override
    {
        return &pages_;
    }
    int NumberOfWorkerThreads() override
    {
        return (int)workers_.count();
    }
    double MonotonicallyIncreasingTime() override;
    double CurrentClockTimeMillis() override;
    v8::TracingController *GetTracingController() override
    {
        return &tracing_;
    }

    std::shared_ptr<v8::TaskRunner> runner_of(v8::Isolate *isolate) override;
    void run_on_worker(std::unique_ptr<v8::Task> task) override;
    void run_on_worker_delayed(std::unique_ptr<v8::Task> task, double delay_s) override;
    std::unique_ptr<v8::JobHandle> make_job(v8::TaskPriority priority,
                                            std::unique_ptr<v8::JobTask> job) override;

  private:
    page_allocator pages_;
    v8::TracingController tracing_;
    counted_lock lock_{LOCK_V8_PLATFORM}; /* guards runners_; a leaf */
    std::unordered_map<v8::Isolate *, std::shared_ptr<foreground_runner>> runners_;
    worker_threads workers_;
};

#endif
