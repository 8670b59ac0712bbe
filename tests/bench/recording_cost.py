#!/usr/bin/env python3
"""What recording costs an arena server under load: one server, one run, recording off and on in turn, processor time of its threads.

usage: recording_cost.py LOADGEN [CLIENTS] [WINDOWS]

The tick's thread may use 5 % more while it records, the whole process 15 % more. Ends with 1 if either is exceeded."""
import os
import pathlib
import secrets
import statistics
import subprocess
import sys
import tempfile
import time

SCENARIO = """version = 1
name = "recording-cost"
seed = 3
duration = "{seconds}s"
[target]
address = "{address}"
key_file = "{key}"
[[groups]]
name = "players"
executor = "constant-vus"
vus = {clients}
"""
WARM_UP, WINDOW = 8, 2.0


def cpu_of(pid):
    """Nanoseconds on a core of the first thread, and of all."""
    times = {}
    for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
        times[int(task.name)] = int((task / "schedstat").read_text().split()[0])
    return times[pid], sum(times.values())


def order(server, text):
    server.stdin.write(text + "\n")
    server.stdin.flush()


def main():
    loadgen = sys.argv[1]
    clients = int(sys.argv[2]) if len(sys.argv) > 2 else 500
    windows = int(sys.argv[3]) if len(sys.argv) > 3 else 12
    with tempfile.TemporaryDirectory() as base:
        key = secrets.token_hex(32)
        key_file, scenario, recording = (os.path.join(base, name) for name in ("key", "load.toml", "run.pcapng"))
        pathlib.Path(key_file).write_text(key + "\n", encoding="ascii")
        server = subprocess.Popen(
            [loadgen, "serve-arena", "--key-stdin", "--record", recording, "--expected-players", str(clients), "--max-clients",
             str(clients + clients // 8 + 16)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        order(server, key)
        address = server.stdout.readline().split()[1]
        seconds = WARM_UP + int(windows * (WINDOW + 0.2)) + 4
        pathlib.Path(scenario).write_text(SCENARIO.format(seconds=seconds, address=address, key=key_file, clients=clients), encoding="ascii")
        load = subprocess.Popen([loadgen, "run", scenario, "--quiet"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(WARM_UP)
        used = {"off": [], "on": []}
        for number in range(windows):
            how = "off" if number % 2 == 0 else "on"
            order(server, "record " + how)
            time.sleep(0.2)  # what is left in the ring goes to the file
            before, began = cpu_of(server.pid), time.monotonic()
            time.sleep(WINDOW)
            after, ended = cpu_of(server.pid), time.monotonic()
            used[how].append([(b - a) / (ended - began) / 1e7 for a, b in zip(before, after)])
        order(server, "stop")
        _, said = server.communicate(timeout=30)
        load.wait(timeout=60)
        tick = {how: statistics.median(row[0] for row in rows) for how, rows in used.items()}
        total = {how: statistics.median(row[1] for row in rows) for how, rows in used.items()}
    print(f"| {clients} clients | off | on | more |\n|---|---|---|---|")
    failed = False
    for name, values, most in (("tick's thread", tick, 5), ("whole server", total, 15)):
        more = 100 * (values["on"] / values["off"] - 1)
        failed = failed or more > most
        print(f"| {name}, % of a core | {values['off']:.2f} | {values['on']:.2f} | {more:+.1f} % (at most {most} %) |")
    print(said.strip().splitlines()[-1] if said.strip() else "")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
