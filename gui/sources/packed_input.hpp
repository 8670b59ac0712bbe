// Reads a file from its beginning, plain or compressed by gzip or zstd, as plain bytes. Knows nothing of what
// they say.
#pragma once

#include <QFile>
#include <QString>
#include <memory>
#include <vector>

#include "squall/core/bytes.hpp"
#include "squall/recorder/unpacker.hpp"

namespace squall::gui {

class PackedInput {
  public:
    explicit PackedInput(const QString& path);
    // False: problem() says why.
    [[nodiscard]] bool open();
    // Fills the front of `out` and says how much; 0 only at the end, or where problem() says why not further.
    [[nodiscard]] std::size_t read(MutableBytes out);
    // Goes to this byte of the plain ones: at once in a plain file, by unpacking what comes before in
    // another.
    [[nodiscard]] bool skipTo(std::uint64_t offset);

    [[nodiscard]] const QString& problem() const { return problem_; }
    // Of the file, as it lies on the disk.
    [[nodiscard]] std::uint64_t bytesTaken() const { return taken_; }

  private:
    [[nodiscard]] bool fetch();

    QFile file_;
    std::unique_ptr<recorder::Unpacker> unpacker_;
    std::vector<std::byte> piece_;
    Bytes left_;  // of the piece
    std::uint64_t taken_ = 0;
    bool is_at_end_ = false;
    QString problem_;
};

}  // namespace squall::gui
