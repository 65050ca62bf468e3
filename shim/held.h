/*
 * Memory that V8 holds outside the heap for one object, and for which it asks nobody: charged to
 * the object's isolate until the object is collected. It cannot be refused here; whoever makes such
 * objects asks before.
 */
#ifndef ISOYARD_HELD_H
#define ISOYARD_HELD_H

#include <cstddef>
#include <v8.h>

struct isolate;

enum held_kind { HELD_MEMORY, HELD_CODE };

/* In a turn; nothing while the snapshot is made, which can have no handles. */
void held_charge(struct isolate *isolate, v8::Local<v8::Object> object, enum held_kind kind,
                 size_t bytes);

/* Discharges all, before the isolate is disposed of. With the isolate entered. */
void held_drop(struct isolate *isolate);

#endif
