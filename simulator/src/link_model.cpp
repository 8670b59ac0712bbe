// The stages that a packet passes on a link, in their order: MTU, queue, rate, loss, propagation, copy,
// corruption.
#include "squall/simulator/link_model.hpp"

#include <algorithm>
#include <cassert>

#include "normal_table.hpp"

namespace squall::simulator {
namespace {

constexpr std::uint64_t kNanosecondsPerSecond = 1'000'000'000;

// The share of time that the chain spends in its bad state: enter / (enter + leave), exactly.
Ratio stationary_share(const GilbertElliott& model) {
    const std::uint64_t enter = model.enter.numerator * model.leave.denominator;
    const std::uint64_t leave = model.leave.numerator * model.enter.denominator;
    return enter == 0 ? Ratio{0, 1} : Ratio{enter, enter + leave};
}

// A value between two knots, `fraction` / 2^32 of the way.
std::int64_t interpolate(std::int64_t low, std::int64_t high, std::uint32_t fraction) {
    const __int128 step = static_cast<__int128>(high - low) * fraction;
    return low + static_cast<std::int64_t>(step >> 32);
}

Duration draw_normal(DrawStream stream, Duration standard_deviation) {
    const std::uint64_t bits = stream.next();
    const std::size_t cell = bits & (kNormalCells - 1);
    const bool is_negative = (bits >> 31 & 1) != 0;
    const auto fraction = static_cast<std::uint32_t>(bits >> 32);
    const std::int64_t quantile = interpolate(kNormalQuantiles[cell], kNormalQuantiles[cell + 1], fraction);
    const __int128 scaled = static_cast<__int128>(quantile) * standard_deviation.count();
    const auto magnitude =
        static_cast<std::int64_t>((scaled + (1 << (kNormalFractionBits - 1))) >> kNormalFractionBits);
    return Duration{is_negative ? -magnitude : magnitude};
}

Duration draw_from_table(DrawStream stream, std::span<const Duration> table) {
    const std::uint64_t cell = stream.below(table.size() - 1);
    const auto fraction = static_cast<std::uint32_t>(stream.next() >> 32);
    return Duration{interpolate(table[cell].count(), table[cell + 1].count(), fraction)};
}

}  // namespace

LinkDecision LinkModel::verdict(TimePoint now, std::uint32_t size) {
    const LinkConfig& config = *config_;
    if (is_down_) return drop(now, Verdict::blackhole, size);
    const std::uint32_t wire_bytes = size + config.overhead_bytes;
    if (config.mtu_bytes != 0 && wire_bytes > config.mtu_bytes) return drop(now, Verdict::too_big, size);
    TimePoint departs;
    if (!admit(now, wire_bytes, departs)) return drop(now, Verdict::queue_full, size);

    const PacketDraws draws(key_, packet_count_);
    if (!config.loss.is_zero() && draws.stream(Purpose::loss).chance(config.loss))
        return drop(now, Verdict::lost, size);
    if (config.burst_loss.is_on() && lost_to_burst(draws)) return drop(now, Verdict::lost_in_burst, size);

    LinkDecision decision;
    decision.count = 1;
    Delivery& original = decision.copies[0];
    original.at = arrival(draws, departs);
    if (!config.corrupt.is_zero() && size != 0) {
        DrawStream stream = draws.stream(Purpose::corrupt);
        if (stream.chance(config.corrupt)) {
            original.flipped_bit = static_cast<std::uint32_t>(stream.below(std::uint64_t{size} * 8));
            original.verdict = decision.verdict = Verdict::corrupted;
        }
    }
    statistics_.propagation.record(original.at - departs);
    if (departs != now || config.rate.bits_per_second != 0) statistics_.queueing.record(departs - now);
    deliver(now, size, original);
    if (!config.duplicate.is_zero() && draws.stream(Purpose::duplicate).chance(config.duplicate)) {
        decision.count = 2;
        TimePoint at = departs + config.delay + draw_jitter(draws.stream(Purpose::copy_jitter));
        if (config.keeps_order) at = latest_in_order_ = std::max(at, latest_in_order_);
        decision.copies[1] = {at, kNoBit, Verdict::duplicate};
        deliver(now, size, decision.copies[1]);
    }
    statistics_.bytes_offered += size;
    ++packet_count_;
    return decision;
}

LinkDecision LinkModel::refuse(TimePoint now, std::uint32_t size, Verdict reason) {
    assert(is_drop(reason));
    return drop(now, reason, size);
}

bool LinkModel::admit(TimePoint now, std::uint32_t wire_bytes, TimePoint& departs) {
    const LinkConfig& config = *config_;
    if (has_waiting_) forget_started(now);
    const bool is_limited = config.rate.bits_per_second != 0;
    const Duration wait = std::max(busy_until_ - now, Duration{0});
    if (wait.count() > 0) {
        if (is_limited) {
            if (wait > config.queue_limit) return false;
            if (config.queue_packets != 0 && waiting_.size() >= config.queue_packets) return false;
            if (config.queue_bytes != 0 && waiting_bytes_ + wire_bytes > config.queue_bytes) return false;
        }
        waiting_.push_back({busy_until_, wire_bytes});
        waiting_bytes_ += wire_bytes;
        has_waiting_ = true;
    }
    if (is_limited) start_transmission(now, wire_bytes);
    departs = std::max(now, busy_until_);
    return true;
}

void LinkModel::forget_started(TimePoint now) {
    while (!waiting_.empty() && waiting_.front().starts_at <= now) {
        waiting_bytes_ -= waiting_.front().bytes;
        waiting_.pop_front();
    }
    has_waiting_ = !waiting_.empty();
}

// Whole nanoseconds are rounded down and the fraction is carried on to the next packet of the same busy
// period: a full link delivers exactly the rate.
void LinkModel::start_transmission(TimePoint now, std::uint32_t wire_bytes) {
    const std::uint64_t rate = config_->rate.bits_per_second;
    if (busy_until_ < now) {
        busy_until_ = now;
        busy_remainder_ = 0;
    }
    const std::uint64_t work = std::uint64_t{wire_bytes} * 8 * kNanosecondsPerSecond + busy_remainder_;
    const Duration time{static_cast<std::int64_t>(work / rate)};
    busy_remainder_ = work % rate;
    busy_until_ += time;
    statistics_.wire_bytes += wire_bytes;
    statistics_.wire_time += time;
}

bool LinkModel::lost_to_burst(const PacketDraws& draws) {
    const GilbertElliott& model = config_->burst_loss;
    DrawStream stream = draws.stream(Purpose::burst);
    if (burst_state_ == BurstState::unknown)
        burst_state_ = stream.chance(stationary_share(model)) ? BurstState::bad : BurstState::good;
    else if (burst_state_ == BurstState::good)
        burst_state_ = stream.chance(model.enter) ? BurstState::bad : BurstState::good;
    else
        burst_state_ = stream.chance(model.leave) ? BurstState::good : BurstState::bad;
    return stream.chance(burst_state_ == BurstState::bad ? model.loss_in_bad : model.loss_in_good);
}

Duration LinkModel::draw_jitter(DrawStream stream) const {
    const LinkConfig& config = *config_;
    if (config.jitter_shape == JitterShape::table) return draw_from_table(stream, config.jitter_table);
    if (config.jitter.count() == 0) return Duration{0};
    if (config.jitter_shape == JitterShape::normal) return draw_normal(stream, config.jitter);
    const auto width = 2 * static_cast<std::uint64_t>(config.jitter.count()) + 1;
    return Duration{static_cast<std::int64_t>(stream.below(width)) - config.jitter.count()};
}

TimePoint LinkModel::arrival(const PacketDraws& draws, TimePoint departs) {
    const LinkConfig& config = *config_;
    TimePoint at = departs + config.delay + draw_jitter(draws.stream(Purpose::jitter));
    const bool is_shifted =
        !config.reorder.is_zero() && draws.stream(Purpose::reorder).chance(config.reorder);
    if (is_shifted) {
        at += config.reorder_by;
        ++statistics_.shifted;
    } else if (config.keeps_order) {
        // A packet that was shifted on purpose holds back none of those behind it.
        at = latest_in_order_ = std::max(at, latest_in_order_);
    }
    if (at < latest_arrival_) ++statistics_.overtook;
    latest_arrival_ = std::max(latest_arrival_, at);
    return at;
}

LinkDecision LinkModel::drop(TimePoint now, Verdict verdict, std::uint32_t size) {
    ++statistics_.packets[static_cast<std::size_t>(verdict)];
    statistics_.bytes_offered += size;
    if (trace_ != nullptr) emit(now, verdict, size);
    ++packet_count_;
    return {.verdict = verdict};
}

void LinkModel::deliver(TimePoint now, std::uint32_t size, const Delivery& delivery) {
    ++statistics_.packets[static_cast<std::size_t>(delivery.verdict)];
    statistics_.bytes_delivered += size;
    if (!is_observed_) return;
    if (delays_ != nullptr) delays_->record(delivery.at - now);
    if (trace_ != nullptr) emit(now, delivery.verdict, size);
}

void LinkModel::emit(TimePoint now, Verdict verdict, std::uint32_t size) const {
    trace_->on_event({.at = now,
                      .kind = trace::EventKind::link_verdict,
                      .channel = ChannelId{static_cast<std::uint8_t>(direction_)},
                      .source = source_,
                      .id = packet_count_,
                      .bytes = size,
                      .detail = static_cast<std::uint32_t>(verdict)});
}

}  // namespace squall::simulator
