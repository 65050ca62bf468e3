/*
 * Servers to fetch from, and fetches that wait for their result.
 *
 * The servers are a process of their own (upstream.py), started before the tests and ended after
 * them. A test that forgets a handle or a fetch fails in net_close, where the loop must be empty.
 */
#ifndef ISOYARD_TESTS_NET_FIXTURE_H
#define ISOYARD_TESTS_NET_FIXTURE_H

#include "shim/net/egress.h"
#include "shim/net/fetcher.h"
#include "shim/net/roots.h"

#include "unit.h"

#include <stdint.h>

/* Ports on 127.0.0.1. */
struct upstream {
    unsigned http, other; /* the same server twice: two origins */
    unsigned tls;
    unsigned silent; /* takes connections, and says nothing */
    unsigned full;   /* takes no connection, and does not refuse it */
    unsigned six;    /* on ::1; 0 where there is no IPv6 */
    unsigned dns;
    char ca_file[256];
};

extern struct upstream upstream;

/* The main function: starts the servers, runs the tests, ends the servers. */
int net_main(const char *module, const TTest *const *tests, size_t count);

#define NET_MAIN(module, ...)                                                                      \
    int main(void)                                                                                 \
    {                                                                                              \
        const TTest *const tests[] = {__VA_ARGS__};                                                \
                                                                                                   \
        return net_main(module, tests, sizeof(tests) / sizeof(tests[0]));                          \
    }

struct net {
    uv_loop_t loop;
    struct egress *egress;
    struct fetcher *fetcher;
};

/* Allows 127.0.0.1 and ::1, asks upstream.py for names, trusts no certificate. */
struct fetcher_config net_config(void);

/* The roots that upstream.py's certificate stems from. */
struct roots *net_roots(void);

/* Opens a fetcher of the configuration, whose egress may be NULL: the one above. */
void net_open_with(struct net *net, struct fetcher_config config);
void net_open(struct net *net);
void net_close(struct net *net);

/* A GET of the tenant "a" with generous bounds. The URL is net_url's. */
struct fetch_request net_request(const char *url);

/* "http://127.0.0.1:PORT" and the path; in one of a few buffers that take turns. */
const char *net_url(unsigned port, const char *path);
const char *net_url_of(const char *scheme, const char *host, unsigned port, const char *path);

/* Where results arrive. Its address is the arg of done. */
struct fetched {
    struct fetch_result *result;
    unsigned dones;
};

void outcome_done(void *outcome, struct fetch_result *result);

/* Starts a fetch whose result comes to the outcome. */
struct fetch *net_start(struct net *net, const struct fetch_request *request,
                        struct fetched *outcome);

/* Runs the loop until the outcome is there. */
struct fetch_result *net_wait(struct net *net, struct fetched *outcome);

/* Runs the loop for a time. */
void net_run_for(struct net *net, unsigned ms);

/* Fetches and waits. */
struct fetch_result *net_fetch(struct net *net, const struct fetch_request *request);
struct fetch_result *net_get(struct net *net, const char *url);

/* Asserts an answer of 200, or the error and that the sentence has the word, and frees the result.
 */
void net_check_body(struct fetch_result *result, const char *body);
void net_check_error(struct fetch_result *result, enum fetch_error error, const char *word);

/* Whether the text occurs in bytes. */
bool net_has(struct bytes bytes, const char *text);

/* A number of the echo's answer: of the request on its connection, or of the connection. */
unsigned net_echo_number(const struct fetch_result *result, const char *key);

#endif
