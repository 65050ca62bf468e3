/* The dashboard's files, which are part of the program. Any thread. */
#ifndef ISOYARD_ASSETS_H
#define ISOYARD_ASSETS_H

#include "api/bytes.h"

struct bytes asset_page(void);
struct bytes asset_script(void);
struct bytes asset_style(void);

#endif
