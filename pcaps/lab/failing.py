"""Runs one client of a data connection that fails, comes late or is cut, or of a control connection that is lost.

  failing.py SCENARIO [FILES]   the scenarios are the functions below, _ for -
"""
import select
import socket
import sys
import time

from client import Raw

INNER, INNER6 = "192.168.50.2", "2001:db8:2::2"
IDLE = 32  # seconds: more than any retransmission waits


def drain(data, seconds):
    """Reads until the end of the data or until nothing came for so long; returns how much came."""
    size = 0
    while select.select([data], [], [], seconds)[0]:
        try:
            chunk = data.recv(65536)
        except ConnectionError:
            break
        if not chunk:
            break
        size += len(chunk)
    return size


def ready(host=INNER):
    c = Raw(host)
    c.login()
    c.cmd("TYPE I")
    return c


def passive_late():
    """The handshake takes longer than the server waits; the client learns of 425 before its connection is there."""
    c = Raw()
    c.login()
    c.cmd("TYPE I")
    data = socket.socket()
    data.setblocking(False)
    data.connect_ex(c.pasv(connect=False))
    c.send("RETR photo.bin")
    c.reply()
    drain(data, 8)
    data.close()
    c.quit()


def active_late():
    c = Raw()
    c.login()
    c.cmd("TYPE I")
    s, _ = c.port()
    c.send("RETR photo.bin")
    c.reply()
    time.sleep(3)
    s.close()
    c.quit()


def active_icmp_codes():
    """Each port's SYN meets a rule of its own on the router."""
    c = ready()
    for port in range(50000, 50007):
        s, _ = c.port(port)
        c.down("RETR photo.bin", s)
    c.quit()


def active_icmp6_codes():
    c = ready(INNER6)
    for port in range(50000, 50006):
        s, _ = c.eprt(port)
        c.down("RETR photo.bin", s)
    c.quit()


def passive_icmp(host=INNER, way="pasv"):
    c = ready(host)
    try:
        getattr(c, way)()
    except OSError:
        pass
    c.quit()


def passive_icmp6():
    passive_icmp(INNER6, "epsv")


def firewall_passive():
    """Connects after the command, as browsers do, and gives up when the server does."""
    c = ready()
    address = c.pasv(connect=False)
    data = socket.socket()
    data.setblocking(False)
    c.send("RETR photo.bin")
    data.connect_ex(address)
    c.reply()
    c.quit()
    data.close()


def firewall_active():
    c = ready()
    s, _ = c.port()
    c.down("RETR photo.bin", s)
    c.quit()


def active_nat_no_alg():
    c = ready("203.0.113.21")
    s, agreed = c.port()
    if agreed.startswith("2"):
        c.down("RETR photo.bin", s)
    c.quit()


def data_cut():
    c = ready()
    data = c.pasv()
    c.cmd("RETR large.bin")
    drain(data, 10)
    data.close()
    if c.reply().startswith("421"):
        c.sock.close()
        return
    c.quit()


def data_cut_silence():
    """Nothing comes any more: the client gives up after a while, control connection and all."""
    c = ready()
    data = c.pasv()
    c.cmd("RETR large.bin")
    drain(data, IDLE)
    c.send("NOOP")
    time.sleep(1)


def control_lost_rst():
    """A command during the transfer, as clients send it to keep the control connection alive, but too late for that."""
    c = ready("203.0.113.1")
    data = c.pasv()
    c.cmd("RETR photo.bin")
    until = time.monotonic() + 6
    while time.monotonic() < until:
        data.recv(65536)
    c.send("NOOP")
    drain(data, 10)
    data.close()


def control_lost_silence():
    """The 226 never comes: the client asks for it after a while and then hears nothing at all."""
    c = ready()
    data = c.pasv()
    c.cmd("RETR photo.bin")
    drain(data, 10)
    data.close()
    time.sleep(IDLE)
    c.send("NOOP")
    time.sleep(4)


if __name__ == "__main__":
    globals()[sys.argv[1].replace("-", "_")]()
