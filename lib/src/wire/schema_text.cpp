#include "squall/wire/schema_text.hpp"

#include <fmt/format.h>

#include <iterator>

#include "squall/core/hash.hpp"
#include "squall/wire/value.hpp"

namespace squall::wire {

std::string_view to_string(Kind kind) {
    switch (kind) {
        case Kind::boolean: return "a truth value";
        case Kind::signed_integer: return "a signed integer";
        case Kind::unsigned_integer: return "an unsigned integer";
        case Kind::floating: return "a number with a point";
        case Kind::enumeration: return "an enumerator";
        case Kind::text: return "a text";
        case Kind::bytes: return "bytes";
        case Kind::optional: return "an optional value";
        case Kind::list: return "a list";
        case Kind::array: return "an array";
        case Kind::map: return "a map";
        case Kind::variant: return "a variant";
        case Kind::structure: return "a struct";
    }
    return "an unknown kind";
}

namespace {

// Writes the lines of one type.
class Writer {
  public:
    void add(const TypeDescription& type, const Constraints& constraints, const std::string& path) {
        switch (type.kind) {
            case Kind::boolean: return line(path, "bool");
            case Kind::signed_integer: return add_integer("int", type, constraints, path);
            case Kind::unsigned_integer: return add_integer("uint", type, constraints, path);
            case Kind::enumeration: return add_enumeration(type, constraints, path);
            case Kind::floating: return add_floating(type, constraints, path);
            case Kind::text: return line(path, fmt::format("text up to {}", limit(constraints)));
            case Kind::bytes: return line(path, fmt::format("bytes up to {}", limit(constraints)));
            case Kind::optional: line(path, "optional"); return add(*type.element, constraints, path + "?");
            case Kind::list:
                line(path, fmt::format("list up to {}", limit(constraints)));
                return add(*type.element, for_elements(constraints), path + "[]");
            case Kind::array:
                line(path, fmt::format("array of {}{}", type.array_size, whole(type, constraints)));
                return add(*type.element,
                           type.element->kind == Kind::floating ? for_members(constraints) : constraints,
                           path + "[]");
            case Kind::map:
                line(path, fmt::format("map up to {}", limit(constraints)));
                add(*type.key, {}, path + "{key}");
                return add(*type.element, for_elements(constraints), path + "{}");
            case Kind::variant: return add_variant(type, constraints, path);
            case Kind::structure: return add_structure(type, constraints, path);
        }
    }
    [[nodiscard]] std::string take() { return std::move(text_); }

  private:
    static std::uint32_t limit(const Constraints& c) { return c.max_size.value_or(kDefaultMaxSize); }
    // What a struct or array says of itself as a whole.
    static std::string whole(const TypeDescription& type, const Constraints& c) {
        std::string text;
        const bool array = type.kind == Kind::array;
        if (array && type.element->kind != Kind::floating) return text;
        if (c.quaternion_bits != 0 && (array ? type.array_size : type.fields.size()) == 4)
            text += fmt::format(" unit quaternion of {} bits", c.quaternion_bits);
        if (c.rests) text += " at rest";
        if (c.move_bits != 0) text += fmt::format(" moves by {} bits", c.move_bits);
        return text;
    }
    void line(const std::string& path, std::string_view what) {
        fmt::format_to(std::back_inserter(text_), "{} {}\n", path.empty() ? "." : path, what);
    }
    static std::string range_text(const IntegerRange& range) {
        return fmt::format("{} to {}", range.minimum, range.maximum);
    }
    void add_integer(std::string_view name, const TypeDescription& type, const Constraints& c,
                     const std::string& path) {
        std::string text = fmt::format("{}{}", name, type.size * 8);
        if (c.integers) fmt::format_to(std::back_inserter(text), " {}", range_text(*c.integers));
        if (c.variable_length) text += " variable";
        line(path, text);
    }
    void add_enumeration(const TypeDescription& type, const Constraints& c, const std::string& path) {
        if (c.integers) return line(path, fmt::format("enum {}", range_text(*c.integers)));
        std::string text = "enum";
        for (const Enumerator& each : type.enumerators)
            fmt::format_to(std::back_inserter(text), " {}={}", each.name, each.value);
        line(path, text);
    }
    void add_floating(const TypeDescription& type, const Constraints& c, const std::string& path) {
        std::string text = type.size == 4 ? "float" : "double";
        if (c.floats) text += fmt::format(" {} to {}", c.floats->minimum, c.floats->maximum);
        if (c.grid)
            text += fmt::format(" quantised {} to {} by {}, {} steps", c.grid->minimum, c.grid->maximum,
                                c.grid->step, c.grid->highest);
        if (c.move_bits != 0) text += fmt::format(" moves by {} bits", c.move_bits);
        line(path, text);
    }
    void add_variant(const TypeDescription& type, const Constraints& c, const std::string& path) {
        std::string text = "variant";
        for (const TypeDescription* each : type.alternatives)
            fmt::format_to(std::back_inserter(text), " {}", each->name.empty() ? "-" : each->name);
        line(path, text);
        for (std::size_t i = 0; i < type.alternatives.size(); ++i)
            add(*type.alternatives[i], c, fmt::format("{}<{}>", path, i));
    }
    void add_structure(const TypeDescription& type, const Constraints& c, const std::string& path) {
        line(path, fmt::format("struct of {}{}", type.fields.size(), whole(type, c)));
        for (const FieldDescription& each : type.fields)
            add(*each.type, for_members(c) | each.constraints,
                path.empty() ? std::string(each.name) : fmt::format("{}.{}", path, each.name));
    }

    std::string text_;
};

// The line at the front of `text`, which loses it.
std::string_view take_line(std::string_view& text) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    return line;
}

struct Line {
    std::string_view path;
    std::string_view what;
    explicit Line(std::string_view line)
        : path(line.substr(0, line.find(' '))),
          what(line.size() > path.size() ? line.substr(path.size() + 1) : std::string_view{}) {}
};

bool has_path(std::string_view text, std::string_view path) {
    while (!text.empty())
        if (Line(take_line(text)).path == path) return true;
    return false;
}

// The struct line says how many fields there are, and differs whenever one came or went: the field says more.
bool speaks_of_a_struct(const Line& a, const Line& b) {
    return a.path == b.path && a.what.starts_with("struct of ") && b.what.starts_with("struct of ") &&
           a.what.substr(10).find(' ') == std::string_view::npos &&
           b.what.substr(10).find(' ') == std::string_view::npos;
}

}  // namespace

std::string schema_text(const TypeDescription& type) {
    Writer writer;
    writer.add(type, {}, "");
    return writer.take();
}

std::uint64_t schema_hash(std::string_view text) {
    return stable_hash(text);
}

std::optional<std::string> first_difference(std::string_view ours, std::string_view theirs) {
    if (ours == theirs) return std::nullopt;
    const std::string_view all_ours = ours;
    const std::string_view all_theirs = theirs;
    while (!ours.empty() || !theirs.empty()) {
        const Line a(take_line(ours));
        const Line b(take_line(theirs));
        if (a.path == b.path && (a.what == b.what || speaks_of_a_struct(a, b))) continue;
        if (a.path == b.path) return fmt::format("'{}' is '{}' here and '{}' there", a.path, a.what, b.what);
        if (!a.path.empty() && !has_path(all_theirs, a.path))
            return fmt::format("'{}' ({}) is missing there", a.path, a.what);
        if (!b.path.empty() && !has_path(all_ours, b.path))
            return fmt::format("'{}' ({}) is missing here", b.path, b.what);
        return fmt::format("'{}' is in another place there", a.path);
    }
    return std::nullopt;
}

}  // namespace squall::wire
