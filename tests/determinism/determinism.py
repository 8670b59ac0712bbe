#!/usr/bin/env python3
"""Same seed, same bytes: a virtual run of the load generator is repeated, compared with another compiler's, and with a stored hash.

usage: determinism.py repeat  LOADGEN SCENARIO              two runs of one program: equal output, equal trace hash; another
                                                            seed: another hash
       determinism.py same-as LOADGEN SCENARIO OTHER        two programs (built by two compilers): equal trace hash
       determinism.py recording LOADGEN SCENARIO [OTHER]      two recordings (by two programs) are equal to the byte, and recording
                                                            changes nothing of the run
       determinism.py stored  LOADGEN SCENARIO              the hash in hashes.txt beside this file; with SQUALL_UPDATE_HASHES=1
                                                            in the environment it is stored instead of compared

A change of behaviour changes the hashes. If it is meant, store the new ones: ./dev test --update-hashes, and say why in the commit.
"""

import argparse
import difflib
import os
import pathlib
import re
import subprocess
import sys
import tempfile

SEED = 7
DURATION = "5s"
SKIPPED = 77  # ctest reports it as skipped
HASHES = pathlib.Path(__file__).resolve().with_name("hashes.txt")


def run(loadgen, scenario, seed, folder, *options):
    """The output of one virtual run in a folder of its own, without what depends on the real clock."""
    command = [str(loadgen), "run", str(scenario), "--virtual", "--seed", str(seed), "--duration", DURATION, *options]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False)
    if done.returncode != 0:
        sys.exit(f"{' '.join(command)}\nended with exit code {done.returncode}\n{done.stdout[-4000:]}{done.stderr[-4000:]}")
    return done.stdout


def hash_of(output):
    lines = output.strip().splitlines()
    match = re.fullmatch(r"trace hash: ([0-9a-f]{16})", lines[-1] if lines else "")
    if not match:
        sys.exit(f"the last line is not 'trace hash: <16 hexadecimal digits>' but: {lines[-1] if lines else 'nothing'}")
    return match.group(1)


def files_of(folder):
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def repeat(loadgen, scenario):
    with tempfile.TemporaryDirectory() as base:
        folders = [pathlib.Path(base, name) for name in ("first", "second", "other")]
        for folder in folders:
            folder.mkdir()
        first = run(loadgen, scenario, SEED, folders[0])
        second = run(loadgen, scenario, SEED, folders[1])
        if first != second:
            difference = "\n".join(difflib.unified_diff(first.splitlines(), second.splitlines(), "first run", "second run", lineterm=""))
            sys.exit(f"two virtual runs with seed {SEED} print different lines:\n{difference}")
        if files_of(folders[0]) != files_of(folders[1]):
            names = [n for n, content in files_of(folders[0]).items() if files_of(folders[1]).get(n) != content]
            sys.exit(f"two virtual runs with seed {SEED} write different files: {', '.join(names) or 'a file is missing'}")
        if hash_of(run(loadgen, scenario, SEED + 1, folders[2])) == hash_of(first):
            sys.exit(f"seeds {SEED} and {SEED + 1} give the same trace hash: the seed is not used, or the hash sees nothing")
    print(f"trace hash {hash_of(first)} twice, and another one with another seed")


def same_as(loadgen, scenario, other):
    with tempfile.TemporaryDirectory() as base:
        hashes = {program: hash_of(run(program, scenario, SEED, base)) for program in (loadgen, other)}
    for program, value in hashes.items():
        print(f"{value}  {program}")
    if hashes[loadgen] != hashes[other]:
        sys.exit(f"the two programs did different things in virtual time, with the same seed {SEED}")


def recording(loadgen, scenario, other):
    with tempfile.TemporaryDirectory() as base:
        plain = hash_of(run(loadgen, scenario, SEED, base))
        files, hashes = [], []
        for number, program in enumerate((loadgen, other or loadgen)):
            hashes.append(hash_of(run(program, scenario, SEED, base, "--record", f"{number}.pcapng")))
            files.append(pathlib.Path(base, f"{number}.pcapng").read_bytes())
    if hashes != [plain, plain]:
        sys.exit(f"the trace hash is {plain} without a recording and {hashes} with one")
    if files[0] != files[1]:
        place = next((i for i, (a, b) in enumerate(zip(*files)) if a != b), min(len(files[0]), len(files[1])))
        sys.exit(f"two recordings of seed {SEED} differ at byte {place} of {len(files[0])} and {len(files[1])}")
    if len(files[0]) < 100_000:
        sys.exit(f"a recording of {len(files[0])} bytes cannot be all that happened")
    print(f"two recordings of {len(files[0])} bytes are equal")


def stored(loadgen, scenario):
    name = f"{scenario.stem} --seed {SEED} --duration {DURATION}"
    with tempfile.TemporaryDirectory() as base:
        value = hash_of(run(loadgen, scenario, SEED, base))
    table = {}
    if HASHES.exists():
        for line in HASHES.read_text(encoding="utf-8").splitlines():
            if line and not line.startswith("#"):
                key, _, old = line.rpartition(": ")
                table[key] = old
    if os.environ.get("SQUALL_UPDATE_HASHES"):
        table[name] = value
        lines = ["# Trace hashes of virtual runs. Written by `./dev test --update-hashes`; tests/determinism/determinism.py compares."]
        HASHES.write_text("\n".join(lines + [f"{key}: {table[key]}" for key in sorted(table)]) + "\n", encoding="utf-8")
        print(f"stored {value} for {name}")
        return
    if name not in table:
        print(f"{name}: {value}; no hash is stored yet: ./dev test --update-hashes")
        sys.exit(SKIPPED)
    if table[name] != value:
        sys.exit(
            f"{name}: trace hash {value}, stored is {table[name]}.\n"
            "Squall behaves differently than when the hash was stored. If that is meant: ./dev test --update-hashes, and say why in the commit."
        )
    print(f"{name}: {value}, as stored")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("check", choices=["repeat", "same-as", "recording", "stored"])
    path = lambda text: pathlib.Path(text).resolve()  # runs happen in folders of their own
    parser.add_argument("loadgen", type=path)
    parser.add_argument("scenario", type=path)
    parser.add_argument("other", type=path, nargs="?")
    arguments = parser.parse_args()
    if arguments.check == "repeat":
        repeat(arguments.loadgen, arguments.scenario)
    elif arguments.check == "same-as":
        if not arguments.other:
            parser.error("same-as needs a second program")
        same_as(arguments.loadgen, arguments.scenario, arguments.other)
    elif arguments.check == "recording":
        recording(arguments.loadgen, arguments.scenario, arguments.other)
    else:
        stored(arguments.loadgen, arguments.scenario)


if __name__ == "__main__":
    main()
