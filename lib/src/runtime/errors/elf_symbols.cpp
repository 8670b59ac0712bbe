#include "runtime/errors/elf_symbols.hpp"

#include <elf.h>
#include <link.h>

#include <algorithm>
#include <cstring>
#include <fstream>

namespace squall::runtime {
namespace {

using Header = ElfW(Ehdr);
using Section = ElfW(Shdr);
using Symbol = ElfW(Sym);

// More than any program's: a limit on what a damaged file can make us allocate.
constexpr std::uint64_t kMaxTableBytes = 256 * 1024 * 1024;

template <class T>
std::vector<T> read_table(std::ifstream& file, std::uint64_t offset, std::uint64_t count) {
    if (count > kMaxTableBytes / sizeof(T)) return {};
    std::vector<T> out(static_cast<std::size_t>(count));
    file.seekg(static_cast<std::streamoff>(offset));
    file.read(reinterpret_cast<char*>(out.data()), static_cast<std::streamsize>(out.size() * sizeof(T)));
    if (!file) return {};
    return out;
}

}  // namespace

ElfSymbols ElfSymbols::read(const std::string& path) {
    ElfSymbols out;
    std::ifstream file(path, std::ios::binary);
    const auto headers = read_table<Header>(file, 0, 1);
    if (headers.empty() || std::memcmp(headers[0].e_ident, ELFMAG, SELFMAG) != 0 ||
        headers[0].e_ident[EI_CLASS] != (sizeof(void*) == 8 ? ELFCLASS64 : ELFCLASS32) ||
        headers[0].e_shentsize != sizeof(Section))
        return out;
    const auto sections = read_table<Section>(file, headers[0].e_shoff, headers[0].e_shnum);
    const auto table =
        std::ranges::find_if(sections, [](const Section& section) { return section.sh_type == SHT_SYMTAB; });
    if (table == sections.end() || table->sh_link >= sections.size()) return out;
    const auto symbols = read_table<Symbol>(file, table->sh_offset, table->sh_size / sizeof(Symbol));
    const Section& names = sections[table->sh_link];
    out.names_ = read_table<char>(file, names.sh_offset, names.sh_size);
    if (out.names_.empty()) return out;
    out.names_.back() = '\0';
    for (const Symbol& symbol : symbols)
        if (ELF64_ST_TYPE(symbol.st_info) == STT_FUNC && symbol.st_shndx != SHN_UNDEF &&
            symbol.st_name < out.names_.size())
            out.functions_.push_back({symbol.st_value, symbol.st_size, symbol.st_name});
    std::ranges::sort(out.functions_, {}, &Function::begin);
    return out;
}

std::string ElfSymbols::find(std::uint64_t address) const {
    const auto after = std::ranges::upper_bound(functions_, address, {}, &Function::begin);
    if (after == functions_.begin()) return {};
    const Function& function = *std::prev(after);
    return address < function.begin + std::max<std::uint64_t>(function.size, 1) ? &names_[function.name] : "";
}

}  // namespace squall::runtime
