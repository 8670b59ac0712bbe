#include "squall/wire/dynamic_contract.hpp"

#include <fmt/format.h>

#include <bit>
#include <cmath>
#include <cstdint>
#include <iterator>
#include <set>

namespace squall::wire {

namespace {

constexpr std::size_t kMaxLevels = 8;
constexpr std::size_t kMaxNumbers = 64;

bool holds_floats(AttributeKind kind) {
    return kind == AttributeKind::number || kind == AttributeKind::single || kind == AttributeKind::numbers ||
           kind == AttributeKind::singles;
}
bool is_single(const Attribute& a) {
    return a.kind == AttributeKind::single || a.kind == AttributeKind::singles;
}

std::string_view name_of(AttributeKind kind) {
    switch (kind) {
        case AttributeKind::boolean: return "a truth value";
        case AttributeKind::integer: return "an integer";
        case AttributeKind::number:
        case AttributeKind::single: return "a number";
        case AttributeKind::text: return "a text";
        case AttributeKind::numbers:
        case AttributeKind::singles: return "a list of numbers";
        case AttributeKind::object: return "an object";
    }
    return "an unknown kind";
}

// --- Is the list of attributes good? ---

Result<> check_attribute(const Attribute& a) {
    const auto wrong = [&](std::string_view what) {
        return fail(ErrorCode::invalid_argument, fmt::format("attribute '{}': {}", a.name, what));
    };
    const Constraints& c = a.constraints;
    if (c.quaternion_bits != 0 || c.move_bits != 0 || c.rests || c.variable_length || c.max_element_size)
        return wrong("only range, quantised, fixed_point, max_size and epsilon are for attributes");
    if (c.integers && a.kind != AttributeKind::integer) return wrong("a range of integers is for integers");
    if ((c.floats || c.grid || c.epsilon) && !holds_floats(a.kind))
        return wrong("quantised, fixed_point, epsilon and a range of numbers are for numbers");
    if (c.max_size && a.kind != AttributeKind::text) return wrong("max_size is for texts");
    if (c.integers && (c.integers->minimum < INT64_MIN || c.integers->maximum > INT64_MAX))
        return wrong("the range must be within 64 bits with sign");
    const bool lists = a.kind == AttributeKind::numbers || a.kind == AttributeKind::singles;
    if (lists && (a.count == 0 || a.count > kMaxNumbers))
        return wrong(fmt::format("it holds {} numbers; there must be 1 to {}", a.count, kMaxNumbers));
    if (!lists && a.count != 0) return wrong("a count is for lists of numbers");
    if (a.kind != AttributeKind::object && !a.attributes.empty())
        return wrong("only an object has attributes");
    return {};
}

Result<> check_attributes(const std::vector<Attribute>& attributes, std::size_t level) {
    if (level > kMaxLevels)
        return fail(ErrorCode::too_large,
                    fmt::format("objects are nested deeper than {} levels", kMaxLevels));
    if (attributes.size() > kMaxAttributes)
        return fail(ErrorCode::too_large,
                    fmt::format("{} attributes; {} is the limit of a contract and of each "
                                "object in it",
                                attributes.size(), kMaxAttributes));
    std::set<std::string_view> names;
    for (const Attribute& each : attributes) {
        if (each.name.empty() || each.name.find_first_of(" \n") != std::string::npos)
            return fail(ErrorCode::invalid_argument, "an attribute's name must not be empty or hold blanks");
        if (!names.insert(each.name).second)
            return fail(
                ErrorCode::invalid_argument,
                fmt::format("attribute '{}' is listed twice; each name must be used once", each.name));
        if (auto good = check_attribute(each); !good) return good;
        if (auto good = check_attributes(each.attributes, level + 1); !good) return good;
    }
    return {};
}

// --- Is a value good for its attribute? ---

std::unexpected<Error> wrong(const std::string& path, const std::string& what) {
    return fail(ErrorCode::invalid_argument, fmt::format("{}: {}", path, what));
}

IntegerRange range_of(const Attribute& a) {
    return a.constraints.integers.value_or(IntegerRange{INT64_MIN, INT64_MAX});
}
std::size_t text_limit(const Attribute& a) {
    return a.constraints.max_size.value_or(kDefaultMaxSize);
}

bool is_allowed(const Attribute& a, double value) {
    const Constraints& c = a.constraints;
    if (c.floats && !(value >= c.floats->minimum && value <= c.floats->maximum)) return false;
    return !c.grid || c.grid->quantise(value).has_value();
}

// An integer may stand where a number is wanted.
std::optional<double> number_in(const DynamicValue& value) {
    if (const auto* number = std::get_if<double>(&value.content)) return *number;
    if (const auto* integer = std::get_if<std::int64_t>(&value.content)) return static_cast<double>(*integer);
    return std::nullopt;
}

Result<> check_object(const std::vector<Attribute>& attributes, const DynamicObject& object,
                      const std::string& path);

Result<> check_value(const Attribute& a, const DynamicValue& value, const std::string& path) {
    const auto mistyped = [&] { return wrong(path, fmt::format("it must be {}", name_of(a.kind))); };
    switch (a.kind) {
        case AttributeKind::boolean:
            if (!std::holds_alternative<bool>(value.content)) return mistyped();
            return {};
        case AttributeKind::integer: {
            const auto* integer = std::get_if<std::int64_t>(&value.content);
            if (integer == nullptr) return mistyped();
            const IntegerRange range = range_of(a);
            if (*integer < range.minimum || *integer > range.maximum)
                return wrong(path,
                             fmt::format("{}; it must be {} to {}", *integer, range.minimum, range.maximum));
            return {};
        }
        case AttributeKind::number:
        case AttributeKind::single: {
            const auto number = number_in(value);
            if (!number) return mistyped();
            if (!is_allowed(a, *number)) return wrong(path, fmt::format("{} is out of its range", *number));
            return {};
        }
        case AttributeKind::text: {
            const auto* text = std::get_if<std::string>(&value.content);
            if (text == nullptr) return mistyped();
            if (text->size() > text_limit(a))
                return wrong(path, fmt::format("{} bytes; {} is the limit", text->size(), text_limit(a)));
            return {};
        }
        case AttributeKind::numbers:
        case AttributeKind::singles: {
            const auto* numbers = std::get_if<DynamicValue::Numbers>(&value.content);
            if (numbers == nullptr) return mistyped();
            if (numbers->size() != a.count)
                return wrong(path, fmt::format("{} numbers; there must be {}", numbers->size(), a.count));
            for (const double each : *numbers)
                if (!is_allowed(a, each)) return wrong(path, fmt::format("{} is out of its range", each));
            return {};
        }
        case AttributeKind::object: {
            const auto* object = std::get_if<DynamicObject>(&value.content);
            if (object == nullptr) return mistyped();
            return check_object(a.attributes, *object, path + ".");
        }
    }
    return mistyped();
}

Result<> check_object(const std::vector<Attribute>& attributes, const DynamicObject& object,
                      const std::string& path) {
    std::size_t known = 0;
    for (const Attribute& each : attributes) {
        const auto place = object.find(each.name);
        if (place == object.end()) continue;
        ++known;
        if (auto good = check_value(each, place->second, path + each.name); !good) return good;
    }
    if (known == object.size()) return {};
    for (const auto& [name, value] : object) {
        bool found = false;
        for (const Attribute& each : attributes) found = found || each.name == name;
        if (!found) return wrong(path + name, "the contract has no such attribute");
    }
    return {};
}

// --- Bits. What was checked above is refused here too, so that a wrong object is never sent. ---

void put_number(BitWriter& writer, const Attribute& a, double value) {
    if (!is_allowed(a, value)) return writer.refuse(StreamFault::out_of_range);
    if (a.constraints.grid)
        return writer.bits(*a.constraints.grid->quantise(value),
                           detail::length_bits(a.constraints.grid->highest));
    if (is_single(a)) return writer.bits(std::bit_cast<std::uint32_t>(static_cast<float>(value)), 32);
    writer.bits(std::bit_cast<std::uint64_t>(value), 64);
}
double get_number(BitReader& reader, const Attribute& a) {
    double value = 0;
    if (a.constraints.grid) {
        std::uint64_t steps = 0;
        reader.ranged(steps, 0, a.constraints.grid->highest);
        value = a.constraints.grid->restore(steps);
        if (is_single(a)) value = static_cast<double>(static_cast<float>(value));
    } else if (is_single(a)) {
        std::uint32_t bits = 0;
        reader.bits(bits, 32);
        value = static_cast<double>(std::bit_cast<float>(bits));
    } else {
        std::uint64_t bits = 0;
        reader.bits(bits, 64);
        value = std::bit_cast<double>(bits);
    }
    if (reader.ok() && !is_allowed(a, value)) reader.refuse(StreamFault::out_of_range);
    return value;
}

bool number_differs(const Attribute& a, double before, double now, const DeltaOptions& options) {
    const Constraints& c = a.constraints;
    if (c.epsilon && std::abs(now - before) <= *c.epsilon) return false;
    if (c.grid) {
        const auto steps = c.grid->quantise(now);
        if (!steps) return true;
        const double restored = c.grid->restore(*steps);
        return (is_single(a) ? static_cast<double>(static_cast<float>(restored)) : restored) != before;
    }
    const double sent = is_single(a) ? static_cast<double>(static_cast<float>(now)) : now;
    const double epsilon = c.epsilon.value_or(options.epsilon);
    if (epsilon > 0 && std::abs(sent - before) <= epsilon) return false;
    if (std::isnan(sent)) return !std::isnan(before);
    return std::bit_cast<std::uint64_t>(sent) != std::bit_cast<std::uint64_t>(before);
}

const DynamicValue* find(const DynamicObject& object, const Attribute& a) {
    const auto place = object.find(a.name);
    return place == object.end() ? nullptr : &place->second;
}
template <class T>
const T& content(const DynamicValue& value) {
    return std::get<T>(value.content);
}

// Both values fit the attribute.
bool object_differs(const std::vector<Attribute>&, const DynamicObject&, const DynamicObject&,
                    const DeltaOptions&);
bool value_differs(const Attribute& a, const DynamicValue& before, const DynamicValue& now,
                   const DeltaOptions& options) {
    switch (a.kind) {
        case AttributeKind::number:
        case AttributeKind::single: return number_differs(a, *number_in(before), *number_in(now), options);
        case AttributeKind::numbers:
        case AttributeKind::singles: {
            const auto& b = content<DynamicValue::Numbers>(before);
            const auto& n = content<DynamicValue::Numbers>(now);
            for (std::size_t i = 0; i < a.count; ++i)
                if (number_differs(a, b[i], n[i], options)) return true;
            return false;
        }
        case AttributeKind::object:
            return object_differs(a.attributes, content<DynamicObject>(before), content<DynamicObject>(now),
                                  options);
        default: return before != now;
    }
}
bool object_differs(const std::vector<Attribute>& attributes, const DynamicObject& before,
                    const DynamicObject& now, const DeltaOptions& options) {
    for (const Attribute& each : attributes) {
        const DynamicValue* b = find(before, each);
        const DynamicValue* n = find(now, each);
        if ((b == nullptr) != (n == nullptr)) return true;
        if (b != nullptr && value_differs(each, *b, *n, options)) return true;
    }
    return false;
}

void put_object(BitWriter& writer, const std::vector<Attribute>& attributes, const DynamicObject& object);
void put_value(BitWriter& writer, const Attribute& a, const DynamicValue& value) {
    switch (a.kind) {
        case AttributeKind::boolean: return writer.boolean(content<bool>(value));
        case AttributeKind::integer: {
            const IntegerRange range = range_of(a);
            return writer.ranged<std::int64_t>(content<std::int64_t>(value),
                                               static_cast<std::int64_t>(range.minimum),
                                               static_cast<std::int64_t>(range.maximum));
        }
        case AttributeKind::number:
        case AttributeKind::single: return put_number(writer, a, *number_in(value));
        case AttributeKind::text: return writer.text(content<std::string>(value), text_limit(a));
        case AttributeKind::numbers:
        case AttributeKind::singles:
            for (const double each : content<DynamicValue::Numbers>(value)) put_number(writer, a, each);
            return;
        case AttributeKind::object: return put_object(writer, a.attributes, content<DynamicObject>(value));
    }
}
void put_object(BitWriter& writer, const std::vector<Attribute>& attributes, const DynamicObject& object) {
    for (const Attribute& each : attributes) {
        const DynamicValue* value = find(object, each);
        writer.boolean(value != nullptr);
        if (value != nullptr) put_value(writer, each, *value);
    }
}

void get_object(BitReader& reader, const std::vector<Attribute>& attributes, DynamicObject& object);
DynamicValue get_value(BitReader& reader, const Attribute& a) {
    switch (a.kind) {
        case AttributeKind::boolean: {
            bool value = false;
            reader.boolean(value);
            return value;
        }
        case AttributeKind::integer: {
            const IntegerRange range = range_of(a);
            std::int64_t value = 0;
            reader.ranged(value, static_cast<std::int64_t>(range.minimum),
                          static_cast<std::int64_t>(range.maximum));
            return value;
        }
        case AttributeKind::number:
        case AttributeKind::single: return get_number(reader, a);
        case AttributeKind::text: {
            std::string value;
            reader.text(value, text_limit(a));
            return value;
        }
        case AttributeKind::numbers:
        case AttributeKind::singles: {
            DynamicValue::Numbers values(a.count);
            for (double& each : values) each = get_number(reader, a);
            return values;
        }
        case AttributeKind::object: break;
    }
    DynamicObject object;
    get_object(reader, a.attributes, object);
    return object;
}
void get_object(BitReader& reader, const std::vector<Attribute>& attributes, DynamicObject& object) {
    object.clear();
    for (const Attribute& each : attributes) {
        bool present = false;
        reader.boolean(present);
        if (!reader.ok()) return;
        if (present) object.insert_or_assign(each.name, get_value(reader, each));
    }
}

// --- Changes ---

void put_object_change(BitWriter& writer, const std::vector<Attribute>& attributes,
                       const DynamicObject& before, const DynamicObject& now, const DeltaOptions& options);
void put_value_change(BitWriter& writer, const Attribute& a, const DynamicValue& before,
                      const DynamicValue& now, const DeltaOptions& options) {
    if (a.kind == AttributeKind::boolean) return;  // that it changed says all
    if (a.kind == AttributeKind::object)
        return put_object_change(writer, a.attributes, content<DynamicObject>(before),
                                 content<DynamicObject>(now), options);
    if (a.kind != AttributeKind::numbers && a.kind != AttributeKind::singles)
        return put_value(writer, a, now);
    for (std::size_t i = 0; i < a.count; ++i) {
        const double number = content<DynamicValue::Numbers>(now)[i];
        const bool changed = number_differs(a, content<DynamicValue::Numbers>(before)[i], number, options);
        writer.boolean(changed);
        if (changed) put_number(writer, a, number);
    }
}
void put_object_change(BitWriter& writer, const std::vector<Attribute>& attributes,
                       const DynamicObject& before, const DynamicObject& now, const DeltaOptions& options) {
    struct Pair {
        const DynamicValue* before;
        const DynamicValue* now;
        bool changed;
    };
    std::array<Pair, kMaxAttributes> pairs;
    bool had = false;
    bool gone = false;
    for (std::size_t i = 0; i < attributes.size(); ++i) {
        Pair& pair = pairs[i] = {find(before, attributes[i]), find(now, attributes[i]), false};
        pair.changed =
            (pair.before == nullptr) != (pair.now == nullptr) ||
            (pair.before != nullptr && value_differs(attributes[i], *pair.before, *pair.now, options));
        writer.boolean(pair.changed);
        had = had || (pair.changed && pair.before != nullptr);
        gone = gone || (pair.before != nullptr && pair.now == nullptr);
    }
    if (had) writer.boolean(gone);
    for (std::size_t i = 0; gone && i < attributes.size(); ++i)
        if (pairs[i].changed && pairs[i].before != nullptr) writer.boolean(pairs[i].now == nullptr);
    for (std::size_t i = 0; i < attributes.size(); ++i) {
        const Pair& pair = pairs[i];
        if (!pair.changed || pair.now == nullptr) continue;
        if (pair.before != nullptr) {
            put_value_change(writer, attributes[i], *pair.before, *pair.now, options);
        } else {
            put_value(writer, attributes[i], *pair.now);
        }
    }
}

void get_object_change(BitReader& reader, const std::vector<Attribute>& attributes, DynamicObject& object);
void get_value_change(BitReader& reader, const Attribute& a, DynamicValue& value) {
    if (a.kind == AttributeKind::boolean) {
        value.content = !std::get<bool>(value.content);
    } else if (a.kind == AttributeKind::object) {
        get_object_change(reader, a.attributes, std::get<DynamicObject>(value.content));
    } else if (a.kind == AttributeKind::numbers || a.kind == AttributeKind::singles) {
        for (double& each : std::get<DynamicValue::Numbers>(value.content)) {
            bool changed = false;
            reader.boolean(changed);
            if (changed) each = get_number(reader, a);
        }
    } else {
        value = get_value(reader, a);
    }
}
void get_object_change(BitReader& reader, const std::vector<Attribute>& attributes, DynamicObject& object) {
    std::array<bool, kMaxAttributes> changed{};
    bool had = false;
    for (std::size_t i = 0; i < attributes.size(); ++i) {
        reader.boolean(changed[i]);
        had = had || (changed[i] && object.contains(attributes[i].name));
    }
    bool gone = false;
    if (had) reader.boolean(gone);
    for (std::size_t i = 0; gone && i < attributes.size(); ++i) {
        if (!changed[i] || !object.contains(attributes[i].name)) continue;
        bool removed = false;
        reader.boolean(removed);
        if (!removed) continue;
        object.erase(attributes[i].name);
        changed[i] = false;
    }
    for (std::size_t i = 0; i < attributes.size() && reader.ok(); ++i) {
        if (!changed[i]) continue;
        const auto place = object.find(attributes[i].name);
        if (place != object.end()) {
            get_value_change(reader, attributes[i], place->second);
        } else {
            object.emplace(attributes[i].name, get_value(reader, attributes[i]));
        }
    }
}

// --- Schema: the text of the struct whose members are all optional ---

void add_schema(std::string& text, const Attribute& a, const std::string& path);
void add_schema_of(std::string& text, const std::vector<Attribute>& attributes, const std::string& path) {
    fmt::format_to(std::back_inserter(text), "{} struct of {}\n", path.empty() ? "." : path,
                   attributes.size());
    for (const Attribute& each : attributes)
        add_schema(text, each, path.empty() ? each.name : path + "." + each.name);
}
std::string number_text(const Attribute& a) {
    std::string text = is_single(a) ? "float" : "double";
    const Constraints& c = a.constraints;
    if (c.floats) text += fmt::format(" {} to {}", c.floats->minimum, c.floats->maximum);
    if (c.grid)
        text += fmt::format(" quantised {} to {} by {}, {} steps", c.grid->minimum, c.grid->maximum,
                            c.grid->step, c.grid->highest);
    return text;
}
void add_schema(std::string& text, const Attribute& a, const std::string& path) {
    const auto out = std::back_inserter(text);
    fmt::format_to(out, "{} optional\n", path);
    switch (a.kind) {
        case AttributeKind::boolean: fmt::format_to(out, "{}? bool\n", path); return;
        case AttributeKind::integer:
            fmt::format_to(out, "{}? int64", path);
            if (a.constraints.integers)
                fmt::format_to(out, " {} to {}", a.constraints.integers->minimum,
                               a.constraints.integers->maximum);
            text += '\n';
            return;
        case AttributeKind::number:
        case AttributeKind::single: fmt::format_to(out, "{}? {}\n", path, number_text(a)); return;
        case AttributeKind::text: fmt::format_to(out, "{}? text up to {}\n", path, text_limit(a)); return;
        case AttributeKind::numbers:
        case AttributeKind::singles:
            fmt::format_to(out, "{0}? array of {1}\n{0}?[] {2}\n", path, a.count, number_text(a));
            return;
        case AttributeKind::object: return add_schema_of(text, a.attributes, path + "?");
    }
}

}  // namespace

Result<DynamicContract> DynamicContract::make(ContractId id, std::vector<Attribute> attributes,
                                              DeltaOptions options) {
    if (auto good = check_attributes(attributes, 1); !good)
        return fail(good.error().code, fmt::format("contract {}: {}", to_string(id), good.error().message));
    return DynamicContract(std::move(id), std::move(attributes), options);
}

std::string DynamicContract::schema() const {
    std::string text;
    add_schema_of(text, attributes_, "");
    return text;
}

Result<> DynamicContract::check(const DynamicObject& object) const {
    if (auto good = check_object(attributes_, object, ""); !good)
        return fail(good.error().code, fmt::format("contract {}: {}", to_string(id_), good.error().message));
    return {};
}
bool DynamicContract::changed(const DynamicObject& old, const DynamicObject& now) const {
    return object_differs(attributes_, old, now, options_);
}

void DynamicContract::put_full(BitWriter& writer, const DynamicObject& object) const {
    if (!check(object)) return writer.refuse(StreamFault::out_of_range);
    put_object(writer, attributes_, object);
}
void DynamicContract::get_full(BitReader& reader, DynamicObject& object) const {
    get_object(reader, attributes_, object);
}
void DynamicContract::put_delta(BitWriter& writer, const DynamicObject& old, const DynamicObject& now) const {
    if (!check(now) || !check(old)) return writer.refuse(StreamFault::out_of_range);
    put_object_change(writer, attributes_, old, now, options_);
}
void DynamicContract::get_delta(BitReader& reader, DynamicObject& object) const {
    if (!check(object)) return reader.refuse(StreamFault::out_of_range);
    get_object_change(reader, attributes_, object);
}

}  // namespace squall::wire
