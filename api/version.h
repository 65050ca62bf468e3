/* Which Isoyard this is. */
#ifndef ISOYARD_API_VERSION_H
#define ISOYARD_API_VERSION_H

#ifdef __cplusplus
extern "C" {
#endif

/* "0.1.0" of a release, "0.1.0+12.g1a2b3c4" of what came after it. Static memory. Any thread. */
const char *isoyard_version(void);

#ifdef __cplusplus
}
#endif

#endif
