#!/usr/bin/env python3
"""An independent decoder of lib/STANDARD.md section 5. Reads a transcript of payloads that Squall wrote, as lines

    sent DIRECTION CHANNEL ID HEX       a message given to send()
    modes,MODE,...                      the channels' modes, once, first
    packet DIRECTION NUMBER HEX         a payload that left
    arrived DIRECTION NUMBER            ... and was taken in by the other side
    received DIRECTION CHANNEL ID HEX   a message that the other side handed on

and checks by the standard's text alone: every byte decodes, every acknowledgement names only packets that had arrived, every message is
byte for byte one that was sent, fragments fit together, and what was handed on is what the modes promise. Never reads Squall's code."""
import sys


class Malformed(Exception):
    pass


class Reader:
    def __init__(self, data):
        self.data, self.pos = data, 0

    def take(self, count):
        if self.pos + count > len(self.data):
            raise Malformed(f"{count} bytes wanted at {self.pos}, {len(self.data) - self.pos} left")
        self.pos += count
        return self.data[self.pos - count:self.pos]

    def uint(self, size):
        return int.from_bytes(self.take(size), "little")

    def varint(self):
        value = shift = 0
        while True:
            byte = self.uint(1)
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                if byte == 0 and shift:
                    raise Malformed("a varint that is not in its shortest form")
                return value
            shift += 7
            if shift > 63:
                raise Malformed("a varint of more than ten bytes")

    def left(self):
        return len(self.data) - self.pos


def nearest(low, bits, reference):
    """The number with these low bits that is nearest to the reference, never below 0."""
    window = 1 << bits
    base = reference - reference % window + low
    return min((n for n in (base - window, base, base + window) if n >= 0), key=lambda n: (abs(n - reference), -n))


def decode(data):
    """(flags, ack or None, frames): ack = (largest16, delay, set of distances), frame = (type, channel, id16, ...)."""
    reader = Reader(data)
    flags = reader.uint(1)
    if flags & ~3:
        raise Malformed(f"unknown flags {flags:#x}")
    ack = None
    if flags & 1:
        largest, delay, size = reader.uint(2), reader.varint(), reader.uint(1)
        if size > 32 or delay >= 1 << 21:
            raise Malformed("acknowledgement out of range")
        mask = int.from_bytes(reader.take(size), "little")
        ack = (largest, delay, {i + 1 for i in range(8 * size) if mask >> i & 1})
    frames = []
    while reader.left():
        head = reader.uint(1)
        kind, channel = head >> 5, head & 31
        if kind == 0:
            if head or any(reader.take(reader.left())):
                raise Malformed("padding that is not zero")
        elif kind in (1, 2):
            first = reader.uint(2)
            count = reader.uint(1) if kind == 2 else 1
            if kind == 2 and count < 2:
                raise Malformed("a run of fewer than two")
            for i in range(count):
                length = reader.varint()
                if length == 0:
                    raise Malformed("an empty message")
                frames.append(("message", channel, (first + i) % 65536, reader.take(length)))
        elif kind == 3:
            ident, index, count, total = reader.uint(2), reader.varint(), reader.varint(), reader.varint()
            if not 2 <= count <= 8192 or index >= count or not count <= total <= 1 << 20:
                raise Malformed("a fragment out of range")
            size = -(-total // count)
            length = min((index + 1) * size, total) - index * size
            if length <= 0:
                raise Malformed("an empty fragment")
            frames.append(("fragment", channel, ident, index, count, total, reader.take(length)))
        else:
            raise Malformed(f"frame type {kind}")
    return flags, ack, frames


class Direction:
    def __init__(self):
        self.sent, self.newest_id, self.packets, self.arrived, self.received, self.fragments = {}, {}, {}, set(), {}, {}
        self.first_packet_of = {}


def check(lines):
    modes, ways, counts = [], (Direction(), Direction()), {"packets": 0, "acks": 0, "messages": 0, "fragments": 0, "repeats": 0}
    for line in lines:
        if line.startswith("modes,"):
            modes = line.strip().split(",")[1:]
            continue
        word, *rest = line.split()
        way = ways[int(rest[0])]
        back = ways[1 - int(rest[0])]
        if word == "sent":
            way.sent[(int(rest[1]), int(rest[2]))] = bytes.fromhex(rest[3])
            way.newest_id[int(rest[1])] = int(rest[2])
        elif word == "arrived":
            way.arrived.add(int(rest[1]))
        elif word == "received":
            channel, ident = int(rest[1]), int(rest[2])
            assert bytes.fromhex(rest[3]) == way.sent[(channel, ident)], f"message {ident} of channel {channel} was changed"
            way.received.setdefault(channel, []).append(ident)
        elif word == "packet":
            counts["packets"] += 1
            number = int(rest[1])
            assert all(number > n for n in way.packets), "packet numbers must grow"
            flags, ack, frames = decode(bytes.fromhex(rest[2]))
            way.packets[number] = frames
            if ack:
                counts["acks"] += 1
                largest = nearest(ack[0], 16, max(back.packets))
                for n in {largest} | {largest - d for d in ack[2]}:
                    assert n in back.arrived, f"packet {number} acknowledges {n}, which had not arrived"
            wanted = False
            for kind, channel, low, *body in frames:
                assert channel < len(modes), f"channel {channel} does not exist"
                ident = nearest(low, 16, way.newest_id[channel])
                message = way.sent[(channel, ident)]
                wanted = wanted or modes[channel].startswith("reliable")
                if kind == "message":
                    counts["messages"] += 1
                    assert body[0] == message, f"message {ident} of channel {channel} differs from what was sent"
                else:
                    counts["fragments"] += 1
                    index, count, total, data = body
                    assert total == len(message)
                    size = -(-total // count)
                    assert data == message[index * size:index * size + len(data)]
                    assert way.fragments.setdefault((channel, ident), (count, total)) == (count, total)
                key = (channel, ident, body[0] if kind == "fragment" else None)
                counts["repeats"] += key in way.first_packet_of
                way.first_packet_of.setdefault(key, number)
            assert bool(flags & 2) == wanted, f"packet {number}: flag 0x02 does not say what it carries"
        else:
            raise SystemExit(f"unknown line: {line}")
    for way in ways:
        for channel, idents in way.received.items():
            assert len(set(idents)) == len(idents), f"channel {channel} handed a message on twice"
            if modes[channel] in ("unreliable sequenced", "reliable ordered"):
                assert idents == sorted(idents), f"channel {channel} is out of order"
            if modes[channel].startswith("reliable"):
                assert sorted(idents) == list(range(len(idents))), f"channel {channel} has gaps"
                assert len(idents) == way.newest_id[channel] + 1, f"channel {channel} lost messages"
    return counts


GOLDEN = [("01 3412 ac02 02 8101 23 0500 03 616263", (1, (0x1234, 300, {1, 8, 9}), [("message", 3, 5, b"abc")])),
          ("02 41 ffff 02 01 78 02 7979", (2, None, [("message", 1, 65535, b"x"), ("message", 1, 0, b"yy")])),
          ("00 62 0700 01 02 05 6465", (0, None, [("fragment", 2, 7, 1, 2, 5, b"de")]))]

if __name__ == "__main__":
    for text, meaning in GOLDEN:
        assert decode(bytes.fromhex(text)) == meaning, text
    with open(sys.argv[1], encoding="ascii") as transcript:
        result = check(line for line in transcript if line.strip())
    assert all(result.values()), f"the transcript does not show everything: {result}"
    print("decoded by the standard alone:", ", ".join(f"{count} {what}" for what, count in result.items()))
