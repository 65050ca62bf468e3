/* The HTTP client: names. */
#include "net_fixture.h"

#include <dirent.h>

static struct net net;

static struct fetch_result *get_host(const char *host)
{
    return net_get(&net, net_url_of("http", host, upstream.http, "/body?bytes=0"));
}

START_TEST(fetch_name_with_address)
{
    net_open(&net);
    net_check_body(get_host("good.test"), "");
    net_check_body(get_host("GOOD.test"), "");
    net_check_body(get_host("good.test."), "");
    net_check_body(get_host("alias.test"), "");
    net_check_body(get_host("mixed.test"), ""); /* one address of two is allowed */
    net_close(&net);
}
END_TEST

START_TEST(fetch_name_with_ipv6_address)
{
    net_open(&net);
    if (upstream.six) {
        net_check_body(net_get(&net, net_url_of("http", "six.test", upstream.six, "/body?bytes=0")),
                       "");
        net_check_body(net_get(&net, net_url_of("http", "[::1]", upstream.six, "/body?bytes=0")),
                       "");
        net_check_body(
            net_get(&net, net_url_of("http", "both.test", upstream.six, "/body?bytes=0")), "");
    }
    net_close(&net);
}
END_TEST

/* Nobody listens at the IPv6 address: the other family is tried. */
START_TEST(fetch_name_of_both_families_falls_back)
{
    net_open(&net);
    net_check_body(get_host("both.test"), "");
    net_close(&net);
}
END_TEST

START_TEST(fetch_names_without_address_say_so)
{
    net_open(&net);
    net_check_error(get_host("missing.test"), FETCH_DNS, "'missing.test' does not exist");
    net_check_error(get_host("empty.test"), FETCH_DNS, "'empty.test' has no address");
    net_check_error(get_host("broken.test"), FETCH_DNS, "'broken.test'");
    net_check_error(get_host("..test"), FETCH_DNS, "'..test'");
    net_close(&net);
}
END_TEST

START_TEST(fetch_names_of_private_addresses_are_refused)
{
    net_open(&net);
    net_check_error(get_host("private.test"), FETCH_REFUSED_ADDRESS, "'private.test'");
    net_check_error(get_host("mapped.test"), FETCH_REFUSED_ADDRESS, "'mapped.test'");
    net_close(&net);
}
END_TEST

START_TEST(fetch_refused_address_is_not_told)
{
    struct fetch_result *result;

    net_open(&net);
    result = get_host("private.test");
    ck_assert_ptr_null(strstr(result->message, "10."));
    ck_assert_ptr_null(strstr(result->message, "127."));
    fetch_result_free(result);
    net_close(&net);
}
END_TEST

START_TEST(fetch_name_that_rebinds_is_checked_anew)
{
    struct fetch_result *result;

    net_open(&net);
    result = get_host("rebind-b.test");
    ck_assert_int_eq(result->error, FETCH_OK);
    ck_assert(net_has(result->headers, "content-length\n0\n"));
    fetch_result_free(result);
    /* Although a connection to the first address is kept. */
    net_check_error(get_host("rebind-b.test"), FETCH_REFUSED_ADDRESS, "rebind-b.test");
    net_close(&net);
}
END_TEST

START_TEST(fetch_localhost_is_loopback_and_asks_nobody)
{
    struct fetch_result *result;

    net_open(&net);
    net_check_body(get_host("localhost"), "");
    net_check_body(get_host("LOCALHOST"), "");
    net_check_body(get_host("localhost."), "");
    net_check_body(get_host("a.localhost"), "");
    net_check_error(get_host("notlocalhost"), FETCH_DNS, "does not exist");
    result = net_get(&net, net_url(upstream.http, "/names"));
    ck_assert(net_has(result->body, "notlocalhost"));
    ck_assert(!net_has(result->body, " localhost"));
    ck_assert(!net_has(result->body, "a.localhost"));
    fetch_result_free(result);
    net_close(&net);
}
END_TEST

START_TEST(fetch_localhost_is_refused_by_default)
{
    struct fetcher_config config = net_config();
    struct egress *egress;
    struct error error;

    ck_assert_int_eq(egress_new(NULL, 0, &egress, &error), 0);
    config.egress = egress;
    net_open_with(&net, config);
    net_check_error(get_host("localhost"), FETCH_REFUSED_ADDRESS, "localhost");
    net_check_error(get_host("127.0.0.1"), FETCH_REFUSED_ADDRESS, "127.0.0.1");
    net_check_error(get_host("good.test"), FETCH_REFUSED_ADDRESS, "good.test");
    net_close(&net);
    egress_free(egress);
}
END_TEST

/* The hosts file's name of this machine, without a name server. */
START_TEST(fetch_hosts_file_counts)
{
    struct fetcher_config config = net_config();
    char line[256], address[64], name[128] = "";
    FILE *hosts = fopen("/etc/hosts", "r");

    while (hosts && !name[0] && fgets(line, sizeof(line), hosts)) {
        if (sscanf(line, "%63s %127s", address, name) != 2 || strcmp(address, "127.0.0.1") != 0 ||
            strcmp(name, "localhost") == 0)
            name[0] = '\0';
    }
    if (hosts)
        fclose(hosts);
    config.dns_server = "127.0.0.1:2"; /* nobody */
    net_open_with(&net, config);
    if (name[0])
        net_check_body(get_host(name), "");
    net_check_error(get_host("good.test"), FETCH_DNS, "no name server could tell");
    net_close(&net);
}
END_TEST

/* Search lists and aliases of the environment are the machine's, not the tenant's. */
START_TEST(fetch_names_are_absolute)
{
    net_open(&net);
    net_check_error(get_host("good"), FETCH_DNS, "does not exist");
    net_close(&net);
}
END_TEST

START_TEST(fetch_environment_changes_no_names)
{
    setenv("LOCALDOMAIN", "test", 1);
    setenv("HOSTALIASES", "/dev/stdin", 1);
    net_open(&net);
    net_check_error(get_host("good"), FETCH_DNS, "does not exist");
    net_close(&net);
}
END_TEST

static unsigned count_threads(void)
{
    DIR *tasks = opendir("/proc/self/task");
    unsigned count = 0;

    while (readdir(tasks))
        count++;
    closedir(tasks);
    return count;
}

/* curl would resolve each in a thread of its own, whose end its removal waits for. */
START_TEST(fetch_many_names_at_once_take_no_thread)
{
    struct fetched outcomes[100];
    unsigned threads = count_threads();

    net_open(&net);
    for (unsigned i = 0; i < 100; i++) {
        char host[32];
        struct fetch_request request;

        snprintf(host, sizeof(host), "%s.test", i % 2 ? "good" : "missing");
        request = net_request(net_url_of("http", host, upstream.http, "/body?bytes=0"));
        net_start(&net, &request, &outcomes[i]);
    }
    for (unsigned i = 0; i < 100; i++) {
        net_wait(&net, &outcomes[i]);
        ck_assert_uint_eq(count_threads(), threads);
        ck_assert_int_eq(outcomes[i].result->error, i % 2 ? FETCH_OK : FETCH_DNS);
        fetch_result_free(outcomes[i].result);
    }
    net_close(&net);
}
END_TEST

NET_MAIN("fetch_names", fetch_name_with_address, fetch_name_with_ipv6_address,
         fetch_name_of_both_families_falls_back, fetch_names_without_address_say_so,
         fetch_names_of_private_addresses_are_refused, fetch_refused_address_is_not_told,
         fetch_name_that_rebinds_is_checked_anew, fetch_localhost_is_loopback_and_asks_nobody,
         fetch_localhost_is_refused_by_default, fetch_hosts_file_counts, fetch_names_are_absolute,
         fetch_environment_changes_no_names, fetch_many_names_at_once_take_no_thread)
