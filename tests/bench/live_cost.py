#!/usr/bin/env python3
"""What a viewer costs the server: `live_cost.py BUILD_DIRECTORY [CLIENTS [PAIRS]]`.

One arena server with --live, CLIENTS players on it (default 200), and a viewer that comes for five seconds and goes for five,
PAIRS times (default 6). Compared is the server's processor time, both halves of a pair side by side in one run. Exit code 1 if
the median of the pairs is more than LIMIT percent.
"""

import os
import pathlib
import re
import signal
import statistics
import subprocess
import sys
import tempfile
import time

program = pathlib.Path(sys.argv[1]) / "bin/squall-loadgen"
clients = int(sys.argv[2]) if len(sys.argv) > 2 else 200
pairs = int(sys.argv[3]) if len(sys.argv) > 3 else 6
half = 5.0
LIMIT = 3.0


def cpu_ns(process):
    """Processor time of all threads, to the nanosecond."""
    total = 0
    for task in pathlib.Path(f"/proc/{process}/task").iterdir():
        total += int((task / "schedstat").read_text().split()[0])
    return total


with tempfile.TemporaryDirectory() as folder:
    os.environ["XDG_RUNTIME_DIR"] = folder
    scenario = pathlib.Path(folder) / "scenario.toml"
    scenario.write_text(
        f'version = 1\nduration = "{int(2 * half * pairs + 10)}s"\n[[groups]]\nname = "players"\n'
        f'executor = "constant-vus"\nvus = {clients}\n'
    )
    run = subprocess.Popen([program, "run", scenario, "--live", "--quiet"], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    for line in run.stderr:
        if line.startswith("live: "):
            break
    time.sleep(5)
    names = (path.read_text() for path in pathlib.Path(folder, "squall").glob("*.json"))
    server = next(int(re.search(r'"pid":(\d+)', text).group(1)) for text in names if "arena server" in text)
    rows = []
    for number in range(pairs):
        spent = {}
        for watched in (number % 2 == 0, number % 2 != 0):
            viewer = None
            if watched:
                viewer = subprocess.Popen([program, "watch", str(server)], stdout=subprocess.DEVNULL)
                time.sleep(0.5)
            before, begin = cpu_ns(server), time.monotonic()
            time.sleep(half)
            spent[watched] = (cpu_ns(server) - before) / (time.monotonic() - begin) / 1e7
            if viewer is not None:
                viewer.send_signal(signal.SIGINT)
                viewer.wait()
        rows.append(spent)
        print(f"pair {number + 1}: {spent[False]:.2f} % of a core without, {spent[True]:.2f} % with a viewer", flush=True)
    run.send_signal(signal.SIGINT)
    run.wait()
without = statistics.median(row[False] for row in rows)
more = statistics.median(row[True] - row[False] for row in rows)
print(f"{clients} clients: {without:.2f} % of a core without a viewer, {more:+.2f} with one: {100 * more / without:+.1f} %")
if 100 * more / without > LIMIT:
    sys.exit(f"live_cost: a viewer costs {100 * more / without:.1f} % more, {LIMIT} at most")
