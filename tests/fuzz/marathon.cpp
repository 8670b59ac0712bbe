// A fuzz target in great numbers: no coverage is measured, so that each input costs what the target costs.
// The inputs are those that libFuzzer found (and the seeds), changed at random; sanitizers look on. Linked
// with one <name>_fuzz.cpp; `./dev fuzz --marathon N` runs it.
#include <sanitizer/common_interface_defs.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

#include "fuzz/decoded.hpp"
#include "squall/core/rng.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

using Input = std::vector<std::uint8_t>;

struct Options {
    std::uint64_t inputs = 1'000'000;
    std::uint64_t seed = 1;
    std::size_t bytes = 512;  // an input has at most so many
    unsigned residue = 0;     // the first byte of each is `residue` modulo `modulus`
    unsigned modulus = 1;
    std::string finding = "finding";  // where the input goes that broke the target
    std::vector<std::string> folders;
};

[[noreturn]] void refuse(const std::string& what) {
    std::fprintf(stderr,
                 "error: %s\nusage: marathon_NAME [--inputs N] [--seed N] [--bytes N] [--first R/M] "
                 "[--finding FILE] FOLDER...\n"
                 "  --first R/M   only inputs whose first byte is R modulo M: one case of a target that "
                 "chooses by it\n"
                 "  FOLDER        files to begin with\n",
                 what.c_str());
    std::exit(2);
}

std::uint64_t number(std::string_view option, const char* text) {
    char* end = nullptr;
    const std::uint64_t value = std::strtoull(text, &end, 10);
    if (end == text || *end != '\0') refuse(std::string(option) + " needs a number, not '" + text + "'");
    return value;
}

Options options_of(int count, char** words) {
    Options options;
    for (int i = 1; i < count; ++i) {
        const std::string_view word = words[i];
        if (!word.starts_with("--")) {
            options.folders.emplace_back(word);
            continue;
        }
        if (i + 1 == count) refuse(std::string(word) + " needs a value");
        const char* const value = words[++i];
        if (word == "--inputs") {
            options.inputs = number(word, value);
        } else if (word == "--seed") {
            options.seed = number(word, value);
        } else if (word == "--bytes") {
            options.bytes = std::max<std::size_t>(number(word, value), 1);
        } else if (word == "--finding") {
            options.finding = value;
        } else if (word == "--first") {
            if (std::sscanf(value, "%u/%u", &options.residue, &options.modulus) != 2 ||
                options.residue >= options.modulus || options.modulus > 256)
                refuse("--first needs R/M with R < M <= 256, for instance 3/8");
        } else {
            refuse("there is no option " + std::string(word));
        }
    }
    return options;
}

// What the handlers of a crash write down.
struct Current {
    const Input* input = nullptr;
    const char* path = "";
};
Current current;

void keep_finding() {
    if (current.input == nullptr) return;
    if (std::FILE* const file = std::fopen(current.path, "wb")) {
        std::fwrite(current.input->data(), 1, current.input->size(), file);
        std::fclose(file);
        std::fprintf(stderr, "the input was written to %s\n", current.path);
    }
}
extern "C" void keep_and_abort(int) {
    keep_finding();
    std::signal(SIGABRT, SIG_DFL);
    std::abort();
}

class Mutator {
  public:
    Mutator(const Options& options, std::vector<Input> seeds)
        : options_(options), seeds_(std::move(seeds)), rng_(options.seed) {}

    const Input& next() {
        const Input& seed = any_seed();
        input_.assign(seed.begin(),
                      seed.begin() + static_cast<std::ptrdiff_t>(std::min(seed.size(), options_.bytes)));
        // Long inputs are many short ones.
        while (options_.bytes > 4096 && input_.size() < options_.bytes / 2) append(any_seed());
        if (input_.empty()) input_.push_back(0);
        const std::uint64_t changes = 1 + rng_.below(3) + input_.size() / 256;
        for (std::uint64_t i = 0; i < changes; ++i) change();
        if (options_.modulus > 1) {
            const unsigned multiple = input_[0] / options_.modulus * options_.modulus;
            input_[0] = static_cast<std::uint8_t>((multiple + options_.residue > 255 ? 0 : multiple) +
                                                  options_.residue);
        }
        return input_;
    }

  private:
    const Input& any_seed() { return seeds_[rng_.below(seeds_.size())]; }
    std::size_t place() { return rng_.below(input_.size()); }
    auto at(std::size_t index) { return input_.begin() + static_cast<std::ptrdiff_t>(index); }
    void append(const Input& more) {
        const std::size_t size = std::min(more.size(), options_.bytes - input_.size());
        input_.insert(input_.end(), more.begin(), more.begin() + static_cast<std::ptrdiff_t>(size));
        if (size == 0) input_.push_back(0);
    }
    void change() {
        static constexpr std::array<std::uint8_t, 8> kEdges = {0x00, 0x01, 0x7f, 0x80,
                                                               0x81, 0xc1, 0xfe, 0xff};
        switch (rng_.below(8)) {
            case 0:
            case 1: input_[place()] ^= static_cast<std::uint8_t>(1U << rng_.below(8)); return;
            case 2: input_[place()] = static_cast<std::uint8_t>(rng_.next()); return;
            case 3: input_[place()] = kEdges[rng_.below(kEdges.size())]; return;
            case 4: {  // a run of one edge: large numbers of any width
                const std::size_t begin = place();
                const std::size_t end = std::min(input_.size(), begin + 1 + rng_.below(8));
                std::fill(at(begin), at(end), kEdges[rng_.below(kEdges.size())]);
                return;
            }
            case 5: {  // cut
                const std::size_t begin = place();
                const std::size_t end =
                    rng_.below(4) == 0 ? input_.size() : std::min(input_.size(), begin + 1 + rng_.below(16));
                if (end - begin < input_.size()) input_.erase(at(begin), at(end));
                return;
            }
            case 6: {  // a part of its own once more
                const std::size_t begin = place();
                const Input part(at(begin), at(std::min(input_.size(), begin + 1 + rng_.below(32))));
                return insert(part, 0, part.size());
            }
            default: {  // a part of another
                const Input& other = any_seed();
                if (other.empty()) return;
                const std::size_t begin = rng_.below(other.size());
                return insert(other, begin, std::min(other.size() - begin, 1 + rng_.below(64)));
            }
        }
    }
    // Over what is there, or between.
    void insert(const Input& from, std::size_t begin, std::size_t size) {
        const std::size_t where = place();
        const auto first = from.begin() + static_cast<std::ptrdiff_t>(begin);
        if (rng_.below(2) == 0) {
            size = std::min(size, input_.size() - where);
            std::copy_n(first, size, at(where));
        } else {
            size = std::min(size, options_.bytes - std::min(options_.bytes, input_.size()));
            input_.insert(at(where), first, first + static_cast<std::ptrdiff_t>(size));
        }
    }

    const Options& options_;
    std::vector<Input> seeds_;
    squall::Rng rng_;
    Input input_;
};

std::vector<Input> seeds_of(const Options& options) {
    std::vector<std::filesystem::path> paths;
    for (const std::string& folder : options.folders) {
        std::error_code failure;
        for (const auto& entry : std::filesystem::directory_iterator(folder, failure))
            if (entry.is_regular_file()) paths.push_back(entry.path());
        if (failure) refuse("cannot read the folder " + folder + ": " + failure.message());
    }
    std::ranges::sort(paths);  // the same seed gives the same run
    std::vector<Input> seeds;
    for (const auto& path : paths) {
        std::ifstream file(path, std::ios::binary);
        Input input{std::istreambuf_iterator<char>(file), {}};
        if (!input.empty() && (options.modulus == 1 || input[0] % options.modulus == options.residue))
            seeds.push_back(std::move(input));
    }
    if (seeds.empty()) seeds.push_back({static_cast<std::uint8_t>(options.residue), 0, 0, 0});
    return seeds;
}

}  // namespace

int main(int count, char** words) {
    const Options options = options_of(count, words);
    std::vector<Input> seeds = seeds_of(options);
    std::printf("%zu files to begin with, seed %llu\n", seeds.size(),
                static_cast<unsigned long long>(options.seed));
    Mutator mutator(options, std::move(seeds));
    current.path = options.finding.c_str();
    __sanitizer_set_death_callback(keep_finding);
    std::signal(SIGABRT, keep_and_abort);

    std::uint64_t runs = 0;
    std::uint64_t given = 0;
    for (std::uint64_t told = options.inputs / 10; given < options.inputs;) {
        const Input& input = mutator.next();
        current.input = &input;
        LLVMFuzzerTestOneInput(input.data(), input.size());
        ++runs;
        given = squall::fuzz::decoded != 0 ? squall::fuzz::decoded : runs;
        if (given < told) continue;
        told += options.inputs / 10 + 1;
        std::printf("%llu decoded\n", static_cast<unsigned long long>(given));
        std::fflush(stdout);
    }
    std::printf("no finding: %llu inputs, %llu given to the decoder\n", static_cast<unsigned long long>(runs),
                static_cast<unsigned long long>(given));
    return 0;
}
