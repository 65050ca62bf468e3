/* Console lines: attributed to the task whose continuation runs, and bounded for each task. */
#include "shim/isolate.h"
#include "shim/ops/ops.h"

#include <algorithm>

static struct op *log_op(uint32_t ticket, enum console_level level, const char *text, size_t len)
{
    struct op *op = op_new(OP_LOG, ticket);

    op->log.level = level;
    op->log.len = (uint32_t)len;
    op->log.text = (char *)xmalloc(len ? len : 1);
    memcpy(op->log.text, text, len);
    return op;
}

/* Whether the task may log one more line, and says so once where it may not. */
static bool admit_line(struct isolate *isolate, struct ticket_slot *slot, uint32_t ticket,
                       size_t len)
{
    static const char notice[] = "this task has used up its log; further lines are dropped";
    const struct limits *limits = &isolate->script->limits;

    if (slot->log_lines > limits->log_lines)
        return false;
    if (slot->log_lines < limits->log_lines && slot->log_bytes + len <= limits->log_bytes) {
        slot->log_lines++;
        slot->log_bytes += len;
        return true;
    }
    slot->log_lines = limits->log_lines + 1;
    (void)isolate_add_op(isolate, log_op(ticket, CONSOLE_WARN, notice, sizeof(notice) - 1));
    return false;
}

void op_log(op_info info)
{
    v8::Isolate *v8 = info.GetIsolate();
    struct isolate *isolate = isolate_of(v8);
    uint32_t ticket = running_ticket(isolate);
    size_t slot = TICKET_SLOT(ticket);
    std::string text;
    size_t len;

    if (!info[0]->IsUint32() || !info[1]->IsString() || slot >= isolate->slots.size())
        return;
    if (isolate->slots[slot].ticket != ticket)
        return; /* of a task that ended long ago: its lines would be the next one's */
    text.resize(std::min((size_t)info[1].As<v8::String>()->Length() * 3, (size_t)LOG_LINE_MAX));
    len = compat::utf8_write(v8, info[1].As<v8::String>(), text.data(), text.size(), nullptr);
    if (!admit_line(isolate, &isolate->slots[slot], ticket, len))
        return;
    (void)isolate_add_op(
        isolate, log_op(ticket, (enum console_level)std::min(info[0].As<v8::Uint32>()->Value(), 3u),
                        text.data(), len));
}
