#include "gui/sources/packed_input.hpp"

#include <QFileInfo>
#include <QObject>
#include <algorithm>

namespace squall::gui {
namespace {

constexpr std::size_t kPieceBytes = std::size_t{256} * 1024;

}  // namespace

PackedInput::PackedInput(const QString& path) : file_(path), piece_(kPieceBytes) {}

bool PackedInput::open() {
    if (QFileInfo(file_.fileName()).isDir()) {
        problem_ = QObject::tr("this is a folder; a recording is a file (*.squall.pcapng)");
        return false;
    }
    if (!file_.open(QIODevice::ReadOnly)) {
        problem_ = QObject::tr("it cannot be opened: %1").arg(file_.errorString());
        return false;
    }
    (void)fetch();
    unpacker_ = recorder::Unpacker::make(left_);
    return problem_.isEmpty();
}

bool PackedInput::fetch() {
    const qint64 got = file_.read(reinterpret_cast<char*>(piece_.data()), static_cast<qint64>(piece_.size()));
    if (got < 0) problem_ = QObject::tr("it cannot be read: %1").arg(file_.errorString());
    left_ = Bytes(piece_).first(static_cast<std::size_t>(std::max<qint64>(got, 0)));
    taken_ += left_.size();
    is_at_end_ = got <= 0;
    return !is_at_end_;
}

std::size_t PackedInput::read(MutableBytes out) {
    MutableBytes rest = out;
    while (problem_.isEmpty() && !rest.empty()) {
        const std::size_t room = rest.size();
        if (const auto unpacked = unpacker_->unpack(left_, rest); !unpacked) {
            problem_ = QObject::tr("damaged before byte %1 of the file: %2")
                           .arg(taken_ - left_.size())
                           .arg(QString::fromStdString(unpacked.error().message));
            break;
        }
        if (rest.size() < room) continue;
        if (left_.empty() && (is_at_end_ || !fetch())) break;
    }
    return out.size() - rest.size();
}

bool PackedInput::skipTo(std::uint64_t offset) {
    if (unpacker_->packing() == "plain") {
        left_ = {};
        is_at_end_ = false;
        return file_.seek(static_cast<qint64>(offset));
    }
    std::vector<std::byte> passed(kPieceBytes);
    while (offset > 0) {
        const std::size_t got =
            read(MutableBytes(passed).first(std::min<std::uint64_t>(passed.size(), offset)));
        if (got == 0) return false;
        offset -= got;
    }
    return true;
}

}  // namespace squall::gui
