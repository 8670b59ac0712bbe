#!/usr/bin/env python3
"""Writes the modules core and wire as one header: declarations for whoever includes it, and behind SQUALL_IMPLEMENTATION, which one
source file defines before including it, all of their implementation. Needs fmt, zstd and nlohmann-json where that file is compiled.

    python3 lib/amalgamate.py build/squall_single.hpp
"""
import argparse
import collections
import pathlib
import re
import sys

MODULES = ["core", "wire"]
LIB = pathlib.Path(__file__).resolve().parent
INCLUDE = re.compile(r'^#include "([^"]+)"\n', re.M)
# What a source file declares for itself in an anonymous namespace, at the start of a line.
DECLARED = [
    re.compile(r"^(?:struct|class|enum class|enum) (\w+)", re.M),
    re.compile(r"^(?:constexpr|const|inline|static)\b[^=;(\n]*?\b(\w+)(?:\[\])?\s*(?:=|\{|;)", re.M),
    re.compile(r"^(?:using) (\w+) =", re.M),
    re.compile(r"^(?:\[\[nodiscard\]\] )?[A-Za-z_][\w:<>,&* ]*?[ &*](\w+)\(", re.M),
]


def text_of(path):
    return path.read_text(encoding="utf-8").replace("#pragma once\n", "")


def find(name):
    for root in (LIB / "include", LIB / "src"):
        if (root / name).exists():
            return root / name
    sys.exit(f"amalgamate: nobody has {name}")


def inline(path, seen, out, public_only):
    """Appends a file with all that it includes before it, each once. A header of another module is an error."""
    if path in seen:
        return
    seen.add(path)
    name = path.relative_to(LIB).as_posix()
    text = text_of(path)
    for included in INCLUDE.findall(text):
        target = find(included)
        module = target.relative_to(LIB).parts[2 if target.is_relative_to(LIB / "include") else 1]
        if module not in MODULES:
            sys.exit(f"amalgamate: {name} includes {included}, which is of none of the modules {', '.join(MODULES)}")
        if public_only and not target.is_relative_to(LIB / "include"):
            sys.exit(f"amalgamate: {name}, which is public, includes {included}, which is not")
        inline(target, seen, out, public_only)
    out.append((name, INCLUDE.sub("", text)))


def anonymous_parts(text):
    """The insides of the anonymous namespaces that stand at the start of a line."""
    for match in re.finditer(r"^namespace \{\n(.*?)^\}  // namespace\n", text, re.M | re.S):
        yield match.group(1)


def private_names(text):
    names = set()
    for part in anonymous_parts(text):
        for pattern in DECLARED:
            names.update(pattern.findall(part))
    return names - {"operator", "return", "if", "for", "while", "switch", "sizeof", "static_assert"}


def make_private(sources):
    """Source files that become one may not use one name for two things: where several do, each gets its own."""
    owners = collections.Counter(name for _, text in sources for name in private_names(text))
    for number, (name, text) in enumerate(sources):
        for each in sorted(private_names(text)):
            if owners[each] > 1:
                text = re.sub(rf"\b{each}\b", f"{each}_{number}", text)
        yield name, text


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("output", type=pathlib.Path)
    output = parser.parse_args().output

    seen, headers, private, sources = set(), [], [], []
    for module in MODULES:
        for path in sorted((LIB / "include/squall" / module).glob("*.hpp")):
            inline(path, seen, headers, True)
    for module in MODULES:
        for path in sorted((LIB / "src" / module).rglob("*.cpp")):
            body = []
            inline(path, seen, body, False)
            private += body[:-1]
            sources.append(body[-1])

    out = [
        "// Squall's modules " + " and ".join(MODULES) + " as one header, made by lib/amalgamate.py: do not edit.\n"
        "// Include it anywhere; in exactly one source file define SQUALL_IMPLEMENTATION before. C++23; that one file needs\n"
        "// fmt, zstd and nlohmann-json, and the program is linked with the first two.\n//\n",
        "".join(f"// {line}".rstrip() + "\n" for line in (LIB.parent / "LICENSE").read_text(encoding="utf-8").splitlines()),
        "#pragma once\n",
    ]
    for name, text in headers:
        out.append(f"\n// --- {name}\n{text}")
    out.append("\n#ifdef SQUALL_IMPLEMENTATION\n")
    for name, text in [*private, *make_private(sources)]:
        out.append(f"\n// --- {name}\n{text}")
    out.append("\n#endif  // SQUALL_IMPLEMENTATION\n")
    output.parent.mkdir(parents=True, exist_ok=True)
    output.write_text("".join(out), encoding="utf-8")
    print(f"{output}: {sum(text.count(chr(10)) for text in out)} lines from {len(headers) + len(private) + len(sources)} files")


if __name__ == "__main__":
    main()
