/* Names of arms. */
#include "cli/arm.h"

#include "api/bytes.h"

#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

static const struct {
    const char *name;
    Isoyard__V1__Architecture architecture;
    Isoyard__V1__Handoff handoff;
} arms[] = {
    {"legacy", ISOYARD__V1__ARCHITECTURE__ARCHITECTURE_LEGACY,
     ISOYARD__V1__HANDOFF__HANDOFF_UNSPECIFIED},
    {"shared-fifo", ISOYARD__V1__ARCHITECTURE__ARCHITECTURE_SHARED,
     ISOYARD__V1__HANDOFF__HANDOFF_FIFO},
    {"shared", ISOYARD__V1__ARCHITECTURE__ARCHITECTURE_SHARED, ISOYARD__V1__HANDOFF__HANDOFF_FIFO},
    {"shared-mutex", ISOYARD__V1__ARCHITECTURE__ARCHITECTURE_SHARED,
     ISOYARD__V1__HANDOFF__HANDOFF_MUTEX},
    {"pinned", ISOYARD__V1__ARCHITECTURE__ARCHITECTURE_PINNED,
     ISOYARD__V1__HANDOFF__HANDOFF_UNSPECIFIED},
};

int arm_parse(const char *name, Isoyard__V1__ComparisonArm *ret, struct error *error)
{
    for (size_t i = 0; i < sizeof(arms) / sizeof(arms[0]); i++) {
        if (strcasecmp(arms[i].name, name) != 0)
            continue;
        isoyard__v1__comparison_arm__init(ret);
        ret->architecture = arms[i].architecture;
        ret->handoff = arms[i].handoff;
        return 0;
    }
    return error_set(error, E_INVALID, NULL,
                     "'%.64s' is none of legacy, shared-fifo, shared-mutex and pinned", name);
}

static int add(const char *name, Isoyard__V1__ComparisonArm list[ARMS_MAX], size_t *count,
               struct error *error)
{
    Isoyard__V1__ComparisonArm arm;
    int err = arm_parse(name, &arm, error);

    if (err)
        return err;
    for (size_t i = 0; i < *count; i++) {
        if (list[i].architecture == arm.architecture && list[i].handoff == arm.handoff)
            return error_set(error, E_INVALID, NULL, "'%s' is there twice", name);
    }
    if (*count == ARMS_MAX)
        return error_set(error, E_INVALID, NULL, "there are more than %u", ARMS_MAX);
    list[(*count)++] = arm;
    return 0;
}

int arm_parse_list(const char *names, Isoyard__V1__ComparisonArm ret[ARMS_MAX], size_t *ret_count,
                   struct error *error)
{
    char *copy = xstrdup(names), *rest = copy, *name;
    size_t count = 0;
    int err = 0;

    while (!err && (name = strsep(&rest, ",")) != NULL)
        err = add(name, ret, &count, error);
    free(copy);
    if (!err && count < ARMS_MIN)
        err = error_set(error, E_INVALID, NULL, "it takes two to compare, as in legacy,pinned");
    if (!err)
        *ret_count = count;
    return err;
}
