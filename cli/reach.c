/* Reading what gRPC says: it has no codes for it. */
#include "cli/reach.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool reach_is_address(const char *address)
{
    const char *colon = strrchr(address, ':');
    unsigned long port;
    char *end;

    if (strncmp(address, "unix:", 5) == 0)
        return address[5] != '\0';
    if (strncmp(address, "http://", 7) == 0 || strncmp(address, "https://", 8) == 0)
        return false;
    if (!colon || colon == address || colon[1] < '0' || colon[1] > '9')
        return false;
    port = strtoul(colon + 1, &end, 10);
    return *end == '\0' && port > 0 && port <= 65535;
}

/* It closes the connection, or answers what is no HTTP/2. */
static bool is_no_grpc(const char *message)
{
    static const char *const signs[] = {"Socket closed",         "http1",      "Connection reset",
                                        "Failed parsing HTTP/2", "Frame size", "SETTINGS"};

    for (size_t i = 0; i < sizeof(signs) / sizeof(signs[0]); i++) {
        if (strstr(message, signs[i]))
            return true;
    }
    return false;
}

bool reach_is_refusal(const char *message)
{
    return strstr(message, "Connection refused") != NULL;
}

void reach_print(const char *address, const char *message)
{
    if (!reach_is_address(address))
        fprintf(
            stderr,
            "'%s' is no server's address; give HOST:PORT, as 127.0.0.1:7070, or unix:PATH, with "
            "--address or ISOYARD_ADDRESS",
            address);
    else if (strstr(message, "DNS resolution failed"))
        fprintf(stderr,
                "the server at %s cannot be reached: there is no such host; say where isoyardd is "
                "with --address or ISOYARD_ADDRESS",
                address);
    else if (is_no_grpc(message))
        fprintf(stderr,
                "what listens at %s does not speak gRPC; is that the address of an isoyardd, and "
                "its port for gRPC?",
                address);
    else
        fprintf(stderr,
                "the server at %s cannot be reached; start isoyardd, or say where it is with "
                "--address or ISOYARD_ADDRESS",
                address);
}
