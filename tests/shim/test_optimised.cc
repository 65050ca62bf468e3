/*
 * A function of a few microseconds that is called once in a turn is optimised within 1,000 turns:
 * by one thread, and by eight threads that take turns on four isolates. (An outermost Locker drops
 * what a background compilation wants to install, so this needs --no-concurrent-recompilation.)
 */
#include "shim_test.h"

#include "shim/isolate.h"

#include <mutex>
#include <thread>
#include <vector>

#define TURNS_MAX 1000

static const char source[] =
    "export function hot(n) { let s = 0; for (let i = 0; i < n; i++) s += Math.sqrt(i) * i; return s; }\n"
    "export default { fetch() { return new Response(String(hot(500))); } };\n";

struct subject {
    struct worker *worker = nullptr;
    std::mutex lock;
    unsigned turns = 0;
    unsigned optimised_at = 0;
    static thread_local struct subject *current;
};

thread_local struct subject *subject::current;

static void on_code(const v8::JitCodeEvent *event)
{
    struct subject *subject = subject::current;

    if (event->type != v8::JitCodeEvent::CODE_ADDED || !subject || subject->optimised_at)
        return;
    /* Also "*'hot": in newer V8s code may be made for one context, as the apostrophe says. */
    std::string_view name(event->name.str, event->name.len);
    if (name.find("*hot") != std::string_view::npos || name.find("*'hot") != std::string_view::npos)
        subject->optimised_at = subject->turns;
}

static void listen(void *arg)
{
    struct subject *subject = static_cast<struct subject *>(arg);

    subject->worker->isolate->v8->SetJitCodeEventHandler(v8::kJitCodeEventDefault, on_code);
}

static void open_subject(struct subject *subject)
{
    subject->worker = worker_loaded(source);
    isolate_enter(subject->worker->isolate, listen, subject);
}

static void take_turn(struct subject *subject)
{
    std::lock_guard<std::mutex> guard(subject->lock);

    if (subject->optimised_at || subject->turns >= TURNS_MAX)
        return;
    subject->turns++;
    subject::current = subject;
    worker_fetch(subject->worker, "GET", "https://h/", "", nullptr);
    op_free(worker_take(subject->worker, OP_ANSWER));
    subject::current = nullptr;
}

static void expect_optimised(struct subject *subject, const char *what)
{
    fprintf(stderr, "%s: optimised at turn %u of %u\n", what, subject->optimised_at,
            subject->turns);
    expect(subject->optimised_at > 0);
    worker_free(subject->worker);
}

int main()
{
    struct subject one;
    struct subject many[4];
    std::vector<std::thread> threads;

    shim_start();
    open_subject(&one);
    for (int i = 0; i < TURNS_MAX; i++)
        take_turn(&one);
    expect_optimised(&one, "1 thread");

    for (struct subject &subject : many)
        open_subject(&subject);
    for (int t = 0; t < 8; t++) {
        threads.emplace_back([&many, t] {
            for (int i = 0; i < TURNS_MAX; i++)
                take_turn(&many[(i + t) % 4]);
        });
    }
    for (std::thread &thread : threads)
        thread.join();
    for (struct subject &subject : many)
        expect_optimised(&subject, "8 threads, 4 isolates");
    engine_close();
    return 0;
}
