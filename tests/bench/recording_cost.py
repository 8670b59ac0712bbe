#!/usr/bin/env python3
"""What recording costs an arena server under load: one server, one run, recording off and on in turn, processor time of its threads.

usage: recording_cost.py LOADGEN [CLIENTS] [PAIRS]

Each half second with recording is compared with the one without beside it (which of them is first changes from pair to pair); what
counts is the median of all pairs. A machine whose speed changes from second to second needs many: the middle half of them is shown. The tick's thread may use 5 % more while it records, the whole process 15 % more. Ends with 1 if
either is exceeded."""
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
WARM_UP, WINDOW, BETWEEN = 8, 0.5, 0.1


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
    pairs = int(sys.argv[3]) if len(sys.argv) > 3 else 60
    with tempfile.TemporaryDirectory() as base:
        key = secrets.token_hex(32)
        key_file, scenario, recording = (os.path.join(base, name) for name in ("key", "load.toml", "run.pcapng"))
        pathlib.Path(key_file).write_text(key + "\n", encoding="ascii")
        server = subprocess.Popen(
            [loadgen, "serve-arena", "--key-stdin", "--record", recording, "--expected-players", str(clients), "--max-clients",
             str(clients + clients // 8 + 16)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        order(server, key)
        address = server.stdout.readline().split()[1]
        seconds = WARM_UP + int(2 * pairs * (WINDOW + BETWEEN)) + 4
        pathlib.Path(scenario).write_text(SCENARIO.format(seconds=seconds, address=address, key=key_file, clients=clients), encoding="ascii")
        load = subprocess.Popen([loadgen, "run", scenario, "--quiet"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(WARM_UP)
        used = {"off": [], "on": []}
        for number in range(2 * pairs):
            how = "off" if number % 4 in (0, 3) else "on"
            order(server, "record " + how)
            time.sleep(BETWEEN)  # what is left in the ring goes to the file
            before, began = cpu_of(server.pid), time.monotonic()
            time.sleep(WINDOW)
            after, ended = cpu_of(server.pid), time.monotonic()
            used[how].append([(b - a) / (ended - began) / 1e7 for a, b in zip(before, after)])
        order(server, "stop")
        _, said = server.communicate(timeout=30)
        load.wait(timeout=60)
    print(f"| {clients} clients, {pairs} pairs | off | on | more, median of the pairs (their middle half) |\n|---|---|---|---|")
    failed = False
    for place, (name, most) in enumerate((("tick's thread", 5), ("whole server", 15))):
        off, on = ([row[place] for row in used[how]] for how in ("off", "on"))
        more = sorted(100 * (with_it / without - 1) for without, with_it in zip(off, on))
        failed = failed or statistics.median(more) > most
        print(f"| {name}, % of a core | {statistics.median(off):.2f} | {statistics.median(on):.2f} | {statistics.median(more):+.1f} % "
              f"({more[pairs // 4]:+.1f} to {more[3 * pairs // 4]:+.1f}; at most {most} %) |")
    print(said.strip().splitlines()[-1] if said.strip() else "")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
