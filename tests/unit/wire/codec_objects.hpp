// More structs for the tests of codecs, and random objects whose text is UTF-8. No test.
#pragma once

#include <string>
#include <vector>

#include "unit/wire/random_object.hpp"
#include "unit/wire/schema_types.hpp"

namespace squall::wire::test {

// Containers within containers.
struct Nested {
    std::vector<std::vector<std::uint16_t>> rows;
    std::optional<std::optional<std::int32_t>> twice;
    std::optional<std::vector<std::string>> names;
    std::map<std::int32_t, std::map<std::string, double>> tables;
    std::variant<std::int32_t, std::string, std::vector<float>> value;
    std::vector<std::variant<Walk, Shoot>> steps;
    std::array<std::array<Weapon, 2>, 2> grid{};
    std::vector<std::array<bool, 3>> flags;
    std::map<Flag, std::optional<Vec3>> homes;
    friend bool operator==(const Nested&, const Nested&) = default;
};
struct Bulk {
    std::vector<std::vector<std::byte>> blobs;
};
struct VersionOne {
    std::int32_t a = 0;
    std::string b;
    friend bool operator==(const VersionOne&, const VersionOne&) = default;
};
struct VersionTwo {
    std::int32_t a = 0;
    std::string b;
    std::vector<std::vector<std::int32_t>> extra{};
    Vec3 more{};
    friend bool operator==(const VersionTwo&, const VersionTwo&) = default;
};
struct Empty {};
struct MustBeSet {
    std::int32_t level = 0;
};

// Replaces text by such as is UTF-8.
inline void make_utf8(Value value, Rng& rng) {
    const auto letters = [&](std::size_t size) {
        static constexpr std::string_view kPieces[] = {
            "a", "Z", "\"", "\\", "\n", "\x01", "/", "\xc3\xa4", "\xf0\x9f\x8e\xae"};
        std::string text;
        while (true) {
            const auto piece = kPieces[rng.below(std::size(kPieces))];
            if (text.size() + piece.size() > size) return text;
            text += piece;
        }
    };
    switch (value.kind()) {
        case Kind::text: (void)value.set_text(letters(value.as_text().size())); return;
        case Kind::map: {
            if (value.type().key->kind == Kind::text) {
                const std::size_t count = value.size();
                value.clear();
                for (std::size_t i = 0; i < count; ++i) {
                    auto added =
                        value.insert([&](Value key) { return key.set_text(letters(rng.below(12))); });
                    if (added) RandomObject(rng).fill(*added);
                }
            }
            value.each_entry([&](ConstValue, ConstValue content) {
                make_utf8(Value(content.type(), const_cast<void*>(content.object()), content.constraints()),
                          rng);
                return true;
            });
            return;
        }
        case Kind::variant: return make_utf8(value.alternative(), rng);
        case Kind::optional:
        case Kind::list:
        case Kind::array:
        case Kind::structure:
            for (std::size_t i = 0; i < value.size(); ++i) make_utf8(value.at(i), rng);
            return;
        default: return;
    }
}

}  // namespace squall::wire::test

template <>
inline constexpr auto squall::wire::field<&squall::wire::test::Bulk::blobs> = max_element_size(5000);
template <>
inline constexpr auto squall::wire::field<&squall::wire::test::MustBeSet::level> = range(1, 9);
