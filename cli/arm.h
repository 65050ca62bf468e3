/* Arms of a comparison, by the names that a command line has for them. */
#ifndef ISOYARD_CLI_ARM_H
#define ISOYARD_CLI_ARM_H

#include "api/err.h"

#include <isoyard/v1/pool.pb-c.h>
#include <stddef.h>

#define ARMS_MIN 2u
#define ARMS_MAX 8u

/* "legacy", "shared-fifo" (or "shared"), "shared-mutex", "pinned". E_INVALID: it is none of these.
 */
int arm_parse(const char *name, Isoyard__V1__ComparisonArm *ret, struct error *error);

/* Such names with commas between them. E_INVALID: one is none, or there twice, or they are too few
 * or too many. */
int arm_parse_list(const char *names, Isoyard__V1__ComparisonArm ret[ARMS_MAX], size_t *ret_count,
                   struct error *error);

#endif
