/*
 * Stacks as V8 prints them: a line for each frame, with its place at the end.
 */
#ifndef ISOYARD_STACK_H
#define ISOYARD_STACK_H

#include "api/script.h"

#include <algorithm>
#include <string>
#include <string_view>

/* A place in a stack line: "    at name (file:line:column)" or "    at file:line:column". The view
 * is of the line. */
struct stack_place {
    std::string_view file;
    uint32_t line = 0;
    uint32_t column = 0;
};

/* False where the line is none of a frame, or has no place. */
bool stack_parse_line(std::string_view line, struct stack_place *ret);

/* Calls visit(line) for each line until it returns false. */
template <typename F> static inline void stack_each_line(std::string_view text, F visit)
{
    while (!text.empty()) {
        size_t end = std::min(text.find('\n'), text.size());

        if (!visit(text.substr(0, end)))
            return;
        text.remove_prefix(std::min(end + 1, text.size()));
    }
}

/* The stack without the frames of the prelude. */
std::string stack_without_prelude(std::string_view stack);

/* The text with places that the version's source maps know in terms of the original files. */
std::string stack_map(const struct script *script, std::string_view text);

#endif
