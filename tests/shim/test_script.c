/* A classic script answers through addEventListener and respondWith, in sloppy mode. */
#include "shim_test.h"

int main(void)
{
    struct worker *worker;
    const struct file files[] = {
        {"main.cjs",
         "undeclared = 1; // only in sloppy mode\n"
         "addEventListener('fetch', event => {\n"
         "  event.respondWith(new Response(typeof this + undeclared + event.request.url));\n"
         "});\n"},
        {NULL, NULL}};

    shim_start();
    worker = worker_new(NULL, files);
    worker_load(worker);
    expect_text(worker_get(worker, "https://h/a?b"), "object1https://h/a?b");
    expect_text(worker_get(worker, "https://h/c"), "object1https://h/c");
    worker_free(worker);
    engine_close();
    return 0;
}
