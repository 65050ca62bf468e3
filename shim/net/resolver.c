/* c-ares on a libuv loop. */
#include "shim/net/resolver.h"

#include "api/bytes.h"
#include "api/clock.h"
#include "shim/net/watch.h"

#include <ares.h>
#include <stdlib.h>

/* Each server is asked so many times, the first time with this patience, then with twice as much.
 */
#define TRIES 2
#define FIRST_TRY_MS 2000

struct resolver {
    struct resolver_config config;
    ares_channel channel;
    uv_timer_t timer;
    struct watch *watches;
    bool is_closing;
};

struct lookup {
    struct resolver *resolver;
    resolver_done_f done;
    void *arg;
};

/* Sockets and the timer. */

static void set_timer(struct resolver *r);

/* Something may have happened to the channel. */
static void step(struct resolver *r, ares_socket_t read_fd, ares_socket_t write_fd)
{
    ares_process_fd(r->channel, read_fd, write_fd);
    set_timer(r);
    r->config.after(r->config.arg);
}

static void on_timer(uv_timer_t *timer)
{
    step(timer->data, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
}

static void set_timer(struct resolver *r)
{
    struct timeval left;
    uint64_t left_ms;

    if (!ares_timeout(r->channel, NULL, &left)) {
        uv_timer_stop(&r->timer);
        return;
    }
    left_ms = (uint64_t)left.tv_sec * 1000 + (uint64_t)left.tv_usec / 1000 + 1;
    uv_update_time(r->config.loop);
    uv_timer_start(&r->timer, on_timer, left_ms, 0);
}

static void on_ready(struct watch *w, int events, int is_failed)
{
    (void)is_failed; /* c-ares finds the error when it reads */
    step(w->arg, events & UV_READABLE ? w->fd : ARES_SOCKET_BAD,
         events & UV_WRITABLE ? w->fd : ARES_SOCKET_BAD);
}

static void on_socket_state(void *arg, ares_socket_t fd, int is_readable, int is_writable)
{
    struct resolver *r = arg;
    struct watch *w;

    HASH_FIND_INT(r->watches, &fd, w);
    if (!is_readable && !is_writable) {
        if (!w)
            return;
        HASH_DEL(r->watches, w);
        watch_close(w);
        return;
    }
    if (!w) {
        w = watch_open(r->config.loop, fd, on_ready, r);
        HASH_ADD_INT(r->watches, fd, w);
    }
    watch_set(w, (is_readable ? UV_READABLE : 0) | (is_writable ? UV_WRITABLE : 0));
}

/* Lookups. */

static enum resolved resolved_of(int status)
{
    switch (status) {
    case ARES_SUCCESS:
        return RESOLVED;
    case ARES_ENOTFOUND:
    case ARES_EBADNAME:
        return RESOLVED_NO_NAME;
    case ARES_ENODATA:
        return RESOLVED_NO_ADDRESS;
    default:
        return RESOLVED_NO_ANSWER;
    }
}

static void on_addrinfo(void *arg, int status, int timeouts, struct ares_addrinfo *info)
{
    struct lookup lookup = *(struct lookup *)arg;
    struct addresses found = {0};
    enum resolved resolved = resolved_of(status);

    (void)timeouts;
    free(arg);
    for (struct ares_addrinfo_node *node = info ? info->nodes : NULL; node; node = node->ai_next)
        addresses_add(&found, lookup.resolver->config.egress, node->ai_addr);
    ares_freeaddrinfo(info);
    if (resolved == RESOLVED && addresses_count(&found) + found.refused == 0)
        resolved = RESOLVED_NO_ADDRESS;
    lookup.done(lookup.arg, resolved, resolved == RESOLVED ? &found : NULL);
}

static bool is_localhost(const char *host)
{
    static const char name[] = "localhost";
    size_t len = strlen(host), name_len = sizeof(name) - 1;
    const char *tail;

    if (len > 0 && host[len - 1] == '.')
        len--;
    if (len < name_len)
        return false;
    tail = host + len - name_len;
    return strncasecmp(tail, name, name_len) == 0 && (tail == host || tail[-1] == '.');
}

static void start_query(struct resolver *r, const char *host, resolver_done_f done, void *arg)
{
    /* c-ares would sort by opening a socket for each address: curl tries both families anyway. */
    struct ares_addrinfo_hints hints = {
        .ai_flags = ARES_AI_NOSORT, .ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
    struct lookup *lookup = xmalloc(sizeof(*lookup));

    *lookup = (struct lookup){r, done, arg};
    ares_getaddrinfo(r->channel, host, NULL, &hints, on_addrinfo, lookup);
    set_timer(r);
}

void resolver_start(struct resolver *r, const char *host, resolver_done_f done, void *arg)
{
    struct addresses found = {0};

    if (is_localhost(host)) {
        addresses_add_literal(&found, r->config.egress, "::1");
        addresses_add_literal(&found, r->config.egress, "127.0.0.1");
        done(arg, RESOLVED, &found);
    } else if (addresses_add_literal(&found, r->config.egress, host)) {
        done(arg, RESOLVED, &found);
    } else {
        start_query(r, host, done, arg);
    }
}

/* Opening and closing. */

/* c-ares keeps answers by itself from 1.31 on: a name would not be asked for anew at each hop, and
 * one tenant could tell by the time it takes what another has asked for. */
static int without_cache(struct ares_options *options)
{
#ifdef ARES_OPT_QUERY_CACHE
    options->qcache_max_ttl = 0;
    return ARES_OPT_QUERY_CACHE;
#else
    (void)options;
    return 0;
#endif
}

static int open_channel(struct resolver *r)
{
    char lookups[] = "fb"; /* /etc/hosts, then the name servers */
    struct ares_options options = {
        .flags = ARES_FLAG_NOALIASES,
        .timeout = FIRST_TRY_MS,
        .tries = TRIES,
        .ndots = 0,
        .domains = NULL, /* and none: no search list */
        .ndomains = 0,
        .lookups = lookups,
        .sock_state_cb = on_socket_state,
        .sock_state_cb_data = r,
    };
    int mask = ARES_OPT_FLAGS | ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_NDOTS |
               ARES_OPT_DOMAINS | ARES_OPT_LOOKUPS | ARES_OPT_SOCK_STATE_CB |
               without_cache(&options);

    if (ares_library_init(ARES_LIB_INIT_ALL) != ARES_SUCCESS)
        return E_NOMEM;
    return ares_init_options(&r->channel, &options, mask) == ARES_SUCCESS ? 0 : E_NOMEM;
}

/* c-ares takes "" for the wish to change nothing. */
static bool set_server(struct resolver *r, const char *server)
{
    return server[0] != '\0' && ares_set_servers_ports_csv(r->channel, server) == ARES_SUCCESS;
}

int resolver_open(const struct resolver_config *config, struct resolver **ret, struct error *error)
{
    struct resolver *r = xcalloc(1, sizeof(*r));

    r->config = *config;
    r->config.dns_server = NULL; /* used here only */
    if (open_channel(r) != 0) {
        free(r);
        return error_set(error, E_NOMEM, "", "the resolver of names cannot be started");
    }
    if (config->dns_server && !set_server(r, config->dns_server)) {
        ares_destroy(r->channel);
        free(r);
        return error_set(error, E_INVALID, "dns_server", "'%s' is no address with a port",
                         config->dns_server);
    }
    uv_timer_init(config->loop, &r->timer);
    r->timer.data = r;
    *ret = r;
    return 0;
}

static void on_closed(uv_handle_t *handle)
{
    free(handle->data);
}

void resolver_close(struct resolver *r)
{
    ares_destroy(r->channel); /* closes its sockets, and with them their watches */
    uv_close((uv_handle_t *)&r->timer, on_closed);
}
