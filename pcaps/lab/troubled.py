"""Runs one client that meets trouble: what a person or a program does then.

  troubled.py SCENARIO [FILES]   the scenarios are the functions below, _ for -
"""
import ftplib
import os
import select
import signal
import socket
import ssl
import struct
import sys
import time

from client import PASSWORD, SERVER, USER, Raw, original
from failing import drain, ready

GIVE_UP = 12  # seconds


def impatient_user():
    """Waits for a greeting, then says who it is all the same."""
    c = Raw()
    if not select.select([c.sock], [], [], 3)[0]:
        c.send("USER " + USER)
        try:
            c.reply()
        except EOFError:
            pass
    c.sock.close()


def two_at_once():
    first = ready(SERVER)
    second = Raw()
    answer = second.reply()
    if answer.startswith("2"):
        second.cmd("USER " + USER)
        second.cmd("PASS " + PASSWORD)
    second.sock.close()
    first.quit()


def old_tls():
    c = ftplib.FTP_TLS(timeout=8)
    c.context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    c.context.check_hostname, c.context.verify_mode = False, ssl.CERT_NONE
    c.context.set_ciphers("ALL:@SECLEVEL=0")
    c.context.minimum_version = c.context.maximum_version = ssl.TLSVersion.TLSv1_1
    c.connect(SERVER)
    try:
        c.auth()
    except OSError:
        pass
    c.close()


def waits_for_421():
    c = Raw()
    c.reply()
    try:
        c.reply()
    except EOFError:
        pass
    c.sock.close()


def waits_after_download():
    c = ready(SERVER)
    c.down("RETR readme.txt", c.pasv())
    try:
        c.reply()
    except EOFError:
        pass
    c.sock.close()


def unanswered():
    """Asks while the server's program does not run, and leaves after a while."""
    c = ready(SERVER)
    time.sleep(4)
    c.send("CWD docs")
    time.sleep(GIVE_UP)
    c.sock.close()


def makes_directory():
    c = ready(SERVER)
    c.cmd("MKD reports")
    c.quit()


def other_family():
    c = ready(SERVER)
    c.cmd("EPRT |2|2001:db8::10|50000|")
    c.cmd("EPSV 2")
    c.quit()


def impossible_port():
    c = ready(SERVER)
    c.cmd("PORT 192,0,2,10,300,7")
    c.quit()


def neither_way():
    c = ready(SERVER)
    c.cmd("RETR readme.txt")
    c.quit()


def at_once(count, host):
    """So many sessions hold a passive port each, and use it in the end, if they can."""
    sessions = []
    for _ in range(count):
        c = ready(host)
        try:
            answer = c.cmd("PASV")
        except EOFError:
            answer = ""
        sessions.append((c, [int(x) for x in answer.split("(")[1].split(")")[0].split(",")] if answer.startswith("227") else None))
    for c, n in sessions:
        if n:
            data = socket.socket()
            data.settimeout(4)
            try:
                data.connect((".".join(map(str, n[:4])), n[4] * 256 + n[5]))
                c.down("RETR readme.txt", data)
            except OSError:
                data.close()
    for c, n in sessions:
        if n:
            c.quit()


def two_transfers_at_once():
    at_once(2, SERVER)


def five_at_once():
    at_once(5, "192.168.50.2")


def no_session_reuse(newest=ssl.TLSVersion.TLSv1_3):
    """As Python's ftplib is: each data connection has a TLS session of its own."""
    c = ftplib.FTP_TLS(timeout=8)
    c.context.maximum_version = newest
    c.context.check_hostname, c.context.verify_mode = False, ssl.CERT_NONE
    c.connect(SERVER)
    try:
        c.login(USER, PASSWORD)
        c.prot_p()
        c.retrbinary("RETR photo.bin", len)
        c.quit()
    except (OSError, EOFError, ftplib.Error):
        c.close()


def no_session_reuse_12():
    no_session_reuse(ssl.TLSVersion.TLSv1_2)


INNER = "192.168.50.2"


def patient_download(host=INNER, name="photo.bin", patience=GIVE_UP):
    """Waits so long for each piece of the data, then gives up."""
    c = ready(host)
    data = c.pasv()
    c.cmd("RETR " + name)
    complete = drain(data, patience)
    data.close()
    if complete == 30000:
        c.reply()
        c.quit()
    c.sock.close()


def patient_download_long():
    patient_download(patience=40)


def patient_large_download():
    patient_download(SERVER, "large.bin")


def patient_upload(host=INNER):
    c = ready(host)
    data = c.pasv()
    first = c.cmd("STOR new.bin")
    if first.startswith("1"):
        data.settimeout(GIVE_UP)
        try:
            data.sendall(original("large.bin")[:400000 if host == INNER else 60000])
            data.close()
            c.sock.settimeout(GIVE_UP)
            c.reply()
            c.quit()
        except OSError:
            pass
    data.close()
    c.sock.close()


def patient_upload_flat():
    patient_upload(SERVER)


def reads_no_more():
    c = ready(SERVER)
    data = socket.socket()
    data.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8192)
    data.connect(c.pasv(connect=False))
    c.cmd("RETR large.bin")
    data.recv(1000)
    c.sock.settimeout(20)
    try:
        c.reply()
    except EOFError:
        pass
    data.close()
    c.sock.close()


def uploads_slowly():
    c = ready(SERVER)
    data = c.pasv()
    data.settimeout(GIVE_UP)
    c.cmd("STOR new.bin")
    piece = original("large.bin")[:4000]
    try:
        for _ in range(100):
            data.sendall(piece)
            time.sleep(0.25)
    except OSError:
        pass
    data.close()
    c.sock.close()


def stops_uploading():
    c = ready(SERVER)
    data = c.pasv()
    c.cmd("STOR new.bin")
    data.sendall(original("photo.bin")[:20000])
    c.sock.settimeout(20)
    try:
        c.reply()
    except EOFError:
        pass
    data.close()
    c.sock.close()


def resets():
    c = ready(INNER)
    data = c.pasv()
    data.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    c.cmd("RETR large.bin")
    drained = 0
    while drained < 20000:
        drained += len(data.recv(4096))
    data.close()
    c.reply()
    c.quit()


def ascii_upload():
    """Sends a binary file as text, and each LF of it as CRLF."""
    c = Raw()
    c.login()
    c.cmd("TYPE A")
    c.up("STOR photo.bin", c.pasv(), original("photo.bin").replace(b"\n", b"\r\n"))
    c.quit()


def leaves_before_226():
    c = ready(SERVER)
    data = c.pasv()
    c.cmd("STOR new.bin")
    data.sendall(original("up.bin"))
    time.sleep(2.5)
    data.close()
    time.sleep(GIVE_UP)
    c.sock.close()


def denied_upload():
    c = ready(SERVER)
    c.up("STOR docs/new.bin", c.pasv(), original("up.bin"))
    c.quit()


def reads_slowly():
    c = ready(SERVER)
    data = socket.socket()
    data.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    data.connect(c.pasv(connect=False))
    c.cmd("RETR photo.bin")
    while data.recv(2048):
        time.sleep(0.6)
    data.close()
    c.reply()
    c.quit()


def closes_early():
    """Has seen enough, closes, and goes on."""
    c = ready(SERVER)
    data = c.pasv()
    c.cmd("RETR large.bin")
    data.recv(4096)
    time.sleep(0.3)
    data.close()
    c.reply()
    c.down("RETR readme.txt", c.pasv())
    c.quit()


if __name__ == "__main__":
    globals()[sys.argv[1].replace("-", "_")]()
