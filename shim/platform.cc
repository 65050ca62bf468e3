/* V8's platform: worker threads and foreground task runners. */
#include "shim/platform.h"

#include "api/clock.h"

static uint64_t due_after(double delay_s)
{
    return clock_now_ns() + (delay_s > 0 ? (uint64_t)(delay_s * (double)NS_PER_S) : 0);
}

foreground_runner::foreground_runner(const struct isolate_host &host) : host_(host)
{
}

void foreground_runner::post(std::unique_ptr<v8::Task> task)
{
    post_delayed(std::move(task), 0);
}

void foreground_runner::post_delayed(std::unique_ptr<v8::Task> task, double delay_s)
{
    std::lock_guard<counted_lock> guard(lock_);
    uint64_t due_ns = due_after(delay_s);

    if (is_closed_)
        return;
    tasks_.emplace(due_ns, std::move(task));
    tell_owner(due_ns);
}

/* Under the lock, so that no call comes after close(). */
void foreground_runner::tell_owner(uint64_t due_ns)
{
    uint64_t now = clock_now_ns();

    if (host_.platform_task)
        host_.platform_task(host_.arg, due_ns > now ? due_ns - now : 0);
}

void foreground_runner::announce()
{
    std::lock_guard<counted_lock> guard(lock_);

    if (!is_closed_ && !tasks_.empty())
        tell_owner(tasks_.begin()->first);
}

std::unique_ptr<v8::Task> foreground_runner::next()
{
    std::lock_guard<counted_lock> guard(lock_);
    std::unique_ptr<v8::Task> task;

    if (!tasks_.empty() && tasks_.begin()->first <= clock_now_ns()) {
        task = std::move(tasks_.begin()->second);
        tasks_.erase(tasks_.begin());
    }
    return task;
}

bool foreground_runner::has_task()
{
    std::lock_guard<counted_lock> guard(lock_);

    return !tasks_.empty();
}

void foreground_runner::close()
{
    std::multimap<uint64_t, std::unique_ptr<v8::Task>> tasks;
    std::lock_guard<counted_lock> guard(lock_);

    /* The tasks are destroyed after the lock is released: their destructors are V8's code. */
    is_closed_ = true;
    tasks.swap(tasks_);
}

worker_threads::worker_threads(unsigned count) : count_(count)
{
}

void worker_threads::start()
{
    for (unsigned i = 0; i < count_; i++) {
        threads_.emplace_back([this] { run(); });
        pthread_setname_np(threads_.back().native_handle(), "v8");
    }
}

worker_threads::~worker_threads()
{
    {
        std::lock_guard<counted_lock> guard(lock_);
        is_stopping_ = true;
    }
    changed_.notify_all();
    for (std::thread &thread : threads_)
        thread.join();
}

void worker_threads::post(std::unique_ptr<v8::Task> task, uint64_t due_ns)
{
    {
        std::lock_guard<counted_lock> guard(lock_);
        tasks_.emplace(due_ns, std::move(task));
    }
    changed_.notify_one();
}

/* Nothing when the threads are to stop. What is not due by then is never run. */
std::unique_ptr<v8::Task> worker_threads::wait_for_task()
{
    std::lock_guard<counted_lock> guard(lock_);

    for (;;) {
        uint64_t now = clock_now_ns();

        if (is_stopping_)
            return nullptr;
        if (tasks_.empty()) {
            changed_.wait(lock_);
        } else if (tasks_.begin()->first > now) {
            changed_.wait_until(lock_, tasks_.begin()->first);
        } else {
            std::unique_ptr<v8::Task> task = std::move(tasks_.begin()->second);

            tasks_.erase(tasks_.begin());
            running_++;
            return task;
        }
    }
}

bool worker_threads::is_busy()
{
    std::lock_guard<counted_lock> guard(lock_);

    return running_ > 0 || (!tasks_.empty() && tasks_.begin()->first <= clock_now_ns());
}

void worker_threads::run()
{
    while (std::unique_ptr<v8::Task> task = wait_for_task()) {
        task->Run();
        std::lock_guard<counted_lock> guard(lock_);
        running_--;
    }
}

void platform::add_isolate(v8::Isolate *isolate, std::shared_ptr<foreground_runner> runner)
{
    std::lock_guard<counted_lock> guard(lock_);

    /* What was there, of an isolate that is about to be removed, is freed after the lock. */
    std::swap(runners_[isolate], runner);
}

void platform::remove_isolate(v8::Isolate *isolate, const foreground_runner *runner)
{
    std::shared_ptr<foreground_runner> removed; /* the same */
    std::lock_guard<counted_lock> guard(lock_);
    auto found = runners_.find(isolate);

    if (found == runners_.end() || found->second.get() != runner)
        return;
    removed = std::move(found->second);
    runners_.erase(found);
}

double platform::MonotonicallyIncreasingTime()
{
    return (double)clock_now_ns() / (double)NS_PER_S;
}

double platform::CurrentClockTimeMillis()
{
    return SystemClockTimeMillis();
}

std::shared_ptr<v8::TaskRunner> platform::runner_of(v8::Isolate *isolate)
{
    std::lock_guard<counted_lock> guard(lock_);
    auto found = runners_.find(isolate);

    return found == runners_.end() ? nullptr : found->second;
}

void platform::run_on_worker(std::unique_ptr<v8::Task> task)
{
    workers_.post(std::move(task), 0);
}

void platform::run_on_worker_delayed(std::unique_ptr<v8::Task> task, double delay_s)
{
    workers_.post(std::move(task), due_after(delay_s));
}

std::unique_ptr<v8::JobHandle> platform::make_job(v8::TaskPriority priority,
                                                  std::unique_ptr<v8::JobTask> job)
{
    return v8::platform::NewDefaultJobHandle(this, priority, std::move(job), workers_.count());
}
