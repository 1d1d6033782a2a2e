"""Writes NAME.pair.json beside a pair of captures: what both together must show (expect-pairs.txt), held against an
independent reading (reading.py: tshark's TCP fields). A contradiction fails the run.

  pairs.py NAME DIR --expect expect-pairs.txt
"""
import argparse
import json
import os
import sys

import reading

CONTROL = 21


def expectation(path, name):
    want, found = {}, False
    with open(path, encoding="utf-8") as f:
        for line in f:
            words = line.split("#")[0].split()
            if words and words[0].startswith("["):
                found = words[0] == f"[{name}]"
            elif words and found:
                want[words[0]] = words[1:]
    if not want:
        sys.exit(f"pairs.py: {name}: expect-pairs.txt does not name it")
    return want


def seen(path):
    """What one side holds: SYNs and payload of data connections by initial sequence number, RSTs, what PORT and 227 say."""
    out = {"syns": 0, "resets": 0, "payload": 0, "lines": []}
    for src, dst, flags, _, length, payload in reading.packets(path):
        if CONTROL in (src[1], dst[1]):
            text = payload.decode("latin-1")
            out["lines"] += [line for line in text.splitlines() if line.startswith(("PORT ", "227 "))]
            continue
        out["syns"] += flags & (reading.SYN | reading.ACK) == reading.SYN
        out["resets"] += bool(flags & reading.RST)
        out["payload"] += length
    return out


def count(word, got):
    return got > 0 if word == "n" else got == int(word)


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--expect", required=True)
    p.add_argument("name")
    p.add_argument("dir")
    args = p.parse_args()
    want = expectation(args.expect, args.name)
    files = [f"{args.name}-{side}.pcap" for side in ("client", "server")]
    sides = [seen(os.path.join(args.dir, f)) for f in files]
    kinds = want["kinds"]
    here, there = sides
    wrong = []
    if "port" in want and not (count(want["port"][1], here["syns"]) and count(want["port"][2], there["syns"])):
        wrong.append("SYNs of data connections")
    if ("text-rewritten" in kinds) != (here["lines"] != there["lines"]):
        wrong.append("lines that name endpoints")
    if ("rst-between" in kinds) != (here["resets"] != there["resets"]):
        wrong.append("RSTs of data connections")
    if "data-lost" in kinds and here["payload"] >= there["payload"]:
        wrong.append("payload")
    if wrong:
        sys.exit(f"pairs.py: {args.name}: arranged {want}, but the captures differ in {wrong}: {sides}")
    out = {"client": files[0], "server": files[1], "verdict": want["verdict"][0], "kinds": kinds, "seen": sides}
    with open(os.path.join(args.dir, args.name + ".pair.json"), "w", encoding="utf-8") as f:
        json.dump(out, f, indent=1)
        f.write("\n")


main()
