/* Reading stack lines, and mapping the places in them. */
#include "shim/stack.h"

#include "api/script_map.h"
#include "shim/isolate.h"

#include <charconv>
#include <optional>

/* Cuts ":number" off the end. */
static bool cut_number(std::string_view *text, uint32_t *ret)
{
    size_t colon = text->rfind(':');
    const char *end = text->data() + text->size();

    if (colon == std::string_view::npos || colon + 1 == text->size())
        return false;
    auto parsed = std::from_chars(text->data() + colon + 1, end, *ret);
    if (parsed.ec != std::errc() || parsed.ptr != end)
        return false;
    *text = text->substr(0, colon);
    return true;
}

bool stack_parse_line(std::string_view line, struct stack_place *ret)
{
    size_t at = line.find("at ");
    size_t open;

    if (at == std::string_view::npos)
        return false;
    line.remove_prefix(at + 3);
    if (line.ends_with(')')) {
        line.remove_suffix(1);
        open = line.rfind('(');
        if (open != std::string_view::npos)
            line.remove_prefix(open + 1);
    } else if (line.starts_with("async ")) {
        line.remove_prefix(6);
    }
    if (!cut_number(&line, &ret->column) || !cut_number(&line, &ret->line))
        return false;
    ret->file = line;
    return true;
}

/* Frames are indented: other lines that look like one are a person's. */
static bool is_frame(std::string_view line)
{
    size_t start = line.find_first_not_of(' ');

    return start != 0 && start != std::string_view::npos && line.substr(start).starts_with("at ");
}

template <typename F> static std::string join_lines(std::string_view text, F line_of)
{
    std::string joined;
    bool is_first = true;

    stack_each_line(text, [&](std::string_view line) {
        std::optional<std::string> kept = line_of(line);

        if (!kept)
            return true;
        if (!is_first)
            joined += '\n';
        is_first = false;
        joined += *kept;
        return true;
    });
    return joined;
}

std::string stack_without_prelude(std::string_view stack)
{
    return join_lines(stack, [](std::string_view line) -> std::optional<std::string> {
        if (is_frame(line) && line.find(PRELUDE_NAME) != std::string_view::npos)
            return {};
        return std::string(line);
    });
}

static std::string map_line(const struct script *script, std::string_view line)
{
    struct stack_place place;
    struct source_place source;

    if (!is_frame(line) || !stack_parse_line(line, &place) ||
        !script_find_source(script, {place.file.data(), place.file.size()}, place.line,
                            place.column, &source))
        return std::string(line);

    size_t start = (size_t)(place.file.data() - line.data());
    bool is_closed = line.ends_with(')');

    return std::string(line.substr(0, start)) + source.file + ':' + std::to_string(source.line) +
           ':' + std::to_string(source.column) + (is_closed ? ")" : "");
}

std::string stack_map(const struct script *script, std::string_view text)
{
    if (!script->maps)
        return std::string(text);
    return join_lines(text, [&](std::string_view line) -> std::optional<std::string> {
        return map_line(script, line);
    });
}
