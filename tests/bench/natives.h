/*
 * V8's own functions for a benchmark: %GetOptimizationStatus and the like.
 */
#ifndef ISOYARD_BENCH_NATIVES_H
#define ISOYARD_BENCH_NATIVES_H

#ifdef __cplusplus
extern "C" {
#endif

/* Has JavaScript call V8's functions by their names after a '%'. Before engine_open. */
void natives_allow(void);

#ifdef __cplusplus
}
#endif

#endif
