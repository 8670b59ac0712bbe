// The functions that an ELF file names in its symbol table, the local ones and the compiler's split-off cold
// parts included, which dladdr() does not see. Reads that table and nothing else; a stripped file has none.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace squall::runtime {

class ElfSymbols {
  public:
    // Empty if the file cannot be read, is no ELF file of this machine's kind, or is stripped.
    [[nodiscard]] static ElfSymbols read(const std::string& path);
    // The mangled name of the function that an address, as the file counts them, lies in; empty: none.
    [[nodiscard]] std::string find(std::uint64_t address) const;
    [[nodiscard]] std::size_t size() const { return functions_.size(); }

  private:
    struct Function {
        std::uint64_t begin = 0;
        std::uint64_t size = 0;
        std::uint32_t name = 0;  // in names_
    };
    std::vector<Function> functions_;  // by begin
    std::vector<char> names_;
};

}  // namespace squall::runtime
