/* Its text is made at every build: cmake/version.cmake. */
#include "api/version.h"

#include "isoyard_version.h"

const char *isoyard_version(void)
{
    return ISOYARD_VERSION;
}
