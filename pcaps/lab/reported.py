"""Runs one client of a situation that people report.

  reported.py SCENARIO HOST [USER]   the scenarios are the functions below, _ for -
"""
import socket
import sys
import time

from client import PASSWORD, USER, Raw
from failing import drain, ready

GIVE_UP = 12  # seconds


def host():
    return sys.argv[2]


def said(c, command):
    """Sends a command and waits for its reply, or until patience ends; empty: none came."""
    c.sock.settimeout(GIVE_UP)
    c.send(command)
    try:
        return c.reply()
    except (EOFError, OSError):
        return ""


def login(c, password=PASSWORD):
    c.reply()
    if said(c, "USER " + (sys.argv[3] if len(sys.argv) > 3 else USER)).startswith("331"):
        return said(c, "PASS " + password)
    return ""


def logs_in():
    c = Raw(host())
    try:
        if login(c):
            said(c, "QUIT")
    except (EOFError, OSError):
        pass
    c.sock.close()


def wrong_passwords():
    """Three times, and then the door is shut."""
    for _ in range(3):
        c = Raw(host())
        login(c, "wrong")
        c.quit()
    time.sleep(3)
    s = socket.socket()
    s.settimeout(GIVE_UP)
    try:
        s.connect((host(), 21))
    except OSError:
        pass
    s.close()


def connects():
    s = socket.socket()
    s.settimeout(GIVE_UP)
    try:
        s.connect((host(), 21))
        while s.recv(100):
            pass
    except OSError:
        pass
    s.close()


def health_check():
    socket.create_connection((host(), 21)).close()


def asks(command):
    c = ready(host())
    said(c, command)
    c.sock.close()


def asks_epsv():
    asks("EPSV")


def asks_port():
    asks("PORT " + Raw(host()).sock.getsockname()[0].replace(".", ",") + ",200,10")


def asks_auth():
    c = Raw(host())
    c.reply()
    said(c, "AUTH TLS")
    c.sock.close()


def names_say_much():
    c = ready(host())
    for name in ("quota/full.txt", "too many users.txt", "tls-only must.txt"):
        data = c.pasv()
        c.cmd("RETR " + name)
        data.close()
    c.quit()


def some_work():
    """One download, and one whose data connection does not come to be."""
    c = ready(host())
    c.down("RETR readme.txt", c.pasv())
    data = socket.socket()
    data.setblocking(False)
    data.connect_ex((host(), c.pasv(connect=False)[1]))
    said(c, "RETR photo.bin")
    data.close()
    c.quit()


def lists_in_vain():
    c = ready(host())
    data = c.pasv()
    c.cmd("LIST")
    drain(data, GIVE_UP)
    data.close()
    c.sock.close()


def uploads_on_and_on():
    c = ready(host())
    data = c.pasv()
    c.cmd("STOR new.bin")
    try:
        while True:
            data.sendall(b"x" * 200)
            time.sleep(0.3)
    except OSError:
        pass
    data.close()
    c.sock.close()


def waits_for_the_end():
    c = ready(host())
    data = c.pasv()
    c.cmd("RETR photo.bin")
    c.reply()
    drain(data, GIVE_UP)
    data.close()
    c.sock.close()


if __name__ == "__main__":
    globals()[sys.argv[1].replace("-", "_")]()
