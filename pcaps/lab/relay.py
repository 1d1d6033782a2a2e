"""Carries frames between two wires in user space: m0 (client's side) <-> m1 (server's side).

  relay.py lossy   loses, swaps and doubles TCP packets that carry data, by counting: the same rule in every run
  relay.py vlan    client -> tag 802.1Q -> trunk t0-t1 -> untag -> server, and back: capture on t0
  relay.py qinq    the same with an 802.1ad tag around the 802.1Q tag
  relay.py late    TCP packets that are not the control connection's take LATE seconds each way

For kernels without netem and 8021q; and unlike netem it does the same each time.
"""
import select
import socket
import struct
import sys
import time

ETH_P_ALL = 3
TAGS = {
    "vlan": struct.pack("!HH", 0x8100, 3 << 13 | 42),
    "qinq": struct.pack("!HHHH", 0x88A8, 100, 0x8100, 42),
}
LATE = 2
HOLD = 0.03  # seconds that a swapped packet waits at most for the one that overtakes it


def wire(name):
    s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
    s.bind((name, ETH_P_ALL))
    s.setblocking(False)
    return s


def untag(frame):
    while frame[12:14] in (b"\x81\x00", b"\x88\xa8"):
        frame = frame[:12] + frame[16:]
    return frame


def tcp_data(frame):
    """Payload bytes of a TCP packet over IPv4 (0 for others), and whether it is the control connection's."""
    if frame[12:14] != b"\x08\x00" or frame[23] != 6:
        return 0, False
    tcp = 14 + (frame[14] & 15) * 4
    total, ports = struct.unpack("!H", frame[16:18])[0], struct.unpack("!HH", frame[tcp:tcp + 4])
    return 14 + total - tcp - (frame[tcp + 12] >> 4) * 4, 21 in ports


class Lossy:
    """One direction's trouble, by turns: which packets with data are lost, doubled, or swapped with the next."""

    CONTROL = {"period": 7, "lost": (5,), "doubled": (6,), "swapped": (1, 3)}
    DATA = {"period": 20, "lost": (7,), "doubled": (16,), "swapped": (3, 12)}

    def __init__(self, out, first):
        self.out, self.count = out, {True: first, False: first}
        self.held = None

    def carry(self, frame):
        size, control = tcp_data(frame)
        if not size:
            self.out.send(frame)
            return
        rule = self.CONTROL if control else self.DATA
        self.count[control] += 1
        turn = self.count[control] % rule["period"]
        if turn in rule["lost"]:
            return
        if turn in rule["swapped"] and self.held is None:
            self.held = (frame, time.monotonic() + HOLD)
            return
        self.out.send(frame)
        if turn in rule["doubled"]:
            self.out.send(frame)
        self.release()

    def release(self):
        if self.held:
            self.out.send(self.held[0])
            self.held = None

    def expire(self):
        if self.held and time.monotonic() > self.held[1]:
            self.release()


class Late:
    """One direction of a path on which data connections are slow and the control connection is not."""

    def __init__(self, out):
        self.out, self.held = out, []

    def carry(self, frame):
        tcp = 14 + (frame[14] & 15) * 4
        if frame[12:14] != b"\x08\x00" or frame[23] != 6 or 21 in struct.unpack("!HH", frame[tcp:tcp + 4]):
            self.out.send(frame)
            return
        self.held.append((time.monotonic() + LATE, frame))

    def expire(self):
        while self.held and self.held[0][0] <= time.monotonic():
            self.out.send(self.held.pop(0)[1])


def run(routes, tick):
    """routes: socket -> function of a frame."""
    print("ready", flush=True)
    while True:
        for s in select.select(list(routes), [], [], 0.01)[0]:
            try:
                frame, (_, _, kind, _, _) = s.recvfrom(65536)
            except BlockingIOError:
                continue
            if kind != socket.PACKET_OUTGOING:
                routes[s](frame)
        tick()


def main(mode):
    client, server = wire("m0"), wire("m1")
    if mode in ("lossy", "late"):
        there, back = (Lossy(server, 0), Lossy(client, 3)) if mode == "lossy" else (Late(server), Late(client))

        def tick():
            there.expire()
            back.expire()

        run({client: there.carry, server: back.carry}, tick)
        return
    tag, near, far = TAGS[mode], wire("t0"), wire("t1")

    def tagged(out):
        return lambda frame: out.send(frame[:12] + tag + frame[12:])

    def plain(out):
        return lambda frame: out.send(untag(frame))

    run({client: tagged(near), far: plain(server), server: tagged(far), near: plain(client)}, lambda: None)


main(sys.argv[1])
