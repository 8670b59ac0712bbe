// A type as data: one table per type, initialised while compiling, that codecs which need not be the fastest
// (text, MessagePack, Protobuf), the profiler and the schema's text interpret. value.hpp reads and writes
// objects through it. Knows no C++ type; describe.hpp makes the tables.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <type_traits>
#include <utility>

#include "squall/wire/constraints.hpp"
#include "squall/wire/reflect.hpp"

namespace squall::wire {

enum class Kind : std::uint8_t {
    boolean,
    signed_integer,    // 1, 2, 4 or 8 bytes: TypeDescription::size
    unsigned_integer,  // the same
    floating,          // 4 or 8 bytes
    enumeration,       // of `size` bytes
    text,              // std::string
    bytes,             // std::vector<std::byte>
    optional,          // of `element`
    list,              // std::vector of `element`
    array,             // `array_size` times `element`
    map,               // std::map of `key` to `element`
    variant,           // one of `alternatives`
    structure,         // `fields`
};
// "a signed integer", as in "needs a signed integer".
[[nodiscard]] std::string_view to_string(Kind kind);

// A reference to a callable, for the time of one call.
template <class Signature>
class Callback;
template <class R, class... A>
class Callback<R(A...)> {
  public:
    template <class F>
        requires(!std::is_same_v<std::remove_cvref_t<F>, Callback> && std::is_invocable_r_v<R, F&, A...>)
    Callback(F&& callable)  // NOLINT: a lambda is meant to be one
        : object_(const_cast<void*>(static_cast<const void*>(&callable))),
          call_([](void* object, A... arguments) -> R {
              return (*static_cast<std::remove_reference_t<F>*>(object))(std::forward<A>(arguments)...);
          }) {}
    R operator()(A... arguments) const { return call_(object_, std::forward<A>(arguments)...); }

  private:
    void* object_;
    R (*call_)(void*, A...);
};

struct TypeDescription;

struct FieldDescription {
    std::string_view name;
    const TypeDescription* type = nullptr;
    Constraints constraints;  // what was declared about this field itself
};

// How to reach into an object of a kind; those that a kind does not need are null.
struct Operations {
    // The member, element or content at an index (0 for an optional; the current alternative of a variant).
    void* (*at)(void* object, std::size_t index) = nullptr;
    // Elements of a list or map; 0 or 1 for an optional; the index of a variant's alternative.
    std::size_t (*count)(const void* object) = nullptr;
    // A list of so many elements, new ones empty; an optional with (1) or without (0) a fresh content; an
    // empty map (0); a fresh alternative.
    void (*set_count)(void* object, std::size_t count) = nullptr;
    // Each entry of a map in the order of its keys, until the visitor says false.
    void (*each)(const void* map, Callback<bool(const void* key, const void* value)> visit) = nullptr;
    // A fresh key is handed to `fill`; the value of the new entry, or null if fill said no or the key was
    // there.
    void* (*insert)(void* map, Callback<bool(void* key)> fill) = nullptr;
};

struct TypeDescription {
    Kind kind{};
    std::uint32_t size = 0;        // of the C++ object, in bytes
    std::uint32_t array_size = 0;  // of an array
    std::string_view name;         // of a struct or an enumeration, without namespace
    std::span<const FieldDescription> fields;
    std::span<const Enumerator> enumerators;  // ascending; empty where only a declared range is known
    const TypeDescription* element = nullptr;
    const TypeDescription* key = nullptr;
    std::span<const TypeDescription* const> alternatives;
    Operations operations;
};

}  // namespace squall::wire
