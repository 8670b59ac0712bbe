#include "runtime/errors/event_folder.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace squall::runtime {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kNumberDigits = 12;
constexpr std::size_t kIdDigits = 32;
constexpr std::string_view kSuffix = ".json";
constexpr std::size_t kNameBytes = kNumberDigits + 1 + kIdDigits + kSuffix.size();

// The number of a file of ours; 0: none.
std::uint64_t number_of(std::string_view name) {
    std::uint64_t number = 0;
    if (name.size() != kNameBytes || name[kNumberDigits] != '-' || !name.ends_with(kSuffix)) return 0;
    const auto read = std::from_chars(name.data(), name.data() + kNumberDigits, number);
    return read.ptr == name.data() + kNumberDigits ? number : 0;
}

}  // namespace

Result<EventFolder> EventFolder::open(const std::string& path, Limits limits) {
    std::error_code error;
    fs::create_directories(path, error);
    EventFolder folder;
    folder.path_ = path;
    folder.limits_ = limits;
    fs::directory_iterator files(path, error);
    if (error)
        return fail(ErrorCode::io,
                    fmt::format("the folder '{}' for error reports: {}", path, error.message()));
    for (const auto& file : files) {
        const std::string name = file.path().filename().string();
        const std::uint64_t number = number_of(name);
        if (number == 0) continue;
        const auto bytes = file.file_size(error);
        if (error) continue;
        folder.entries_.push_back({name, bytes});
        folder.bytes_ += bytes;
        folder.next_ = std::max(folder.next_, number + 1);
    }
    std::ranges::sort(folder.entries_, {}, &Entry::name);
    return folder;
}

bool EventFolder::add(const std::string& event_id, const std::string& event) {
    if (event.size() > limits_.max_bytes || limits_.max_events == 0) {
        ++dropped_;
        return false;
    }
    while (entries_.size() >= limits_.max_events || bytes_ + event.size() > limits_.max_bytes) {
        pop_front();
        ++dropped_;
    }
    const std::string name = fmt::format("{:0{}}-{}{}", next_++, kNumberDigits, event_id, kSuffix);
    const fs::path temporary = fs::path(path_) / (name + ".part");
    {
        std::ofstream file(temporary, std::ios::binary | std::ios::trunc);
        file.write(event.data(), static_cast<std::streamsize>(event.size()));
        file.close();
        std::error_code error;
        if (file) fs::rename(temporary, fs::path(path_) / name, error);
        if (!file || error) {
            fs::remove(temporary, error);
            ++dropped_;
            return false;
        }
    }
    entries_.push_back({name, event.size()});
    bytes_ += event.size();
    return true;
}

std::optional<EventFolder::Event> EventFolder::front() {
    while (!entries_.empty()) {
        const std::string& name = entries_.front().name;
        std::ifstream file(fs::path(path_) / name, std::ios::binary);
        std::ostringstream text;
        if (file && text << file.rdbuf()) return Event{name.substr(kNumberDigits + 1, kIdDigits), text.str()};
        pop_front();
        ++dropped_;
    }
    return std::nullopt;
}

void EventFolder::pop_front() {
    std::error_code error;
    fs::remove(fs::path(path_) / entries_.front().name, error);
    bytes_ -= entries_.front().bytes;
    entries_.pop_front();
}

}  // namespace squall::runtime
