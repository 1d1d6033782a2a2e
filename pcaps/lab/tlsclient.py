#!/usr/bin/env python3
"""An FTPS client on Python's ftplib that logs its keys (SSLKEYLOGFILE) and never resumes a session.

  tlsclient.py HOST [--active] [--version 1.2] [--ciphers LIST] COMMAND…      RETR NAME, STOR NAME, LIST, PROT C, PROT P, CCC
"""
import argparse, ftplib, os, ssl

p = argparse.ArgumentParser()
p.add_argument("host")
p.add_argument("--active", action="store_true")
p.add_argument("--version")
p.add_argument("--ciphers")
p.add_argument("commands", nargs="+")
a = p.parse_args()

context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
context.keylog_filename = os.environ["SSLKEYLOGFILE"]
if a.version:
    context.minimum_version = context.maximum_version = ssl.TLSVersion["TLSv" + a.version.replace(".", "_")]
if a.ciphers:
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers(a.ciphers)

ftp = ftplib.FTP_TLS(context=context, timeout=8)
ftp.connect(a.host)
ftp.login("labuser", "labpass")
ftp.prot_p()
ftp.set_pasv(not a.active)
for command in a.commands:
    verb, _, name = command.partition(" ")
    try:
        if command == "PROT C":
            ftp.prot_c()
        elif command == "PROT P":
            ftp.prot_p()
        elif command == "CCC":
            ftp.ccc()
        elif verb == "STOR":
            ftp.storbinary("STOR " + os.path.basename(name), open(name, "rb"))
        elif verb == "LIST":
            ftp.retrlines(command, lambda line: None)
        else:
            ftp.retrbinary(command, lambda piece: None)
    except (ftplib.Error, OSError) as error:
        print("%s: %s" % (command, error))
try:
    ftp.quit()
except (ftplib.Error, EOFError, OSError) as error:
    print("QUIT: %s" % error)
