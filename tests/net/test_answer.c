/* shim/net/answer: header blocks as servers send them. */
#include "shim/net/answer.h"

#include "shim/net/header_block.h"

#include "unit.h"

/* Gives the block to the answer line by line; false at the first that is refused. */
static bool take(struct answer *a, const char *block, size_t len, struct fault *fault)
{
    *fault = (struct fault){0};
    *a = (struct answer){.bytes_max = 4096};
    while (len > 0) {
        size_t line = (size_t)((const char *)memchr(block, '\n', len) + 1 - block);

        if (!answer_take_line(a, (struct bytes){block, line}, fault))
            return false;
        block += line;
        len -= line;
    }
    return true;
}

static bool take_text(struct answer *a, const char *block, struct fault *fault)
{
    return take(a, block, strlen(block), fault);
}

static void check_headers(const struct answer *a, const char *headers)
{
    ck_assert_msg(bytes_equal((struct bytes){a->headers.data, a->headers.len}, bytes_of(headers)),
                  "%.*s", (int)a->headers.len, a->headers.data);
}

START_TEST(answer_take_line_headers_in_lower_case)
{
    struct answer a;
    struct fault fault;

    ck_assert(take_text(
        &a, "HTTP/1.1 201 Made it\r\nX-One:  a b \r\nX-One: \r\nCONTENT-length:7\n\r\n", &fault));
    ck_assert(a.is_complete);
    ck_assert_uint_eq(a.status, 201);
    ck_assert(
        bytes_equal((struct bytes){a.status_text.data, a.status_text.len}, bytes_of("Made it")));
    ck_assert(a.has_length);
    ck_assert_uint_eq(a.length, 7);
    check_headers(&a, "x-one\na b\nx-one\n\ncontent-length\n7\n");
    answer_release(&a);
}
END_TEST

START_TEST(answer_take_line_bytes_become_characters)
{
    struct answer a;
    struct fault fault;

    ck_assert(take_text(&a, "HTTP/1.1 200 Gr\xfc\r\nX-A: \x80\xff\r\n\r\n", &fault));
    check_headers(&a, "x-a\n\xc2\x80\xc3\xbf\n");
    ck_assert(
        bytes_equal((struct bytes){a.status_text.data, a.status_text.len}, bytes_of("Gr\xc3\xbc")));
    answer_release(&a);
}
END_TEST

START_TEST(answer_take_line_interim_answers_and_trailers_leave_nothing)
{
    struct answer a;
    struct fault fault;

    ck_assert(take_text(&a,
                        "HTTP/1.1 103 Early\r\nX-Early: 1\r\nContent-Length: 9\r\n\r\n"
                        "HTTP/1.1 100 Continue\r\n\r\n"
                        "HTTP/1.1 200 OK\r\nX-A: 1\r\n\r\nX-Trailer: 1\r\n\r\n",
                        &fault));
    check_headers(&a, "x-a\n1\n");
    ck_assert(!a.has_length);
    answer_release(&a);
}
END_TEST

START_TEST(answer_take_line_interim_answer_alone_is_not_complete)
{
    struct answer a;
    struct fault fault;

    ck_assert(take_text(&a, "HTTP/1.1 103 Early\r\n\r\n", &fault));
    ck_assert(!a.is_complete);
    answer_release(&a);
}
END_TEST

START_TEST(answer_take_line_folded_values_go_on)
{
    struct answer a;
    struct fault fault;

    ck_assert(take_text(&a, "HTTP/1.1 200 OK\r\nX-A: 1\r\n\t 2\r\n  3 \r\n\r\n", &fault));
    check_headers(&a, "x-a\n1 2 3\n");
    answer_release(&a);
}
END_TEST

START_TEST(answer_take_line_bad_blocks_are_refused)
{
    static const char *const blocks[] = {
        "nothing\r\n",
        "\r\n",
        "HTTP/1.1\r\n",
        "HTTP/1.1 20\r\n",
        "HTTP/1.1 2000 OK\r\n",
        "HTTP/1.1 abc OK\r\n",
        "HTTP/1.1 099 OK\r\n",
        "HTTP/1.1 101 Switching Protocols\r\n",
        "HTTP/1.1 200 OK\rX: y\r\n",
        "HTTP/1.1 200 OK\r\nno colon\r\n",
        "HTTP/1.1 200 OK\r\n: empty\r\n",
        "HTTP/1.1 200 OK\r\nX-A : 1\r\n",
        "HTTP/1.1 200 OK\r\nX A: 1\r\n",
        "HTTP/1.1 200 OK\r\nX-A: 1\r2\r\n",
        "HTTP/1.1 200 OK\r\n folded at once\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n 2\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding:\r\n chunked\r\n",
        "HTTP/1.1 200 OK\r\nContent-Encoding: gzip,\r\n br\r\n",
        "HTTP/1.1 200 OK\r\nContent-Encoding: br,br,br\r\nContent-Encoding: br,br,br\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 1, 1\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: +1\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 1 1\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length:\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n",
        "HTTP/1.1 302 Found\r\nLocation: /a\r\nLocation: /b\r\n",
        "HTTP/1.1 200 OK\r\nHTTP/1.1 200 OK\r\n",
    };

    for (size_t i = 0; i < sizeof(blocks) / sizeof(blocks[0]); i++) {
        struct answer a;
        struct fault fault;

        ck_assert_msg(!take_text(&a, blocks[i], &fault), "%s", blocks[i]);
        ck_assert_int_eq(fault.error, FETCH_BAD_RESPONSE);
        answer_release(&a);
    }
}
END_TEST

START_TEST(answer_take_line_nul_is_refused)
{
    static const char block[] = "HTTP/1.1 200 OK\r\nX-A: 1\0002\r\n";
    struct answer a;
    struct fault fault;

    ck_assert(!take(&a, block, sizeof(block) - 1, &fault));
    answer_release(&a);
}
END_TEST

START_TEST(answer_take_line_bytes_and_lines_are_bounded)
{
    char line[] = "X-A: 1\r\n";
    struct answer a = {.bytes_max = SIZE_MAX};
    struct fault fault = {0};
    unsigned lines = 1;

    ck_assert(answer_take_line(&a, bytes_of("HTTP/1.1 200 OK\r\n"), &fault));
    while (answer_take_line(&a, bytes_of(line), &fault))
        lines++;
    ck_assert_uint_eq(lines, ANSWER_LINES_MAX);
    ck_assert_int_eq(fault.error, FETCH_TOO_LARGE);
    answer_release(&a);

    a = (struct answer){.bytes_max = 17 + 8};
    ck_assert(answer_take_line(&a, bytes_of("HTTP/1.1 103 OK\r\n"), &fault));
    ck_assert(answer_take_line(&a, bytes_of(line), &fault));
    ck_assert(!answer_take_line(&a, bytes_of("\r\n"), &fault));
    answer_release(&a);
}
END_TEST

START_TEST(answer_take_line_codings_known_and_unknown)
{
    static const struct {
        const char *block;
        bool has, has_unknown;
        unsigned count; /* of the known ones */
    } cases[] = {
        {"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n", true, false, 1},
        {"HTTP/1.1 200 OK\r\nContent-Encoding: GZIP , Deflate,br\r\n\r\n", true, false, 3},
        {"HTTP/1.1 200 OK\r\nContent-Encoding: identity\r\n\r\n", true, false, 0},
        {"HTTP/1.1 103 A\r\nContent-Encoding: br\r\n\r\nHTTP/1.1 200 OK\r\n\r\n", false, false, 0},
        {"HTTP/1.1 200 OK\r\nContent-Encoding: br,br,,br,identity,br,br\r\n\r\n", true, false, 5},
        {"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Encoding: utf-8\r\n\r\n", true, true,
         1},
        {"HTTP/1.1 200 OK\r\nContent-Encoding: gzip, aws-chunked\r\n\r\n", true, true, 1},
        {"HTTP/1.1 200 OK\r\nX: gzip\r\n\r\n", false, false, 0},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct answer a;
        struct fault fault;

        ck_assert(take_text(&a, cases[i].block, &fault));
        ck_assert_int_eq(a.has_coding, cases[i].has);
        ck_assert_int_eq(a.has_unknown_coding, cases[i].has_unknown);
        ck_assert_uint_eq(a.coding_count, cases[i].count);
        answer_release(&a);
    }
}
END_TEST

START_TEST(answer_location_is_as_it_was_sent)
{
    struct answer a;
    struct fault fault;
    struct buffer location = {0};

    ck_assert(take_text(&a, "HTTP/1.1 302 X\r\nLocation: /\xc3\xbc\r\nlocation: /\xc3\xbc\r\n\r\n",
                        &fault));
    ck_assert(a.has_location);
    answer_location(&a, &location);
    ck_assert(bytes_equal((struct bytes){location.data, location.len}, bytes_of("/\xc3\xbc")));
    buffer_release(&location);
    answer_release(&a);
}
END_TEST

/* Blocks that are put together at random from what matters in them. */
START_TEST(answer_take_line_random_blocks_stay_in_form)
{
    static const char *const parts[] = {
        "HTTP/1.1 200 OK",
        "HTTP/1.1 103 x",
        "\r\n",
        "\n",
        "\r",
        ":",
        " ",
        "\t",
        "Content-Length",
        "5",
        ",",
        "Location",
        "Content-Encoding: gzip",
        "\xff",
        "\xc3",
        "X-A: b",
        "\r\n\r\n",
        "Transfer-Encoding: chunked\r\n",
        "\x01",
        "HTTP/",
        "99999999999",
        "\r\n X",
    };
    unsigned seed = 7;

    for (unsigned round = 0; round < 20000; round++) {
        char block[512] = "HTTP/1.1 200 OK\r\n";
        struct answer a;
        struct fault fault;
        struct bytes rest;
        struct header h;

        for (unsigned i = 0; i < 12; i++)
            strcat(block, parts[(unsigned)rand_r(&seed) % (sizeof(parts) / sizeof(parts[0]))]);
        strcat(block, "\n");
        if (!take_text(&a, block, &fault))
            ck_assert_int_ne(fault.error, FETCH_OK);
        rest = (struct bytes){a.headers.data, a.headers.len};
        while (header_next(&rest, &h)) {
            ck_assert(header_is_token(h.name));
            ck_assert(h.value.len == 0 || !memchr(h.value.data, '\r', h.value.len));
        }
        ck_assert_uint_eq(rest.len, 0);
        answer_release(&a);
    }
}
END_TEST

UNIT_MAIN("answer", answer_take_line_headers_in_lower_case,
          answer_take_line_bytes_become_characters,
          answer_take_line_interim_answers_and_trailers_leave_nothing,
          answer_take_line_interim_answer_alone_is_not_complete,
          answer_take_line_folded_values_go_on, answer_take_line_bad_blocks_are_refused,
          answer_take_line_nul_is_refused, answer_take_line_bytes_and_lines_are_bounded,
          answer_take_line_codings_known_and_unknown, answer_location_is_as_it_was_sent,
          answer_take_line_random_blocks_stay_in_form)
