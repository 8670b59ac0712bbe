// Where in an object one is: for errors. Costs nothing until a text is asked for.
#pragma once

#include <fmt/format.h>

#include <string>
#include <string_view>

#include "squall/core/result.hpp"

namespace squall::wire {

// A chain from the innermost place outwards; each lives in the function that reads or writes that place.
struct Path {
    const Path* outer = nullptr;
    std::string_view name{};  // of a field or an alternative
    std::size_t index = 0;    // of an element, if there is no name
    enum class Step : std::uint8_t { root, field, element, alternative, key, value } step = Step::root;

    [[nodiscard]] std::string text() const {
        std::string before = outer != nullptr ? outer->text() : std::string();
        switch (step) {
            case Step::root: return std::string(name.empty() ? "value" : name);
            case Step::field: return fmt::format("{}.{}", before, name);
            case Step::element: return fmt::format("{}[{}]", before, index);
            case Step::alternative: return fmt::format("{}<{}>", before, name);
            case Step::key: return before + "{key}";
            case Step::value: return before + "{value}";
        }
        return before;
    }
    [[nodiscard]] Path field(std::string_view field_name) const {
        return {.outer = this, .name = field_name, .step = Step::field};
    }
    [[nodiscard]] Path element(std::size_t number) const {
        return {.outer = this, .index = number, .step = Step::element};
    }
    [[nodiscard]] Path alternative(std::string_view type_name) const {
        return {.outer = this, .name = type_name, .step = Step::alternative};
    }
    [[nodiscard]] Path key() const { return {.outer = this, .step = Step::key}; }
    [[nodiscard]] Path value() const { return {.outer = this, .step = Step::value}; }

    [[nodiscard]] std::unexpected<Error> fail(ErrorCode code, std::string_view what) const {
        return squall::fail(code, fmt::format("{}: {}", text(), what));
    }
    // The same result, its error with the place before it.
    [[nodiscard]] Result<> place(Result<> result) const {
        if (!result) return fail(result.error().code, result.error().message);
        return result;
    }
};

}  // namespace squall::wire
