// What a table contributes to a transaction: an object that begins or changes, or that ends. The server
// proposes; a client takes it as if the server had said it alone. The layout is section 7 of STANDARD.md.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "squall/remotes/table_remote.hpp"
#include "squall/remotes/transaction_step.hpp"

namespace squall::remotes::detail {

template <wire::Described T>
struct ProposedTableChange final : ProposedStep {
    ProposedTableChange(TableRemote<T>& its_table, ObjectId its_object, const T* its_value)
        : ProposedStep(its_table),
          table(its_table),
          object(its_object),
          value(its_value == nullptr ? std::nullopt : std::optional<T>(*its_value)) {}

    // Nothing for who does not have the object and is not to get it.
    Result<> write(TimePoint now, ConnectionId peer, std::vector<std::byte>& out) override {
        auto* const state = table.find_peer(peer);
        if (state == nullptr) return fail(ErrorCode::not_connected, name() + ": this peer is not ready");
        const auto place = state->copies.find(object);
        const bool has_it = place != state->copies.end() && place->second.handle != 0;
        if (value ? table.options_.streamed && !state->loaded.contains(object) : !has_it) return {};
        if (value && table.ask_chain(now, peer, *value, payload).outcome != Outcome::passed)
            return fail(ErrorCode::unauthorised, name() + ": stopped before it was sent");
        auto& copy = state->copies[object];
        if (copy.handle == 0) copy.handle = ++state->last_handle;
        const Told what{copy.handle, value ? copy.sent.take_version() : 0};
        told[peer] = what;
        state->held_objects.insert(object);
        state->held_handles.insert(what.handle);
        write_table_body(out, value ? TableHead{what.handle, 0, what.version, object}
                                    : TableHead{what.handle, TableHead::kGone, 0, {}});
        if (value) out.insert(out.end(), payload.begin(), payload.end());
        return {};
    }
    void apply(TimePoint now) override { (void)table.change_here(now, object, value ? &*value : nullptr); }
    bool settle(TimePoint now, ConnectionId peer, Verdict verdict) override {
        auto* const state = table.find_peer(peer);
        const auto node = told.extract(peer);
        if (state == nullptr || node.empty()) return false;
        const Told what = node.mapped();
        state->held_objects.extract(object);
        state->held_handles.extract(what.handle);
        table.owner_.want_flush(table);
        const auto copy = state->copies.find(object);
        const bool is_current = copy != state->copies.end() && copy->second.handle == what.handle;
        if (verdict == Verdict::unknown) {
            // It has, or may have, what is not ours: it begins anew.
            if (is_current) table.end_copy(*state, object);
            if (is_current && table.cells_.contains(object)) table.begin_copy(now, *state, object);
        } else if (verdict == Verdict::accepted && !value) {
            state->ends.erase(what.handle);
            state->owed.erase(object);
            state->looked_at.erase(object);
            if (is_current) state->copies.erase(copy);
        } else if (verdict == Verdict::accepted && is_current) {
            copy->second.sent.accepted({what.version, reconstructed});
        } else if (is_current && table.cells_.contains(object)) {
            table.owe(now, *state, object);
        } else if (is_current && !state->held_objects.contains(object)) {
            table.end_copy(*state, object);  // it never began
        }
        return false;
    }
    [[nodiscard]] std::optional<std::uint64_t> item() const override { return object.value; }
    [[nodiscard]] const std::string& name() const { return table.info_.name; }

    // What a peer was told, until it has answered.
    struct Told {
        std::uint64_t handle = 0;
        std::uint64_t version = 0;
    };
    TableRemote<T>& table;
    ObjectId object;
    std::optional<T> value;
    T reconstructed{};
    std::vector<std::byte> payload;
    std::map<ConnectionId, Told> told;
};

template <wire::Described T>
struct AdmittedTableChange final : AdmittedStep {
    AdmittedTableChange(TableRemote<T>& its_table, const Origin& its_origin)
        : table(its_table), origin(its_origin) {}

    void set() override {
        if (takes_effect) table.stage(*table.owner_.undo_log(), origin, object, is_end ? nullptr : &value);
    }
    void finish() override {
        if (head.handle == 0) return;  // nothing for us
        (void)table.seen_.add(head.handle);
        // Who was told may have unloaded it again.
        if (!takes_effect || is_end || table.find(object) == nullptr) return;
        auto& handle = table.handles_[object];
        if (handle != 0 && handle != head.handle) table.alive_.erase(handle);
        handle = head.handle;
        auto& received = table.alive_[handle];
        received.object = object;
        received.values.keep({head.version, value});
    }
    // An object that a message outside the transaction ended, or began anew, while others were waited for.
    [[nodiscard]] bool is_still_allowed() const override {
        return !takes_effect || table.alive_.contains(head.handle) || !table.seen_.contains(head.handle);
    }

    TableRemote<T>& table;
    Origin origin;
    TableHead head;
    ObjectId object{};
    T value{};
    bool is_end = false;
    bool takes_effect = false;
};

template <wire::Described T>
Result<std::unique_ptr<ProposedStep>> TableRemote<T>::propose(ObjectId object, const T* value) {
    if (!owner_.is_server()) return not_ours();
    if (value == nullptr && find(object) == nullptr) return no_such(object);
    if (value != nullptr && find(object) == nullptr && cells_.size() >= options_.max_objects)
        return fail(ErrorCode::queue_full,
                    info_.name + ": " + std::to_string(options_.max_objects) + " objects are there");
    auto step = std::make_unique<ProposedTableChange<T>>(*this, object, value);
    if (value == nullptr) return step;
    if (auto valid = wire::validate(wire::view(*value)); !valid) return std::unexpected(valid.error());
    if (!append_value<T>(step->payload, owner_.scratch, nullptr, *value, 0, step->reconstructed))
        return fail(ErrorCode::invalid_argument, info_.name + ": the value cannot be encoded");
    ++statistics_.encodings;
    return step;
}

template <wire::Described T>
Admission TableRemote<T>::admit(TimePoint now, ConnectionId id, Bytes body) {
    if (owner_.is_server()) return {Outcome::unauthorised, nullptr};
    auto step = std::make_unique<AdmittedTableChange<T>>(*this, Origin{now, id});
    if (body.empty()) return {Outcome::passed, std::move(step)};
    ByteReader reader(body);
    TableHead& head = step->head;
    if (!read_table_head(reader, head)) return {Outcome::malformed, nullptr};
    const auto known = alive_.find(head.handle);
    step->is_end = head.distance == TableHead::kGone;
    if (step->is_end) {
        step->takes_effect = known != alive_.end();
        if (step->takes_effect) step->object = known->second.object;
        return {Outcome::passed, std::move(step)};
    }
    const Bytes payload = reader.read_bytes(reader.remaining());
    step->object = head.object;
    if (head.distance != 0 || !wire::decode(payload, step->value) ||
        (known != alive_.end() &&
         (known->second.object != head.object || !known->second.values.is_newest(head.version))))
        return {Outcome::malformed, nullptr};
    const auto older = handles_.find(head.object);
    if (older == handles_.end() && cells_.size() >= options_.max_objects)
        return {Outcome::over_budget, nullptr};
    const bool is_late = (known == alive_.end() && seen_.contains(head.handle)) ||
                         (older != handles_.end() && older->second > head.handle);
    step->takes_effect = !is_late && (!options_.streamed || loaded_.contains(head.object));
    Message message(now, Direction::inbound, id, info_, *codec_, wire::codec_type<T>(), &step->value, body);
    message.mark_decoded();
    message.mark_step();
    const Outcome outcome = run_chains(owner_.chain(Direction::inbound), inbound_, message,
                                       [](Message&) { return Outcome::passed; });
    return {outcome, std::move(step)};
}

}  // namespace squall::remotes::detail
