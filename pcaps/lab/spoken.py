"""A server that says what a product is known to say, over real sockets, where the product cannot be had.

  spoken.py PORT [VERB=REPLY…]   in a REPLY \\n parts lines and \\xNN is a byte; of what is not told it says what most servers say.
                                 greeting=REPLY greets; VERB=drop never answers, VERB=reset answers by RST, VERB=wait:S answers
                                 as usual after S seconds
Transfers: data=silent opens the data connection and sends nothing, data=open never closes it, limit=S:REPLY says REPLY when so
many seconds of an upload have passed, however much comes.
"""
import socket
import struct
import sys
import time

USUAL = {"USER": "331 Please specify the password.", "PASS": "230 Login successful.", "TYPE": "200 Switching to Binary mode.",
         "CWD": "250 Directory successfully changed.", "QUIT": "221 Goodbye."}
CONTENT = b"x" * 3000


def as_bytes(reply):
    return reply.encode().decode("unicode_escape").replace("\n", "\r\n").encode("latin-1") + b"\r\n"


def reset(sock):
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    sock.close()


class Session:
    def __init__(self, sock, told):
        self.sock, self.told, self.listener = sock, told, None

    def say(self, reply):
        self.sock.sendall(as_bytes(reply))

    def run(self):
        if "greeting" in self.told:
            if not self.answers(self.told["greeting"]):
                return
        else:
            self.say("220 FTP server ready.")
        for line in self.sock.makefile("rb"):
            verb = line.split()[0].decode("latin-1").upper() if line.split() else ""
            told = self.told.get(verb)
            if told and told.startswith("wait:"):
                time.sleep(float(told[5:]))
                told = None
            if told:
                if not self.answers(told):
                    return
            elif verb == "PASV":
                self.listener = socket.create_server((self.sock.getsockname()[0], 0))
                ip, port = self.listener.getsockname()
                self.say("227 Entering Passive Mode (%s,%d,%d)." % (ip.replace(".", ","), port >> 8, port & 255))
            elif verb in ("RETR", "LIST", "STOR"):
                if not self.transfer(verb):
                    return
            else:
                self.say(USUAL.get(verb, "502 Command not implemented."))
            if verb == "QUIT":
                break
        self.sock.close()

    def answers(self, told):
        if told == "close":
            self.sock.close()
            return False
        if told == "reset":
            reset(self.sock)
            return False
        if told != "drop":
            self.say(told)
        return True

    def transfer(self, verb):
        self.say("150 Ok to send data.")
        data, _ = self.listener.accept()
        how = self.told.get("data")
        if verb == "STOR":
            seconds, _, reply = self.told.get("limit", "").partition(":")
            end = time.time() + float(seconds or 60)
            data.settimeout(0.5)
            while time.time() < end:
                try:
                    if not data.recv(65536):
                        break
                except TimeoutError:
                    pass
            else:
                self.say(reply)
                data.close()
                self.sock.close()
                return False
        elif how != "silent":
            data.sendall(CONTENT)
        if how == "silent":
            time.sleep(60)
        self.say("226 Transfer complete.")
        if how == "open":
            time.sleep(60)
        data.close()
        return True


def main():
    told = dict(a.split("=", 1) for a in sys.argv[2:])
    with socket.create_server(("", int(sys.argv[1]))) as server:
        while True:
            sock, _ = server.accept()
            try:
                Session(sock, told).run()
            except OSError:
                pass


main()
