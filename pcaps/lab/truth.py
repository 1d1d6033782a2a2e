"""Writes NAME.truth.json beside a capture: what was arranged (expect.txt), completed with the ports that the
capture shows. The capture is read independently of ftpscope (reading.py: tshark's fields, a reader of its own);
where it contradicts what was arranged, the capture is no good and nothing is written.

  truth.py NAME DIR --files ORIGINALS --expect expect.txt…
"""
import argparse
import glob
import hashlib
import json
import os
import sys

import reading

HIDDEN = ["cmd", "arg", "method", "announced", "final_reply", "direction (without the handshake's help)", "sha256 of the file"]


def options(words):
    """Splits words into plain ones and key=value ones."""
    plain = [w for w in words if "=" not in w]
    return plain, dict(w.split("=", 1) for w in words if "=" in w)


def lines(paths):
    for path in paths:
        with open(path, encoding="utf-8") as f:
            yield from f


def expectation(paths, name):
    """The stanza of one capture: sessions with their transfers and verdicts, attempts, findings, options."""
    want = {"sessions": [], "attempts": [], "expect_findings": [], "opt": {}, "never_says": []}
    found = False
    for line in lines(paths):
        first, _, rest = line.strip().partition(" ")
        if found and first in ("says", "never"):  # a regular expression, to the end of the line
            (want["never_says"] if first == "never" else want["last"]["says"]).append(rest)
            continue
        words = line.split("#")[0].split()
        if not words:
            continue
        if words[0].startswith("["):
            found = words[0] == f"[{name}]"
            want["opt"].update(options(words[1:])[1] if found else {})
        elif found and words[0] in ("session", "attempt"):
            plain, opt = options(words[1:])
            want["last"] = {"plain": plain, "opt": opt, "transfers": [], "says": []}
            want[words[0] + "s"].append(want["last"])
        elif found and words[0] == "verdict":
            want["last"]["verdict"] = options(words[1:])
        elif found and words[0] in ("findings", "absent"):
            want["expect_findings" if words[0] == "findings" else "no_findings"] = words[1:]
        elif found:
            want["sessions"][-1]["transfers"].append(options(words))
    want["used"] = bool(want["sessions"] or want["attempts"] or want["opt"])
    return want


def verdict(words):
    """What a verdict line says: CAUSE AT, with what would be right too, and how certain nobody may be."""
    (cause, at), opt = words
    out = {"cause": cause, "at": at}
    for k in ("cause_also", "at_also"):
        if k in opt:
            out[k + "_ok"] = opt[k].split(",")
    if "not" in opt:
        out["certainty_not"] = opt["not"].split(",")
    return out


def judged(where, out, want):
    """Adds a session's verdict: where all went well it need not be written down, where something failed it must be."""
    if "verdict" in want:
        out["verdict"] = verdict(want["verdict"])
    elif out.get("login") == "failed" or any(t["outcome"] not in ("ok", "unused", "unknown") for t in out.get("transfers", [])):
        raise Mismatch(f"{where}: something failed, and no verdict is arranged")
    else:
        out["verdict"] = {"cause": "none", "at": "none"}
    if want["says"]:
        out["says"] = want["says"]
    return out


class Mismatch(Exception):
    pass


def same(where, what, want, got):
    if want != got:
        raise Mismatch(f"{where}: {what}: arranged {want!r}, the capture shows {got!r}")


def content(files, word, got):
    """Size and hash that were arranged: of an original, a plain number, or * (a listing: as seen)."""
    if word == "*":
        return got["bytes"], got["sha256"]
    if word.isdigit():
        return int(word), hashlib.sha256(b"").hexdigest() if word == "0" else got["sha256"]
    with open(os.path.join(files, word), "rb") as f:
        b = f.read()
    return len(b), hashlib.sha256(b).hexdigest()


def transfer(where, want, got, files):
    (cmd, arg, method, initiator, what, reply, outcome), opt = want
    cmd, arg = (None if cmd == "-" else cmd), ("" if arg == "-" else arg.replace("%20", " "))
    size, digest = content(files, what, got)
    facts = {"cmd": cmd, "arg": arg, "method": method, "initiator": initiator, "bytes": size, "outcome": outcome,
             "final_reply": None if reply == "-" else int(reply)}
    if not got["cut"] and what != "*" and size:
        facts["sha256"] = digest
    if initiator == "none" or not size:
        digest = None
    for k, v in facts.items():
        same(where, k, v, got[k])
    out = {k: got[k] for k in ("cmd", "arg", "method", "mode", "announced", "initiator", "data", "direction")}
    out.update(bytes=size, sha256=digest, outcome=outcome, final_reply=facts["final_reply"])
    if "also" in opt:
        out["outcome_also_ok"] = opt["also"].split(",")
    if "path" in opt:
        out["path"] = opt["path"]
    if "rest" in opt:
        out["restart"] = int(opt["rest"])
    if "verdict" in opt:
        out["verdict"] = verdict((opt["verdict"].split("/"), {}))
    return out


def hidden_transfer(where, want, got, server):
    """A transfer under TLS: what was arranged cannot be read, only that a connection was made and by whom."""
    (cmd, arg, method, initiator), _ = want
    same(where, "initiator", initiator, got["initiator"])
    up = cmd in reading.UPLOADS
    out = {"cmd": cmd, "arg": "" if arg == "-" else arg, "method": method, "mode": got["mode"], "announced": None,
           "initiator": initiator, "data": got["data"], "direction": "upload" if up else "download",
           "bytes": got["up" if up == (initiator == "client") else "down"], "sha256": None, "outcome": "ok", "final_reply": 226,
           "not_observable": HIDDEN}
    return out


def session(where, want, got, files):
    if len(want["plain"]) == 1:  # nothing but its verdict was arranged, or can be read simply
        return judged(where, {"client": got["client"], "server": got["server"]}, want)
    ip, user, login, closing, mode = want["plain"]
    tls = want["opt"].get("tls", "none")
    out = {"client": got["client"], "server": got["server"], "user": None if user == "-" else user, "login": login,
           "tls": tls, "closing": closing, "mode": mode, "transfers": []}
    hidden = tls == "explicit" and "clear" not in want["opt"]
    for k in ("tls",) if hidden else ("user", "login", "tls", "closing", "mode"):
        same(where, k, out[k], got[k])
    rows = got["hidden"] if hidden else got["transfers"]
    same(where, "number of transfers", len(want["transfers"]), len(rows))
    for i, (w, g) in enumerate(zip(want["transfers"], rows), 1):
        one = hidden_transfer if hidden else transfer
        out["transfers"].append(one(f"{where} transfer {i}", w, g, files))
    if hidden:
        out["not_observable"] = ["user", "login", "QUIT"]
    if "not_observable" in want["opt"]:
        out["not_observable"] = want["opt"]["not_observable"].split(",")
    if "mode_also" in want["opt"]:
        out["mode_also_ok"] = want["opt"]["mode_also"].split(",")
    return judged(where, out, want)


def truth(args):
    want = expectation(args.expect, args.name)
    if not want["used"]:
        raise Mismatch("expect.txt does not name it")
    paths = sorted(glob.glob(os.path.join(args.dir, args.name + "*.pcap*")))
    plain = any(len(w["plain"]) > 1 for w in want["sessions"])
    got = (reading.sessions if plain else reading.controls)(paths, int(want["opt"].get("control", 21))) if want["sessions"] else []
    if "more" not in want["opt"]:
        same(args.name, "number of sessions", len(want["sessions"]), len(got))
    out = {"sessions": []}
    for w in want["sessions"]:
        ip = w["plain"][0]
        match = [g for g in got if g["client"].rsplit(":", 1)[0].strip("[]") == ip]
        if not match:
            raise Mismatch(f"no session of {ip}")
        got.remove(match[0])
        out["sessions"].append(session(f"{args.name} {ip}", w, match[0], args.files))
    for w in want["attempts"]:
        out.setdefault("attempts", []).append(judged(args.name, {"client_ip": w["plain"][0], "server": w["plain"][1]}, w))
    if "more" in want["opt"]:
        out["more_sessions_ok"] = True
    if want["never_says"]:
        out["never_says"] = want["never_says"]
    out["expect_findings"] = want["expect_findings"]
    if "no_findings" in want:
        out["no_findings"] = want["no_findings"]
    out["capture"] = os.path.basename(paths[0])
    if len(paths) > 1:
        out["files"] = [os.path.basename(p) for p in paths]
    return out


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--files", required=True)
    p.add_argument("--expect", required=True, nargs="+")
    p.add_argument("name")
    p.add_argument("dir")
    args = p.parse_args()
    try:
        out = truth(args)
    except Mismatch as e:
        sys.exit(f"truth.py: {args.name}: {e}")
    with open(os.path.join(args.dir, args.name + ".truth.json"), "w", encoding="utf-8") as f:
        json.dump(out, f, indent=1)
        f.write("\n")


main()
