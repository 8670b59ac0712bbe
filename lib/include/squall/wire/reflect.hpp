// The members of a plain struct, untouched: how many, references to them, their names; and the names of an
// enumeration's values. From structured bindings and from what the compiler calls a template argument, until
// C++ has reflection. Knows no constraints and no stream.
//
// An aggregate of up to 64 members needs nothing. What is none (private members, bases, constructors, or more
// members) names its fields in one line:
//
//     struct Account : Person {
//         SQUALL_FIELDS(name, age, balance_)
//       private:
//         std::int64_t balance_ = 0;
//     };
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <type_traits>
#include <utility>

#include "squall/wire/bindings.hpp"

// Anywhere inside the struct. Members of bases may be named; order is the order on the wire.
#define SQUALL_FIELDS(...)                                               \
    friend struct ::squall::wire::detail::FieldAccess;                   \
    constexpr decltype(auto) squall_visit_fields(auto&& visitor) {       \
        return visitor(__VA_ARGS__);                                     \
    }                                                                    \
    constexpr decltype(auto) squall_visit_fields(auto&& visitor) const { \
        return visitor(__VA_ARGS__);                                     \
    }                                                                    \
    static constexpr ::std::string_view squall_field_names() {           \
        return #__VA_ARGS__;                                             \
    }

namespace squall::wire::detail {

// What SQUALL_FIELDS lets in.
struct FieldAccess {
    template <class T>
    static constexpr bool kNamesFields = requires { T::squall_field_names(); };
    template <class T>
    static constexpr std::string_view names() {
        return T::squall_field_names();
    }
    template <class T, class F>
    static constexpr decltype(auto) visit(T& object, F&& visitor) {
        return object.squall_visit_fields(visitor);
    }
};

#if defined(__clang__)
#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wundefined-internal"
#pragma clang diagnostic ignored "-Wundefined-var-template"
#endif

template <class T>
struct Ghost {
    T value;
};
// Never defined: only the addresses of its members are looked at, while compiling.
template <class T>
extern const Ghost<T> ghost;

// Converts to whatever a member may be.
struct AnyMember {
    template <class T>
    operator T&() const&;
    template <class T>
    operator T&&() const&&;
};

template <std::size_t>
using AnyMemberAt = AnyMember;

template <class T, std::size_t... I>
constexpr bool takes_members(std::index_sequence<I...>) {
    return requires { T{AnyMemberAt<I>{}...}; };
}
template <class T, std::size_t N>
inline constexpr bool kTakesMembers = takes_members<T>(std::make_index_sequence<N>{});

// The largest N in [low, high] that T takes; it takes low.
template <class T, std::size_t Low, std::size_t High>
consteval std::size_t count_members() {
    if constexpr (Low == High) {
        return Low;
    } else {
        constexpr std::size_t middle = Low + (High - Low + 1) / 2;
        if constexpr (kTakesMembers<T, middle>) {
            return count_members<T, middle, High>();
        } else {
            return count_members<T, Low, middle - 1>();
        }
    }
}

consteval std::size_t count_names(std::string_view list) {
    return list.empty() ? 0 : 1 + static_cast<std::size_t>(std::ranges::count(list, ','));
}

template <class T>
consteval std::size_t member_count() {
    if constexpr (FieldAccess::kNamesFields<T>) {
        return count_names(FieldAccess::names<T>());
    } else if constexpr (std::is_empty_v<T>) {
        return 0;
    } else {
        static_assert(std::is_aggregate_v<T>,
                      "squall::wire: not an aggregate; name its fields by SQUALL_FIELDS(a, b, ...) inside");
        // Small structs first: most are, and a short list of arguments compiles quicker.
        constexpr std::size_t most = std::min(sizeof(T), kMaxBindings + 1);
        constexpr std::size_t few = std::min<std::size_t>(most, 8);
        constexpr std::size_t some = std::min<std::size_t>(most, 20);
        constexpr std::size_t count = [] {
            if constexpr (few == most || !kTakesMembers<T, few + 1>) {
                return count_members<T, 0, few>();
            } else if constexpr (some == most || !kTakesMembers<T, some + 1>) {
                return count_members<T, few + 1, some>();
            } else {
                return count_members<T, some + 1, most>();
            }
        }();
        static_assert(count <= kMaxBindings,
                      "squall::wire: more than 64 members; name them by SQUALL_FIELDS(a, b, ...) inside");
        return count;
    }
}

template <class T>
inline constexpr std::size_t kMemberCount = member_count<std::remove_const_t<T>>();

// Calls visitor(member, member, ...) and returns what it returns.
template <class T, class F>
constexpr decltype(auto) visit_members(T& object, F&& visitor) {
    if constexpr (FieldAccess::kNamesFields<std::remove_const_t<T>>) {
        return FieldAccess::visit(object, visitor);
    } else {
        return Bindings<kMemberCount<T>>::visit(object, visitor);
    }
}

// Two objects of one type, member by member: visitor(index, left member, right member), index a constant.
template <class A, class B, class F>
constexpr void visit_member_pairs(A& left, B& right, F&& visitor) {
    if constexpr (FieldAccess::kNamesFields<std::remove_const_t<A>>) {
        FieldAccess::visit(left, [&](auto&... a) {
            FieldAccess::visit(right, [&](auto&... b) {
                [&]<std::size_t... I>(std::index_sequence<I...>) {
                    (visitor(At<I>{}, a, b), ...);
                }(std::index_sequence_for<decltype(a)...>{});
            });
        });
    } else {
        Bindings<kMemberCount<A>>::pairs(left, right, visitor);
    }
}

// visitor(index, member) for each member.
template <class T, class F>
constexpr void for_each_member(T& object, F&& visitor) {
    if constexpr (FieldAccess::kNamesFields<std::remove_const_t<T>>) {
        FieldAccess::visit(object, [&](auto&... member) {
            [&]<std::size_t... I>(std::index_sequence<I...>) {
                (visitor(At<I>{}, member), ...);
            }(std::index_sequence_for<decltype(member)...>{});
        });
    } else {
        Bindings<kMemberCount<T>>::each(object, visitor);
    }
}

template <class T>
consteval auto ghost_addresses() {
    return visit_members(ghost<T>.value, [](auto&... member) {
        return std::array<const void*, sizeof...(member)>{std::addressof(member)...};
    });
}

// The C++ types of the members.
template <class... M>
struct TypeList {};
template <class T>
using MemberTypes =
    decltype(visit_members(std::declval<T&>(), []<class... M>(M&...) { return TypeList<M...>{}; }));

template <const void*... P>
consteval const char* pretty_addresses() {
    return __PRETTY_FUNCTION__;
}

constexpr bool is_identifier_character(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '$' || static_cast<unsigned char>(c) >= 0x80;
}

// The last identifier in [0, end).
constexpr std::string_view last_identifier(std::string_view text, std::size_t end) {
    while (end > 0 && !is_identifier_character(text[end - 1])) --end;
    std::size_t begin = end;
    while (begin > 0 && is_identifier_character(text[begin - 1])) --begin;
    return text.substr(begin, end - begin);
}

template <class T, std::size_t... I>
consteval const char* pretty_members(std::index_sequence<I...>) {
    return pretty_addresses<ghost_addresses<T>()[I]...>();
}

// Names listed as "a, b, c".
template <std::size_t N>
consteval std::array<std::string_view, N> split_names(std::string_view list) {
    std::array<std::string_view, N> names{};
    std::size_t end = list.size();
    for (std::size_t i = N; i > 0; --i) {
        const std::string_view head = list.substr(0, end);
        names[i - 1] = last_identifier(list, end);
        const std::size_t comma = head.rfind(',');
        end = comma == std::string_view::npos ? 0 : comma;
    }
    return names;
}

template <class T>
consteval auto find_member_names() {
    constexpr std::size_t count = kMemberCount<T>;
    if constexpr (FieldAccess::kNamesFields<T>) {
        return split_names<count>(FieldAccess::names<T>());
    } else {
        // g++: "... P = {(& ghost<T>.Ghost<T>::value.T::a), (& ghost<T>....b)}]"
        // clang: "... P = <&ghost.value.a, &ghost.value.b>]"
        std::array<std::string_view, count> names{};
        if constexpr (count != 0) {
            const std::string_view text = pretty_members<T>(std::make_index_sequence<count>{});
            std::size_t end = text.size();
            for (std::size_t i = count; i > 0; --i) {
                names[i - 1] = last_identifier(text, end);
                const std::size_t spaced = text.substr(0, end).rfind("& ghost<");
                end = spaced != std::string_view::npos ? spaced : text.substr(0, end).rfind("&ghost.");
            }
        }
        return names;
    }
}
template <class T>
inline constexpr auto kMemberNames = find_member_names<T>();

#if defined(__clang__)
#pragma clang diagnostic pop
#endif

// A type's name without namespaces and template arguments: the same with every compiler.
template <class T>
consteval const char* pretty_type() {
    return __PRETTY_FUNCTION__;
}
template <class T>
consteval std::string_view find_type_name() {
    // "... [with T = a::B<c::D>::E]" and "... [T = a::B<c::D>::E]"
    std::string_view text = pretty_type<T>();
    text.remove_prefix(text.find("T = ") + 4);
    int depth = 0;
    std::size_t begin = 0;
    std::size_t end = 0;
    for (std::size_t i = 0; i < text.size() && (depth > 0 || text[i] != ']'); ++i) {
        const char c = text[i];
        if (c == '<' || c == '(' || c == '{') ++depth;
        if (c == '>' || c == ')' || c == '}') --depth;
        if (depth != 0 || !is_identifier_character(c)) continue;
        if (i == 0 || !is_identifier_character(text[i - 1])) begin = i;
        end = i + 1;
    }
    return text.substr(begin, end - begin);
}
template <class T>
inline constexpr std::string_view kTypeName = find_type_name<T>();

}  // namespace squall::wire::detail

namespace squall::wire {

// Which values of an enumeration are tried for names. Specialise it for enumerators beyond.
struct EnumWindow {
    std::int64_t first = 0;
    std::int64_t last = 127;
};
template <class E>
inline constexpr EnumWindow enum_window =
    std::is_signed_v<std::underlying_type_t<E>> ? EnumWindow{-8, 127} : EnumWindow{0, 127};

struct Enumerator {
    std::string_view name;
    std::int64_t value = 0;
};

}  // namespace squall::wire

namespace squall::wire::detail {

template <auto... P>
consteval const char* pretty_values() {
    return __PRETTY_FUNCTION__;
}
template <class E, std::size_t... I>
consteval const char* pretty_window(std::index_sequence<I...>) {
    return pretty_values<static_cast<E>(enum_window<E>.first + static_cast<std::int64_t>(I))...>();
}

// The text of a window's values: "A::red, (A)1, A::blue", where (A)1 has no name.
template <class E>
consteval std::string_view window_text() {
    static_assert(enum_window<E>.last - enum_window<E>.first < 2048, "squall::wire: enum_window is too wide");
    std::string_view text = pretty_window<E>(
        std::make_index_sequence<static_cast<std::size_t>(enum_window<E>.last - enum_window<E>.first + 1)>{});
    text.remove_prefix(text.find(" = ") + 4);
    text.remove_suffix(2);
    return text;
}

// Calls found(index in the window, name) for each value that has one.
template <class F>
constexpr void walk_window(std::string_view text, F&& found) {
    std::int64_t index = 0;
    int depth = 0;
    std::size_t begin = 0;
    std::size_t start = 0;  // of the item
    for (std::size_t i = 0; i <= text.size(); ++i) {
        const char c = i < text.size() ? text[i] : ',';
        if (depth == 0 && c == ',') {
            // "(A)5" has no identifier after its parenthesis but a number.
            const std::string_view name = text.substr(begin, i - begin);
            if (!name.empty() && i > start && !(name[0] >= '0' && name[0] <= '9')) found(index, name);
            ++index;
            start = begin = i + 1;
            continue;
        }
        if (c == '<' || c == '(' || c == '{') ++depth;
        if (c == '>' || c == ')' || c == '}') --depth;
        if (!is_identifier_character(c)) begin = i + 1;
    }
}

// An enumeration without a fixed underlying type has no value beyond its enumerators' bits: none can be
// tried.
template <class E>
inline constexpr bool kHasFixedType = requires { E{0}; };

template <class E>
consteval auto find_enumerators() {
    constexpr std::string_view text = window_text<E>();
    constexpr std::size_t count = [&] {
        std::size_t found = 0;
        walk_window(text, [&](std::int64_t, std::string_view) { ++found; });
        return found;
    }();
    std::array<Enumerator, count> all{};
    std::size_t next = 0;
    walk_window(text, [&](std::int64_t index, std::string_view name) {
        all[next++] = Enumerator{name, enum_window<E>.first + index};
    });
    return all;
}
// By value, ascending.
template <class E>
inline constexpr auto kEnumerators = find_enumerators<E>();
template <class E>
    requires(!kHasFixedType<E>)
inline constexpr auto kEnumerators<E> = std::array<Enumerator, 0>{};

}  // namespace squall::wire::detail
