/* isoyardd --manual */
#include "server/manual.h"

#include "api/roff.h"

#include <stdio.h>

static const char description[] =
    "isoyardd keeps workers in one SQLite file and runs them on V8 for whoever calls it over gRPC; "
    "isoyard(1) is its client. It starts without any option. There is no authentication: whoever "
    "reaches its address can deploy and run workers.";

static void append_option(struct buffer *out, const struct argp_option *option)
{
    struct argp_option own = *option;

    /* Its default is that of the machine which makes the page. */
    if (option->name && strcmp(option->name, "lanes") == 0)
        own.doc = "Lanes (as many as there are processors)";
    roff_option(out, &own);
}

void manual_print(const struct argp *argp, const char *date)
{
    const char *more = strchr(argp->doc, '\v');
    struct buffer page = {0};

    roff_begin(&page, "isoyardd", "8", date, "server that runs JavaScript workers on V8");
    roff_section(&page, "SYNOPSIS");
    roff_text(&page, "isoyardd [OPTION...]");
    roff_section(&page, "DESCRIPTION");
    roff_text(&page, description);
    roff_section(&page, "OPTIONS");
    for (const struct argp_option *o = argp->options; o->name; o++)
        append_option(&page, o);
    roff_section(&page, "NOTES");
    roff_text(&page, more ? more + 1 : "");
    roff_section(&page, "FILES");
    roff_item(&page, "isoyard.db",
              "The database, in $STATE_DIRECTORY, or $XDG_STATE_HOME/isoyard, "
              "or ~/.local/state/isoyard.");
    roff_section(&page, "SEE ALSO");
    roff_text(&page, "isoyard(1)");
    fwrite(page.data, 1, page.len, stdout);
    buffer_release(&page);
}
