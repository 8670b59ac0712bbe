// Fills and changes any described object at random, within what its schema allows, and compares two exactly
// (NaN equals NaN). Knows tables only, no C++ type. For tests and fuzz targets.
#pragma once

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "squall/core/rng.hpp"
#include "squall/wire/value.hpp"

namespace squall::wire::test {

class RandomObject {
  public:
    explicit RandomObject(Rng& rng) : rng_(rng) {}

    void fill(Value value) {
        switch (value.kind()) {
            case Kind::boolean: return expect(value.set_bool(rng_.below(2) != 0));
            case Kind::signed_integer:
            case Kind::unsigned_integer: return fill_integer(value);
            case Kind::enumeration: return fill_enumerator(value);
            case Kind::floating: return expect(value.set_floating(any_floating(value)));
            case Kind::text: return expect(value.set_text(any_text(length_for(value, 30))));
            case Kind::bytes: return expect(value.set_bytes(as_bytes(any_text(length_for(value, 30)))));
            case Kind::optional:
                if (rng_.below(2) == 0) return value.reset();
                return fill(value.emplace());
            case Kind::list: expect(value.resize(length_for(value, 4))); return fill_parts(value);
            case Kind::map: return fill_map(value);
            case Kind::variant: {
                const std::size_t index = rng_.below(value.type().alternatives.size());
                return fill(*value.emplace_alternative(index));
            }
            case Kind::array:
            case Kind::structure:
                if (value.constraints().rests && rng_.below(3) == 0) return set_zero(value);
                if (value.constraints().quaternion_bits != 0 && value.size() == 4 &&
                    value.at(0).kind() == Kind::floating)
                    return fill_quaternion(value);
                return fill_parts(value);
        }
    }

    // Changes some parts, by little or by much.
    void change(Value value) {
        if (rng_.below(8) == 0) return fill(value);
        switch (value.kind()) {
            case Kind::floating:
                if (rng_.below(2) == 0) {
                    const double step = value.constraints().grid ? value.constraints().grid->step : 1e-6;
                    (void)value.set_floating(value.as_floating() +
                                             step * static_cast<double>(rng_.between(-600, 600)));
                }
                return;
            case Kind::optional:
                if (value.has_content()) change(value.at(0));
                return;
            case Kind::list:
                if (rng_.below(4) == 0) expect(value.resize(length_for(value, 5)));
                return change_parts(value);
            case Kind::variant: return change(value.alternative());
            case Kind::map: return change_map(value);
            case Kind::array:
            case Kind::structure:
                if (value.constraints().quaternion_bits != 0 && value.size() == 4 &&
                    value.at(0).kind() == Kind::floating) {
                    if (rng_.below(2) == 0) fill_quaternion(value);
                    return;
                }
                return change_parts(value);
            default:
                if (rng_.below(4) == 0) fill(value);
        }
    }

  private:
    static void expect(const Result<>& result) {
        if (!result) std::abort();  // the generator broke a rule of the schema
    }
    void fill_parts(Value value) {
        for (std::size_t i = 0; i < value.size(); ++i) fill(value.at(i));
    }
    void change_parts(Value value) {
        for (std::size_t i = 0; i < value.size(); ++i)
            if (rng_.below(3) == 0) change(value.at(i));
        // What a resized list got must be valid too.
        if (!validate(value)) fill(value);
    }
    void set_zero(Value value) {
        if (value.kind() == Kind::floating) return expect(value.set_floating(0));
        for (std::size_t i = 0; i < value.size(); ++i) set_zero(value.at(i));
    }
    std::size_t length_for(const ConstValue& value, std::size_t usual) {
        return rng_.below(
            std::min<std::size_t>(usual, value.constraints().max_size.value_or(kDefaultMaxSize)) + 1);
    }
    std::string any_text(std::size_t length) {
        std::string text(length, ' ');
        for (char& c : text) c = static_cast<char>(rng_.below(256));
        return text;
    }
    void fill_integer(Value value) {
        const IntegerRange range = integer_range(value.type(), value.constraints());
        const auto span = static_cast<std::uint64_t>(range.maximum - range.minimum);
        const std::uint64_t offset = span == ~std::uint64_t{0} ? rng_.next() : rng_.below(span + 1);
        // Mostly near one end, as games have it.
        const std::uint64_t shown = rng_.below(2) == 0 ? offset : std::min<std::uint64_t>(offset % 100, span);
        expect(value.set_integer(range.minimum + WideInteger{shown}));
    }
    void fill_enumerator(Value value) {
        const auto& names = value.type().enumerators;
        if (value.constraints().integers || names.empty()) return fill_integer(value);
        expect(value.set_integer(names[rng_.below(names.size())].value));
    }
    double any_floating(const ConstValue& value) {
        const Constraints& c = value.constraints();
        const double part = static_cast<double>(rng_.below(1'000'001)) / 1e6;
        if (c.grid) return c.grid->minimum + part * (c.grid->maximum - c.grid->minimum);
        if (c.floats) return c.floats->minimum + part * (c.floats->maximum - c.floats->minimum);
        switch (rng_.below(12)) {
            case 0: return std::numeric_limits<double>::quiet_NaN();
            case 1: return std::numeric_limits<double>::infinity();
            case 2: return -0.0;
            case 3: return 0.0;
            default: return (part - 0.5) * std::pow(10.0, static_cast<double>(rng_.between(-8, 8)));
        }
    }
    void fill_quaternion(Value value) {
        double length = 0;
        double q[4];
        while (length < 0.01) {
            length = 0;
            for (double& c : q) {
                c = static_cast<double>(rng_.between(-1000, 1000)) / 1000;
                length += c * c;
            }
        }
        for (std::size_t i = 0; i < 4; ++i) expect(value.at(i).set_floating(q[i] / std::sqrt(length)));
    }
    void insert_entry(Value map) {
        auto added = map.insert([&](Value key) -> Result<> {
            fill(key);
            return {};
        });
        if (added) fill(*added);  // else the key is there, or the map is full
    }
    void fill_map(Value map) {
        map.clear();
        for (std::size_t n = length_for(map, 4); n > 0; --n) insert_entry(map);
    }
    void change_map(Value map) {
        if (rng_.below(6) == 0) return fill_map(map);
        std::vector<const void*> values;
        map.each_entry([&](ConstValue, ConstValue value) {
            values.push_back(value.object());
            return true;
        });
        for (const void* each : values)
            if (rng_.below(3) == 0)
                change(Value(*map.type().element, const_cast<void*>(each), for_elements(map.constraints())));
        if (rng_.below(2) == 0) insert_entry(map);
    }

    Rng& rng_;
};

// Exact, but that NaN equals NaN and nothing tells 0 from -0 that was at rest.
inline bool same(ConstValue a, ConstValue b) {
    switch (a.kind()) {
        case Kind::boolean: return a.as_bool() == b.as_bool();
        case Kind::signed_integer:
        case Kind::unsigned_integer:
        case Kind::enumeration: return a.as_integer() == b.as_integer();
        case Kind::floating:
            return a.as_floating() == b.as_floating() ||
                   (std::isnan(a.as_floating()) && std::isnan(b.as_floating()));
        case Kind::text: return a.as_text() == b.as_text();
        case Kind::bytes: return std::ranges::equal(a.as_bytes(), b.as_bytes());
        case Kind::variant:
            return a.alternative_index() == b.alternative_index() && same(a.alternative(), b.alternative());
        case Kind::map: {
            if (a.size() != b.size()) return false;
            std::vector<std::pair<ConstValue, ConstValue>> entries;
            a.each_entry([&](ConstValue key, ConstValue value) {
                entries.emplace_back(key, value);
                return true;
            });
            std::size_t i = 0;
            bool equal = true;
            b.each_entry([&](ConstValue key, ConstValue value) {
                equal = same(entries[i].first, key) && same(entries[i].second, value);
                ++i;
                return equal;
            });
            return equal;
        }
        default:
            if (a.size() != b.size()) return false;
            for (std::size_t i = 0; i < a.size(); ++i)
                if (!same(a.at(i), b.at(i))) return false;
            return true;
    }
}

}  // namespace squall::wire::test
