"""Takes a packet out of a capture: the first TCP packet, and its repetitions, whose payload begins with a text.

  damage.py FILE TEXT
"""
import os
import sys

from reading import packets


def main():
    path, text = sys.argv[1], sys.argv[2].encode()
    hit, lost = None, []
    command = ["tshark", "-r", path, "-Y", "tcp && !icmp && !icmpv6", "-T", "fields", "-e", "frame.number"]
    numbers = os.popen(" ".join(f"'{x}'" for x in command)).read().split()
    for number, (src, dst, _, seq, length, payload) in zip(numbers, packets(path)):
        if length and (hit == (src, dst, seq) or hit is None and payload.startswith(text)):
            hit = (src, dst, seq)
            lost.append(number)
    if not lost:
        sys.exit(f"damage.py: {path} has no packet that begins with {text!r}")
    done = path + ".damaged"
    if os.spawnlp(os.P_WAIT, "editcap", "editcap", "-F", "pcap", path, done, *lost):
        sys.exit("damage.py: editcap failed")
    os.replace(done, path)


main()
