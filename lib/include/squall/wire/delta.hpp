// What changed of a described struct since a baseline that both ends have: a bit a field, then the new values
// of those that changed, in depth. The layout is section 6 of STANDARD.md. The baseline is what the receiver
// has, which after quantisation and epsilon is not what the sender had: a sender reads its own bytes to know
// it.
//
//     write_delta(writer, baseline, current);        // sender
//     read_delta(reader, baseline, current);         // receiver: false leaves `current` equal to the
//     baseline
//
// Knows nothing of who has which baseline; that is contract_channel.hpp.
#pragma once

#include <array>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "squall/wire/bit_codec.hpp"

namespace squall::wire {

struct DeltaOptions {
    // A change of a floating point number by at most this is none, unless the field declares its own or is
    // quantised. 0: every change of its bits is one; but NaN always equals NaN.
    double epsilon = kDefaultEpsilon;
    // The current value went through settle(): what is quantised is compared as it is, which is quicker.
    bool settled = false;
};

}  // namespace squall::wire

namespace squall::wire::detail {

// --- Is there a change? ---

template <class C, class T>
bool floats_differ(T before, T now, const DeltaOptions& options) {
    constexpr Constraints c = C::kValue;
    if constexpr (c.epsilon.has_value()) {
        if (std::abs(static_cast<double>(now) - static_cast<double>(before)) <= *c.epsilon) return false;
    }
    if constexpr (c.grid.has_value()) {
        if (options.settled) return now != before;
        const auto steps = c.grid->quantise(static_cast<double>(now));
        return !steps ||
               static_cast<T>(c.grid->restore(*steps)) != before;  // what is refused counts as a change
    } else {
        const double epsilon = c.epsilon.value_or(options.epsilon);
        if (std::abs(static_cast<double>(now) - static_cast<double>(before)) <= epsilon && epsilon > 0)
            return false;
        if (std::isnan(now)) return !std::isnan(before);
        using Bits = std::conditional_t<sizeof(T) == 4, std::uint32_t, std::uint64_t>;
        return std::bit_cast<Bits>(now) != std::bit_cast<Bits>(before);
    }
}

template <class C, class T>
bool differs(const T& before, const T& now, const DeltaOptions& options) {
    constexpr Kind kind = kKind<T>;
    if constexpr (kind == Kind::floating) {
        return floats_differ<C>(before, now, options);
    } else if constexpr (kIsQuaternion<C, T>) {
        // As a whole: the part that is not sent follows from the others.
        T restored = now;
        if (!options.settled) {
            UnitCodes<C, T> codes;
            if (!quantise_unit<C>(now, codes) || !restore_unit<C>(restored, codes)) return true;
        }
        bool different = false;
        for_each_pair<C>(before, restored, [&](auto, auto a, auto b) { different = different || a != b; });
        return different;
    } else if constexpr (kind == Kind::structure || kind == Kind::array) {
        bool different = false;
        for_each_pair<C>(before, now, [&](auto constraints, const auto& a, const auto& b) {
            different = different || differs<decltype(constraints)>(a, b, options);
        });
        return different;
    } else if constexpr (kind == Kind::optional) {
        if (before.has_value() != now.has_value()) return true;
        return now.has_value() && differs<C>(*before, *now, options);
    } else if constexpr (kind == Kind::list) {
        if (before.size() != now.size()) return true;
        for (std::size_t i = 0; i < now.size(); ++i)
            if (differs<ElementConstraints<C>>(before[i], now[i], options)) return true;
        return false;
    } else if constexpr (kind == Kind::map) {
        if (before.size() != now.size()) return true;
        for (auto a = before.begin(), b = now.begin(); b != now.end(); ++a, ++b)
            if (a->first != b->first || differs<ElementConstraints<C>>(a->second, b->second, options))
                return true;
        return false;
    } else if constexpr (kind == Kind::variant) {
        if (before.index() != now.index()) return true;
        return std::visit(
            [&](const auto& b) {
                return differs<C>(*std::get_if<std::remove_cvref_t<decltype(b)>>(&before), b, options);
            },
            now);
    } else {
        return before != now;
    }
}

// --- Writing one change ---

template <class C, class Stream, class T>
void put_change(Stream& stream, const T& before, const T& now, const DeltaOptions& options);

// Do all codes move by so little that the short form holds them?
template <class C, class T>
bool is_short_move(const UnitCodes<C, T>& before, const UnitCodes<C, T>& now) {
    constexpr std::uint64_t half = std::uint64_t{1} << (C::kValue.move_bits - 1);
    bool fits = true;
    for (std::size_t i = 0; i < now.size(); ++i)
        fits =
            fits && (kCodes<C, T>[i].must_stay ? now[i] == before[i] : now[i] - before[i] + half < 2 * half);
    return fits;
}
template <class C, class Stream, class T>
void put_move(Stream& stream, const T& before, const T& now) {
    constexpr unsigned bits = C::kValue.move_bits;
    UnitCodes<C, T> codes;
    UnitCodes<C, T> old;
    if (!quantise_unit<C>(now, codes)) return stream.refuse(StreamFault::out_of_range);
    const bool is_short = quantise_unit<C>(before, old) && is_short_move<C, T>(old, codes);
    stream.boolean(is_short);
    if (!is_short) return put_codes<C, Stream, T>(stream, codes);
    for (std::size_t i = 0; i < codes.size(); ++i)
        if (!kCodes<C, T>[i].must_stay)
            stream.put(codes[i] - old[i] + (std::uint64_t{1} << (bits - 1)), bits);
}

template <std::size_t N>
using ChangeMask = std::array<std::uint64_t, (N + 63) / 64>;

template <std::size_t N, class Stream>
void put_mask(Stream& stream, const ChangeMask<N>& mask) {
    for (std::size_t word = 0; word < mask.size(); ++word)
        stream.put(mask[word], static_cast<unsigned>(std::min<std::size_t>(64, N - word * 64)));
}
template <std::size_t N>
bool is_set(const ChangeMask<N>& mask, std::size_t i) {
    return ((mask[i / 64] >> (i % 64)) & 1) != 0;
}

template <class T>
inline constexpr bool kIsOptional = KindOf<T>::kKnown && kKind<T> == Kind::optional;
template <class T>
consteval bool has_optionals() {
    return []<class... M>(TypeList<M...>) { return (kIsOptional<M> || ...); }(MemberTypes<T>{});
}

// The optional fields that the mask names and the baseline has may be gone: one bit says whether any is, and
// only then one bit each says which.
template <std::size_t N, class Stream>
void put_removed(Stream& stream, const ChangeMask<N>& had, const ChangeMask<N>& gone) {
    bool any_had = false;
    bool any_gone = false;
    for (std::size_t word = 0; word < had.size(); ++word) {
        any_had = any_had || had[word] != 0;
        any_gone = any_gone || gone[word] != 0;
    }
    if (!any_had) return;
    stream.boolean(any_gone);
    for (std::size_t i = 0; any_gone && i < N; ++i)
        if (is_set<N>(had, i)) stream.boolean(is_set<N>(gone, i));
}

template <class C, class Stream, class T>
void put_struct_change(Stream& stream, const T& before, const T& now, const DeltaOptions& options) {
    constexpr std::size_t count = kMemberCount<T>;
    if constexpr (count != 0) {
        ChangeMask<count> mask{};
        ChangeMask<count> had{};
        ChangeMask<count> gone{};
        visit_member_pairs(before, now, [&]<std::size_t I, class M>(At<I>, const M& a, const M& b) {
            constexpr unsigned bit = I % 64;
            const bool changed = differs<FieldConstraints<C, T, I>>(a, b, options);
            mask[I / 64] |= std::uint64_t{changed} << bit;
            if constexpr (kIsOptional<M>) {
                had[I / 64] |= std::uint64_t{changed && a.has_value()} << bit;
                gone[I / 64] |= std::uint64_t{a.has_value() && !b.has_value()} << bit;
            }
        });
        put_mask<count>(stream, mask);
        if constexpr (has_optionals<T>()) put_removed<count>(stream, had, gone);
        visit_member_pairs(before, now, [&]<std::size_t I, class M>(At<I>, const M& a, const M& b) {
            if (!is_set<count>(mask, I)) return;
            using F = FieldConstraints<C, T, I>;
            if constexpr (kIsOptional<M>) {
                if (!b) return;
                if (a) {
                    put_change<F>(stream, *a, *b, options);
                } else {
                    put<F>(stream, *b);
                }
            } else {
                put_change<F>(stream, a, b, options);
            }
        });
    }
}

// One bit an element, and its change.
template <class C, class Stream, class T>
void put_if_changed(Stream& stream, const T& before, const T& now, const DeltaOptions& options) {
    const bool changed = differs<C>(before, now, options);
    stream.boolean(changed);
    if (changed) put_change<C>(stream, before, now, options);
}

template <class C, class Stream, class T>
void put_list_change(Stream& stream, const T& before, const T& now, const DeltaOptions& options) {
    using E = ElementConstraints<C>;
    if (now.size() > kSizeLimit<C, T>) return stream.refuse(StreamFault::too_long);
    stream.boolean(now.size() == before.size());
    if (now.size() != before.size()) stream.template ranged<std::uint64_t>(now.size(), 0, kSizeLimit<C, T>);
    const std::size_t common = std::min(now.size(), before.size());
    for (std::size_t i = 0; i < common; ++i) put_if_changed<E>(stream, before[i], now[i], options);
    for (std::size_t i = common; i < now.size(); ++i) put<E>(stream, now[i]);
}

// For each old entry a bit: touched? Then one more: still there? Then how many are new, and those.
template <class C, class Stream, class T>
void put_map_change(Stream& stream, const T& before, const T& now, const DeltaOptions& options) {
    using E = ElementConstraints<C>;
    if (now.size() > kSizeLimit<C, T>) return stream.refuse(StreamFault::too_long);
    std::size_t kept = 0;
    for (const auto& [key, element] : before) {
        const auto place = now.find(key);
        const bool there = place != now.end();
        const bool touched = !there || differs<E>(element, place->second, options);
        kept += there ? 1 : 0;
        stream.boolean(touched);
        if (!touched) continue;
        stream.boolean(there);
        if (there) put_change<E>(stream, element, place->second, options);
    }
    stream.template ranged<std::uint64_t>(now.size() - kept, 0, kSizeLimit<C, T>);
    for (const auto& [key, element] : now) {
        if (before.contains(key)) continue;
        put<Free>(stream, key);
        put<E>(stream, element);
    }
}

template <class C, class Stream, class T>
void put_change(Stream& stream, const T& before, const T& now, const DeltaOptions& options) {
    constexpr Kind kind = kKind<T>;
    if constexpr (kRests<C, T>) {
        put<C>(stream, now);
    } else if constexpr (kIsUnit<C, T>) {
        if constexpr (C::kValue.move_bits != 0) {
            put_move<C>(stream, before, now);
        } else {
            put<C>(stream, now);
        }
    } else if constexpr (kind == Kind::boolean) {
        // That it changed says all.
    } else if constexpr (kind == Kind::structure) {
        put_struct_change<C>(stream, before, now, options);
    } else if constexpr (kind == Kind::array) {
        for (std::size_t i = 0; i < now.size(); ++i)
            put_if_changed<ArrayConstraints<C, T>>(stream, before[i], now[i], options);
    } else if constexpr (kind == Kind::list) {
        put_list_change<C>(stream, before, now, options);
    } else if constexpr (kind == Kind::map) {
        put_map_change<C>(stream, before, now, options);
    } else if constexpr (kind == Kind::optional) {
        if (before) stream.boolean(now.has_value());
        if (before && now) put_change<C>(stream, *before, *now, options);
        if (!before && now) put<C>(stream, *now);
    } else if constexpr (kind == Kind::variant) {
        stream.boolean(before.index() == now.index());
        if (before.index() != now.index()) return put<C>(stream, now);
        std::visit(
            [&](const auto& b) {
                put_change<C>(stream, *std::get_if<std::remove_cvref_t<decltype(b)>>(&before), b, options);
            },
            now);
    } else {
        put<C>(stream, now);
    }
}

// --- Reading one change, in place ---

template <class C, class T>
void get_change(BitReader& reader, T& value);

template <class C, class T>
void get_move(BitReader& reader, T& value) {
    constexpr unsigned bits = C::kValue.move_bits;
    UnitCodes<C, T> codes{};
    bool is_short = false;
    reader.boolean(is_short);
    if (!is_short) {
        get_codes<C, T>(reader, codes);
        return restore_or_refuse<C>(reader, value, codes);
    }
    if (!quantise_unit<C>(value, codes)) return reader.refuse(StreamFault::out_of_range);
    for (std::size_t i = 0; i < codes.size(); ++i) {
        if (kCodes<C, T>[i].must_stay) continue;
        std::uint64_t step = 0;
        reader.bits(step, bits);
        codes[i] += step - (std::uint64_t{1} << (bits - 1));
        // Below zero it wraps to far above.
        if (codes[i] > kCodes<C, T>[i].highest) return reader.refuse(StreamFault::out_of_range);
    }
    restore_or_refuse<C>(reader, value, codes);
}

template <std::size_t N>
void get_mask(BitReader& reader, ChangeMask<N>& mask) {
    for (std::size_t word = 0; word < mask.size(); ++word)
        reader.bits(mask[word], static_cast<unsigned>(std::min<std::size_t>(64, N - word * 64)));
}

// Which of those that were there are gone.
template <std::size_t N>
ChangeMask<N> get_removed(BitReader& reader, const ChangeMask<N>& had) {
    ChangeMask<N> gone{};
    bool any_gone = false;
    for (const std::uint64_t word : had) any_gone = any_gone || word != 0;
    if (any_gone) reader.boolean(any_gone);
    for (std::size_t i = 0; any_gone && i < N; ++i) {
        bool is_gone = false;
        if (is_set<N>(had, i)) reader.boolean(is_gone);
        gone[i / 64] |= std::uint64_t{is_gone} << (i % 64);
    }
    return gone;
}

template <class C, class T>
void get_struct_change(BitReader& reader, T& value) {
    constexpr std::size_t count = kMemberCount<T>;
    if constexpr (count != 0) {
        ChangeMask<count> mask{};
        ChangeMask<count> gone{};
        get_mask<count>(reader, mask);
        if constexpr (has_optionals<T>()) {
            ChangeMask<count> had{};
            for_each_member(value, [&]<std::size_t I, class M>(At<I>, M& member) {
                if constexpr (kIsOptional<M>) had[I / 64] |= std::uint64_t{member.has_value()} << (I % 64);
            });
            for (std::size_t word = 0; word < had.size(); ++word) had[word] &= mask[word];
            gone = get_removed<count>(reader, had);
        }
        for_each_member(value, [&]<std::size_t I, class M>(At<I>, M& member) {
            if (!is_set<count>(mask, I) || !reader.ok()) return;
            using F = FieldConstraints<C, T, I>;
            if constexpr (kIsOptional<M>) {
                if (is_set<count>(gone, I)) return member.reset();
                if (member) {
                    get_change<F>(reader, *member);
                } else {
                    get<F>(reader, member.emplace());
                }
            } else {
                get_change<F>(reader, member);
            }
        });
    }
}

template <class C, class T>
void get_if_changed(BitReader& reader, T& value) {
    bool changed = false;
    reader.boolean(changed);
    if (changed) get_change<C>(reader, value);
}

template <class C, class T>
void get_list_change(BitReader& reader, T& list) {
    using E = ElementConstraints<C>;
    bool same = false;
    reader.boolean(same);
    const std::size_t before = list.size();
    if (!same)
        list.resize(
            get_length(reader, kSizeLimit<C, T>, std::min<std::size_t>(1, least_bits<E, ElementOf<T>>())));
    for (std::size_t i = 0; i < list.size() && reader.ok(); ++i) {
        if (i < before) {
            get_if_changed<E>(reader, list[i]);
        } else {
            get<E>(reader, list[i]);
        }
    }
}

template <class C, class T>
void get_map_change(BitReader& reader, T& map) {
    using E = ElementConstraints<C>;
    T fresh;  // the new entries: none may have the key of an old one, not even of one that went
    std::vector<typename T::const_iterator> gone;
    for (auto entry = map.begin(); entry != map.end() && reader.ok(); ++entry) {
        bool touched = false;
        bool there = true;
        reader.boolean(touched);
        if (!touched) continue;
        reader.boolean(there);
        if (there) {
            get_change<E>(reader, entry->second);
        } else {
            gone.push_back(entry);
        }
    }
    get_map<C>(reader, fresh);
    for (const auto& [key, element] : fresh)
        if (map.contains(key)) reader.refuse(StreamFault::not_canonical);
    if (map.size() - gone.size() + fresh.size() > kSizeLimit<C, T>) reader.refuse(StreamFault::too_long);
    if (!reader.ok()) return;
    for (const auto& entry : gone) map.erase(entry);
    map.merge(fresh);
}

template <class C, class T>
void get_change(BitReader& reader, T& value) {
    constexpr Kind kind = kKind<T>;
    if constexpr (kRests<C, T>) {
        get<C>(reader, value);
    } else if constexpr (kIsUnit<C, T>) {
        if constexpr (C::kValue.move_bits != 0) {
            get_move<C>(reader, value);
        } else {
            get<C>(reader, value);
        }
    } else if constexpr (kind == Kind::boolean) {
        value = !value;
    } else if constexpr (kind == Kind::structure) {
        get_struct_change<C>(reader, value);
    } else if constexpr (kind == Kind::array) {
        for (auto& element : value) get_if_changed<ArrayConstraints<C, T>>(reader, element);
    } else if constexpr (kind == Kind::list) {
        get_list_change<C>(reader, value);
    } else if constexpr (kind == Kind::map) {
        get_map_change<C>(reader, value);
    } else if constexpr (kind == Kind::optional) {
        bool stays = true;
        if (value) reader.boolean(stays);
        if (!stays) return value.reset();
        if (value) return get_change<C>(reader, *value);
        get<C>(reader, value.emplace());
    } else if constexpr (kind == Kind::variant) {
        bool same = false;
        reader.boolean(same);
        if (!same) return get<C>(reader, value);
        std::visit([&](auto& alternative) { get_change<C>(reader, alternative); }, value);
    } else {
        get<C>(reader, value);
    }
}

// --- What a receiver would read ---

template <class C, class T>
[[nodiscard]] bool settle(T& value) {
    constexpr Kind kind = kKind<T>;
    if constexpr (kIsUnit<C, T>) {
        UnitCodes<C, T> codes;
        return quantise_unit<C>(value, codes) && restore_unit<C>(value, codes);
    } else if constexpr (kind == Kind::floating) {
        if constexpr (C::kValue.grid.has_value()) {
            const auto steps = C::kValue.grid->quantise(static_cast<double>(value));
            if (steps) value = static_cast<T>(C::kValue.grid->restore(*steps));
            return steps.has_value();
        } else {
            return true;
        }
    } else if constexpr (kind == Kind::structure || kind == Kind::array) {
        bool good = true;
        for_each_part<C>(
            value, [&](auto constraints, auto& part) { good = good && settle<decltype(constraints)>(part); });
        return good;
    } else if constexpr (kind == Kind::optional) {
        return !value || settle<C>(*value);
    } else if constexpr (kind == Kind::list) {
        return std::ranges::all_of(value,
                                   [](auto& element) { return settle<ElementConstraints<C>>(element); });
    } else if constexpr (kind == Kind::map) {
        return std::ranges::all_of(value,
                                   [](auto& entry) { return settle<ElementConstraints<C>>(entry.second); });
    } else if constexpr (kind == Kind::variant) {
        return std::visit([](auto& alternative) { return settle<C>(alternative); }, value);
    } else {
        return true;
    }
}

}  // namespace squall::wire::detail

namespace squall::wire {

// Makes a value what a receiver of it would have, without writing it: quantised. Once a tick, for all
// receivers. False if a quantised number is out of its range; the value is then a mixture.
template <Described T>
[[nodiscard]] bool settle(T& value) {
    return detail::settle<detail::Free>(value);
}

// Is there anything to send? A value that would be refused counts as changed.
template <Described T>
[[nodiscard]] bool differs(const T& baseline, const T& current, const DeltaOptions& options = {}) {
    return detail::differs<detail::Free>(baseline, current, options);
}

// The baseline must hold only valid values; it does if it came out of read() or read_delta().
template <Described T>
void write_delta(BitWriter& writer, const T& baseline, const T& current, const DeltaOptions& options = {}) {
    (void)describe<T>();  // where the declarations are checked
    detail::put_change<detail::Free>(writer, baseline, current, options);
}
template <Described T>
[[nodiscard]] std::size_t measure_delta(const T& baseline, const T& current,
                                        const DeltaOptions& options = {}) {
    BitCounter counter;
    detail::put_change<detail::Free>(counter, baseline, current, options);
    return counter.bit_count();
}

// In place. After a fault the value is a mixture: start again from a copy.
template <Described T>
void read_delta(BitReader& reader, T& value) {
    detail::get_change<detail::Free>(reader, value);
}
// `out` gets the patched copy, or a plain copy if the bits are no delta to this baseline.
template <Described T>
bool read_delta(BitReader& reader, const T& baseline, T& out) {
    out = baseline;
    read_delta(reader, out);
    if (!reader.ok()) out = baseline;
    return reader.ok();
}

// As encode() and decode(): whole bytes. Nothing if something is out of its range, or does not fit.
template <Described T>
[[nodiscard]] std::optional<Bytes> encode_delta(MutableBytes out, const T& baseline, const T& current,
                                                const DeltaOptions& options = {}) {
    BitWriter writer(out);
    write_delta(writer, baseline, current, options);
    if (!writer.ok()) return std::nullopt;
    return writer.finish();
}
template <Described T>
[[nodiscard]] bool decode_delta(Bytes in, const T& baseline, T& out) {
    BitReader reader(in);
    out = baseline;
    read_delta(reader, out);
    if (reader.finish()) return true;
    out = baseline;
    return false;
}

}  // namespace squall::wire
