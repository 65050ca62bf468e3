/* Timers and clocks. */
#include "shim/isolate.h"
#include "shim/ops/ops.h"

#include <cmath>

/* Clocks are this coarse, so that they are of little use for measuring what other tenants do. */
#define CLOCK_STEP_NS (100 * NS_PER_US)

void op_start_timer(op_info info)
{
    v8::Isolate *v8 = info.GetIsolate();
    struct isolate *isolate = isolate_of(v8);
    struct op *op;

    if (!info[0]->IsUint32() || !info[1]->IsUint32())
        return throw_type_error(v8, "startTimer: an id and a delay are needed");
    op = op_new(OP_TIMER_START, running_ticket(isolate));
    op->timer.id = info[0].As<v8::Uint32>()->Value();
    op->timer.delay_ms = info[1].As<v8::Uint32>()->Value();
    (void)isolate_add_op(isolate, op);
}

void op_stop_timer(op_info info)
{
    v8::Isolate *v8 = info.GetIsolate();
    struct isolate *isolate = isolate_of(v8);
    struct op *op;

    if (!info[0]->IsUint32())
        return throw_type_error(v8, "stopTimer: an id is needed");
    op = op_new(OP_TIMER_STOP, running_ticket(isolate));
    op->timer.id = info[0].As<v8::Uint32>()->Value();
    (void)isolate_add_op(isolate, op);
}

static const uint64_t process_start_ns = clock_now_ns();
static const uint64_t process_start_epoch_ns = clock_read_ns(CLOCK_REALTIME);

void op_now(op_info info)
{
    uint64_t since = clock_now_ns() - process_start_ns;

    info.GetReturnValue().Set((double)(since - since % CLOCK_STEP_NS) / (double)NS_PER_MS);
}

void op_time_origin(op_info info)
{
    info.GetReturnValue().Set(
        (double)(process_start_epoch_ns - process_start_epoch_ns % CLOCK_STEP_NS) /
        (double)NS_PER_MS);
}
