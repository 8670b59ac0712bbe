#!/usr/bin/env python3
"""Holds the rules of the house (rules.py) over every file of the repository. Prints what it finds; exit code 1 if anything.

usage: tidy.py [--root FOLDER] [--list]
"""

import argparse
import pathlib
import subprocess
import sys

import rules
from source import Source


def repository_files(root):
    """Paths of all files that are tracked or could be: from git, or from the folder where there is no git."""
    try:
        listed = subprocess.run(
            ["git", "-C", root, "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
            check=True, capture_output=True, text=True,
        ).stdout.split("\0")
    except (OSError, subprocess.CalledProcessError):
        listed = [str(p.relative_to(root)) for p in root.rglob("*") if p.is_file() and p.relative_to(root).parts[0] != "build"]
    return sorted({path for path in listed if path and (root / path).is_file()})


def read(root, path):
    """The file as a source; None if it is not text."""
    try:
        return Source(path, (root / path).read_text(encoding="utf-8"))
    except UnicodeDecodeError:
        return None


def stale_exceptions(paths):
    """Exceptions for files that are gone."""
    for rule, where in rules.EXCEPTIONS:
        if not where.endswith("/") and where not in paths:
            yield where, 1, rule, "is excepted in tests/tidy/rules.py, but does not exist: remove the exception"


def main():
    parser = argparse.ArgumentParser(description="Holds the rules of the house over every file of the repository.")
    parser.add_argument("--root", type=pathlib.Path, default=pathlib.Path(__file__).resolve().parents[2])
    parser.add_argument("--list", action="store_true", help="name the rules and the exceptions")
    arguments = parser.parse_args()
    if arguments.list:
        print("rules:", ", ".join([*rules.RULES, "top level", "links", "quoted examples", "tests named"]))
        for (rule, path), reason in rules.EXCEPTIONS.items():
            print(f"exception: {rule} in {path}: {reason}")
        return 0

    paths = repository_files(arguments.root)
    if not paths:
        sys.exit(f"{arguments.root} holds no files")
    found = [*rules.top_level(paths), *stale_exceptions(paths)]
    # The samples break every rule on purpose.
    sources = [read(arguments.root, path) for path in paths if path != "tests/tidy/samples.py"]
    sources = [source for source in sources if source is not None]
    for source in sources:
        found.extend(rules.findings(source))
    found.extend(rules.document_findings(sources, paths))
    for path, line, rule, message in found:
        print(f"{path}:{line}: {rule}: {message}")
    print(f"{len(sources)} files, {len(rules.RULES) + 4} rules, {len(found)} findings")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
