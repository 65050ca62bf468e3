/*
 * An engine without V8, behind the shim's own functions: what lanes, pools and the crew are tested
 * with, also under ThreadSanitizer, which does not see into V8's library.
 *
 * A "worker" is a text. A request's URL is the program of its task, steps separated by spaces:
 *
 *   answer        answers with the steps taken so far as the body
 *   throw         fails with an exception
 *   sleep:MS      starts a timer and goes on when it fires
 *   spin:MS       spins so long, and cannot be stopped
 *   work:US       uses so much CPU time, unless it is stopped
 *   burn          spins until it is stopped
 *   burn-later    spins in the microtask checkpoint until it is stopped
 *   heap          reaches the heap limit
 *   log           writes a console line
 *   name          adds the isolate's tenant and worker to the steps taken, "t/w "
 *   stray-timer   starts a timer that is never stopped
 *   never         ends the event, and nothing is pending
 *   await         waits for another program's "resume"
 *   resume        in the checkpoint, lets those that wait go on
 *   answer-more   answers, and goes on as ctx.waitUntil has it, to
 *   end           the end of that
 *   fetch:URL     makes a subrequest and goes on when it has ended
 *   answer-stream answers with a body that streams, and goes on
 *   write:N       writes N bytes of it, as there is room
 *   end-body      ends it
 *   fail-body     breaks it off
 *   cancelled     waits until nobody wants more of it
 *   read          waits for a chunk of the request's body, or its end
 *   read-all      reads it to its end, and adds "N bytes " or "broken " to the steps taken
 *   compute:N     has PBKDF2 of N iterations computed, and goes on when it has ended
 *   hold          spins until the test clears fake_holds, and cannot be stopped
 *   park          is out of memory: the same, with the isolate parked
 *
 * The content of the script's first file is the program of its start-up: the same steps, with
 * "answer" as "load".
 */
#ifndef ISOYARD_TESTS_FAKE_SHIM_H
#define ISOYARD_TESTS_FAKE_SHIM_H

#include "shim/shim.h"

#include <stdatomic.h>
#include <stdint.h>

/* What the engine saw, over all isolates. */
struct fake_figures {
    atomic_uint alive;          /* isolates */
    atomic_uint opened, closed; /* isolates */
    atomic_uint renewed;        /* contexts of isolates */
    atomic_uint events;         /* delivered */
    atomic_uint terminated;     /* events that were cut off */
    atomic_uint
        strangers; /* events that were cut off without having spun: somebody else was meant */
    atomic_uint failed_fetches;      /* results that were no answer */
    atomic_uint failed_computations; /* that have no result */
    atomic_uint cancelled_bodies;    /* that programs heard of */
    atomic_uint overlaps;            /* turns of an isolate while another one ran */
    atomic_uint disorders; /* requests of a worker that came out of the order of their "n" header */
};

extern struct fake_figures fake_figures;

/* How long opening and closing take; and whether opening, or renewing the context, fails. */
extern atomic_uint fake_open_us, fake_close_us;
extern atomic_bool fake_open_fails, fake_renew_fails;

/* While it is set, "hold" and "park" last. */
extern atomic_bool fake_holds;

/* Whether V8 works in the background. */
extern atomic_bool fake_is_busy;

/* Has V8 post a foreground task for the isolate of a worker that is open, after the delay. Any
 * thread. */
void fake_post_platform(struct isolate *isolate, uint64_t delay_ns);

#endif
