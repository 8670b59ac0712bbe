// Recordings as files: rotated into several, compressed, begun in the middle, with one missing. The same
// figures come out, every packet is found again, and what is not there is said.
#include <zlib.h>
#include <zstd.h>

#include <QTemporaryDir>
#include <QtTest>

#include "gui/qt_main.hpp"
#include "gui/sources/recording_loader.hpp"
#include "gui/test_recording.hpp"
#include "squall/recorder/profile_codec.hpp"

namespace squall::gui {
namespace {

struct Loaded {
    Session session;
    LoadResult result;
    std::vector<PacketEntry> packets;
    bool progress_rose = true;
};

std::unique_ptr<Loaded> load(const QString& path) {
    auto out = std::make_unique<Loaded>();
    std::uint64_t read = 0;
    out->result = load_recording(
        path,
        [&](const LoadedPartPointer& part) {
            for (const TimedFrame& frame : part->frames) out->session.apply(frame.at, frame.frame);
            out->packets.insert(out->packets.end(), part->packets.begin(), part->packets.end());
            out->progress_rose &= part->bytes_read >= read && part->bytes_read <= part->bytes_total;
            read = part->bytes_read;
        },
        [] { return false; });
    return out;
}

QByteArray bytes_of(const QString& path) {
    QFile file(path);
    return file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray();
}
QString write(const QString& path, const QByteArray& bytes) {
    QFile file(path);
    if (file.open(QIODevice::WriteOnly)) file.write(bytes);
    return path;
}
QByteArray gzipped(const QByteArray& plain) {
    z_stream stream{};
    (void)deflateInit2(&stream, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY);
    QByteArray out(static_cast<qsizetype>(deflateBound(&stream, static_cast<uLong>(plain.size()))), '\0');
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(plain.data()));
    stream.avail_in = static_cast<uInt>(plain.size());
    stream.next_out = reinterpret_cast<Bytef*>(out.data());
    stream.avail_out = static_cast<uInt>(out.size());
    (void)deflate(&stream, Z_FINISH);
    out.resize(static_cast<qsizetype>(stream.total_out));
    (void)deflateEnd(&stream);
    return out;
}
QByteArray by_zstd(const QByteArray& plain) {
    QByteArray out(static_cast<qsizetype>(ZSTD_compressBound(static_cast<std::size_t>(plain.size()))), '\0');
    out.resize(
        static_cast<qsizetype>(ZSTD_compress(out.data(), static_cast<std::size_t>(out.size()), plain.data(),
                                             static_cast<std::size_t>(plain.size()), 3)));
    return out;
}

class LoaderTest : public QObject {
    Q_OBJECT
  private Q_SLOTS:
    void initTestCase() {
        whole_ = load(testing::write_recording(path("whole.squall.pcapng"), {{.seconds = 30}, 2}));
        QVERIFY(whole_->result.is_ok);
        QCOMPARE(testing::write_recording(path("many.squall.pcapng"), {{.seconds = 30}, 2, 4}),
                 path("many.squall.pcapng"));
        QVERIFY(QFile::exists(path("many.squall.4.pcapng")));
        QVERIFY(!QFile::exists(path("many.squall.5.pcapng")));
    }
    void init() { testing::fail_on_warnings(); }

    void rotatedRecordingIsReadToItsEnd() {
        const auto many = load(path("many.squall.pcapng"));
        QVERIFY2(many->result.is_ok && many->result.problem.isEmpty(), qPrintable(many->result.problem));
        QCOMPARE(many->result.title, QStringLiteral("many.squall.pcapng (4 files)"));
        QCOMPARE(many->result.files.size(), 4u);
        same(*many);
        everyPacketIsFoundAgain(*many);
        QVERIFY(many->progress_rose);
    }
    void compressedRecordingIsReadAsItIs() {
        const QByteArray plain = bytes_of(path("whole.squall.pcapng"));
        for (const bool zstd : {false, true}) {
            const auto packed = load(
                write(path(zstd ? "whole.pcapng.zst" : "odd name"), zstd ? by_zstd(plain) : gzipped(plain)));
            QVERIFY2(packed->result.is_ok && packed->result.problem.isEmpty(),
                     qPrintable(packed->result.problem));
            same(*packed);
            everyPacketIsFoundAgain(*packed);
        }
    }
    void rotatedAndCompressedOne() {
        for (int i = 1; i <= 4; ++i) {
            const QString number = i == 1 ? QString() : QStringLiteral(".%1").arg(i);
            (void)write(path("p.squall%1.pcapng.gz", number),
                        gzipped(bytes_of(path("many.squall%1.pcapng", number))));
        }
        const auto packed = load(path("p.squall.pcapng.gz"));
        QCOMPARE(packed->result.problem, QString());
        QCOMPARE(packed->result.files.size(), 4u);
        same(*packed);
        everyPacketIsFoundAgain(*packed);
    }
    void fromTheSecondPartOn() {
        const auto rest = load(path("many.squall.2.pcapng"));
        QVERIFY(rest->result.is_ok);
        QCOMPARE(rest->result.files.size(), 3u);
        QVERIFY2(rest->result.problem.contains(QStringLiteral("This is part 2 of a recording")),
                 qPrintable(rest->result.problem));
        QVERIFY(rest->packets.size() > whole_->packets.size() / 2);
        QVERIFY(rest->packets.size() < whole_->packets.size());
        // What the parts before it counted is not its own.
        QVERIFY(rest->result.began_midway);
        QVERIFY(rest->session.ledger().socket > whole_->session.ledger().socket / 2);
        QVERIFY(rest->session.ledger().socket < whole_->session.ledger().socket);
        QCOMPARE(rest->session.ledger().difference(), std::int64_t{0});
    }
    // The server has counted since its start, for 20 s: none of that is the recording's.
    void recordingBegunMidwayCountsItself() {
        const auto late = load(
            testing::write_recording(path("late.squall.pcapng"),
                                     {.session = {.seconds = 30}, .packets_per_step = 2, .begins_at = 20}));
        QVERIFY(late->result.is_ok && late->result.began_midway);
        const Session::Ledger ledger = late->session.ledger();
        QCOMPARE(ledger.difference(), std::int64_t{0});
        const TimeRange shown = late->session.limits();
        // What its own charts add up to, which begin with the second figures.
        const auto& sent = late->session.totals().sent;
        const double seconds = static_cast<double>(sent.last_time() - sent.first_time()) / 1e9;
        QVERIFY(seconds > 9 && seconds < 10.1);
        const double charted = sent.mean(sent.first_time() + 1, shown.end) * seconds;
        QVERIFY2(std::abs(static_cast<double>(ledger.socket) - charted) < charted * 0.001,
                 qPrintable(QStringLiteral("%1 %2").arg(ledger.socket).arg(charted)));
        QVERIFY(ledger.socket < whole_->session.ledger().socket / 2);
        const auto& early = *whole_->session.connections()[0];
        const auto& row = *late->session.connections()[0];
        QVERIFY(row.counters.packets_sent > 0);
        QVERIFY(row.counters.packets_sent < early.counters.packets_sent / 2);
        QCOMPARE(row.counters.rtt_minimum, early.counters.rtt_minimum);
        const RemoteRow* state = late->session.find_remote(2, recorder::Direction::outbound);
        QVERIFY(state->wire.count > 0);
        QVERIFY(state->wire.count <
                whole_->session.find_remote(2, recorder::Direction::outbound)->wire.count / 2);
        // And once more, as the replay reads it.
        Session again;
        (void)load_recording(
            path("late.squall.pcapng"),
            [&](const LoadedPartPointer& part) {
                for (const TimedFrame& frame : part->frames) {
                    const auto raw = recorder::parse_envelope(frame.bytes);
                    again.apply(frame.at, **recorder::decode(**raw));
                }
            },
            [] { return false; });
        QCOMPARE(again.ledger().socket, ledger.socket);
    }
    void missingPartIsNamed() {
        for (const char* name : {"", ".2", ".4"})
            (void)write(path("gap.squall%1.pcapng", QLatin1String(name)),
                        bytes_of(path("many.squall%1.pcapng", QLatin1String(name))));
        const auto gap = load(path("gap.squall.pcapng"));
        QVERIFY(gap->result.is_ok);
        QVERIFY2(
            gap->result.problem.contains(QStringLiteral("goes on in gap.squall.3.pcapng, but it cannot")),
            qPrintable(gap->result.problem));
        QVERIFY(!gap->packets.empty() && gap->packets.size() < whole_->packets.size());
    }
    void cutAndDamagedOnes() {
        const QByteArray packed = by_zstd(bytes_of(path("whole.squall.pcapng")));
        const auto cut = load(write(path("cut.zst"), packed.left(packed.size() / 2)));
        QVERIFY(cut->result.is_ok);
        QVERIFY2(cut->result.problem.contains(QStringLiteral("ends in the middle of a record")),
                 qPrintable(cut->result.problem));
        QByteArray damaged = gzipped(bytes_of(path("whole.squall.pcapng")));
        for (int i = 0; i < 64; ++i) damaged[damaged.size() / 2 + i] = static_cast<char>(0xff);
        const auto bad = load(write(path("damaged.gz"), damaged));
        QVERIFY2(!bad->result.problem.isEmpty(), "64 bytes in the middle are others");
        const auto lz4 = load(write(path("x.lz4"), QByteArray::fromHex("04224d186040820000000000000000")));
        QVERIFY(!lz4->result.is_ok);
        QVERIFY2(lz4->result.problem.contains(QStringLiteral("lz4 -d")), qPrintable(lz4->result.problem));
        QVERIFY(!load(folder_.path())->result.is_ok);
        QVERIFY(load(path("nowhere"))->result.problem.contains(QStringLiteral("cannot be opened")));
    }

  private:
    [[nodiscard]] QString path(const char* name) const { return folder_.filePath(QLatin1String(name)); }
    [[nodiscard]] QString path(const char* name, const QString& number) const {
        return folder_.filePath(QString::fromLatin1(name).arg(number));
    }
    // The same figures as the recording in one file.
    void same(const Loaded& other) const {
        QCOMPARE(other.packets.size(), whole_->packets.size());
        QCOMPARE(other.session.ledger().socket, whole_->session.ledger().socket);
        QCOMPARE(other.session.ledger().difference(), std::int64_t{0});
        QCOMPARE(other.session.limits().length(), whole_->session.limits().length());
        QCOMPARE(other.session.open_connections(), whole_->session.open_connections());
        QCOMPARE(other.session.state().missed(), std::uint64_t{0});
    }
    static void everyPacketIsFoundAgain(const Loaded& loaded) {
        for (std::size_t i = 0; i < loaded.packets.size(); i += 41) {
            const PacketEntry& entry = loaded.packets[i];
            const StoredRecord record = read_record(loaded.result.files, entry.offset);
            QVERIFY2(record.problem.isEmpty(), qPrintable(record.problem));
            QCOMPARE(record.message.has_value(), entry.is_message);
            QCOMPARE(entry.is_message ? record.message->message : record.wire->sequence, entry.sequence);
        }
    }
    QTemporaryDir folder_;
    std::unique_ptr<Loaded> whole_;
};

}  // namespace
}  // namespace squall::gui

SQUALL_QT_MAIN(squall::gui::LoaderTest)
#include "loader_test.moc"
