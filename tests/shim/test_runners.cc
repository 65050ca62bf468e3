/*
 * Which foreground runner an isolate has, where an isolate is made at the address of one that was
 * disposed of and not removed yet. V8 would be given none for the new one, and fall over it.
 */
#include "shim_test.h"

#include "shim/platform.h"

#include <memory>

static void check_reuse(platform *platform, v8::Isolate *address)
{
    struct isolate_host host = {};
    auto first = std::make_shared<foreground_runner>(host);
    auto second = std::make_shared<foreground_runner>(host);

    platform->add_isolate(address, first);
    expect(platform->runner_of(address) == first);
    platform->add_isolate(address, second); /* the first one's memory is free */
    expect(first.use_count() == 1);
    platform->remove_isolate(address, first.get());
    expect(platform->runner_of(address) == second);
    platform->remove_isolate(address, second.get());
    expect(platform->runner_of(address) == nullptr);
    expect(second.use_count() == 1);
}

int main(void)
{
    static char memory; /* stands for an isolate, which nobody looks into */
    platform platform(1);

    check_reuse(&platform, (v8::Isolate *)&memory);
    check_reuse(&platform, (v8::Isolate *)&memory);
    return 0;
}
