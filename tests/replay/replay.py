"""Recordings of whole runs, replayed: the same server again, one changed byte found, the clients against a fresh one.

usage: replay.py PROGRAM SCENARIO CASE

Runs the program as a user does. Reads recordings only to damage them: pcapng's blocks, nothing of ours.
"""

import json
import os
import pathlib
import re
import signal
import struct
import subprocess
import sys
import tempfile
import time

PROGRAM, SCENARIO, CASE = os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2]), sys.argv[3]
OUTBOUND = 2


def run(*arguments, expect=0, text=""):
    """The program's output; ends the test if its exit code is another than expected."""
    done = subprocess.run([PROGRAM, *map(str, arguments)], input=text, capture_output=True, text=True, timeout=300, check=False)
    if done.returncode != expect:
        sys.exit(f"{' '.join(map(str, arguments))}: exit code {done.returncode}, expected {expect}\n{done.stdout}{done.stderr}")
    return done.stdout + done.stderr


def need(text, pattern):
    """The match of a pattern that must be in a text."""
    found = re.search(pattern, text)
    if not found:
        sys.exit(f"no '{pattern}' in:\n{text}")
    return found


def packets(data):
    """Offset and size of the data of each packet block of the first interface that has one, with its direction."""
    at = 0
    while at < len(data):
        kind, size = struct.unpack_from("<II", data, at)
        if kind == 6:
            interface, _, _, captured = struct.unpack_from("<IIII", data, at + 8)
            option, direction = at + 28 + (captured + 3) // 4 * 4, 0
            while option + 4 <= at + size - 4:
                code, length = struct.unpack_from("<HH", data, option)
                if code == 2 and length == 4:
                    direction = struct.unpack_from("<I", data, option + 4)[0] & 3
                if code == 0:
                    break
                option += 4 + (length + 3) // 4 * 4
            yield interface, at + 28, captured, direction
        at += size


def sent_payloads(data):
    """The last byte of each datagram that the server sent with a payload: IPv4 and UDP headers of 28 bytes before it."""
    for interface, begin, size, direction in packets(data):
        if interface == 0 and direction == OUTBOUND and size > 60 and data[begin + 28] & 15 == 5:
            yield begin + size - 1


def record(folder, *options):
    """A recording of a run of the scenario."""
    path = folder / "run.pcapng"
    run("run", SCENARIO, "--quiet", "--record", path, *options)
    return path


def identical(folder, *options):
    """A run is the same again, to its end."""
    path = record(folder, *options)
    summary = run("inspect", path)
    need(summary, r"the recording's end says \d+ bytes received and \d+ sent: the same\n  the server's own figures say \d+ bytes received and \d+ sent: the same\n")
    need(summary, r"network \w+, to the clients: delay 5ms.*loss")
    text = run("replay", path, "--verify")
    found = need(text, r"IDENTICAL(.*) to the end: .*: ([\d,]+) datagrams in, ([\d,]+) out compared .* 0 differences")
    if int(found[3].replace(",", "")) < 500:
        sys.exit(f"too little was compared: {text}")
    need(text, r"[1-9]\d* states")
    if ("--record-keys" in options) != ("to the datagram's byte" in found[1]):
        sys.exit(f"with keys, and only with them, datagrams are compared to the byte: {text}")


def many(folder):
    """500 clients on real sockets, some on bad links: the recorded server again, 0 differences; one flipped byte is pointed at."""
    scenario = folder / "many.toml"
    scenario.write_text(
        'version = 1\nname = "many"\nseed = 5\nduration = "4s"\n[[groups]]\nname = "players"\nexecutor = "constant-vus"\nvus = 500\n'
        'network = "mobile"\n[networks.mobile]\ndelay = "30ms"\njitter = "10ms"\nloss = "2%"\n'
        '[thresholds]\n"generator.send_lateness" = ["p(99)<60s"]\n'
    )
    path = folder / "many.pcapng"
    run("run", scenario, "--quiet", "--record", path)
    text = run("replay", path, "--verify")
    found = need(text, r"IDENTICAL.* to the end: .*: ([\d,]+) datagrams in, ([\d,]+) out compared .* 0 differences")
    if min(int(found[i].replace(",", "")) for i in (1, 2)) < 20_000:
        sys.exit(f"too little was compared: {text}")
    need(run("inspect", path), r"\b500 connections")
    data = bytearray(path.read_bytes())
    places = list(sent_payloads(data))
    data[places[len(places) // 2]] ^= 1
    path.write_bytes(data)
    need(run("replay", path, "--verify", expect=99), r"first difference: at [\d.]+ s, tick \d+, connection \d+\.\d+ .*\n(.*\n)+?  in (message|the)")


def flipped(folder):
    """One changed byte of what was sent is found, and its packet is named."""
    path = record(folder, "--virtual")
    data = bytearray(path.read_bytes())
    places = list(sent_payloads(data))
    for place in (places[0], places[len(places) // 2], places[-1]):
        changed = bytearray(data)
        changed[place] ^= 1
        other = folder / "flipped.pcapng"
        other.write_bytes(changed)
        text = run("replay", other, "--verify", expect=99)
        found = need(text, r"first difference: at [\d.]+ s, tick \d+, connection \d+\.\d+ \(.*\), packet \d+ \(payload\)\n  byte (\d+) of (\d+)")
        if int(found[1]) != int(found[2]) - 1:
            sys.exit(f"the last byte was changed: {text}")
        need(text, r"DIFFERENT after")
        # The byte's place is named, and where it is a message's, the message and its remote.
        need(text, r"\n  in (message \d+ of channel \d+( \('\w+'\))?, byte \d+ of \d+|the (packet's|frame header of) )")
    # A changed input changes what follows; that is found too.
    inputs = [begin + size - 1 for interface, begin, size, direction in packets(data)
              if interface == 0 and direction == 1 and 34 < size < 80 and data[begin + 28] & 15 == 5]
    data[inputs[len(inputs) // 2]] ^= 0xFF
    other.write_bytes(data)
    need(run("replay", other, "--verify", expect=99), r"in message \d+ of channel 0 \('snapshot'\), byte")


def damaged(folder):
    """What cannot be run again is refused with the reason; a cut recording is compared up to the cut."""
    path = record(folder, "--virtual")
    data = path.read_bytes()
    other = folder / "other.pcapng"
    for size in (len(data) // 3, len(data) // 2 + 1, len(data) - 1):
        other.write_bytes(data[:size])
        text = run("replay", other, "--verify")
        need(text, r"note: .*whole")
        need(text, r"IDENTICAL")
    other.write_bytes(b"")
    need(run("replay", other, "--verify", expect=2), "the file is empty")
    other.write_bytes(b"PK\x03\x04 something else entirely")
    need(run("replay", other, "--verify", expect=2), "not a recording")
    need(run("replay", folder / "nowhere", "--verify", expect=2), "cannot open .*nowhere.*: No such file")
    need(run("replay", path, expect=2), "--verify .* --target")
    run("run", SCENARIO, "--virtual", "--quiet", "--record", other, "--no-payload")
    need(run("replay", other, "--verify", expect=2), "payloads were left out")
    need(run("replay", other, "--target", "arena", expect=2), "payloads were left out")
    run("run", SCENARIO, "--virtual", "--quiet", "--record", other, "--anonymize")
    need(run("replay", other, "--verify", expect=2), "anonymize")
    need(run("replay", other, "--target", "arena", "--virtual", "--quiet"), "PASS")


def stepped(folder):
    """Orders: forward, back, to the end."""
    path = record(folder, "--virtual")
    text = run("replay", path, "--verify", "--step", text="where\nstep 5\nrun 1s\nseek 500ms\nnonsense\nstep none\nseek 3\nend\n")
    ticks = [int(tick) for tick in re.findall(r"tick (\d+):", text)]
    if not (ticks[0] == 0 and ticks[1] == 5 and ticks[2] > 20 and 5 < ticks[3] < 15 and ticks[4] > ticks[2]):
        sys.exit(f"wrong places: {ticks}\n{text}")
    # At a pace a run can be paused: the order that waits behind it ends it at once.
    text = run("replay", path, "--verify", "--step", text="speed 0.5\nrun 2s\npause\nspeed 50\nrun 2s\nspeed none\npause\nspeed max\nend\n")
    positions = [float(place) for place in re.findall(r"^([\d.]+) s, tick", text, re.MULTILINE)]
    if not (positions[0] < 1 < positions[0] + 2 <= positions[1]):
        sys.exit(f"wrong places: {positions}\n{text}")
    for answer in ("x0.5", "x50", "speed takes 0.001 to 1000", "nothing runs now", "as fast as it goes", "IDENTICAL to the end"):
        need(text, answer)
    text = run("replay", path, "--verify", "--step", text="step 5\nseek 500ms\nnonsense\nstep none\nseek 3\nend\n")
    for answer in ("no order 'nonsense'", "step takes a number", "seek takes a time with its unit", "IDENTICAL to the end"):
        need(text, answer)


def redriven(folder):
    """The recorded clients against a fresh server, real and virtual: all of them, all that they said."""
    path = record(folder, "--virtual")
    for options in (["--virtual"], ["--virtual", "--copies", 4], ["--virtual", "--speed", 0], ["--speed", 4]):
        text = run("replay", path, "--target", "arena", "--quiet", *options, "--threshold", "disconnects: count==0", "--threshold",
                   "errors: count==0", "--set", 'thresholds."generator.send_lateness"=["p(99)<10s"]', "--out", folder / "out")
        found = need(text, r"replay: ([\d,]+) clients with ([\d,]+) messages")
        clients, messages = (int(found[i].replace(",", "")) for i in (1, 2))
        joined = int(need(text, r"joined ([\d,]+), never joined 0")[1].replace(",", ""))
        inputs = int(need(text, r"rtt_from_send .* ([\d,]+)\n")[1].replace(",", ""))
        if inputs < messages * 0.9:
            sys.exit(f"{inputs} of {messages} messages were acknowledged:\n{text}")
        # All but the greetings, which are the registry's own, went to a remote of the fresh server's.
        heard = json.loads((folder / "out" / "summary.json").read_text())["server"]["messages_received"]
        if heard < (messages - clients) * (4 if "--copies" in options else 1) * 0.9:
            sys.exit(f"{heard} of {messages} messages went to a remote:\n{text}")
        if joined != clients * (4 if "--copies" in options else 1):
            sys.exit(f"{joined} of {clients} joined:\n{text}")
        need(text, r"PASS")
    text = run("replay", path, "--target", "arena", "--quiet", "--virtual", "--threshold", "rtt: p(50)<1ms", expect=99)
    need(text, r"rtt p\(50\)<1ms")
    need(run("replay", path, "--target", "arena", "--threshold", "rtt p(50)<1ms", expect=2), "needs a metric and a condition")
    need(run("replay", path, "--target", "127.0.0.1:9", expect=2), "needs its private key")


def order_in(folder):
    """Sends an order to a process that is announced in this folder."""
    environment = dict(os.environ, XDG_RUNTIME_DIR=str(folder))

    def order(server, *words, expect=0):
        done = subprocess.run([PROGRAM, "watch", server, "--order", *words], env=environment, cwd=folder, capture_output=True,
                              text=True, timeout=60, check=False)
        if (done.returncode == 0) != (expect == 0):
            sys.exit(f"{words}: exit code {done.returncode}\n{done.stdout}{done.stderr}")
        return done.stdout + done.stderr

    return environment, order


def announced(folder):
    """The process numbers of the server and of the generator."""
    found = {}
    for _ in range(200):
        for path in (folder / "squall").glob("*.json"):
            found["arena server" if "arena server" in path.read_text() else "generator"] = path.stem
        if len(found) == 2:
            return found["arena server"], found["generator"]
        time.sleep(0.1)
    sys.exit("the server or the generator is not to be found")


def saved(folder):
    """A flight recorder's last seconds, saved after the fact: they stay, with their packets, and play."""
    environment, order = order_in(folder)
    with subprocess.Popen([PROGRAM, "run", SCENARIO, "--duration", "14s", "--live", "--quiet", "--record", "fl.pcapng", "--flight-recorder",
                           "4s"], env=environment, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as load:
        server, _ = announced(folder)
        for _ in range(200):
            if (folder / "fl.6.pcapng").exists():
                break
            time.sleep(0.1)
        need(order(server, "history.save", "file=minute.pcapng"), "being saved as minute.pcapng")
        need(order(server, "history.save", "file=../minute.pcapng", expect=1), "without a path")
        for _ in range(100):
            if (folder / "minute.pcapng").exists():
                break
            time.sleep(0.1)
        need(order(server, "history.save", "file=minute.pcapng", expect=1), "there already")
        text = load.communicate(timeout=60)[0]
    need(text, "the flight recorder was saved as minute.pcapng")
    kept = need(text, r"recorded: (fl\.\d+\.pcapng) .* begins with fl\.\d+\.pcapng and ends with fl\.\d+\.pcapng")[1]
    if not (folder / kept).exists() or len(list(folder.glob("minute*.pcapng"))) < 3:
        sys.exit(f"not all is there: {sorted(path.name for path in folder.iterdir())}\n{text}")
    for name in ("minute.pcapng", kept):
        text = run("inspect", folder / name)
        if int(need(text, r"sent +(\d+) datagrams")[1]) < 500:
            sys.exit(f"too little was kept: {text}")
        need(run("replay", folder / name, "--verify", expect=2), "middle of a session")
        text = run("replay", folder / name, "--target", "arena", "--quiet", "--virtual", "--threshold", "disconnects: count==0", "--threshold",
                   "errors: count==0")
        need(text, r"note: [12]\d of them were there before")
        need(text, "PASS")


def on_order(folder):
    """A running server is recorded when a viewer says so, and until it says so again."""
    environment, order = order_in(folder)
    with subprocess.Popen([PROGRAM, "run", SCENARIO, "--duration", "20s", "--live", "--quiet"], env=environment, cwd=folder,
                          stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as load:
        server, generator = announced(folder)
        need(order(server, "record.stop", expect=1), "nothing is recorded")
        need(order(server, "record.start", "file=now.pcapng"), "recording into now.pcapng")
        need(order(server, "record.start", "file=other.pcapng", expect=1), "being recorded")
        need(order(generator, "conditions.set", "delay=33ms"), "33ms")
        need(order(generator, "mark", "text=worse"), "marked")
        need(order(server, "mark", "text=seen"), "marked")
        need(order(server, "conditions.set", "delay=33ms", expect=1), "the generator's")
        for _ in range(200):
            if (folder / "now.pcapng").stat().st_size > 100_000:
                break
            time.sleep(0.1)
        need(order(server, "record.stop"), r"recorded: now.pcapng .* 0 records dropped")
        need(order(server, "record.start", "file=now.pcapng", expect=1), "there already")
        need(order(server, "record.start", "file=../now.pcapng", expect=1), "without a path")
        need(order(server, "record.start"), r"recording into arena-\d+-1\.pcapng")
        need(order(server, "record.stop"), "recorded: arena-")
        need(order(server, "record.start"), r"recording into arena-\d+-2\.pcapng")
        load.send_signal(signal.SIGINT)
        load.wait(60)
    text = run("inspect", folder / "now.pcapng")
    need(text, ", 2 marks\n")
    need(text, r"network \w+, to the server: delay 33ms")
    need(text, r"the recording's end says \d+ bytes received and \d+ sent: the same")
    if "#" in need(text, r"remote .*\n(?:  .*\n)+")[0]:
        sys.exit(f"the arena has no remotes:\n{text}")
    need(run("replay", folder / "now.pcapng", "--verify", expect=2), "in the middle of a session")
    # Re-driven, all who were there play: the greeting that is not in the recording is made good.
    text = run("replay", folder / "now.pcapng", "--target", "arena", "--quiet", "--virtual", "--threshold", "disconnects: count==0",
               "--threshold", "errors: count==0")
    there = int(need(text, r"note: (\d+) of them were there before")[1])
    clients = int(need(text, r"replay: ([\d,]+) clients")[1].replace(",", ""))
    joined = int(need(text, r"joined ([\d,]+), never joined 0")[1].replace(",", ""))
    if there < 20 or joined != clients:
        sys.exit(f"somebody was left out:\n{text}")
    need(text, "PASS")


with tempfile.TemporaryDirectory() as where:
    folder_of_test = pathlib.Path(where)
    {
        "virtual": lambda: identical(folder_of_test, "--virtual"),
        "virtual_with_keys": lambda: identical(folder_of_test, "--virtual", "--record-keys"),
        "real": lambda: identical(folder_of_test),
        "real_with_keys": lambda: identical(folder_of_test, "--record-keys"),
        "flipped": lambda: flipped(folder_of_test),
        "damaged": lambda: damaged(folder_of_test),
        "stepped": lambda: stepped(folder_of_test),
        "on_order": lambda: on_order(folder_of_test),
        "saved": lambda: saved(folder_of_test),
        "many": lambda: many(folder_of_test),
        "redriven": lambda: redriven(folder_of_test),
    }[CASE]()
print("as it should be")
