/*
 * The shape of what an HTTP request is made of, as far as it must be checked before JavaScript sees
 * it: RFC 9110 for methods and headers, RFC 3986 for the parts of a URL.
 */
#ifndef ISOYARD_HTTP_CHECK_H
#define ISOYARD_HTTP_CHECK_H

#include "api/bytes.h"

#include <stdbool.h>

/* A token (RFC 9110, 5.6.2): what methods and header names are made of. */
bool http_is_token(struct bytes text);

/* A method that a Request of the Fetch standard may have: a token, but none of CONNECT, TRACE and
 * TRACK in any case. */
bool http_is_method(struct bytes method);

/* The method in the case that the Fetch standard gives it: "get" is GET, "patch" stays. */
struct bytes http_normal_method(struct bytes method);

/* A header's value: well-formed UTF-8 whose characters are bytes (up to U+00FF), without NUL, CR,
 * LF.
 */
bool http_is_header_value(struct bytes value);

/* The value without the blanks and tabs around it. */
struct bytes http_trim(struct bytes value);

/* What is wrong with an absolute URL of http or https; NULL: nothing. */
const char *http_url_fault(struct bytes url);

/* What is wrong with a path, query and fragment; NULL: nothing. */
const char *http_path_fault(struct bytes path);

#endif
