// An object seen through its TypeDescription: what codecs that interpret the table read and write. Every
// setter checks type, range and length, so that no codec can forget. Knows no C++ type and no format.
//
//     void print(ConstValue value) {
//         if (value.kind() == Kind::structure)
//             for (std::size_t i = 0; i < value.size(); ++i) print(value.at(i));  // value.name_of(i)
//         ...
#pragma once

#include <cassert>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "squall/core/bytes.hpp"
#include "squall/core/result.hpp"
#include "squall/wire/describe.hpp"
#include "squall/wire/type_description.hpp"

namespace squall::wire {

// A view: the object must live longer. Calling what does not belong to the kind is a broken order of calls.
class ConstValue {
  public:
    ConstValue(const TypeDescription& type, const void* object, const Constraints& constraints = {})
        : type_(&type), object_(object), constraints_(constraints) {}

    [[nodiscard]] Kind kind() const { return type_->kind; }
    [[nodiscard]] const TypeDescription& type() const { return *type_; }
    // What holds for this value: what its field declares and what its surroundings do.
    [[nodiscard]] const Constraints& constraints() const { return constraints_; }
    [[nodiscard]] const void* object() const { return object_; }

    // Scalars. as_signed and as_unsigned also give the number of an enumeration.
    [[nodiscard]] bool as_bool() const;
    [[nodiscard]] std::int64_t as_signed() const;
    [[nodiscard]] std::uint64_t as_unsigned() const;
    [[nodiscard]] WideInteger as_integer() const;  // of all three kinds
    [[nodiscard]] double as_floating() const;
    [[nodiscard]] std::string_view as_text() const;
    [[nodiscard]] Bytes as_bytes() const;
    // Nothing if the value has no name.
    [[nodiscard]] std::optional<std::string_view> enumerator_name() const;

    // Fields of a struct; elements of a list, map or array; bytes of a text or of bytes; 0 or 1 for an
    // optional.
    [[nodiscard]] std::size_t size() const;
    // A struct's field, a list's or array's element, an optional's content (0).
    [[nodiscard]] ConstValue at(std::size_t index) const;
    [[nodiscard]] std::string_view name_of(std::size_t field) const { return type_->fields[field].name; }
    [[nodiscard]] bool has_content() const { return size() != 0; }
    // Of a variant.
    [[nodiscard]] std::size_t alternative_index() const { return type_->operations.count(object_); }
    [[nodiscard]] ConstValue alternative() const;
    // The entries of a map, in the order of their keys, until the visitor says false.
    void each_entry(Callback<bool(ConstValue key, ConstValue value)> visit) const;

  protected:
    [[nodiscard]] const TypeDescription& type_at(std::size_t index) const;
    [[nodiscard]] Constraints constraints_at(std::size_t index) const;

    const TypeDescription* type_;
    const void* object_;
    Constraints constraints_;
};

// The same, to be changed. A refused change leaves the value as it was.
class Value : public ConstValue {
  public:
    Value(const TypeDescription& type, void* object, const Constraints& constraints = {})
        : ConstValue(type, object, constraints) {}

    [[nodiscard]] void* object() const { return const_cast<void*>(object_); }
    [[nodiscard]] Value at(std::size_t index) const;
    [[nodiscard]] Value alternative() const;

    Result<> set_bool(bool value);
    // For integers of both kinds and for the number of an enumeration.
    Result<> set_integer(WideInteger value);
    Result<> set_floating(double value);
    Result<> set_text(std::string_view value);
    Result<> set_bytes(Bytes value);
    Result<> set_enumerator(std::string_view name);

    // A list of so many elements. The limit is checked before anything is allocated; a codec that knows how
    // many elements its input can hold at most should check that too.
    Result<> resize(std::size_t count);
    // A fresh content, and none.
    Value emplace();
    void reset();
    // A fresh alternative.
    Result<Value> emplace_alternative(std::size_t index);
    // Empties a map.
    void clear();
    // A new entry: `fill` gives its key a value. Refused if fill refuses, if the key is there already, or if
    // the map is full.
    Result<Value> insert(Callback<Result<>(Value key)> fill);
};

// The least a type's description, and an object.
template <Described T>
[[nodiscard]] ConstValue view(const T& object) {
    return {describe<T>(), &object};
}
template <Described T>
[[nodiscard]] Value view(T& object) {
    return {describe<T>(), &object};
}

// Is all of it within its ranges and limits? The error names the field: "Player.ammo: 31; it must be 0 to
// 30".
[[nodiscard]] Result<> validate(ConstValue value);
template <Described T>
[[nodiscard]] Result<> validate(const T& object) {
    return validate(view(object));
}

// The valid numbers of an integer or an enumeration.
[[nodiscard]] IntegerRange integer_range(const TypeDescription& type, const Constraints& constraints);

}  // namespace squall::wire
