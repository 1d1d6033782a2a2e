#!/usr/bin/env python3
"""pyftpdlib with TLS: labuser at HOME, with write permission.

  pyftps.py HOME CERTIFICATE     CERTIFICATE: a PEM file with its key
"""
import sys

from pyftpdlib.authorizers import DummyAuthorizer
from pyftpdlib.handlers import TLS_FTPHandler
from pyftpdlib.servers import FTPServer

users = DummyAuthorizer()
users.add_user("labuser", "labpass", sys.argv[1], perm="elradfmwMT")
TLS_FTPHandler.authorizer, TLS_FTPHandler.certfile = users, sys.argv[2]
FTPServer(("0.0.0.0", 21), TLS_FTPHandler).serve_forever()
