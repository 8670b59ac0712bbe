#include "squall/remotes/remote_contract.hpp"

#include <fmt/format.h>

namespace squall::remotes {

namespace detail {

std::string contract_name(const ContractId& id) {
    if (const auto* number = std::get_if<std::uint64_t>(&id)) return fmt::format("contract#{}", *number);
    return fmt::format("contract:{}", std::get<std::string>(id));
}

const wire::CodecType& dynamic_type() {
    static const wire::CodecType kType{};
    return kType;
}

Outcome contract_outcome(const Error& error) {
    return error.code == ErrorCode::malformed ? Outcome::malformed : Outcome::passed;
}

// A delta builds upon what both ends keep, so they must keep as much.
std::string contract_declaration(std::string schema, const wire::ContractChannelOptions& kept) {
    fmt::format_to(std::back_inserter(schema), "baselines {} for {} ms\n", kept.baselines_max,
                   std::chrono::duration_cast<std::chrono::milliseconds>(kept.baseline_lifetime).count());
    return schema;
}

}  // namespace detail

const wire::DynamicObject* attributes_of(Message& message) {
    return static_cast<const wire::DynamicObject*>(message.object_of(detail::dynamic_type()));
}
wire::DynamicObject* edit_attributes(Message& message) {
    return static_cast<wire::DynamicObject*>(message.edit_as(detail::dynamic_type()));
}

Result<RemoteContract<wire::DynamicObject>> Remotes::contract(
    wire::ContractId id, std::vector<wire::Attribute> attributes,
    OnContractMessage<wire::DynamicObject> on_message,
    OnContractAcknowledge<wire::DynamicObject> on_acknowledge, bool auto_acknowledge,
    const ContractOptions& options) {
    auto made = wire::DynamicContract::make(std::move(id), std::move(attributes), {options.epsilon});
    if (!made) return std::unexpected(made.error());
    return adopt_contract<wire::DynamicObject>(std::move(*made), std::move(on_message),
                                               std::move(on_acknowledge), auto_acknowledge, options);
}

Duration Remotes::mean_contract_rtt() const {
    Duration sum{};
    std::int64_t known = 0;
    for (const ConnectionId peer : ready_) {
        const wire::RttAverage rtt = rtts_.of(peer);
        if (rtt.sample_count() == 0) continue;
        sum += rtt.average();
        ++known;
    }
    return known == 0 ? Duration{0} : sum / known;
}

}  // namespace squall::remotes
