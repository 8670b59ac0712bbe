// Where a declaration about a struct's field stands: outside the struct, which stays as it is. At global
// scope:
//
//     template <> inline constexpr auto squall::wire::field<&game::Player::ammo> = range(0, 30);
//     template <> inline constexpr auto squall::wire::field<squall::wire::member<game::Account>("balance_")>
//     =
//         variable_length();
//
// The second form is for private members and members of bases. Knows which field is meant, not what is said.
#pragma once

#include <cstddef>
#include <memory>
#include <string_view>

#include "squall/wire/constraints.hpp"
#include "squall/wire/reflect.hpp"

namespace squall::wire {

namespace detail {
template <class T>
inline constexpr char kTypeTag = 0;
}  // namespace detail

// A field: its struct and its place in it.
struct FieldKey {
    const void* type;
    std::size_t index;

    consteval FieldKey(const void* type_tag, std::size_t place) : type(type_tag), index(place) {}
    template <class T, class M>
    consteval FieldKey(M T::* member);  // NOLINT: &Player::ammo is meant to be one
};

// The field of that name; one that does not exist does not compile.
template <class T>
[[nodiscard]] consteval FieldKey member(std::string_view name) {
    for (std::size_t i = 0; i < detail::kMemberCount<T>; ++i)
        if (detail::kMemberNames<T>[i] == name) return {&detail::kTypeTag<T>, i};
    detail::declaration_is_wrong("member: the struct has no field of this name");
    return {nullptr, 0};
}

// What is declared about a field; specialise it.
template <FieldKey Key>
inline constexpr Constraints field = {};

#if defined(__clang__)
#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wundefined-var-template"
#endif
template <class T, class M>
consteval FieldKey::FieldKey(M T::* member) : type(&detail::kTypeTag<T>), index(0) {
    const void* const address = std::addressof(detail::ghost<T>.value.*member);
    const auto addresses = detail::ghost_addresses<T>();
    while (index < addresses.size() && addresses[index] != address) ++index;
    detail::require(index < addresses.size(), "field: SQUALL_FIELDS does not name this member");
}
#if defined(__clang__)
#pragma clang diagnostic pop
#endif

}  // namespace squall::wire
