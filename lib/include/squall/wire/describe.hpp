// From a C++ type to its TypeDescription, while compiling; and which C++ types a field may have. Each mistake
// in a declaration is found here, by a static_assert. Knows no stream.
#pragma once

#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "squall/wire/field.hpp"
#include "squall/wire/type_description.hpp"

namespace squall::wire::detail {

template <class T>
struct KindOf {
    static constexpr bool kKnown =
        std::is_class_v<T> && (std::is_aggregate_v<T> || FieldAccess::kNamesFields<T>);
    static constexpr Kind kKind = Kind::structure;
};
template <Kind K>
struct KnownKind {
    static constexpr bool kKnown = true;
    static constexpr Kind kKind = K;
};
template <>
struct KindOf<bool> : KnownKind<Kind::boolean> {};
template <std::signed_integral T>
struct KindOf<T> : KnownKind<Kind::signed_integer> {};
template <std::unsigned_integral T>
    requires(!std::same_as<T, bool>)
struct KindOf<T> : KnownKind<Kind::unsigned_integer> {};
template <>
struct KindOf<std::byte> : KnownKind<Kind::unsigned_integer> {};
template <>
struct KindOf<float> : KnownKind<Kind::floating> {};
template <>
struct KindOf<double> : KnownKind<Kind::floating> {};
template <class T>
    requires std::is_enum_v<T>
struct KindOf<T> : KnownKind<Kind::enumeration> {};
template <>
struct KindOf<std::string> : KnownKind<Kind::text> {};
template <>
struct KindOf<std::vector<std::byte>> : KnownKind<Kind::bytes> {};
template <class T>
struct KindOf<std::optional<T>> : KnownKind<Kind::optional> {
    using Element = T;
};
template <class T>
struct KindOf<std::vector<T>> : KnownKind<Kind::list> {
    static_assert(!std::same_as<T, bool>,
                  "squall::wire: vector<bool> has no elements; use vector<std::uint8_t>");
    using Element = T;
};
template <class T, std::size_t N>
struct KindOf<std::array<T, N>> : KnownKind<Kind::array> {
    using Element = T;
    static constexpr std::size_t kSize = N;
};
template <class K, class V>
struct KindOf<std::map<K, V>> : KnownKind<Kind::map> {
    using Key = K;
    using Element = V;
};
template <class... T>
struct KindOf<std::variant<T...>> : KnownKind<Kind::variant> {
    using Alternatives = TypeList<T...>;
};

template <class T>
inline constexpr Kind kKind = KindOf<T>::kKind;
template <class T>
using ElementOf = typename KindOf<T>::Element;

template <class T>
concept Number =
    KindOf<T>::kKnown && (kKind<T> == Kind::signed_integer || kKind<T> == Kind::unsigned_integer);

// --- What is inside a type, all levels together: what a declaration may speak of. ---
struct Contents {
    bool integers = false;
    bool floats = false;
    bool sized = false;         // the outermost level that has a length
    bool sized_inside = false;  // a length below that
    bool quaternion = false;    // four floats
    bool only_floats = true;
    std::size_t float_bytes = 0;  // of the smallest floating point type
};

template <class T>
consteval Contents contents_of();

template <class... T>
consteval Contents contents_of_all(TypeList<T...>) {
    Contents all;
    [[maybe_unused]] const auto add = [&](const Contents& part) {
        all.integers |= part.integers;
        all.floats |= part.floats;
        all.sized |= part.sized;
        all.only_floats &= part.only_floats;
        if (part.floats && (all.float_bytes == 0 || part.float_bytes < all.float_bytes))
            all.float_bytes = part.float_bytes;
    };
    (add(contents_of<T>()), ...);
    all.quaternion =
        sizeof...(T) == 4 && ((std::is_same_v<T, float> && ...) || (std::is_same_v<T, double> && ...));
    return all;
}

template <class T>
consteval Contents contents_of() {
    static_assert(KindOf<T>::kKnown, "squall::wire: no field can have this type");
    constexpr Kind kind = kKind<T>;
    if constexpr (kind == Kind::structure) {
        return contents_of_all(MemberTypes<T>{});
    } else if constexpr (kind == Kind::variant) {
        return contents_of_all(typename KindOf<T>::Alternatives{});
    } else if constexpr (kind == Kind::floating) {
        return {.floats = true, .float_bytes = sizeof(T)};
    } else if constexpr (kind == Kind::text || kind == Kind::bytes) {
        return {.sized = true, .only_floats = false};
    } else if constexpr (kind == Kind::optional || kind == Kind::list || kind == Kind::array ||
                         kind == Kind::map) {
        Contents contents = contents_of<ElementOf<T>>();
        if constexpr (kind == Kind::array && std::is_floating_point_v<ElementOf<T>>)
            contents.quaternion = KindOf<T>::kSize == 4;
        if constexpr (kind == Kind::list || kind == Kind::map) {
            contents.sized_inside = contents.sized;
            contents.sized = true;
        }
        return contents;
    } else {
        return {.integers = kind != Kind::boolean, .only_floats = false};
    }
}

// A struct of floats or an array of them: what at_rest, moves and unit_quaternion speak of as one.
template <class T>
consteval bool is_one_of_floats() {
    if constexpr (kKind<T> == Kind::structure) {
        return contents_of<T>().only_floats && contents_of<T>().floats;
    } else if constexpr (kKind<T> == Kind::array) {
        return std::is_floating_point_v<ElementOf<T>>;
    } else {
        return false;
    }
}
template <class T>
inline constexpr bool kIsOneOfFloats = is_one_of_floats<T>();

// A type inside itself would let a peer nest without end.
template <class T>
consteval int nesting_of();
template <class... T>
consteval int nesting_of_all(TypeList<T...>) {
    int deepest = 0;
    ((deepest = nesting_of<T>() > deepest ? nesting_of<T>() : deepest), ...);
    return deepest;
}
template <class T>
inline constexpr int kNesting = nesting_of<T>();
template <class T>
consteval int nesting_of() {
    if constexpr (kKind<T> == Kind::structure) {
        return 1 + nesting_of_all(MemberTypes<T>{});
    } else if constexpr (kKind<T> == Kind::variant) {
        return 1 + nesting_of_all(typename KindOf<T>::Alternatives{});
    } else if constexpr (requires { typename KindOf<T>::Element; }) {
        return 1 + kNesting<ElementOf<T>>;
    } else {
        return 0;
    }
}

// Do the constraints that a field declares itself fit its type?
template <class T, Constraints (*Declared)()>
consteval bool check_declaration() {
    constexpr Constraints c = Declared();
    if constexpr (c != Constraints{}) {
        constexpr Contents has = contents_of<T>();
        static_assert(!c.integers || has.integers,
                      "squall::wire: range of integers, but the field holds none");
        static_assert(!c.variable_length || has.integers, "squall::wire: variable_length, but no integers");
        static_assert(!c.floats || has.floats,
                      "squall::wire: range of numbers with a point, but it holds none");
        static_assert(!c.grid || has.floats,
                      "squall::wire: quantised or fixed_point, but it holds no floats");
        static_assert(!c.max_size || has.sized, "squall::wire: max_size, but the field has no length");
        static_assert(!c.max_element_size || has.sized_inside,
                      "squall::wire: max_element_size, but no lengths inside");
        static_assert(!c.epsilon || has.floats, "squall::wire: epsilon, but the field holds no floats");
        static_assert(c.quaternion_bits == 0 || has.quaternion,
                      "squall::wire: unit_quaternion needs four floats");
        static_assert(!c.rests || has.only_floats, "squall::wire: at_rest needs a struct or array of floats");
        static_assert(
            c.move_bits == 0 || (has.only_floats && (c.grid || c.quaternion_bits != 0)),
            "squall::wire: moves needs quantised floats, and the same declaration must quantise them");
        if constexpr (c.grid.has_value() && has.floats) {
            constexpr double largest =
                c.grid->maximum > -c.grid->minimum ? c.grid->maximum : -c.grid->minimum;
            constexpr double spacing = largest / (has.float_bytes == 4 ? 16777216.0 : 9007199254740992.0);
            static_assert(spacing <= c.grid->step / 4,
                          "squall::wire: the grid is finer than the type can hold");
        }
    }
    return true;
}

// What a field's own declaration and its surroundings come to. `Free` where nothing is declared, so that all
// such fields of one type share their code.
struct Free {
    static constexpr Constraints kValue{};
};
template <class T, std::size_t I>
constexpr Constraints declared_for() {
    return field<FieldKey{&kTypeTag<T>, I}>;
}
template <class Outer, class T, std::size_t I>
struct Declared {
    static constexpr Constraints kValue = for_members(Outer::kValue) | declared_for<T, I>();
};
template <class Outer>
struct Inner {
    static constexpr Constraints kValue = for_elements(Outer::kValue);
};
template <class C>
using Simplest = std::conditional_t<C::kValue == Constraints{}, Free, C>;
// The constraints of the I-th field of T, where T itself has those of Outer.
template <class Outer, class T, std::size_t I>
using FieldConstraints = Simplest<Declared<Outer, T, I>>;
// Of the elements of a list or map that has those of Outer.
template <class Outer>
using ElementConstraints = Simplest<Inner<Outer>>;
// Of the elements of an array: one of floats is one thing, like a struct of them; any other passes all on.
template <class Outer>
struct OfFloats {
    static constexpr Constraints kValue = for_members(Outer::kValue);
};
template <class Outer, class T>
using ArrayConstraints =
    std::conditional_t<std::is_floating_point_v<ElementOf<T>>, Simplest<OfFloats<Outer>>, Outer>;

// --- Operations ---
template <class T>
void* content_at(void* object, std::size_t index) {
    T& value = *static_cast<T*>(object);
    if constexpr (kKind<T> == Kind::structure) {
        return visit_members(value, [index](auto&... member) -> void* {
            void* const addresses[] = {nullptr, static_cast<void*>(std::addressof(member))...};
            return addresses[index + 1];
        });
    } else if constexpr (kKind<T> == Kind::optional) {
        return std::addressof(*value);
    } else if constexpr (kKind<T> == Kind::variant) {
        return std::visit([](auto& alternative) -> void* { return std::addressof(alternative); }, value);
    } else {
        return std::addressof(value[index]);
    }
}
template <class T>
std::size_t content_count(const void* object) {
    const T& value = *static_cast<const T*>(object);
    if constexpr (kKind<T> == Kind::optional) {
        return value.has_value() ? 1 : 0;
    } else if constexpr (kKind<T> == Kind::variant) {
        return value.index();
    } else {
        return value.size();
    }
}
// Makes a fresh alternative of that index.
template <class T, std::size_t I = 0>
void emplace_alternative(T& variant, std::size_t index) {
    if constexpr (I < std::variant_size_v<T>) {
        if (index == I) {
            variant.template emplace<I>();
        } else {
            emplace_alternative<T, I + 1>(variant, index);
        }
    }
}
template <class T>
void set_content_count(void* object, std::size_t count) {
    T& value = *static_cast<T*>(object);
    if constexpr (kKind<T> == Kind::optional) {
        value.reset();
        if (count != 0) value.emplace();
    } else if constexpr (kKind<T> == Kind::variant) {
        emplace_alternative(value, count);
    } else if constexpr (kKind<T> == Kind::map) {
        value.clear();
    } else {
        value.resize(count);
    }
}
template <class T>
void each_entry(const void* object, Callback<bool(const void*, const void*)> visit) {
    for (const auto& [key, value] : *static_cast<const T*>(object))
        if (!visit(&key, &value)) return;
}
template <class T>
void* insert_entry(void* object, Callback<bool(void*)> fill) {
    typename T::key_type key{};
    if (!fill(&key)) return nullptr;
    const auto [place, inserted] = static_cast<T*>(object)->try_emplace(std::move(key));
    return inserted ? &place->second : nullptr;
}

// --- Tables ---
template <class T>
struct Table;
template <class T>
consteval TypeDescription make_description();
template <class T>
inline constexpr TypeDescription kDescription = make_description<T>();

template <class T, class... M>
consteval auto make_fields(TypeList<M...>) {
    return []<std::size_t... I>(std::index_sequence<I...>) {
        static_assert((check_declaration<M, &declared_for<T, I>>() && ...));
        return std::array<FieldDescription, sizeof...(M)>{
            FieldDescription{kMemberNames<T>[I], &kDescription<M>, declared_for<T, I>()}...};
    }(std::index_sequence_for<M...>{});
}
template <class T>
inline constexpr auto kFields = make_fields<T>(MemberTypes<T>{});

template <class... A>
consteval auto make_alternatives(TypeList<A...>) {
    return std::array<const TypeDescription*, sizeof...(A)>{&kDescription<A>...};
}
template <class T>
inline constexpr auto kAlternatives = make_alternatives(typename KindOf<T>::Alternatives{});

template <class T>
consteval TypeDescription make_description() {
    static_assert(KindOf<T>::kKnown, "squall::wire: no field can have this type");
    static_assert(kNesting<T> < 32, "squall::wire: nested too deep");
    constexpr Kind kind = kKind<T>;
    TypeDescription type;
    type.kind = kind;
    type.size = sizeof(T);
    if constexpr (kind == Kind::structure) {
        type.name = kTypeName<T>;
        type.fields = kFields<T>;
        type.operations.at = &content_at<T>;
    } else if constexpr (kind == Kind::enumeration) {
        type.name = kTypeName<T>;
        type.enumerators = kEnumerators<T>;
    } else if constexpr (kind == Kind::variant) {
        type.alternatives = kAlternatives<T>;
        type.operations = {&content_at<T>, &content_count<T>, &set_content_count<T>};
    } else if constexpr (kind == Kind::map) {
        static_assert(
            kKind<typename KindOf<T>::Key> < Kind::bytes && kKind<typename KindOf<T>::Key> != Kind::floating,
            "squall::wire: the key of a map must be an integer, an enumeration or a text");
        type.key = &kDescription<typename KindOf<T>::Key>;
        type.element = &kDescription<ElementOf<T>>;
        type.operations = {nullptr, &content_count<T>, &set_content_count<T>, &each_entry<T>,
                           &insert_entry<T>};
    } else if constexpr (kind == Kind::array) {
        type.element = &kDescription<ElementOf<T>>;
        type.array_size = static_cast<std::uint32_t>(KindOf<T>::kSize);
        type.operations.at = &content_at<T>;
    } else if constexpr (kind == Kind::list || kind == Kind::optional) {
        type.element = &kDescription<ElementOf<T>>;
        type.operations = {&content_at<T>, &content_count<T>, &set_content_count<T>};
    }
    return type;
}

}  // namespace squall::wire::detail

namespace squall::wire {

// A type that a schema can be made of.
template <class T>
concept Described = detail::KindOf<T>::kKnown;

// The table of a type; it lives as long as the program.
template <Described T>
[[nodiscard]] constexpr const TypeDescription& describe() {
    return detail::kDescription<T>;
}

}  // namespace squall::wire
