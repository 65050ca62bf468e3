/*
 * ICU's memory. Objects of Intl live outside of V8's heap, and V8 does not know how large they are:
 * 40,000 of them take 15 MB of heap and 2 GB besides. So what ICU takes in a turn counts with the
 * isolate's ArrayBuffers, and the isolate has no new Intl objects above its budget (shim/js/intl.js
 * asks first). ICU itself is never refused anything: V8 does not look at what it gets everywhere,
 * and ICU keeps in its caches, for all, that something has failed.
 *
 * What ICU caches for all is charged to the isolate that asked for it first.
 */
#ifndef ISOYARD_ICU_MEMORY_H
#define ISOYARD_ICU_MEMORY_H

/* Before ICU does anything, and before there are threads. False where it is too late. */
bool icu_memory_init();

#endif
