"""Runs one client: exact sequences of commands, exact segments.

  scenarios.py SCENARIO [FILES]   the scenarios are the functions below, _ for -
"""
import ftplib
import os
import socket
import sys
import time

from client import CRLF, PASSWORD, SERVER, USER, Raw, accept, drop, ftp, original


def mixed_modes():
    c = ftp()
    c.retrbinary("RETR photo.bin", drop)
    c.set_pasv(False)
    c.retrbinary("RETR readme.txt", drop)
    with open(os.path.join(sys.argv[2], "up.bin"), "rb") as f:
        c.storbinary("STOR up.bin", f)
    c.set_pasv(True)
    c.nlst()
    c.quit()


def default_data_port():
    """RFC 959 section 3.2: without PORT the user's data port is the control connection's own."""
    c = Raw(bind="192.0.2.10", reuse=True)
    c.login()
    c.cmd("TYPE I")
    c.down("RETR photo.bin", c.listen(c.sock.getsockname()[1]))
    c.cmd("TYPE A")
    c.down("NLST", c.listen(c.sock.getsockname()[1]))
    c.quit()


def upload():
    c = ftp()
    with open(os.path.join(sys.argv[2], "up.bin"), "rb") as f:
        c.storbinary("STOR up.bin", f)
    c.set_pasv(False)
    with open(os.path.join(sys.argv[2], "up.txt"), "rb") as f:
        c.storlines("STOR up.txt", f)
    c.quit()


def resume():
    """An upload cut short at 5000 bytes, gone on with by REST and STOR."""
    c = ftp(source="192.0.2.11")
    with open(os.path.join(sys.argv[2], "up.bin-from-5000"), "rb") as f:
        c.storbinary("STOR part.bin", f, rest=5000)
    c.quit()


def listing_forms():
    c = Raw()
    c.login()
    c.cmd("TYPE A")
    for n, command in enumerate(("LIST", "NLST", "MLSD", "LIST -la docs", "NLST docs", "MLSD docs/old")):
        c.down(command, c.port()[0] if n % 2 else c.pasv())
    c.cmd("STAT docs")  # the listing comes over the control connection
    c.quit()


def abort():
    """ABOR as RFC 959 section 4.1.3 wants it sent: Telnet IP, then the Synch in urgent data, then the command."""
    c = Raw()
    c.login()
    c.cmd("TYPE I")
    data = c.pasv()
    data.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8192)
    c.cmd("RETR large.bin")
    data.recv(4096)
    time.sleep(0.4)
    c.sock.sendall(b"\xff\xf4\xff")
    c.sock.send(b"\xf2", socket.MSG_OOB)
    c.sock.sendall(b"ABOR\r\n")
    while data.recv(65536):
        pass
    data.close()
    c.reply()
    c.reply()
    c.cmd("PWD")
    c.quit()


def retr_550():
    c = Raw()
    c.login()
    c.cmd("TYPE I")
    c.down("RETR no-such-file.bin", c.pasv())
    c.down("RETR neither-this.bin", c.port()[0])
    c.quit()


def stou():
    c = Raw()
    c.login()
    c.cmd("TYPE I")
    c.up("STOU", c.pasv(), original("more.txt"))
    c.up("STOU kept.txt", c.port()[0], original("more.txt"))
    c.quit()


def cwd_navigation():
    c = Raw()
    c.login()
    c.cmd("PWD")
    c.cmd("TYPE I")
    c.cmd("CWD docs")
    c.down("RETR readme.txt", c.pasv())
    c.cmd("CWD old")
    c.down("RETR ./deep.txt", c.pasv())
    c.cmd("CDUP")
    c.cmd("PWD")
    c.down("RETR old/deep.txt", c.port()[0])
    c.cmd("CWD no-such-directory")
    c.down("RETR ../photo.bin", c.pasv())
    c.cmd("CWD /")
    c.down("NLST docs", c.port()[0])
    c.cmd("XCWD /docs/old")
    c.cmd("XCUP")
    c.down("RETR /readme.txt", c.pasv())
    c.quit()


def active_blocked(host=SERVER):
    c = Raw(host)
    c.login()
    c.cmd("TYPE I")
    s, _ = c.port()
    c.down("RETR photo.bin", s)
    c.quit()


def active_blocked_routed():
    active_blocked("192.168.50.2")


def passive_blocked():
    """The command goes out before the data connection is made, as browsers do: the server says 425."""
    c = Raw()
    c.login()
    c.cmd("TYPE I")
    address = c.pasv(connect=False)
    data = socket.socket()
    data.setblocking(False)
    c.send("RETR photo.bin")
    data.connect_ex(address)
    c.reply()
    c.quit()
    data.close()


def passive_blocked_routed():
    c = Raw("192.168.50.2")
    c.login()
    try:
        c.pasv()
    except OSError:
        pass
    c.quit()


def passive_never_tried():
    c = Raw()
    c.login()
    c.pasv(connect=False)
    c.cmd("RETR photo.bin")
    c.quit()


def port_rejected():
    c = ftp(source="192.0.2.11")
    c.set_pasv(False)
    try:
        c.retrbinary("RETR photo.bin", drop)
    except ftplib.error_perm:
        c.set_pasv(True)
        c.retrbinary("RETR photo.bin", drop)
    c.quit()


def multiline_banner():
    c = Raw()
    c.login()
    c.cmd("FEAT")
    c.cmd("HELP")
    c.down("RETR readme.txt", c.pasv())
    c.quit()


def login_failed():
    c = Raw()
    c.login(password="wrong-1")
    c.cmd("USER root")
    c.cmd("PASS wrong-2")
    c.cmd("PASV")
    c.quit()


def idle_then_quit():
    c = Raw()
    c.login()
    c.pasv(connect=False)
    time.sleep(3)
    c.cmd("NOOP")
    c.quit()


def noop_during_transfer():
    """A slow upload; meanwhile the client keeps the control connection busy."""
    c = Raw()
    c.login()
    c.cmd("TYPE I")
    data = c.pasv()
    content, piece = original("up.bin"), 4000
    c.cmd("STOR up.bin")
    for at in range(0, len(content), piece):
        data.sendall(content[at : at + piece])
        time.sleep(0.3)
        c.cmd("NOOP")
    data.close()
    c.reply()
    c.quit()


def several_active():
    c = ftp(source="192.0.2.11")
    c.set_pasv(False)
    c.retrbinary("RETR photo.bin", drop)
    with open(os.path.join(sys.argv[2], "up.bin"), "rb") as f:
        c.storbinary("STOR up-11.bin", f)
    c.quit()


def several_mixed():
    c = ftp(source="192.0.2.13")
    c.retrbinary("RETR readme.txt", drop)
    c.set_pasv(False)
    c.retrbinary("RETR photo.bin", drop)
    c.nlst()
    c.quit()


def both_ways(host=SERVER):
    c = ftp(host)
    c.retrbinary("RETR readme.txt", drop)
    c.set_pasv(False)
    c.retrbinary("RETR photo.bin", drop)
    c.quit()


def loopback():
    both_ways("127.0.0.1")


def active_only():
    c = ftp()
    c.set_pasv(False)
    c.retrbinary("RETR photo.bin", drop)
    with open(os.path.join(sys.argv[2], "up.bin"), "rb") as f:
        c.storbinary("STOR up.bin", f)
    c.quit()


def loss_and_reordering():
    c = Raw()
    c.login()
    c.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    burst = ("SYST", "PWD", "NOOP", "CWD docs", "PWD", "CDUP", "STAT", "TYPE A", "TYPE I", "SIZE photo.bin", "PWD")
    for command in burst:  # a segment each, not waiting for replies: swapped ones really overtake
        c.send(command)
    for _ in burst:
        c.reply()
    c.down("RETR photo.bin", c.port()[0])
    c.up("STOR up.bin", c.pasv(), original("up.bin"))
    c.down("RETR readme.txt", c.pasv())
    c.quit()


def one_byte_segments():
    c = Raw()
    c.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def trickle(*commands):
        for byte in b"".join(x.encode() + CRLF for x in commands):
            c.sock.sendall(bytes([byte]))
            time.sleep(0.001)

    c.send = trickle
    c.login()
    c.cmd("TYPE I")
    c.down("RETR photo.bin", c.pasv())
    c.down("RETR readme.txt", c.port()[0])
    c.quit()


def pipelined():
    """Several commands in one segment, as RFC 959 does not forbid and RFC 2389's clients do."""
    c = Raw()
    c.reply()
    c.send("USER " + USER, "PASS " + PASSWORD, "SYST", "TYPE I", "PWD")
    for _ in range(5):
        c.reply()
    data = c.pasv()
    c.send("SIZE readme.txt", "RETR readme.txt", "NOOP", "PWD")
    for _ in range(2):
        c.reply()
    while data.recv(65536):
        pass
    data.close()
    for _ in range(3):
        c.reply()
    s = c.listen()
    ip, p = s.getsockname()
    c.send("PORT %s,%d,%d" % (ip.replace(".", ","), p >> 8, p & 255), "RETR photo.bin", "QUIT")
    c.reply()
    c.reply()
    data = accept(s)
    while data.recv(65536):
        pass
    data.close()
    c.reply()
    c.reply()
    c.sock.close()


if __name__ == "__main__":
    globals()[sys.argv[1].replace("-", "_")]()
