#!/usr/bin/env python3
"""Kills a server while it records, at random moments: the file must open in our reader, and in tshark where that is installed, up to the
last flush.

usage: kill_recorder.py LOADGEN SCENARIO COUNT [SEED]"""
import json
import os
import pathlib
import random
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import time


def children_of(pid):
    path = pathlib.Path(f"/proc/{pid}/task/{pid}/children")
    return [int(child) for child in path.read_text().split()] if path.exists() else []


def whole_blocks(data):
    """(bytes of whole blocks, packets, time of the last packet in ns)"""
    at = packets = last = 0
    while at + 12 <= len(data):
        kind, size = struct.unpack_from("<II", data, at)
        if at + size > len(data):
            break
        if struct.unpack_from("<I", data, at + size - 4)[0] != size:
            sys.exit(f"the block at {at} does not end as it begins")
        if kind == 6:
            packets += 1
            high, low = struct.unpack_from("<II", data, at + 12)
            last = max(last, (high << 32) | low)
        at += size
    return at, packets, last


def kill_once(loadgen, scenario, path, after):
    """When the server was killed."""
    run = subprocess.Popen([loadgen, "run", scenario, "--duration", "60s", "--quiet", "--record", path], stdout=subprocess.DEVNULL,
                           stderr=subprocess.PIPE, text=True)
    began = time.monotonic()
    while not os.path.exists(path) or not children_of(run.pid):
        if time.monotonic() - began > 30 or run.poll() is not None:
            sys.exit(f"the run did not begin to record: {run.communicate()[1]}")
        time.sleep(0.01)
    time.sleep(after)
    for child in children_of(run.pid):
        os.kill(child, signal.SIGKILL)
    killed = time.time()
    # 2: it had not told yet that it listens.
    if run.wait(timeout=60) not in (97, 2):
        sys.exit(f"a run whose server is killed ends with exit code 97, not {run.returncode}")
    return killed


def check(loadgen, path, killed, after):
    data = pathlib.Path(path).read_bytes()
    whole, packets, last = whole_blocks(data)
    inspected = subprocess.run([loadgen, "inspect", path, "--json", "-"], capture_output=True, text=True, check=False)
    if inspected.returncode != 0:
        sys.exit(f"inspect refuses what a kill after {after:.3f} s left: {inspected.stderr}")
    if ("cut at byte" in inspected.stderr) != (whole < len(data)):
        sys.exit(f"{len(data) - whole} bytes are behind the last whole block, and inspect says: {inspected.stderr}")
    json.loads(inspected.stdout)
    if shutil.which("tshark"):
        listed = subprocess.run(["tshark", "-r", path, "-T", "fields", "-e", "frame.number"], capture_output=True, text=True, check=False)
        if listed.returncode not in (0, 2) or len(listed.stdout.split()) != packets:
            sys.exit(f"tshark lists {len(listed.stdout.split())} of {packets} packets (exit code {listed.returncode}): {listed.stderr}")
    # What a kill costs, for the report: how long a flush was ago is up to the machine.
    return packets, killed - last / 1e9 if packets else 0.0


def main():
    loadgen, scenario, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
    seed = int(sys.argv[4]) if len(sys.argv) > 4 else 1
    draw = random.Random(seed)
    packets, longest = 0, 0.0
    for number in range(count):
        with tempfile.TemporaryDirectory() as base:
            path = os.path.join(base, "run.pcapng")
            after = draw.uniform(0, 2.5)
            found, lost = check(loadgen, path, kill_once(loadgen, scenario, path, after), after)
            packets, longest = packets + found, max(longest, lost)
    if packets == 0:
        sys.exit(f"{count} recordings, and nothing in any of them")
    print(f"{count} kills (seed {seed}): {packets} packets, all readable up to the last flush, which was {longest:.3f} s before the kill at most")


if __name__ == "__main__":
    main()
