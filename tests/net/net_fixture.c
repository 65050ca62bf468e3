/* Starting the servers, running loops. */
#include "net_fixture.h"

#include <ctype.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

struct upstream upstream;

/* The servers. */

static pid_t start_upstream(FILE **ret_output)
{
    int ends[2];
    pid_t pid;

    if (pipe(ends) != 0)
        abort();
    pid = fork();
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        dup2(ends[1], STDOUT_FILENO);
        close(ends[0]);
        close(ends[1]);
        execl(PYTHON3, PYTHON3, "-B", UPSTREAM_PY, (char *)NULL);
        _exit(127);
    }
    close(ends[1]);
    *ret_output = fdopen(ends[0], "r");
    return pid;
}

static bool read_ports(FILE *output)
{
    char line[512];

    return fgets(line, sizeof(line), output) &&
           sscanf(line, "http=%u other=%u tls=%u silent=%u six=%u dns=%u full=%u ca=%255s",
                  &upstream.http, &upstream.other, &upstream.tls, &upstream.silent, &upstream.six,
                  &upstream.dns, &upstream.full, upstream.ca_file) == 8;
}

int net_main(const char *module, const TTest *const *tests, size_t count)
{
    struct rlimit files;
    FILE *output = NULL;
    pid_t pid;
    int status = EXIT_FAILURE;

    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
    signal(SIGPIPE, SIG_IGN);
    pid = start_upstream(&output);
    if (read_ports(output))
        status = unit_run(module, tests, count);
    else
        fprintf(stderr, "%s: upstream.py did not start\n", module);
    kill(pid, SIGTERM);
    waitpid(pid, NULL, 0);
    fclose(output);
    return status;
}

/* Fetchers. */

struct fetcher_config net_config(void)
{
    static char dns_server[32];

    snprintf(dns_server, sizeof(dns_server), "127.0.0.1:%u", upstream.dns);
    return (struct fetcher_config){
        .dns_server = dns_server,
        .connections_per_tenant = 64,
        .connections = 256,
        .fetches_per_tenant = 512,
        .connect_timeout_ms = 10000,
    };
}

struct roots *net_roots(void)
{
    static struct roots *roots;
    struct error error;

    if (!roots)
        ck_assert_int_eq(roots_new(upstream.ca_file, &roots, &error), 0);
    return roots;
}

void net_open_with(struct net *net, struct fetcher_config config)
{
    static const char *const allow[] = {"127.0.0.1", "::1"};
    struct error error;

    *net = (struct net){0};
    ck_assert_int_eq(uv_loop_init(&net->loop), 0);
    if (!config.egress) {
        ck_assert_int_eq(egress_new(allow, 2, &net->egress, &error), 0);
        config.egress = net->egress;
    }
    ck_assert_int_eq(fetcher_open(&net->loop, &config, &net->fetcher, &error), 0);
}

void net_open(struct net *net)
{
    net_open_with(net, net_config());
}

void net_close(struct net *net)
{
    fetcher_close(net->fetcher);
    uv_run(&net->loop, UV_RUN_DEFAULT);
    ck_assert_int_eq(uv_loop_close(&net->loop), 0);
    egress_free(net->egress);
}

/* Fetches. */

const char *net_url_of(const char *scheme, const char *host, unsigned port, const char *path)
{
    static char urls[8][512];
    static unsigned next;
    char *url = urls[next++ % 8];

    snprintf(url, sizeof(urls[0]), "%s://%s:%u%s", scheme, host, port, path);
    return url;
}

const char *net_url(unsigned port, const char *path)
{
    return net_url_of("http", "127.0.0.1", port, path);
}

struct fetch_request net_request(const char *url)
{
    return (struct fetch_request){
        .method = bytes_of("GET"),
        .url = bytes_of(url),
        .header_bytes_max = 64 << 10,
        .body_bytes_max = 10 << 20,
        .tenant = "a",
        .timeout_ms = 25000,
    };
}

void outcome_done(void *outcome, struct fetch_result *result)
{
    struct fetched *o = outcome;

    o->dones++;
    o->result = result;
}

struct fetch *net_start(struct net *net, const struct fetch_request *request,
                        struct fetched *outcome)
{
    *outcome = (struct fetched){0};
    return fetcher_start(net->fetcher, request, outcome_done, outcome);
}

struct fetch_result *net_wait(struct net *net, struct fetched *outcome)
{
    while (outcome->dones == 0)
        uv_run(&net->loop, UV_RUN_ONCE);
    ck_assert_uint_eq(outcome->dones, 1);
    return outcome->result;
}

static void on_time(uv_timer_t *timer)
{
    *(bool *)timer->data = true;
}

void net_run_for(struct net *net, unsigned ms)
{
    bool is_over = false;
    uv_timer_t timer = {.data = &is_over};

    uv_timer_init(&net->loop, &timer);
    uv_update_time(&net->loop);
    uv_timer_start(&timer, on_time, ms, 0);
    while (!is_over)
        uv_run(&net->loop, UV_RUN_ONCE);
    uv_close((uv_handle_t *)&timer, NULL);
    uv_run(&net->loop, UV_RUN_NOWAIT);
}

struct fetch_result *net_fetch(struct net *net, const struct fetch_request *request)
{
    struct fetched outcome;

    net_start(net, request, &outcome);
    return net_wait(net, &outcome);
}

struct fetch_result *net_get(struct net *net, const char *url)
{
    struct fetch_request request = net_request(url);

    return net_fetch(net, &request);
}

/* Results. */

void net_check_body(struct fetch_result *result, const char *body)
{
    ck_assert_msg(result->error == FETCH_OK, "%s: %s", fetch_error_name(result->error),
                  result->message);
    ck_assert_ptr_null(result->message);
    ck_assert_uint_eq(result->status, 200);
    ck_assert_msg(bytes_equal(result->body, bytes_of(body)), "%.*s", (int)result->body.len,
                  result->body.data);
    fetch_result_free(result);
}

void net_check_error(struct fetch_result *result, enum fetch_error error, const char *word)
{
    ck_assert_msg(result->error == error, "%s: %s", fetch_error_name(result->error),
                  result->message ? result->message : "an answer");
    ck_assert_msg(strstr(result->message, word) != NULL, "%s", result->message);
    for (const char *c = result->message; *c; c++)
        ck_assert(isprint((unsigned char)*c));
    ck_assert_ptr_null(strchr(result->message, '/'));
    ck_assert_uint_eq(result->body.len, 0);
    fetch_result_free(result);
}

bool net_has(struct bytes bytes, const char *text)
{
    return bytes.len > 0 && memmem(bytes.data, bytes.len, text, strlen(text)) != NULL;
}

unsigned net_echo_number(const struct fetch_result *result, const char *key)
{
    char quoted[64];
    char *at, *copy;
    unsigned number;

    snprintf(quoted, sizeof(quoted), "\"%s\":", key);
    copy = strndup(result->body.data, result->body.len);
    at = strstr(copy, quoted);
    ck_assert_ptr_nonnull(at);
    number = (unsigned)strtoul(at + strlen(quoted), NULL, 10);
    free(copy);
    return number;
}
