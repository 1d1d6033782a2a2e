"""Runs one client, and puts segments on the wire that its kernel did not send.

  stray.py SCENARIO   the scenarios are the functions below, _ for -
"""
import socket
import struct
import sys
import time

from client import Raw

DEVICE = "c0"
FIN, SYN, PSH, ACK = 1, 2, 8, 16


class Wire:
    """What the client's connections send, as the wire has it."""

    def __init__(self):
        self.sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
        self.sock.bind((DEVICE, 3))
        self.sock.settimeout(0.3)

    def last(self, port):
        """The last frame from a port of the client's: its headers, the number after it, what it acknowledges."""
        found = None
        while True:
            try:
                frame, origin = self.sock.recvfrom(65536)
            except TimeoutError:
                return found
            if origin[2] != socket.PACKET_OUTGOING or frame[12:14] != b"\x08\x00" or frame[23] != 6:
                continue
            tcp = frame[34:]
            source, _, seq, ack = struct.unpack("!HHII", tcp[:12])
            if source == port:
                size = struct.unpack("!H", frame[16:18])[0] - 20 - (tcp[12] >> 4) * 4
                found = frame[:34] + tcp[:20], (seq + size) & 0xFFFFFFFF, ack

    def send(self, like, seq, ack, flags, payload=b""):
        """Sends a segment with the addresses of another one, without options."""
        ip = bytearray(like[14:34])
        ip[2:4], ip[4:6], ip[10:12] = struct.pack("!H", 40 + len(payload)), struct.pack("!H", seq & 0xFFFF), b"\0\0"
        ip[10:12] = struct.pack("!H", checksum(bytes(ip)))
        tcp = like[34:38] + struct.pack("!IIBBHHH", seq & 0xFFFFFFFF, ack, 5 << 4, flags, 500, 0, 0)
        pseudo = bytes(ip[12:20]) + struct.pack("!BBH", 0, 6, len(tcp) + len(payload))
        tcp = tcp[:16] + struct.pack("!H", checksum(pseudo + tcp + payload)) + tcp[18:]
        self.sock.send(like[:14] + bytes(ip) + tcp + payload)
        time.sleep(0.05)


def checksum(data):
    data += b"\0" * (len(data) % 2)
    total = sum(struct.unpack("!%dH" % (len(data) // 2), data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def uploading(inject, before=lambda c: None):
    """Uploads 3,000 bytes, in whose midst inject puts segments on the wire."""
    wire = Wire()
    c = Raw()
    c.login()
    c.cmd("TYPE I")
    before(c)
    data = c.pasv()
    c.cmd("STOR new.bin")
    data.sendall(bytes(range(250)) * 4)
    like, seq, ack = wire.last(data.getsockname()[1])
    inject(wire, like, seq, ack)
    data.sendall(bytes(range(250)) * 8)
    data.close()
    c.reply()
    c.quit()


def segments():
    """A SYN of another number, twice, a FIN and data of nowhere, a keep-alive with a byte of nonsense."""
    def inject(wire, like, seq, ack):
        for _ in range(2):
            wire.send(like, seq + 5000000, 0, SYN)
        wire.send(like, seq + 90000000, ack, FIN | ACK)
        for k in (0, 1000):  # two that fit each other
            wire.send(like, seq + 120000000 + k, ack, PSH | ACK, b"x" * 1000)
        wire.send(like, seq - 1, ack, ACK, b"?")

    uploading(inject)


def conflict():
    """The last 500 bytes, and a command, again with another content; the server has them already."""
    def inject(wire, like, seq, ack):
        wire.send(like, seq - 500, ack, PSH | ACK, b"other!" * 83 + b"!!")

    def inject_command(c):
        wire = Wire()
        c.cmd("NOOP")
        like, seq, ack = wire.last(c.sock.getsockname()[1])
        wire.send(like, seq - 6, ack, PSH | ACK, b"REIN\r\n")

    uploading(inject, inject_command)


def not_asked():
    """USER is enough, and PASS is sent all the same."""
    c = Raw()
    c.reply()
    c.cmd("USER anonymous")
    c.cmd("TYPE I")
    c.down("RETR readme.txt", c.pasv())
    c.quit()


if __name__ == "__main__":
    globals()[sys.argv[1].replace("-", "_")]()
