"""A control connection under full control, for what no ready client does on demand, and ftplib for the rest."""
import ftplib
import os
import socket
import sys

SERVER = "192.0.2.21"
USER, PASSWORD = "labuser", "labpass"
CRLF = b"\r\n"


class Raw:
    """A control connection that sends what it is told and reads replies as RFC 959 section 4.2 frames them."""

    def __init__(self, host=SERVER, port=21, bind="", reuse=False):
        self.sock = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
        if reuse:
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.sock.bind((bind, 0))
        self.sock.settimeout(8)
        self.sock.connect((host, port))
        self.host = host
        self.lines = self.sock.makefile("rb")

    def reply(self):
        line = self.lines.readline()
        if line[3:4] == b"-":
            code = line[:3] + b" "
            while not line.startswith(code):
                line = self.lines.readline()
                if not line:
                    break
        if not line:
            raise EOFError("server closed the control connection")
        return line.decode("latin-1").rstrip()

    def send(self, *commands):
        self.sock.sendall(b"".join(c.encode() + CRLF for c in commands))

    def cmd(self, command):
        self.send(command)
        return self.reply()

    def login(self, user=USER, password=PASSWORD):
        self.reply()
        self.cmd("USER " + user)
        return self.cmd("PASS " + password)

    def quit(self):
        self.cmd("QUIT")
        self.sock.close()

    def pasv(self, connect=True):
        n = [int(x) for x in self.cmd("PASV").split("(")[1].split(")")[0].split(",")]
        address = (".".join(map(str, n[:4])), n[4] * 256 + n[5])
        return socket.create_connection(address, 8) if connect else address

    def epsv(self):
        port = int(self.cmd("EPSV").split("|||")[1].split("|")[0])
        return socket.create_connection((self.host, port), 8)

    def listen(self, port=0):
        s = socket.socket(self.sock.family)
        s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        s.bind((self.sock.getsockname()[0], port))
        s.listen(1)
        s.settimeout(8)
        return s

    def port(self, port=0):
        s = self.listen(port)
        return s, self.announce(*s.getsockname())

    def announce(self, ip, p):
        return self.cmd("PORT %s,%d,%d" % (ip.replace(".", ","), p >> 8, p & 255))

    def eprt(self, port=0):
        s = self.listen(port)
        ip, p = s.getsockname()[:2]
        return s, self.cmd("EPRT |%d|%s|%d|" % (2 if ":" in ip else 1, ip, p))

    def down(self, command, data, answer=True):
        """Runs a download over data, a connection or a listening socket; returns what came."""
        first = self.cmd(command)
        got = b""
        if first.startswith("1"):
            if data.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN):
                data = accept(data)
            while chunk := data.recv(65536):
                got += chunk
        data.close()
        if first.startswith("1") and answer:
            self.reply()
        return got

    def up(self, command, data, content):
        first = self.cmd(command)
        if first.startswith("1"):
            if data.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN):
                data = accept(data)
            data.sendall(content)
        data.close()
        if first.startswith("1"):
            self.reply()


def accept(listener):
    c, _ = listener.accept()
    c.settimeout(8)
    listener.close()
    return c


def original(name):
    with open(os.path.join(sys.argv[2], name), "rb") as f:
        return f.read()


def ftp(host=SERVER, port=21, source=None, timeout=8):
    c = ftplib.FTP(timeout=timeout, source_address=(source, 0) if source else None)
    c.connect(host, port)
    c.login(USER, PASSWORD)
    return c


def drop(_):
    pass
