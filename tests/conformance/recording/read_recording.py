#!/usr/bin/env python3
"""An independent reader of recordings, by lib/RECORDING.md and the pcapng draft alone. Never reads Squall's code.

    read_recording.py FILE            prints every record, checks every length and order
    read_recording.py --sums FILE     prints one line of JSON: sums over the file, as `inspect` has them
    read_recording.py --golden FILE   checks besides that the golden recording says what it should"""
import ipaddress
import json
import struct
import sys

PEN = 32473
NAMES = {0x20: "facts", 0x21: "node call", 0x22: "connection", 0x23: "tick", 0x24: "mark", 0x25: "state hash", 0x26: "clock",
         0x27: "dropped", 0x28: "profile frame", 0x29: "entropy", 0x2a: "packet fate", 0x2b: "message fate", 0x2c: "remote outcome",
         0x2d: "secret", 0x2e: "end"}


class Malformed(Exception):
    pass


def need(condition, what):
    if not condition:
        raise Malformed(what)


class Bytes:
    """A cursor over little-endian bytes."""

    def __init__(self, data):
        self.data, self.at = data, 0

    def take(self, count):
        need(self.at + count <= len(self.data), f"{count} bytes wanted at {self.at} of {len(self.data)}")
        self.at += count
        return self.data[self.at - count:self.at]

    def u(self, size):
        return int.from_bytes(self.take(size), "little")

    def varint(self):
        value = shift = 0
        while True:
            byte = self.u(1)
            value |= (byte & 0x7f) << shift
            shift += 7
            if byte < 0x80:
                return value

    def rest(self):
        return self.take(len(self.data) - self.at)


def options(data, order):
    at = 0
    while at + 4 <= len(data):
        code, size = struct.unpack_from(order + "HH", data, at)
        if code == 0:
            need(at + 4 == len(data), "options go on behind their end")
            return
        need(at + 4 + size <= len(data), "an option is longer than its block")
        yield code, data[at + 4:at + 4 + size]
        at += 4 + (size + 3) // 4 * 4
    need(at == len(data), "options end in the middle")


def custom(value, order):
    return value[4:] if struct.unpack_from(order + "I", value)[0] == PEN else None


def blocks(data):
    """(type, body, byte order) of each block."""
    at, order = 0, "<"
    while at < len(data):
        need(at + 12 <= len(data), f"a block is cut at {at}")
        if data[at:at + 4] == b"\x0a\x0d\x0d\x0a":
            order = {b"\x4d\x3c\x2b\x1a": "<", b"\x1a\x2b\x3c\x4d": ">"}[data[at + 8:at + 12]]
        kind, size = struct.unpack_from(order + "II", data, at)
        need(size % 4 == 0 and size >= 12 and at + size <= len(data), f"block at {at} has length {size}")
        need(struct.unpack_from(order + "I", data, at + size - 4)[0] == size, f"block at {at}: its lengths differ")
        yield kind, data[at + 8:at + size - 4], order
        at += size


def address(reader):
    family = reader.u(1)
    if family == 0:
        return None
    need(family in (1, 2), f"address family {family}")
    host = ipaddress.ip_address(reader.take(4 if family == 1 else 16))
    return str(host), reader.u(2)


def connection(reader):
    return reader.u(4), reader.u(4)


def control(kind, body):
    """The body of a control record as a dictionary."""
    r = Bytes(body)
    out = {}
    if kind == 0x20:
        out = json.loads(r.rest())
        need(all(isinstance(v, str) for v in out.values()), "facts are texts")
    elif kind == 0x21:
        out["call"] = {1: "timeout", 2: "drain", 3: "drain ended", 4: "input"}[r.u(1)]
        if out["call"] == "drain ended":
            out["polls"] = r.varint()
        if out["call"] == "input":
            out["name"] = r.take(r.varint()).decode()
            out["data"] = r.rest().hex()
    elif kind == 0x22:
        out["what"] = {1: "opened", 2: "closed", 3: "path changed", 4: "is open"}[r.u(1)]
        out.update(reason=r.u(1), connection=connection(r), client=r.u(8), peer=address(r))
    elif kind == 0x23:
        out.update(number=r.varint(), duration_us=r.varint())
    elif kind == 0x24:
        out["text"] = r.rest().decode()
    elif kind == 0x25:
        out.update(tick=r.varint(), hash=r.u(8))
    elif kind == 0x26:
        out["realtime_ns"] = r.u(8)
    elif kind == 0x27:
        out.update(datagrams=r.varint(), messages=r.varint(), controls=r.varint())
    elif kind == 0x28:
        length = r.u(4)
        out.update(frame_type=r.u(2), frame_flags=r.u(2), payload=r.take(length - 4).hex())
    elif kind == 0x29:
        out["bytes"] = r.rest().hex()
    elif kind == 0x2a:
        out.update(fate={1: "acked", 2: "lost"}[r.u(1)], connection=connection(r), packet=r.varint(), bytes=r.varint(), rtt_us=r.varint())
    elif kind == 0x2b:
        out.update(fate={1: "acked", 2: "lost"}[r.u(1)], detail=r.u(1), channel=r.u(1), connection=connection(r), message=r.varint())
    elif kind == 0x2c:
        out.update(connection=connection(r), remote=r.varint(), outcome=r.varint())
    elif kind == 0x2d:
        out.update(name=r.take(r.varint()).decode(), bytes=r.rest().hex())
    elif kind == 0x2e:
        out["what"] = {1: "finished", 2: "continued"}[r.u(1)]
        for name in ("datagrams", "messages", "controls", "dropped", "bytes_received", "bytes_sent"):
            out[name] = r.varint()
    need(r.at == len(body), f"{len(body) - r.at} bytes are left of a {NAMES.get(kind)} record")
    return out


def datagram(packet, original, order, found):
    """The IP and UDP headers, checked, and what stands in the options."""
    version = packet[0] >> 4
    need(version in (4, 6), f"IP version {version}")
    if version == 4:
        need(packet[0] == 0x45 and packet[9] == 17, "an IPv4 header of 20 bytes with UDP behind it")
        total, form = struct.unpack_from(">HH", packet, 2)
        need(sum(struct.unpack_from(">10H", packet)) % 0xffff == 0, "the checksum of the IPv4 header")
        source, target, at = packet[12:16], packet[16:20], 20
    else:
        need(packet[6] == 17, "an IPv6 header with UDP behind it")
        form, total = struct.unpack_from(">HH", packet, 2)
        total += 40
        source, target, at = packet[8:24], packet[24:40], 40
    source_port, target_port, udp = struct.unpack_from(">HHH", packet, at)
    need(total == at + udp == original, f"lengths: IP {total}, UDP {udp}, original {original}")
    about = Bytes(found["about"])
    need((about.u(1), about.u(1)) == (1, 1), "datagram records have type 1 and version 1")
    flags, cause, who = about.u(1), about.u(1), connection(about)
    need(bool(flags & 1) == (form == 1), "the identification says whether the packet is opened")
    return {"direction": {1: "received", 2: "sent"}[found["flags"] & 3], "opened": bool(flags & 1), "refused": bool(flags & 2),
            "cut": bool(flags & 4), "cause": cause, "connection": who, "sequence": found["sequence"],
            "from": (str(ipaddress.ip_address(source)), source_port), "to": (str(ipaddress.ip_address(target)), target_port),
            "wire_bytes": udp - 8, "packet": packet[at + 8:].hex()}


def message(packet, original, found):
    r = Bytes(packet)
    kind, version = r.u(1), r.u(1)
    need(kind in (0x10, 0x11) and version == 1, f"message record 0x{kind:02x}")
    out = {"direction": "sent" if kind == 0x10 else "received", "channel": r.u(1), "mode": r.u(1), "cause": r.u(1)}
    r.u(1)
    out.update(remote=r.u(2), connection=connection(r), message=r.u(8), packet=r.u(8), wire_bytes=r.u(4), message_bytes=r.u(4))
    out["payload"] = r.rest().hex()
    need(original == 40 + out["message_bytes"], "the original length is that of the whole message")
    need({1: "received", 2: "sent"}[found["flags"] & 3] == out["direction"], "packet flags and type differ")
    return out


def records(data):
    """(interface name, time in ns since 1970, record) of each packet; facts of section headers as interface None."""
    interfaces = []
    for kind, body, order in blocks(data):
        if kind == 0x0a0d0d0a:
            interfaces = []
            need(struct.unpack_from(order + "HH", body, 4) == (1, 0), "pcapng 1.0")
            facts = {}
            for code, value in options(body[16:], order):
                if code == 2988 and custom(value, order) is not None:
                    facts.update(json.loads(custom(value, order)))
            yield None, 0, facts
        elif kind == 1:
            link, _, _ = struct.unpack_from(order + "HHI", body)
            found = dict(options(body[8:], order))
            need(found[9] == b"\x09", "times are in nanoseconds")
            interfaces.append((found[2].decode(), link))
        elif kind == 5:
            need(struct.unpack_from(order + "I", body)[0] < len(interfaces), "statistics of an interface that there is not")
        elif kind == 6:
            interface, high, low, captured, original = struct.unpack_from(order + "5I", body)
            packet = body[20:20 + captured]
            need(len(packet) == captured, "a packet is longer than its block")
            found = {}
            for code, value in options(body[20 + (captured + 3) // 4 * 4:], order):
                if code == 2:
                    found["flags"] = struct.unpack(order + "I", value)[0]
                if code == 5:
                    found["sequence"] = struct.unpack(order + "Q", value)[0]
                if code == 2989 and custom(value, order) is not None:
                    found["about"] = custom(value, order)
            name, link = interfaces[interface]
            need({"wire": 101, "msg": 147, "ctl": 148}[name] == link, f"link type of {name}")
            at = (high << 32) | low
            if name == "wire":
                yield name, at, datagram(packet, original, order, found)
            elif name == "msg":
                yield name, at, message(packet, original, found)
            else:
                need(captured == original and packet[1] == 1, "control records are whole, and of version 1")
                yield name, at, {"type": NAMES[packet[0]], **control(packet[0], packet[2:])}
        else:
            need(kind == 4, f"block type {kind} has no place in a recording")


def sums(data):
    out = {"datagrams": 0, "messages": 0, "controls": 0, "bytes_received": 0, "bytes_sent": 0, "dropped": 0}
    end = None
    for name, _, record in records(data):
        if name == "wire":
            out["datagrams"] += 1
            out["bytes_" + record["direction"]] += record["wire_bytes"]
        elif name == "msg":
            out["messages"] += 1
        elif name == "ctl":
            # What a further file tells again was counted before.
            out["controls"] += 1
            if record["type"] == "dropped":
                out["dropped"] += record["datagrams"] + record["messages"] + record["controls"]
            if record["type"] == "end":
                end = record
    if end is not None and end["what"] == "finished":
        for name in ("datagrams", "messages", "bytes_received", "bytes_sent", "dropped"):
            need(out[name] == end[name], f"the end says {end[name]} {name}, the records {out[name]}")
    return out


def check_golden(data):
    """What the sample of tests/support/sample_recording.hpp must be."""
    all_records = list(records(data))
    facts = all_records[0][2]
    need(facts["seed"] == "42" and facts["quote"] == 'a "b"\n\\ \x01 é', "facts of the section header")
    start = int(facts["clock.realtime_ns"])
    need(start == 1_700_000_000_123_456_789 and facts["clock.timeline_ns"] == "5000000000", "the clock")
    wire = [record for name, _, record in all_records if name == "wire"]
    need(wire[0]["packet"] == "2534120023050003616263" and wire[0]["opened"] and wire[0]["sequence"] == 0x1234, "first datagram")
    need(wire[0]["from"] == ("198.51.100.7", 51000) and wire[0]["connection"] == (3, 7) and wire[0]["wire_bytes"] == 27, "its origin")
    need(wire[1]["refused"] and wire[1]["cause"] == 14 and wire[1]["from"] == ("2001:db8::9", 51001), "the refused one")
    need(wire[2]["direction"] == "sent" and wire[2]["sequence"] == 2**64 - 1, "the one that was sent")
    need([at - start for name, at, _ in all_records if name == "wire"] == [1_000_000, 2_000_000, 3_000_000], "times")
    messages = [record for name, _, record in all_records if name == "msg"]
    need(messages[0]["remote"] == 12 and messages[0]["payload"] == "0102030405" and messages[1]["remote"] == 0, "messages")
    kinds = [record["type"] for name, _, record in all_records if name == "ctl"]
    need(kinds == ["facts"] * 2 + ["node call"] * 4 + ["connection"] * 2 + ["tick", "mark", "state hash", "clock", "dropped", "profile frame",
                                                                       "entropy", "packet fate", "packet fate", "message fate",
                                                                       "remote outcome", "secret", "connection", "end"], f"kinds: {kinds}")
    controls = {record["type"]: record for name, _, record in all_records if name == "ctl"}
    need(controls["state hash"]["hash"] == 0x0123456789abcdef, "state hash")
    need(controls["connection"] == {"type": "connection", "what": "closed", "reason": 3, "connection": (3, 7), "client": 77, "peer": None},
         "the closed connection")
    need(controls["end"]["bytes_received"] == 45 and controls["end"]["dropped"] == 6, "the end")


def main(arguments):
    how = arguments[0] if arguments and arguments[0].startswith("--") else ""
    path = arguments[-1]
    with open(path, "rb") as file:
        data = file.read()
    try:
        if how == "--sums":
            print(json.dumps(sums(data)))
            return 0
        if how == "--golden":
            check_golden(data)
        count = 0
        for name, at, record in records(data):
            count += 1
            if not how:
                print(at, name or "section", json.dumps(record))
        sums(data)
    except (Malformed, KeyError, ValueError, struct.error) as problem:
        print(f"{path}: {type(problem).__name__}: {problem}", file=sys.stderr)
        return 1
    print(f"{path}: {count} records, all as lib/RECORDING.md has them", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
