/* Easy handles that are kept. */
#include "shim/net/handles.h"

#include "api/bytes.h"

#include <stdbool.h>
#include <stdlib.h>

static void drop_names(struct handle *handle)
{
    curl_easy_setopt(handle->easy, CURLOPT_SHARE, NULL);
    curl_share_cleanup(handle->names);
    handle->names = NULL;
}

static bool make_names(struct handle *handle, unsigned port)
{
    handle->port = port;
    handle->names = curl_share_init();
    return handle->names &&
           curl_share_setopt(handle->names, CURLSHOPT_SHARE, CURL_LOCK_DATA_DNS) == CURLSHE_OK &&
           curl_easy_setopt(handle->easy, CURLOPT_SHARE, handle->names) == CURLE_OK;
}

static void handle_free(struct handle *handle)
{
    if (handle->names)
        drop_names(handle);
    curl_easy_cleanup(handle->easy);
    free(handle);
}

static struct handle *pop(struct handles *handles)
{
    struct handle *h = handles->kept;

    handles->kept = h->next;
    handles->count--;
    return h;
}

static struct handle *handle_new(void)
{
    struct handle *h = xcalloc(1, sizeof(*h));

    h->easy = curl_easy_init();
    if (h->easy)
        return h;
    free(h);
    return NULL;
}

struct handle *handles_take(struct handles *handles, unsigned port)
{
    struct handle *h = handles->kept ? pop(handles) : handle_new();

    if (!h)
        return NULL;
    if (h->names && h->port != port)
        drop_names(h);
    if (h->names || make_names(h, port))
        return h;
    handle_free(h);
    return NULL;
}

void handles_give(struct handles *handles, struct handle *handle)
{
    if (handles->count == HANDLES_KEPT_MAX) {
        handle_free(handle);
        return;
    }
    /* Or a counter of curl's (7.88) would end the sixth transfer whose kept connection the server
     * has closed a moment before. */
    curl_easy_reset(handle->easy);
    handle->next = handles->kept;
    handles->kept = handle;
    handles->count++;
}

void handles_release(struct handles *handles)
{
    while (handles->kept)
        handle_free(pop(handles));
}
