#include "squall/wire/value.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <vector>

#include "wire/codec/path.hpp"

namespace squall::wire {

namespace {

template <class T>
T load(const void* object) {
    T value;
    std::memcpy(&value, object, sizeof(T));
    return value;
}
template <class T>
void store(void* object, T value) {
    std::memcpy(object, &value, sizeof(T));
}

std::int64_t load_signed(const void* object, std::uint32_t size) {
    switch (size) {
        case 1: return load<std::int8_t>(object);
        case 2: return load<std::int16_t>(object);
        case 4: return load<std::int32_t>(object);
        default: return load<std::int64_t>(object);
    }
}
std::uint64_t load_unsigned(const void* object, std::uint32_t size) {
    switch (size) {
        case 1: return load<std::uint8_t>(object);
        case 2: return load<std::uint16_t>(object);
        case 4: return load<std::uint32_t>(object);
        default: return load<std::uint64_t>(object);
    }
}
void store_integer(void* object, std::uint32_t size, WideInteger value) {
    switch (size) {
        case 1: return store(object, static_cast<std::uint8_t>(value));
        case 2: return store(object, static_cast<std::uint16_t>(value));
        case 4: return store(object, static_cast<std::uint32_t>(value));
        default: return store(object, static_cast<std::uint64_t>(value));
    }
}

// fmt writes 128-bit integers itself.
std::string text_of(WideInteger value) {
    return fmt::format("{}", value);
}

bool is_enumerator(const TypeDescription& type, WideInteger value) {
    return std::ranges::any_of(type.enumerators, [&](const Enumerator& e) { return e.value == value; });
}

std::unexpected<Error> wrong_kind(const ConstValue& value, std::string_view given) {
    return fail(ErrorCode::invalid_argument,
                fmt::format("got {}; it must be {}", given, to_string(value.kind())));
}

Result<> check_integer(const TypeDescription& type, const Constraints& constraints, WideInteger value) {
    const IntegerRange allowed = integer_range(type, constraints);
    if (value < allowed.minimum || value > allowed.maximum)
        return fail(ErrorCode::invalid_argument,
                    fmt::format("{}; it must be {} to {}", text_of(value), text_of(allowed.minimum),
                                text_of(allowed.maximum)));
    if (type.kind == Kind::enumeration && !constraints.integers && !is_enumerator(type, value))
        return fail(ErrorCode::invalid_argument,
                    fmt::format("{} is no value of {}", text_of(value), type.name));
    return {};
}

Result<> check_floating(const Constraints& constraints, double value) {
    if (constraints.floats && !(value >= constraints.floats->minimum && value <= constraints.floats->maximum))
        return fail(ErrorCode::invalid_argument,
                    fmt::format("{}; it must be {} to {}", value, constraints.floats->minimum,
                                constraints.floats->maximum));
    if (constraints.grid && !constraints.grid->quantise(value))
        return fail(ErrorCode::invalid_argument,
                    fmt::format("{}; it must be {} to {}", value, constraints.grid->minimum,
                                constraints.grid->maximum));
    return {};
}

Result<> check_length(const Constraints& constraints, std::size_t length, std::string_view what) {
    const std::uint32_t limit = constraints.max_size.value_or(kDefaultMaxSize);
    if (length > limit)
        return fail(ErrorCode::too_large, fmt::format("{} {}; {} is the limit", length, what, limit));
    return {};
}

}  // namespace

IntegerRange integer_range(const TypeDescription& type, const Constraints& constraints) {
    if (constraints.integers) return *constraints.integers;
    if (type.kind == Kind::enumeration && !type.enumerators.empty())
        return {type.enumerators.front().value, type.enumerators.back().value};
    const unsigned bits = type.size * 8;
    if (type.kind == Kind::unsigned_integer) return {0, (WideInteger{1} << bits) - 1};
    return {-(WideInteger{1} << (bits - 1)), (WideInteger{1} << (bits - 1)) - 1};
}

bool ConstValue::as_bool() const {
    assert(kind() == Kind::boolean);
    return load<std::uint8_t>(object_) != 0;
}
std::int64_t ConstValue::as_signed() const {
    return load_signed(object_, type_->size);
}
std::uint64_t ConstValue::as_unsigned() const {
    return load_unsigned(object_, type_->size);
}
WideInteger ConstValue::as_integer() const {
    if (kind() == Kind::unsigned_integer) return as_unsigned();
    // An enumeration of an unsigned type: its enumerators are never negative.
    if (kind() == Kind::enumeration &&
        (type_->enumerators.empty() || type_->enumerators.front().value >= 0) &&
        integer_range(*type_, constraints_).minimum >= 0)
        return as_unsigned();
    return as_signed();
}
double ConstValue::as_floating() const {
    assert(kind() == Kind::floating);
    return type_->size == 4 ? double{load<float>(object_)} : load<double>(object_);
}
std::string_view ConstValue::as_text() const {
    assert(kind() == Kind::text);
    return *static_cast<const std::string*>(object_);
}
Bytes ConstValue::as_bytes() const {
    assert(kind() == Kind::bytes);
    return *static_cast<const std::vector<std::byte>*>(object_);
}
std::optional<std::string_view> ConstValue::enumerator_name() const {
    const WideInteger value = as_integer();
    for (const Enumerator& each : type_->enumerators)
        if (each.value == value) return each.name;
    return std::nullopt;
}

std::size_t ConstValue::size() const {
    switch (kind()) {
        case Kind::structure: return type_->fields.size();
        case Kind::array: return type_->array_size;
        case Kind::text: return as_text().size();
        case Kind::bytes: return as_bytes().size();
        case Kind::list:
        case Kind::map:
        case Kind::optional: return type_->operations.count(object_);
        default: return 0;
    }
}

const TypeDescription& ConstValue::type_at(std::size_t index) const {
    if (kind() == Kind::structure) return *type_->fields[index].type;
    if (kind() == Kind::variant) return *type_->alternatives[index];
    return *type_->element;
}
Constraints ConstValue::constraints_at(std::size_t index) const {
    if (kind() == Kind::structure) return for_members(constraints_) | type_->fields[index].constraints;
    if (kind() == Kind::list || kind() == Kind::map) return for_elements(constraints_);
    if (kind() == Kind::array && type_->element->kind == Kind::floating) return for_members(constraints_);
    return constraints_;
}

ConstValue ConstValue::at(std::size_t index) const {
    return {type_at(index), type_->operations.at(const_cast<void*>(object_), index), constraints_at(index)};
}
ConstValue ConstValue::alternative() const {
    const std::size_t index = alternative_index();
    return {type_at(index), type_->operations.at(const_cast<void*>(object_), index), constraints_at(index)};
}
void ConstValue::each_entry(Callback<bool(ConstValue, ConstValue)> visit) const {
    assert(kind() == Kind::map);
    type_->operations.each(object_, [&](const void* key, const void* value) {
        return visit(ConstValue(*type_->key, key), ConstValue(*type_->element, value, constraints_at(0)));
    });
}

Value Value::at(std::size_t index) const {
    return {type_at(index), type_->operations.at(object(), index), constraints_at(index)};
}
Value Value::alternative() const {
    const std::size_t index = alternative_index();
    return {type_at(index), type_->operations.at(object(), index), constraints_at(index)};
}

Result<> Value::set_bool(bool value) {
    if (kind() != Kind::boolean) return wrong_kind(*this, "a truth value");
    store(object(), static_cast<std::uint8_t>(value ? 1 : 0));
    return {};
}
Result<> Value::set_integer(WideInteger value) {
    if (kind() != Kind::signed_integer && kind() != Kind::unsigned_integer && kind() != Kind::enumeration)
        return wrong_kind(*this, "an integer");
    if (auto good = check_integer(*type_, constraints_, value); !good) return good;
    store_integer(object(), type_->size, value);
    return {};
}
Result<> Value::set_floating(double value) {
    if (kind() != Kind::floating) return wrong_kind(*this, "a number with a point");
    if (auto good = check_floating(constraints_, value); !good) return good;
    if (type_->size == 4) {
        store(object(), static_cast<float>(value));
    } else {
        store(object(), value);
    }
    return {};
}
Result<> Value::set_text(std::string_view value) {
    if (kind() != Kind::text) return wrong_kind(*this, "a text");
    if (auto good = check_length(constraints_, value.size(), "bytes of text"); !good) return good;
    static_cast<std::string*>(object())->assign(value);
    return {};
}
Result<> Value::set_bytes(Bytes value) {
    if (kind() != Kind::bytes) return wrong_kind(*this, "bytes");
    if (auto good = check_length(constraints_, value.size(), "bytes"); !good) return good;
    static_cast<std::vector<std::byte>*>(object())->assign(value.begin(), value.end());
    return {};
}
Result<> Value::set_enumerator(std::string_view name) {
    if (kind() != Kind::enumeration) return wrong_kind(*this, "the name of an enumerator");
    for (const Enumerator& each : type_->enumerators)
        if (each.name == name) return set_integer(each.value);
    return fail(ErrorCode::invalid_argument, fmt::format("'{}' is no name in {}", name, type_->name));
}

Result<> Value::resize(std::size_t count) {
    if (kind() == Kind::array && count != type_->array_size)
        return fail(ErrorCode::invalid_argument,
                    fmt::format("{} elements; there must be {}", count, type_->array_size));
    if (kind() == Kind::array) return {};
    if (kind() != Kind::list) return wrong_kind(*this, "a list");
    if (auto good = check_length(constraints_, count, "elements"); !good) return good;
    type_->operations.set_count(object(), count);
    return {};
}
Value Value::emplace() {
    assert(kind() == Kind::optional);
    type_->operations.set_count(object(), 1);
    return at(0);
}
void Value::reset() {
    assert(kind() == Kind::optional);
    type_->operations.set_count(object(), 0);
}
Result<Value> Value::emplace_alternative(std::size_t index) {
    if (kind() != Kind::variant) return wrong_kind(*this, "an alternative");
    if (index >= type_->alternatives.size())
        return fail(ErrorCode::invalid_argument,
                    fmt::format("alternative {}; there are {}", index, type_->alternatives.size()));
    type_->operations.set_count(object(), index);
    return alternative();
}
void Value::clear() {
    assert(kind() == Kind::map);
    type_->operations.set_count(object(), 0);
}
Result<Value> Value::insert(Callback<Result<>(Value)> fill) {
    if (kind() != Kind::map) return wrong_kind(*this, "a map entry");
    if (auto room = check_length(constraints_, size() + 1, "entries"); !room)
        return std::unexpected(room.error());
    Result<> filled;
    void* const value = type_->operations.insert(object(), [&](void* key) {
        filled = fill(Value(*type_->key, key));
        return filled.has_value();
    });
    if (!filled) return std::unexpected(filled.error());
    if (value == nullptr) return fail(ErrorCode::invalid_argument, "the key is there already");
    return Value(*type_->element, value, constraints_at(0));
}

namespace {

Result<> check_quaternion(const ConstValue& value) {
    double length = 0;
    for (std::size_t i = 0; i < 4; ++i) length += value.at(i).as_floating() * value.at(i).as_floating();
    if (!(std::abs(length - 1.0) <= 0.02))
        return fail(ErrorCode::invalid_argument,
                    fmt::format("the length of the quaternion is {}; it must be 1", std::sqrt(length)));
    return {};
}

// "Player.ammo: " stands before what is wrong with it.
Result<> validate_at(const ConstValue& value, const Path& path) {
    switch (value.kind()) {
        case Kind::boolean: return {};
        case Kind::signed_integer:
        case Kind::unsigned_integer:
        case Kind::enumeration:
            return path.place(check_integer(value.type(), value.constraints(), value.as_integer()));
        case Kind::floating: return path.place(check_floating(value.constraints(), value.as_floating()));
        case Kind::text: return path.place(check_length(value.constraints(), value.size(), "bytes of text"));
        case Kind::bytes: return path.place(check_length(value.constraints(), value.size(), "bytes"));
        case Kind::variant:
            return validate_at(value.alternative(), path.alternative(value.alternative().type().name));
        case Kind::map: {
            Result<> result = path.place(check_length(value.constraints(), value.size(), "entries"));
            if (!result) return result;
            value.each_entry([&](const ConstValue& key, const ConstValue& element) {
                result = validate_at(key, path.key());
                if (result) result = validate_at(element, path.value());
                return result.has_value();
            });
            return result;
        }
        case Kind::list:
            if (auto good = check_length(value.constraints(), value.size(), "elements"); !good)
                return path.place(good);
            break;
        default: break;
    }
    if (value.constraints().quaternion_bits != 0 && value.size() == 4 && value.at(0).kind() == Kind::floating)
        return path.place(check_quaternion(value));
    for (std::size_t i = 0; i < value.size(); ++i) {
        // What an optional holds has the optional's name.
        const Path below = value.kind() == Kind::structure  ? path.field(value.name_of(i))
                           : value.kind() == Kind::optional ? path
                                                            : path.element(i);
        if (auto good = validate_at(value.at(i), below); !good) return good;
    }
    return {};
}

}  // namespace

Result<> validate(ConstValue value) {
    return validate_at(value, Path{.name = value.type().name});
}

}  // namespace squall::wire
