#!/usr/bin/env python3
"""What a described struct costs the compiler: processor seconds a struct of eight members, headers not counted.

Compiles a file with the headers only, then files with 100 such structs that use the table, the bit codec and the delta. Prints a
table. The bar is 0.1 s a struct.

usage: compile_time.py [--structs N] [--compilers g++,clang++-19] [--flags=-O1]
"""

import argparse
import pathlib
import resource
import shutil
import subprocess
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[3]
TYPES = ["float", "std::int32_t", "bool", "std::uint64_t", "std::string", "std::optional<std::uint16_t>", "Vec3", "std::vector<Vec3>"]
HEAD = """#include "squall/wire/delta.hpp"
#include "squall/wire/schema.hpp"
struct Vec3 { float x = 0, y = 0, z = 0; };
"""
USES = {
    "table and schema": "const auto& t{n} = squall::wire::describe<S{n}>(); const void* use{n}() {{ return &t{n}; }}",
    "bits: write, read, measure": """
void w{n}(squall::wire::BitWriter& w, const S{n}& s) {{ squall::wire::write(w, s); }}
void r{n}(squall::wire::BitReader& r, S{n}& s) {{ squall::wire::read(r, s); }}
std::size_t m{n}(const S{n}& s) {{ return squall::wire::measure(s); }}""",
    "delta: write, read": """
void dw{n}(squall::wire::BitWriter& w, const S{n}& a, const S{n}& b) {{ squall::wire::write_delta(w, a, b); }}
void dr{n}(squall::wire::BitReader& r, S{n}& s) {{ squall::wire::read_delta(r, s); }}""",
}


def source(count, uses):
    """`count` structs, each with an annotation and the uses."""
    text = [HEAD]
    for n in range(count):
        members = " ".join(f"{kind} field_{n}_{i}{{}};" for i, kind in enumerate(TYPES))
        text.append(f"struct S{n} {{ {members} }};")
        text.append(f"template <> inline constexpr auto squall::wire::field<&S{n}::field_{n}_1> = range(0, {n + 1});")
        text.extend(use.format(n=n) for use in uses)
    return "\n".join(text) + "\n"


def seconds(compiler, flags, text, folder):
    """User and system time of one compilation."""
    path = pathlib.Path(folder) / "structs.cpp"
    path.write_text(text, encoding="ascii")
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(
        [compiler, "-std=c++23", *flags.split(), "-I", ROOT / "lib/include", "-c", path, "-o", path.with_suffix(".o")], check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main():
    parser = argparse.ArgumentParser(description="Measures what a described struct costs the compiler.")
    parser.add_argument("--structs", type=int, default=100)
    parser.add_argument("--compilers", default="g++,clang++-19")
    parser.add_argument("--flags", default="-O1")
    arguments = parser.parse_args()
    print("| compiler | headers, s | " + " | ".join(f"+ {use}, s a struct" for use in USES) + " | all, s a struct |")
    print("|---|--:|" + "--:|" * (len(USES) + 1))
    with tempfile.TemporaryDirectory() as folder:
        for compiler in arguments.compilers.split(","):
            if not shutil.which(compiler):
                print(f"| {compiler} is not installed |")
                continue
            headers = last = seconds(compiler, arguments.flags, HEAD, folder)
            cells = []
            for used in range(1, len(USES) + 1):
                time = seconds(compiler, arguments.flags, source(arguments.structs, list(USES.values())[:used]), folder)
                cells.append(f"{(time - last) / arguments.structs:.3f}")
                last = time
            print(f"| {compiler} {arguments.flags} | {headers:.1f} | {' | '.join(cells)} | {(last - headers) / arguments.structs:.3f} |")


if __name__ == "__main__":
    main()
