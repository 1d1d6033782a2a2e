"""Reads a capture with tshark (fields only: its FTP dissector is not asked) and says what FTP happened in it.

Small on purpose: it reads the captures of make.sh, whole and well-formed, and shares nothing with ftpscope.
"""
import hashlib
import re
import subprocess

UPLOADS = ("STOR", "STOU", "APPE")
TRANSFERS = UPLOADS + ("RETR", "LIST", "NLST", "MLSD")
FIELDS = ("ip.src ipv6.src ip.dst ipv6.dst tcp.srcport tcp.dstport tcp.flags tcp.seq_raw tcp.len tcp.payload").split()
FIN, SYN, RST, ACK = 1, 2, 4, 16


def packets(path):
    """Yields (src, dst, flags, seq, length, payload) of each TCP packet."""
    args = ["tshark", "-r", path, "-Y", "tcp && !icmp && !icmpv6", "-T", "fields", "-E", "occurrence=f"]
    for f in FIELDS:
        args += ["-e", f]
    run = subprocess.run(args, capture_output=True, text=True, check=True)
    for line in run.stdout.splitlines():
        v = dict(zip(FIELDS, line.split("\t")))
        src = (v["ip.src"] or v["ipv6.src"], int(v["tcp.srcport"]))
        dst = (v["ip.dst"] or v["ipv6.dst"], int(v["tcp.dstport"]))
        yield src, dst, int(v["tcp.flags"], 16), int(v["tcp.seq_raw"]), int(v["tcp.len"]), bytes.fromhex(v["tcp.payload"])


class Half:
    """One side's bytes, in order; what a short snaplen cut off is '?', ended by a line end."""

    def __init__(self):
        self.base = None
        self.ahead = {}
        self.data = b""
        self.cut = False

    def add(self, seq, length, payload):
        if len(payload) < length:
            self.cut = True
            payload = payload + b"?" * (length - len(payload) - 2) + b"\r\n"[-(length - len(payload)):]
        offset = (seq - self.base) & 0xFFFFFFFF
        if offset < 1 << 31 and length:
            self.ahead[offset] = max(self.ahead.get(offset, b""), payload, key=len)
        before = len(self.data)
        while True:
            fits = [o for o, p in self.ahead.items() if o <= len(self.data) < o + len(p)]
            if not fits:
                return self.data[before:]
            self.data += self.ahead[fits[0]][len(self.data) - fits[0]:]

    def end(self):
        return max([len(self.data)] + [o + len(p) for o, p in self.ahead.items()])


class Conn:
    def __init__(self, src, dst, number):
        self.src, self.dst, self.number = src, dst, number
        self.half = {src: Half(), dst: Half()}
        self.flow = []  # (packet number, from the client, new bytes in order)
        self.established = self.refused = self.fin = self.rst = False
        self.users = set()  # the sessions that it is a transfer's connection of: two in FXP


LARGEST = 1 << 24  # bytes of a transfer of make.sh


def strays(half, flags, seq):
    """Whether hosts drop a segment of an open connection for its number."""
    return half.base is not None and (bool(flags & SYN) and half.base != seq + 1 or (seq - half.base) & 0xFFFFFFFF > LARGEST and seq + 1 != half.base)


def connections(paths):
    open_, all_, number = {}, [], 0
    for path in paths:
        for src, dst, flags, seq, length, payload in packets(path):
            number += 1
            key = frozenset((src, dst))
            c = open_.get(key)
            if c and c.established and not c.fin and not c.rst and strays(c.half[src], flags, seq):
                continue
            if flags & (SYN | ACK) == SYN and (c is None or c.established or c.half[src].base != seq + 1):
                if c is None or c.established or c.refused:
                    c = open_[key] = Conn(src, dst, number)
                    all_.append(c)
            if c is None:
                continue  # a capture of make.sh begins before its connections
            if flags & SYN:
                c.half[src].base = (seq + 1) & 0xFFFFFFFF
                c.established |= bool(flags & ACK)
            elif flags & RST:
                c.rst = True
                c.refused |= not c.established
            elif c.half[src].base is not None:
                new = c.half[src].add(seq, length, payload)
                if new:
                    c.flow.append((number, src == c.src, new))
                c.fin |= bool(flags & FIN)
    return all_


def dialogue(control):
    """Yields (packet number, from the client, line) in the order in which lines were complete."""
    rest = {True: b"", False: b""}
    for number, client, new in control.flow:
        rest[client] += new
        while b"\n" in rest[client]:
            line, rest[client] = rest[client].split(b"\n", 1)
            line = re.sub(rb"\xff[\xf0-\xfa]", b"", line)  # Telnet commands
            yield number, client, line.rstrip(b"\r").decode("latin-1")


def exchanges(control):
    """The commands with their replies, oldest first: [number, verb, argument, [(number, code, text)…]]."""
    out, waiting, multi = [[0, "", "", []]], [], None
    waiting.append(out[0])
    for number, client, line in dialogue(control):
        if client:
            verb, _, arg = line.partition(" ")
            out.append([number, verb.upper(), arg, []])
            waiting.append(out[-1])
            continue
        if multi is None and re.match(r"\d{3}-", line):
            multi = line[:3]
            continue
        if multi and not line.startswith(multi + " "):
            continue
        multi = None
        if not re.match(r"\d{3}", line) or not waiting:
            break  # TLS
        # a NOOP behind a transfer that began is answered at once, by Pure-FTPd with 500
        aside = len(waiting) > 1 and len(waiting[0][3]) > 0 and waiting[1][1] == "NOOP" and line[:3] in ("200", "500")
        waiting[aside][3].append((number, int(line[:3]), line[4:]))
        if line[0] != "1":
            done = waiting.pop(aside)
            if done[1] == "AUTH" and line[0] in "23":
                break
    for transfer, abor in zip(out, out[1:]):
        # ProFTPD answers ABOR before it answers what was aborted: 226, 426
        if abor[1] == "ABOR" and abor[3] and abor[3][-1][1] in (426, 451):
            transfer[3][-1], abor[3][-1] = abor[3][-1], transfer[3][-1]
    return out


def end(a):
    return f"[{a[0]}]:{a[1]}" if ":" in a[0] else f"{a[0]}:{a[1]}"


class Reader:
    """Folds one control connection's exchanges into transfers."""

    def __init__(self, control, data):
        self.control, self.data = control, data
        self.client, self.server = control.src, control.dst
        self.negotiated = None  # [method, endpoint, number, reply, used]
        self.out = []
        self.facts = {"user": None, "login": "none", "tls": "none", "quit": False}

    def read(self):
        for number, verb, arg, replies in exchanges(self.control):
            code = replies[-1][1] if replies and replies[-1][1] >= 200 else None
            if verb in ("PORT", "EPRT", "PASV", "EPSV"):
                self.negotiation(number, verb, arg, replies)
            elif verb in TRANSFERS:
                self.transfer(number, verb, arg, code)
            elif verb == "USER":
                self.facts["user"] = arg
            elif verb == "AUTH":
                self.facts["tls"] = "explicit" if code in (234, 334, 200) else "refused" if self.facts["tls"] == "none" else self.facts["tls"]
            elif verb == "QUIT":
                self.facts["quit"] = True
            if verb in ("USER", "PASS") and code:
                self.facts["login"] = {2: "ok", 5: "failed"}.get(code // 100, self.facts["login"])
        self.flush()
        return self

    def flush(self):
        n = self.negotiated
        if n and not n[4]:
            self.record(None, "", n, n[3])
        self.negotiated = None

    def negotiation(self, number, verb, arg, replies):
        code, text = replies[-1][1:] if replies else (None, "")
        if code and code >= 400:
            self.record(None, "", [verb, self.endpoint(verb, arg), number, code, True], code)
            return
        self.flush()
        self.negotiated = [verb, self.endpoint(verb, arg if verb in ("PORT", "EPRT") else text), number, code, False]

    def endpoint(self, verb, text):
        if verb == "EPRT":
            _, _, ip, port, _ = text.split(text[0])
            return (ip, int(port))
        if verb == "EPSV":
            m = re.search(r"\|\|\|(\d+)\|", text)
            return (self.server[0], int(m[1])) if m else None
        m = re.search(r"(\d+),(\d+),(\d+),(\d+),(\d+),(\d+)", text)
        return (".".join(m.groups()[:4]), int(m[5]) * 256 + int(m[6])) if m else None

    def transfer(self, number, verb, arg, code):
        n = self.negotiated
        if n is None or (n[4] and n[0] in ("PASV", "EPSV")):
            n = ["default", self.client, number, None, True]
        n[4] = True
        self.record(verb, arg, n, code)

    def record(self, verb, arg, n, code):
        method, endpoint, number, _, _ = n
        active = method in ("PORT", "EPRT", "default")
        c = None if verb is None and code and code >= 400 else self.connection(endpoint, number, active)
        up = verb in UPLOADS
        sender = None if not c else c.src if up != active else c.dst
        half = c.half[sender] if c else Half()
        self.out.append({
            "cmd": verb, "arg": arg, "method": method, "mode": "active" if active else "passive",
            "announced": end(endpoint) if endpoint and method != "default" else None,
            "initiator": self.who(c, active), "data": f"{end(c.src)}>{end(c.dst)}" if c else None,
            "direction": "upload" if up else "download", "bytes": half.end(), "cut": half.cut,
            "sha256": hashlib.sha256(half.data).hexdigest(), "final_reply": code, "outcome": outcome(verb, code, c)})

    def who(self, c, active):
        if c and self.client[0] == self.server[0]:  # one host: who did not announce the endpoint opened it
            return "server" if active else "client"
        return "none" if c is None else {self.client[0]: "client", self.server[0]: "server"}.get(c.src[0], "third-party")

    def connection(self, endpoint, number, active):
        """The first connection after the negotiation to the announced port, at any of the right hosts: of another host
        than expected only if it carried data or the expected one did not get through."""
        peer, opener = (self.client, self.server) if active else (self.server, self.client)
        hosts = (endpoint[0] if endpoint else None, peer[0])
        fits = [c for c in self.data if endpoint and self.control not in c.users and c.number > number and c.dst[0] in hosts and c.dst[1] == endpoint[1]]
        if fits and fits[0].src[0] != opener[0] and not sum(h.end() for h in fits[0].half.values()):
            fits.sort(key=lambda c: not c.established or c.src[0] != opener[0])
        if not fits:
            return None
        fits[0].users.add(self.control)
        return fits[0]

    def hidden(self):
        """Under TLS: the connections between the two hosts, in order."""
        rows = []
        for c in self.data:
            if {c.src[0], c.dst[0]} == {self.client[0], self.server[0]}:
                who = self.who(c, False)
                rows.append({"initiator": who, "mode": "active" if who == "server" else "passive",
                             "data": f"{end(c.src)}>{end(c.dst)}", "up": c.half[c.src].end(), "down": c.half[c.dst].end()})
        return rows


def outcome(verb, code, c):
    if c is not None and not c.established:
        return "no-connection"
    if verb is None:
        return "rejected" if code and code >= 400 else "unused"
    if code is None:
        return "incomplete"
    if code < 400:
        return "ok"
    if code == 425:
        return "no-connection"
    return "aborted" if c else "denied"


def controls(paths, port):
    """Only who talks with whom, for what is no plain FTP, or of which one side's packets are there."""
    pairs = {}
    for path in paths:
        for src, dst, flags, _, length, _ in packets(path):
            if port in (src[1], dst[1]) and (length or flags & (SYN | ACK) == SYN | ACK):
                pairs[(src, dst) if dst[1] == port else (dst, src)] = True
    return [{"client": end(c), "server": end(s)} for c, s in pairs]


def sessions(paths, port):
    conns = connections(paths)
    controls = [c for c in conns if c.dst[1] == port and c.established]
    data = [c for c in conns if c not in controls]
    out = []
    for control in controls:
        r = Reader(control, data).read()
        modes = {t["mode"] for t in r.out if t["outcome"] != "rejected"}
        f = r.facts
        closing = "quit" if f["quit"] else "rst" if control.rst and not control.fin else "fin" if control.fin else "cut"
        out.append({"client": end(control.src), "server": end(control.dst), "user": f["user"], "login": f["login"], "tls": f["tls"],
                    "closing": closing, "mode": "none" if not modes else "mixed" if len(modes) > 1 else modes.pop(),
                    "transfers": r.out, "hidden": r.hidden() if f["tls"] == "explicit" else []})
    return out
