#!/usr/bin/env python3
"""Makes a large recording of a small one: its records again and again, each time later, until the file has the wanted size.

usage: grow_recording.py SMALL LARGE BYTES

For looking by hand at how readers cope with files of gigabytes; knows pcapng's blocks and nothing of what is in them."""
import array
import struct
import sys

PACKET, STATISTICS = 6, 5


def main():
    small, large, wanted = sys.argv[1], sys.argv[2], int(sys.argv[3])
    with open(small, "rb") as file:
        data = file.read()
    at, head, stamps = 0, 0, []
    while at + 12 <= len(data):
        kind, size = struct.unpack_from("<II", data, at)
        if kind in (PACKET, STATISTICS):
            head = head or at
            high, low = struct.unpack_from("<II", data, at + 12)
            stamps.append((at - head + 12, (high << 32) | low))
        at += size
    body = array.array("I", data[head:at])
    places = [(place // 4, stamp) for place, stamp in stamps]
    step = max(stamp for _, stamp in places) - min(stamp for _, stamp in places) + 1_000_000
    with open(large, "wb") as file:
        file.write(data[:head])
        size, later = head, 0
        while size < wanted:
            file.write(body)
            size += 4 * len(body)
            later += step
            for place, stamp in places:
                body[place] = (stamp + later) >> 32
                body[place + 1] = (stamp + later) & 0xFFFFFFFF
    print(f"{large}: {size} bytes, {len(places)} records {later // step} times over")


if __name__ == "__main__":
    main()
