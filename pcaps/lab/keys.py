#!/usr/bin/env python3
"""Writes what is true of captures of FTPS with keys, NAME.truth.json: what tshark decrypts of the control connection, the
sequence numbers of the data connections, and the sizes and hashes of the files that were arranged.

  keys.py FILES NAME.pcap…        FILES: the originals (files.py)
"""
import hashlib, json, os, re, subprocess, sys, tempfile

FIELDS = ["frame.number", "ip.src", "tcp.srcport", "ip.dst", "tcp.dstport", "tcp.flags", "tcp.seq", "tcp.len", "ftp.request.command", "ftp.request.arg", "ftp.response.code", "ftp.response.arg"]


def packets(name):
    with tempfile.NamedTemporaryFile(suffix=".pcap") as copy:  # tshark decrypts after AUTH TLS only, curl says AUTH SSL first
        copy.write(open(name, "rb").read().replace(b"AUTH SSL\r\n", b"AUTH TLS\r\n"))
        copy.flush()
        args = ["tshark", "-r", copy.name, "-o", "tls.keylog_file:" + re.sub(r"\.pcap$", ".keys.log", name), "-T", "fields", "-E", "separator=\t", "-E", "aggregator=\x1f"]
        out = subprocess.run(args + [x for f in FIELDS for x in ("-e", f)], capture_output=True, text=True, check=True).stdout
    for line in out.split("\n"):
        cells = line.split("\t")
        yield dict(zip(FIELDS, cells + [""] * (len(FIELDS) - len(cells))))


def truth(files, name):
    said, conns, bytes_of, fins = [], [], {}, set()
    for p in packets(name):
        src, dst = p["ip.src"] + ":" + p["tcp.srcport"], p["ip.dst"] + ":" + p["tcp.dstport"]
        if not p["tcp.srcport"]:
            continue
        flags = int(p["tcp.flags"], 16)
        if flags & 0x12 == 2 and (src, dst) not in conns:
            conns.append((src, dst))
        if flags & 1:
            fins.add(frozenset((src, dst)))
        if p["tcp.len"] != "0":
            way = bytes_of.setdefault((src, dst), [0])
            way[0] = max(way[0], int(p["tcp.seq"]) - 1 + int(p["tcp.len"]))
        commands, args = p["ftp.request.command"].split("\x1f"), p["ftp.request.arg"].split("\x1f")
        said += [("C", c, args[i] if i < len(args) else "") for i, c in enumerate(commands) if c]
        codes, texts = p["ftp.response.code"].split("\x1f"), p["ftp.response.arg"].split("\x1f")
        said += [("S", int(c), texts[i] if i < len(texts) else "") for i, c in enumerate(codes) if c]
    control, rest = conns[0], conns[1:]
    transfers, offer, waiting, protected, refused = [], None, None, True, None
    user = next((a for who, c, a in said if c == "USER"), None)
    for who, c, arg in said:
        if who == "C" and c in ("PORT", "EPRT"):
            n = [int(x) for x in arg.split(",")] if c == "PORT" else None
            offer = (c, "%d.%d.%d.%d:%d" % (*n[:4], n[4] * 256 + n[5]) if n else "%s:%s" % tuple(arg.split("|")[2:4]))
        elif who == "S" and c >= 500 and offer and not transfers:
            refused = c
        elif who == "C" and c == "PROT":
            protected = arg == "P"
        elif who == "S" and c == 227:
            n = [int(x) for x in re.search(r"(\d+,){5}\d+", arg)[0].split(",")]
            offer = ("PASV", "%d.%d.%d.%d:%d" % (*n[:4], n[4] * 256 + n[5]))
        elif who == "S" and c == 229:
            offer = ("EPSV", control[1].split(":")[0] + ":" + re.search(r"\|(\d+)\|", arg)[1])
        elif who == "C" and c in ("RETR", "STOR", "LIST"):
            waiting = dict(cmd=c, arg=arg, method=offer[0], announced=offer[1])
            transfers.append((waiting, protected))
        elif who == "S" and waiting and c >= 200:
            waiting["final_reply"], waiting["outcome"], waiting = c, "ok" if c < 300 else "denied" if c != 425 else "no-connection", None
    if offer and not transfers:
        transfers.append((dict(cmd=None, arg="", method=offer[0], announced=offer[1], final_reply=refused or 227, outcome="rejected" if refused else "no-connection"), True))
    for t, protected in transfers:
        t["mode"] = "active" if t["method"] in ("PORT", "EPRT") else "passive"
        t["initiator"] = "none" if refused else "server" if t["mode"] == "active" else "client"
        port = t["announced"].rsplit(":", 1)[1]
        data = next((x for x in rest if x[1].endswith(":" + port)), None)
        t["data"], t["data_tls"] = data and ">".join(data), None
        t["direction"] = "upload" if t["cmd"] == "STOR" else "download"
        if not data:
            continue
        down = data if t["mode"] == "active" else data[::-1]
        t["bytes"] = bytes_of.get(down[::-1] if t["direction"] == "upload" else down, [0])[0]
        original = os.path.join(files, os.path.basename(t["arg"]))
        if t["outcome"] == "ok" and t["cmd"] == "LIST":
            del t["bytes"]  # a listing has the day's dates
        elif t["outcome"] == "ok":
            content = open(original, "rb").read()
            t["sha256"] = hashlib.sha256(content).hexdigest()
            if protected:
                t["plain_bytes"], t["data_tls"] = len(content), {"decrypts": True}
    quit = any(c == "QUIT" for _, c, _ in said)
    modes = {t["mode"] for t, _ in transfers if not refused}
    session = dict(client=control[0], server=control[1], user=user, login="ok" if ("S", 230) in [x[:2] for x in said] else "none", tls="explicit", decrypted=True, closing="quit" if quit else "fin" if frozenset(control) in fins else "rst",
                   mode=modes.pop() if len(modes) == 1 else "mixed" if modes else "none", transfers=[t for t, _ in transfers])
    return dict(keylog=os.path.basename(re.sub(r"\.pcap$", ".keys.log", name)), sessions=[session], expect_findings=[], never_print=["labpass"],
                no_findings=["cleartext-credentials"])


for name in sys.argv[2:]:
    with open(re.sub(r"\.pcap$", ".truth.json", name), "w") as f:
        json.dump(truth(sys.argv[1], name), f, indent=1)
        f.write("\n")
