// A contract whose attributes are a list made at run time, and the objects that go with it. Every attribute
// may be absent. On the wire it is the same as a Contract of a struct whose members are all std::optional.
// Knows no C++ struct and no peer.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "squall/wire/contract.hpp"

namespace squall::wire {

struct DynamicValue;
// Attributes by name; what is not there is absent.
using DynamicObject = std::map<std::string, DynamicValue, std::less<>>;

struct DynamicValue {
    using Numbers = std::vector<double>;
    std::variant<bool, std::int64_t, double, std::string, Numbers, DynamicObject> content;

    DynamicValue() = default;
    DynamicValue(bool value) : content(value) {}               // NOLINT: {"alive", true} is meant to work
    DynamicValue(int value) : content(std::int64_t{value}) {}  // NOLINT
    DynamicValue(std::int64_t value) : content(value) {}       // NOLINT
    DynamicValue(double value) : content(value) {}             // NOLINT
    DynamicValue(const char* value) : content(std::string(value)) {}  // NOLINT
    DynamicValue(std::string value) : content(std::move(value)) {}    // NOLINT
    DynamicValue(Numbers value) : content(std::move(value)) {}        // NOLINT
    DynamicValue(DynamicObject value) : content(std::move(value)) {}  // NOLINT
    friend bool operator==(const DynamicValue&, const DynamicValue&) = default;
};

enum class AttributeKind : std::uint8_t {
    boolean,
    integer,  // 64 bits, or its range
    number,   // double, or its grid
    single,   // a number with the precision of a float
    text,     // up to max_size bytes
    numbers,  // `count` numbers: a vector or a transform, compared and sent number by number
    singles,  // the same with the precision of floats
    object,   // of `attributes`
};

struct Attribute {
    std::string name;
    AttributeKind kind = AttributeKind::number;
    Constraints constraints{};  // range, quantised, fixed_point, max_size, epsilon; others are refused
    std::size_t count = 0;
    std::vector<Attribute> attributes{};
};

class DynamicContract : public ContractOperations<DynamicContract> {
  public:
    using Object = DynamicObject;

    // Refuses more than 64 attributes at one level, names that are empty or come twice, counts and
    // constraints that do not fit, and more than eight levels.
    [[nodiscard]] static Result<DynamicContract> make(ContractId id, std::vector<Attribute> attributes,
                                                      DeltaOptions options = {});

    [[nodiscard]] const ContractId& id() const { return id_; }
    [[nodiscard]] const std::vector<Attribute>& attributes() const { return attributes_; }
    [[nodiscard]] std::string schema() const;
    // Attributes that the contract does not have, wrong types and values out of range are errors.
    [[nodiscard]] Result<> check(const DynamicObject& object) const;
    [[nodiscard]] bool changed(const DynamicObject& old, const DynamicObject& now) const;

    void put_full(BitWriter& writer, const DynamicObject& object) const;
    void get_full(BitReader& reader, DynamicObject& object) const;
    void put_delta(BitWriter& writer, const DynamicObject& old, const DynamicObject& now) const;
    void get_delta(BitReader& reader, DynamicObject& object) const;

  private:
    DynamicContract(ContractId id, std::vector<Attribute> attributes, DeltaOptions options)
        : id_(std::move(id)), attributes_(std::move(attributes)), options_(options) {}

    ContractId id_;
    std::vector<Attribute> attributes_;
    DeltaOptions options_;
};

}  // namespace squall::wire
