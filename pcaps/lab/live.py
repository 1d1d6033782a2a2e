"""Judges what ftpscope sniffed while tcpdump captured the same packets: it must be what was arranged (the truth), and what
ftpscope says of tcpdump's file.

  live.py BIN TRUTH DIR     DIR holds tcpdump's files and, beside each, FILE.jsonl, the records sniffed, and FILE.kept, the
                            packets of FTP, which must say the same once more
"""
import glob
import json
import os
import re
import struct
import subprocess
import sys
from datetime import datetime

ETHERNET, SLL, SLL2 = 1, 113, 276
ARP, IPV4, IPV6 = 0x0806, 0x0800, 0x86DD


class Wrong(Exception):
    pass


def same(where, what, want, got):
    if got not in (want if isinstance(want, (list, set)) else [want]):
        raise Wrong(f"{where}: {what}: want {want!r}, got {got!r}")


# --- the same as of tcpdump's file

def packets(path):
    """Yields the header of a pcap with nanoseconds, then (time, record) of each packet."""
    with open(path, "rb") as f:
        header = f.read(24)
        magic, link = struct.unpack("<I16xI", header)
        assert magic == 0xA1B23C4D, path
        yield header, link
        while record := f.read(16):
            sec, nsec, size, _ = struct.unpack("<IIII", record)
            yield sec + nsec / 1e9, record + f.read(size)


def kind(link, packet):
    """What a packet is: "kept out" by the sniffer's kernel filter (ARP, IGMP, neighbour discovery); the hosts' own "chatter"
    that passes it; or "traffic"."""
    at, network = {ETHERNET: (12, 14), SLL: (14, 16), SLL2: (0, 20)}[link]
    ether_type, ip = int.from_bytes(packet[at:at + 2], "big"), packet[network:]
    if ether_type == ARP or ether_type == IPV4 and ip[9] == 2 or ether_type == IPV6 and ip[6] == 58 and ip[40] >= 128:
        return "kept out"
    return "chatter" if ether_type == IPV6 and ip[6] == 0 else "traffic"


def seconds(stamp):
    return datetime.fromisoformat(stamp[:26].rstrip("Z") + "+00:00").timestamp()


def as_sniffed(path, out, summary):
    """Writes tcpdump's packets that the sniffer was there for: it begins a little later, when there is
    nothing but the hosts' own chatter, and ends a little sooner."""
    rows = packets(path)
    header, link = next(rows)
    # Each of the two takes the time of a packet that goes out by itself.
    first, last = (seconds(summary[k] or "9999-01-01T00:00:00Z") + d for k, d in (("first", -0.001), ("last", 0.001)))
    with open(out, "wb") as f:
        f.write(header)
        for time, record in rows:
            what = kind(link, record[16:])
            if what != "kept out" and first <= time <= last:
                f.write(record)
            elif what == "traffic" and time < first:
                raise Wrong(f"{path}: its first packet was not sniffed")


def records(lines):
    return [json.loads(line) for line in lines.splitlines()]


# Keys of tcp that follow from the times of packets, which the two sniffers take each for itself.
CLOCKED = ("duration", "rate", "rtt_handshake", "rtt", "zero_window_time", "longest_stall", "limit")


def unclocked(value):
    """A record without what the times of its packets decide."""
    if isinstance(value, list):
        return [unclocked(v) for v in value]
    if not isinstance(value, dict):
        return value
    value = {k: unclocked(v) for k, v in value.items()}
    if value.get("tcp"):
        value["tcp"] = {k: v for k, v in value["tcp"].items() if k not in CLOCKED}
    return value


def in_order(rows):
    """The records as text, sessions in the order of their first packet and numbered so: live they come as they end."""
    kinds = ["session", "attempt", "orphan", "summary"]
    rows = sorted(map(unclocked, rows), key=lambda r: (kinds.index(r["type"]), r.get("start", "")))
    return [json.dumps(dict(r, id=i) if r["type"] == "session" else r, ensure_ascii=False) for i, r in enumerate(rows, 1)]


TIME = re.compile(r'"(\d{4}-\d\d-\d\dT[0-9:.]+Z)"')
DURATION = re.compile(r'\b[0-9.]+ (?:µs|ms|s)\b|"(?:elapsed_seconds|packets_per_second)": [0-9.]+')


def same_record(name, want, got):
    times = [list(map(seconds, TIME.findall(x))) for x in (want, got)]
    want, got = (DURATION.sub("…", TIME.sub("…", x)) for x in (want, got))
    if want != got:
        at = next((i for i, (x, y) in enumerate(zip(want, got)) if x != y), min(len(want), len(got)))
        raise Wrong(f"{name}: want …{want[max(0, at - 80):at + 80]}…, got …{got[max(0, at - 80):at + 80]}…")
    for w, g in zip(*times):
        same(name, "time, within a second", True, abs(w - g) < 1)


def analyzed(binary, path):
    run = subprocess.run([binary, "analyze", "-o", "json", path], capture_output=True, text=True, check=True)
    return records(run.stdout)


# Numbers of packets in texts.
NUMBERS = re.compile(r'(packets? |frame\.number [<>]= )\d+(?:(?:, ?| and |–)\d+)*')


def numbered(value, on_link):
    """A sniffed record with the numbers that packets have in the file of -w, or had on the link, as its only ones."""
    if isinstance(value, list):
        return [numbered(v, on_link) for v in value]
    if not isinstance(value, dict):
        return value
    kept = {k: numbered(v, on_link) for k, v in value.items() if not k.startswith("link_")}
    if on_link:
        kept.update({k: value["link_" + k] for k in ("frames", "frame") if "link_" + k in value})
    return kept


def compare_kept(name, want, got):
    """Sessions of the packets kept are the same, packets' numbers included."""
    want, got = (in_order([r for r in rows if r["type"] == "session"]) for rows in (numbered(want, False), got))
    same(name, "sessions of the packets kept", len(want), len(got))
    for w, g in zip(want, got):
        same_record(name + ": packets kept", w, g)


def compare(binary, path):
    """The sniffed records of one capture, which must be those of its file."""
    name = os.path.basename(path)
    with open(path + ".jsonl", encoding="utf-8") as f:
        got = records(f.read())
    same(name, "last record", "summary", got[-1]["type"])
    same(name, "dropped packets", 0, got[-1]["capture"]["dropped_packets"])
    reference = path + ".reference"
    as_sniffed(path, reference, got[-1])
    compare_kept(name, got, analyzed(binary, path + ".kept"))
    want = analyzed(binary, reference)
    got[-1]["files"] = want[-1]["files"]
    same(name, "number of records", len(want), len(got))
    for w, g in zip(in_order(want), in_order(numbered(got, True))): # texts have the numbers of the kept file
        same_record(name, *(NUMBERS.sub(r"\1N", x) for x in (w, g)))
    return got


# --- the same as arranged

def endpoint(e):
    return e and (f"[{e['ip']}]:{e['port']}" if ":" in e["ip"] else f"{e['ip']}:{e['port']}")


def transfer(where, want, got):
    """A transfer's truth. Under TLS only who connected to whom can be seen."""
    c = got["connection"]
    facts = {
        "cmd": got["command"], "arg": got["argument"] or "", "method": got["method"], "mode": got["mode"], "announced": endpoint(got["announced"]),
        "initiator": got["initiator"], "data": c and f"{endpoint(c['src'])}>{endpoint(c['dst'])}", "direction": got["direction"],
        "bytes": got["bytes"] or 0, "final_reply": got["reply"] and got["reply"]["code"], "outcome": got["outcome"],
        "restart": got["restart"]}
    if "not_observable" in want:
        facts = {k: facts[k] for k in ("mode", "initiator", "data", "bytes")}
    if want["cmd"] is None:
        del facts["final_reply"], facts["direction"]
    if want["data"] is None:
        facts = {k: v for k, v in facts.items() if k not in ("bytes", "direction")}
    if "path" in want:  # where the login leads to may be unknown
        same(where, "path", want["path"].lstrip("/"), got["path"].lstrip("/"))
    for k, v in facts.items():
        if k in want:
            same(where, k, [want[k] or ("" if k == "arg" else want[k])] + want.get(k + "_also_ok", []), v)


def session(where, want, got):
    hidden = want.get("not_observable", [])
    for k in ("user", "login", "tls", "closing", "mode"):
        if k not in hidden and not (k == "closing" and "QUIT" in hidden):
            same(where, k, [want[k]] + want.get(k + "_also_ok", []), got[k])
    rows = got["transfers"]
    if all(t["cmd"] for t in want["transfers"]):
        rows = [t for t in rows if t["command"] or t["method"] == "encrypted"]
    same(where, "number of transfers", len(want["transfers"]), len(rows))
    for i, (w, g) in enumerate(zip(want["transfers"], rows), 1):
        transfer(f"{where} transfer {i}", w, g)


# Words of the first truths that are not findings' names: what they stand for, or None where a finding says nothing more.
OTHER_WORDS = {"data-port-refused": "data-refused", "data-port-blocked": "data-unanswered", "port-command-refused": "negotiation-rejected",
               "auth-tls-refused": "tls-refused", "transfer-aborted": None, "auth-tls": None, "ccc": None}


def check(truth, rows):
    name = truth["capture"]
    got = {(endpoint(r["client"]), endpoint(r["server"])): r for r in rows if r["type"] == "session"}
    same(name, "sessions", str(sorted((s["client"], s["server"]) for s in truth["sessions"])), str(sorted(got)))
    for s in truth["sessions"]:
        session(f"{name} {s['client']}", s, got[s["client"], s["server"]])
    found = {f["id"] for r in got.values() for f in r["findings"]}
    for f in filter(None, (OTHER_WORDS.get(f, f) for f in truth["expect_findings"])):
        same(name, f"finding {f}", True, f in found)
    for f in truth.get("no_findings", []):
        same(name, f"finding {f}", False, f in found)


def main():
    binary, path, folder = sys.argv[1:]
    with open(path, encoding="utf-8") as f:
        truth = json.load(f)
    try:
        captures = [p[:-len(".jsonl")] for p in sorted(glob.glob(os.path.join(folder, "*.jsonl")))]
        if len(captures) != 1:
            raise Wrong(f"{truth['capture']}: {len(captures)} captures: only one can be sniffed at a time")
        check(truth, compare(binary, captures[0]))
    except Wrong as e:
        sys.exit(f"live.py: {e}")


main()
