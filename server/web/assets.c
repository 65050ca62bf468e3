/* Access to what stands in assets.S. */
#include "server/web/assets.h"

extern const char isoyard_web_page[], isoyard_web_page_end[];
extern const char isoyard_web_script[], isoyard_web_script_end[];
extern const char isoyard_web_style[], isoyard_web_style_end[];

static struct bytes between(const char *begin, const char *end)
{
    return (struct bytes){begin, (size_t)(end - begin)};
}

struct bytes asset_page(void)
{
    return between(isoyard_web_page, isoyard_web_page_end);
}

struct bytes asset_script(void)
{
    return between(isoyard_web_script, isoyard_web_script_end);
}

struct bytes asset_style(void)
{
    return between(isoyard_web_style, isoyard_web_style_end);
}
