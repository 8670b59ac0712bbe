// A recording as a file, made of a made-up server's frames and some packets, with the encoder that servers
// use.
#pragma once

#include <QFile>
#include <QString>

#include "gui/synthetic.hpp"
#include "squall/recorder/profile_codec.hpp"
#include "squall/recorder/recording_encoder.hpp"
#include "squall/recorder/recording_parts.hpp"

namespace squall::gui::testing {

// An opened packet with one acknowledgement and one message of a remote.
inline std::vector<std::byte> made_up_packet(std::uint64_t number, std::uint32_t remote, std::size_t body) {
    std::vector<std::byte> out;
    const auto put = [&](std::uint64_t value) { out.push_back(static_cast<std::byte>(value & 0xff)); };
    put(0x25);  // payload, two bytes of packet number
    put(number);
    put(number >> 8);
    put(0x03);
    put(number - 1);
    put((number - 1) >> 8);
    put(9);
    put(1);
    put(0xf7);
    put(0x22);  // a message on channel 2
    put(number);
    put(number >> 8);
    put(body + 1);
    put(remote);
    for (std::size_t i = 0; i < body; ++i) put("player moves north "[i % 19]);
    return out;
}

struct RecordingOptions {
    SyntheticOptions session;
    std::size_t packets_per_step = 6;  // and as many messages
    std::uint32_t files = 1;           // that it is rotated into
    double begins_at = 0;              // seconds after the server
};

// Errors fail the test that calls: it returns the path, or nothing.
inline QString write_recording(const QString& path, RecordingOptions options = {}) {
    QFile file(path);
    if (!file.open(QIODevice::WriteOnly)) return {};
    recorder::ClockAnchor clock;
    clock.at = TimePoint{Duration{static_cast<std::int64_t>(options.session.start_ns)}};
    clock.realtime_ns = 1'700'000'000'000'000'000;
    auto made = recorder::RecordingEncoder::make({{"title", "made up"}}, clock, {});
    if (!made) return {};
    recorder::RecordingEncoder& encoder = *made;
    encoder.begin_file(clock.at);
    const auto flush = [&] {
        const Bytes pending = encoder.pending();
        file.write(reinterpret_cast<const char*>(pending.data()), static_cast<qint64>(pending.size()));
        encoder.clear_pending();
    };
    std::uint64_t number = 1;
    std::uint32_t files = 1;
    const auto begin_next = [&](TimePoint at) {
        encoder.end_file(at, recorder::RecordingEnd::Kind::continued);
        flush();
        file.close();
        file.setFileName(QString::fromStdString(recorder::path_of_part(path.toStdString(), ++files)));
        if (file.open(QIODevice::WriteOnly)) encoder.begin_file(at);
    };
    std::vector<std::byte> bytes;
    Synthetic(options.session).run([&](std::int64_t at, const recorder::ProfileFrame& frame) {
        bytes.clear();
        // What is told to who comes later, and nothing else of what was before.
        const bool before = static_cast<double>(static_cast<std::uint64_t>(at) - options.session.start_ns) <
                            options.begins_at * 1e9;
        if (before && std::holds_alternative<recorder::Stats>(frame)) return;
        if (before && std::holds_alternative<recorder::Histograms>(frame)) return;
        if (!recorder::encode(frame, bytes)) return;
        const TimePoint time{Duration{at}};
        const double share = static_cast<double>(static_cast<std::uint64_t>(at) - options.session.start_ns) /
                             (options.session.seconds * 1e9);
        if (share * options.files > files) begin_next(time);
        encoder.add(time, recorder::Control{recorder::FrameRecord{bytes}});
        if (!std::holds_alternative<recorder::Stats>(frame)) return;
        for (std::size_t i = 0; i < options.packets_per_step; ++i, ++number) {
            const std::vector<std::byte> packet =
                made_up_packet(number & 0xffff, 1 + static_cast<std::uint32_t>(number % 5), 12 + number % 40);
            recorder::WireRecord wire;
            wire.at = time + Duration{static_cast<std::int64_t>(i) * 1000};
            wire.direction = number % 3 == 0 ? recorder::Direction::inbound : recorder::Direction::outbound;
            wire.is_opened = true;
            wire.connection = {static_cast<std::uint32_t>(number % 24), 1};
            wire.sequence = number;
            wire.wire_bytes = static_cast<std::uint32_t>(packet.size() + 16);
            wire.packet = packet;
            encoder.add(wire);
            recorder::MessageRecord message;
            message.at = wire.at;
            message.direction = wire.direction;
            message.channel = ChannelId{2};
            message.remote = static_cast<std::uint16_t>(1 + number % 5);
            message.connection = wire.connection;
            message.message = number;
            message.packet = number;
            message.message_bytes = static_cast<std::uint32_t>(packet.size() - 13);
            message.wire_bytes = message.message_bytes + 4;
            message.payload = Bytes(packet).subspan(13);
            encoder.add(message);
        }
        if (encoder.pending().size() > (1u << 18)) flush();
    });
    encoder.end_file(
        TimePoint{Duration{static_cast<std::int64_t>(
            options.session.start_ns + static_cast<std::uint64_t>(options.session.seconds * 1e9))}},
        recorder::RecordingEnd::Kind::finished);
    flush();
    return path;
}

}  // namespace squall::gui::testing
