// A contract: what two ends agree to exchange, by a struct's schema. Encodes whole objects and differences to
// an older one, each marked by one bit. Knows no peer, no baseline and no time: that is contract_channel.hpp.
// The layout is section 6 of STANDARD.md. dynamic_contract.hpp has the same for attributes known at run time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "squall/core/bytes.hpp"
#include "squall/core/result.hpp"
#include "squall/wire/delta.hpp"
#include "squall/wire/schema_text.hpp"
#include "squall/wire/value.hpp"

namespace squall::wire {

// A number or a name.
using ContractId = std::variant<std::uint64_t, std::string>;
[[nodiscard]] std::string to_string(const ContractId& id);

inline constexpr std::size_t kMaxAttributes = 64;

// What the first bit of a message says.
enum class ContractForm : std::uint8_t {
    neither,  // no bits at all
    full,
    delta,
};
[[nodiscard]] ContractForm contract_form(Bytes message);

namespace detail {
// "contract 'state': the buffer ended at bit 12".
[[nodiscard]] Error contract_fault(const ContractId& id, const BitReader& reader);
[[nodiscard]] Error contract_too_large(const ContractId& id, std::size_t bits, std::size_t room_bytes);
[[nodiscard]] Error wrong_form(const ContractId& id, bool wants_full);
}  // namespace detail

// Encode, Decode, Diff and Patch for a Codec that has Object, id(), and the four operations on bits below.
template <class Codec>
class ContractOperations {
  public:
    // The whole object. Absent attributes cost one bit.
    template <class Object>
    [[nodiscard]] Result<Bytes> encode(MutableBytes out, const Object& object) const {
        BitWriter writer(out);
        writer.boolean(true);
        self().put_full(writer, object);
        return finish(writer, out, object);
    }
    // What changed from `old` to `now`: added, modified and removed attributes, in depth.
    template <class Object>
    [[nodiscard]] Result<Bytes> diff(MutableBytes out, const Object& old, const Object& now) const {
        BitWriter writer(out);
        writer.boolean(false);
        self().put_delta(writer, old, now);
        if (!writer.ok())
            if (auto valid = self().check(old); !valid) return std::unexpected(valid.error());
        return finish(writer, out, now);
    }
    template <class Object>
    [[nodiscard]] Result<> decode(Bytes full, Object& object) const {
        return take(full, true, [&](BitReader& reader) { self().get_full(reader, object); });
    }
    // A new object; the old one stays as it is.
    template <class Object>
    [[nodiscard]] Result<Object> patch(const Object& old, Bytes delta) const {
        Object patched = old;
        if (auto good = take(delta, false, [&](BitReader& r) { self().get_delta(r, patched); }); !good)
            return std::unexpected(good.error());
        return patched;
    }
    // In place; an error leaves the object as it was.
    template <class Object>
    [[nodiscard]] Result<> patch_in_place(Object& object, Bytes delta) const {
        auto patched = patch(object, delta);
        if (!patched) return std::unexpected(patched.error());
        object = std::move(*patched);
        return {};
    }

  private:
    [[nodiscard]] const Codec& self() const { return static_cast<const Codec&>(*this); }
    template <class Object>
    [[nodiscard]] Result<Bytes> finish(BitWriter& writer, MutableBytes out, const Object& object) const {
        if (writer.ok()) return writer.finish();
        if (auto valid = self().check(object); !valid) return std::unexpected(valid.error());
        return std::unexpected(detail::contract_too_large(self().id(), writer.bit_count(), out.size()));
    }
    template <class Read>
    [[nodiscard]] Result<> take(Bytes message, bool wants_full, Read&& read) const {
        BitReader reader(message);
        bool full = false;
        reader.boolean(full);
        if (reader.ok() && full != wants_full)
            return std::unexpected(detail::wrong_form(self().id(), wants_full));
        read(reader);
        if (!reader.finish()) return std::unexpected(detail::contract_fault(self().id(), reader));
        return {};
    }
};

// For a described struct. Attributes that may be absent are std::optional members. Order decides the size
// only where lists of changes are long: put what changes most first.
template <Described T>
class Contract : public ContractOperations<Contract<T>> {
  public:
    using Object = T;
    static_assert(detail::kKind<T> == Kind::structure, "squall::wire: a contract needs a struct");

    explicit Contract(ContractId id, DeltaOptions options = {}) : id_(std::move(id)), options_(options) {}

    [[nodiscard]] const ContractId& id() const { return id_; }
    [[nodiscard]] std::string schema() const { return schema_text<T>(); }
    [[nodiscard]] Result<> check(const T& object) const { return validate(object); }
    // Would a delta say anything?
    [[nodiscard]] bool changed(const T& old, const T& now) const { return differs(old, now, options_); }

    void put_full(BitWriter& writer, const T& object) const { write(writer, object); }
    void get_full(BitReader& reader, T& object) const { read(reader, object); }
    void put_delta(BitWriter& writer, const T& old, const T& now) const {
        write_delta(writer, old, now, options_);
    }
    void get_delta(BitReader& reader, T& object) const { read_delta(reader, object); }

  private:
    ContractId id_;
    DeltaOptions options_;
};

// The contracts that one end knows: ids are unique, and two ends compare their schemas before they talk.
class ContractTable {
  public:
    // Its place, which is how messages name it; an id that is there already is refused.
    [[nodiscard]] Result<std::size_t> add(ContractId id, std::string schema);
    template <class ContractType>
    [[nodiscard]] Result<std::size_t> add(const ContractType& contract) {
        return add(contract.id(), contract.schema());
    }
    [[nodiscard]] std::size_t size() const { return contracts_.size(); }
    [[nodiscard]] std::optional<std::size_t> find(const ContractId& id) const;
    // Of ids and schemas, whatever the order in which they were added.
    [[nodiscard]] std::uint64_t hash() const;
    // Ids and schemas as one text, for the other end to compare with.
    [[nodiscard]] std::string text() const;
    // Why two ends do not understand each other, as a sentence's end; nothing if they do.
    [[nodiscard]] static std::optional<std::string> mismatch(std::string_view ours, std::string_view theirs);

  private:
    struct Entry {
        std::size_t place = 0;
        std::string schema;
    };
    std::map<ContractId, Entry> contracts_;
};

}  // namespace squall::wire
