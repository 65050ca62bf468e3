/* A start-up that does not end is cut off, wherever it loops, and is not taken for one that waits.
 */
#include "shim_test.h"

static const struct file endless[][3] = {
    {{"main.js", "for (;;);"}},
    {{"main.js", "await null; for (;;);"}},
    {{"main.js", "import './other.js';"}, {"other.js", "for (;;);"}},
    {{"main.js", "await import('./other.js');"}, {"other.js", "for (;;);"}},
    {{"main.js", "export default { get fetch() { for (;;); } };"}},
    {{"main.cjs", "for (;;);"}},
};

int main(void)
{
    struct event load = {.kind = EVENT_LOAD};

    shim_start();
    for (size_t i = 0; i < sizeof(endless) / sizeof(endless[0]); i++) {
        struct worker *worker = worker_new(NULL, endless[i]);
        struct terminator terminator;

        terminator_start(&terminator, worker);
        worker_deliver(worker, &load);
        terminator_stop(&terminator);
        fprintf(stderr, "%s\n", endless[i][0].content);
        expect(worker->result.was_terminated);
        expect(!worker->ops);
        worker_free(worker);
    }
    engine_close();
    return 0;
}
