#!/usr/bin/env python3
"""Opens recordings with tshark and our dissector, and compares what it counts with `squall-loadgen inspect`.

usage: tshark_check.py DISSECTOR GOLDEN LOADGEN SCENARIO

tshark must read everything without an error of the dissector; `-z io,stat` on a slice of 100,000 records must end within 10 s of processor
time, and agree with inspect to the byte. Skipped where tshark is not installed."""
import json
import pathlib
import re
import resource
import shutil
import subprocess
import sys
import tempfile

SKIPPED = 77
IP_AND_UDP = 28  # bytes, of IPv4


def run(*command):
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f"{' '.join(map(str, command))}\nended with exit code {done.returncode}\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
    return done.stdout


def lines_of(text):
    return [line for line in text.splitlines() if line.strip()]


def io_stat(tshark, path, condition):
    """Frames and bytes that match."""
    row = re.search(r"\|\s*[\d.]+ <> \S+\s*\|\s*(\d+)\s*\|\s*(\d+)\s*\|", run(*tshark, "-r", path, "-q", "-z", f"io,stat,0,{condition}"))
    if not row:
        sys.exit(f"tshark counted nothing of {condition}")
    return int(row.group(1)), int(row.group(2))


def check_golden(tshark, golden):
    listed = lines_of(run(*tshark, "-r", golden))
    for wanted in ("Payload seq=4660 messages=1", "(not opened)", "Mark: lag here", "Tick 1000", "Profile frame: Hello",
                   "packet 17 acknowledged after 25000 us", "sent channel 3 message 5, 5 bytes, remote 12, connection 3"):
        if not any(wanted in line for line in listed):
            sys.exit(f"tshark does not list '{wanted}' of the golden recording:\n" + "\n".join(listed))
    fields = run(*tshark, "-r", golden, "-Y", "squall.message == 5", "-T", "fields", "-e", "squall.channel", "-e", "squall.data")
    if lines_of(fields) != ["3\t616263"] * 2:
        sys.exit(f"the message of the golden recording reads as {lines_of(fields)}")


def check_whole(tshark, path, inspected):
    for broken in ("_ws.lua.error", "squall.malformed", "udp && !squall"):
        found = lines_of(run(*tshark, "-r", path, "-Y", broken, "-c", "20000"))
        if found:
            sys.exit(f"tshark finds {broken}:\n" + "\n".join(found[:5]))
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    frames, size = io_stat(tshark, path, 'frame.interface_name=="wire"')
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    seconds = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    datagrams = inspected["received"]["datagrams"] + inspected["sent"]["datagrams"]
    wanted = inspected["received"]["bytes"] + inspected["sent"]["bytes"]
    if (frames, size - IP_AND_UDP * frames) != (datagrams, wanted):
        sys.exit(f"tshark counts {frames} datagrams of {size - IP_AND_UDP * frames} bytes, inspect {datagrams} of {wanted}")
    if seconds > 10:
        sys.exit(f"tshark took {seconds:.1f} s of processor time")
    print(f"{frames} datagrams, {wanted} bytes: the same for tshark ({seconds:.1f} s) and inspect")


def main():
    dissector, golden, loadgen, scenario = sys.argv[1:5]
    if not shutil.which("tshark") or not shutil.which("editcap"):
        print("tshark is not installed")
        sys.exit(SKIPPED)
    tshark = ["tshark", "-X", f"lua_script:{dissector}"]
    check_golden(tshark, golden)
    with tempfile.TemporaryDirectory() as base:
        whole, part = pathlib.Path(base, "run.pcapng"), pathlib.Path(base, "slice.pcapng")
        run(loadgen, "run", scenario, "--virtual", "--duration", "40s", "--quiet", "--record", whole)
        run("editcap", "-r", whole, part, "1-100000")
        inspected = json.loads(run(loadgen, "inspect", part, "--json", "-"))
        check_whole(tshark, part, inspected)
        # The whole one without a slice, and compressed.
        subprocess.run(["gzip", str(whole)], check=True)
        for path in (part, f"{whole}.gz"):
            run("capinfos", "-c", path)
        json.loads(run(loadgen, "inspect", f"{whole}.gz", "--json", "-"))


if __name__ == "__main__":
    main()
