/* shim/net/egress: every range from both sides, addresses inside addresses, what operators allow,
 * ports. */
#include "shim/net/egress.h"

#include "shim/net/cidr.h"

#include "unit.h"

#include <arpa/inet.h>
#include <netinet/in.h>

static bool allows(const struct egress *egress, const char *text)
{
    struct sockaddr_in v4 = {.sin_family = AF_INET};
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6};

    if (inet_pton(AF_INET, text, &v4.sin_addr) == 1)
        return egress_allows_address(egress, (struct sockaddr *)&v4);
    ck_assert_msg(inet_pton(AF_INET6, text, &v6.sin6_addr) == 1, "%s", text);
    return egress_allows_address(egress, (struct sockaddr *)&v6);
}

static struct egress *make(const char *const *allow, size_t count)
{
    struct egress *egress;
    struct error error;

    ck_assert_int_eq(egress_new(allow, count, &egress, &error), 0);
    return egress;
}

/* The first and the last address of a refused range, and the allowed ones next to it. */
static const struct {
    const char *before, *first, *last, *after;
} ranges[] = {
    {NULL, "0.0.0.0", "0.255.255.255", "1.0.0.0"},
    {"9.255.255.255", "10.0.0.0", "10.255.255.255", "11.0.0.0"},
    {"100.63.255.255", "100.64.0.0", "100.127.255.255", "100.128.0.0"},
    {"126.255.255.255", "127.0.0.0", "127.255.255.255", "128.0.0.0"},
    {"169.253.255.255", "169.254.0.0", "169.254.255.255", "169.255.0.0"},
    {"172.15.255.255", "172.16.0.0", "172.31.255.255", "172.32.0.0"},
    {"191.255.255.255", "192.0.0.0", "192.0.0.255", "192.0.1.0"},
    {"192.0.1.255", "192.0.2.0", "192.0.2.255", "192.0.3.0"},
    {"192.88.98.255", "192.88.99.0", "192.88.99.255", "192.88.100.0"},
    {"192.167.255.255", "192.168.0.0", "192.168.255.255", "192.169.0.0"},
    {"198.17.255.255", "198.18.0.0", "198.19.255.255", "198.20.0.0"},
    {"198.51.99.255", "198.51.100.0", "198.51.100.255", "198.51.101.0"},
    {"203.0.112.255", "203.0.113.0", "203.0.113.255", "203.0.114.0"},
    {"223.255.255.255", "224.0.0.0", "239.255.255.255", NULL},
    {NULL, "240.0.0.0", "255.255.255.255", NULL},
    {NULL, "::", "1fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", NULL},
    {NULL, "2001::", "2001:1ff:ffff:ffff:ffff:ffff:ffff:ffff", "2001:200::"},
    {"2001:db7:ffff::", "2001:db8::", "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff", "2001:db9::"},
    {"2001:ffff::", "2002::", "2002:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "2003::"},
    {"3ffe:ffff::", "3fff::", "3fff:fff:ffff:ffff:ffff:ffff:ffff:ffff", "3fff:1000::"},
    {"3fff:ffff::", "4000::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", NULL},
};

START_TEST(egress_allows_address_ranges_from_both_sides)
{
    struct egress *egress = make(NULL, 0);

    for (size_t i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++) {
        ck_assert_msg(!allows(egress, ranges[i].first), "%s", ranges[i].first);
        ck_assert_msg(!allows(egress, ranges[i].last), "%s", ranges[i].last);
        if (ranges[i].before)
            ck_assert_msg(allows(egress, ranges[i].before), "%s", ranges[i].before);
        if (ranges[i].after)
            ck_assert_msg(allows(egress, ranges[i].after), "%s", ranges[i].after);
    }
    egress_free(egress);
}
END_TEST

START_TEST(egress_allows_address_well_known_hosts)
{
    static const char *const refused[] = {
        "127.0.0.1",
        "::1",
        "169.254.169.254",
        "fd00:ec2::254",
        "fe80::1",
        "fc00::1",
        "ff02::1",
        "::127.0.0.1",
        "::ffff:127.0.0.1",
        "100::1",
        "fec0::1",
        "64:ff9b:1::808:808",
        "64:ff9b::127.0.0.1",
        "64:ff9b::a00:1",
        "2002:7f00:1::",
        "2001:0:7f00:1::",
        "2002:808:808::",
        "5f00::1",
        "::8.8.8.8",
        "255.255.255.255",
        "64:ff9b::1:0:8.8.8.8",
    };
    static const char *const allowed[] = {
        "8.8.8.8",        "1.1.1.1",          "2606:4700:4700::1111", "2a00:1450:4001:82a::200e",
        "::ffff:8.8.8.8", "64:ff9b::8.8.8.8",
    };
    struct egress *egress = make(NULL, 0);

    for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++)
        ck_assert_msg(!allows(egress, refused[i]), "%s", refused[i]);
    for (size_t i = 0; i < sizeof(allowed) / sizeof(allowed[0]); i++)
        ck_assert_msg(allows(egress, allowed[i]), "%s", allowed[i]);
    egress_free(egress);
}
END_TEST

START_TEST(egress_allows_address_other_families_are_refused)
{
    struct sockaddr unix_socket = {.sa_family = AF_UNIX};
    static const char *const all[] = {"0.0.0.0/0", "::/0"};
    struct egress *egress = make(all, 2);

    ck_assert(!egress_allows_address(egress, &unix_socket));
    egress_free(egress);
}
END_TEST

START_TEST(egress_new_allowed_networks_only_are_added)
{
    static const char *const allow[] = {"10.1.0.0/16", "127.0.0.1", "fd00:1::/32",
                                        "192.168.7.128/25"};
    static const char *const allowed[] = {
        "10.1.0.0",  "10.1.255.255",  "127.0.0.1",     "::ffff:127.0.0.1", "64:ff9b::127.0.0.1",
        "fd00:1::1", "fd00:1:ffff::", "192.168.7.128", "192.168.7.255",    "8.8.8.8",
    };
    static const char *const refused[] = {
        "10.0.255.255", "10.2.0.0",      "127.0.0.2",   "::1",           "fd00::1",
        "fd00:2::1",    "192.168.7.127", "::127.0.0.1", "2002:7f00:1::",
    };
    struct egress *egress = make(allow, 4);

    for (size_t i = 0; i < sizeof(allowed) / sizeof(allowed[0]); i++)
        ck_assert_msg(allows(egress, allowed[i]), "%s", allowed[i]);
    for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++)
        ck_assert_msg(!allows(egress, refused[i]), "%s", refused[i]);
    egress_free(egress);
}
END_TEST

START_TEST(egress_new_all_of_one_family_is_not_the_other)
{
    static const char *const v6[] = {"::/0"}, *const v4[] = {"0.0.0.0/0"};
    struct egress *egress = make(v6, 1);

    ck_assert(allows(egress, "::1"));
    ck_assert(allows(egress, "fd00::1"));
    ck_assert(!allows(egress, "127.0.0.1"));
    ck_assert(!allows(egress, "::ffff:127.0.0.1"));
    egress_free(egress);
    egress = make(v4, 1);
    ck_assert(allows(egress, "127.0.0.1"));
    ck_assert(allows(egress, "::ffff:127.0.0.1"));
    ck_assert(!allows(egress, "::1"));
    egress_free(egress);
}
END_TEST

START_TEST(egress_new_mapped_network_is_the_ipv4_one)
{
    static const char *const allow[] = {"::ffff:10.1.0.0/112"};
    struct egress *egress = make(allow, 1);

    ck_assert(allows(egress, "10.1.2.3"));
    ck_assert(allows(egress, "::ffff:10.1.2.3"));
    ck_assert(!allows(egress, "10.2.0.0"));
    egress_free(egress);
}
END_TEST

START_TEST(egress_new_bad_networks_are_named)
{
    static const char *const bad[] = {
        "",           "10.0.0.0/33", "10.0.0.0/",  "10.0.0.0/-1",
        "10.0.0.1/8", "10.0.0/8",    "::/129",     "fd00::1/8",
        "localhost",  "10.0.0.0/8x", "/8",         "10.0.0.0/08 ",
        "10.0.0.0 ",  "256.0.0.0/8", "fd00::/8/8", "::ffff:10.0.0.1/104",
        "[::1]",
    };

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        const char *const allow[] = {"10.0.0.0/8", bad[i]};
        struct egress *egress;
        struct error error;

        ck_assert_msg(egress_new(allow, 2, &egress, &error) == E_INVALID, "%s", bad[i]);
        ck_assert_str_eq(error.field, "egress_allow");
        ck_assert_ptr_nonnull(strstr(error.message, bad[i]));
    }
}
END_TEST

START_TEST(cidr_contains_every_length_of_prefix)
{
    for (unsigned bits = 0; bits <= 128; bits++) {
        struct cidr cidr = {.ip = {.family = AF_INET6}, .bits = bits};
        struct ip ip = {.family = AF_INET6};

        ck_assert(cidr_contains(&cidr, &ip));
        if (bits < 128) {
            ip.bytes[bits / 8] = (uint8_t)(0x80 >> bits % 8);
            ck_assert_msg(cidr_contains(&cidr, &ip), "%u", bits);
        }
        if (bits > 0) {
            ip = (struct ip){.family = AF_INET6};
            ip.bytes[(bits - 1) / 8] = (uint8_t)(0x80 >> (bits - 1) % 8);
            ck_assert_msg(!cidr_contains(&cidr, &ip), "%u", bits);
        }
    }
}
END_TEST

START_TEST(egress_allows_port_bad_ports_of_fetch_are_refused)
{
    static const unsigned refused[] = {0,    1,    22,    25,    53,        110,  143,
                                       465,  587,  993,   995,   2049,      4190, 6000,
                                       6667, 6697, 10080, 65536, 80 + 65536};
    static const unsigned allowed[] = {2,    80,   443,  3000, 3128,  5432,
                                       6001, 8080, 8443, 9200, 10081, 65535};
    struct egress *egress = make(NULL, 0);
    unsigned count = 0;

    for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++)
        ck_assert_msg(!egress_allows_port(egress, refused[i]), "%u", refused[i]);
    for (size_t i = 0; i < sizeof(allowed) / sizeof(allowed[0]); i++)
        ck_assert_msg(egress_allows_port(egress, allowed[i]), "%u", allowed[i]);
    for (unsigned port = 0; port < 65536; port++)
        count += !egress_allows_port(egress, port);
    ck_assert_uint_eq(count, 83);
    egress_free(egress);
}
END_TEST

UNIT_MAIN("egress", egress_allows_address_ranges_from_both_sides,
          egress_allows_address_well_known_hosts, egress_allows_address_other_families_are_refused,
          egress_new_allowed_networks_only_are_added, egress_new_all_of_one_family_is_not_the_other,
          egress_new_mapped_network_is_the_ipv4_one, egress_new_bad_networks_are_named,
          cidr_contains_every_length_of_prefix, egress_allows_port_bad_ports_of_fetch_are_refused)
