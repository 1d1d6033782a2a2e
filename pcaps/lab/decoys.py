"""Protocols that resemble FTP's control channel, each a short dialogue.

  decoys.py serve   in the server's namespace
  decoys.py ask     in the client's: talks to each
"""
import socket
import sys
import threading

SERVER = "192.0.2.21"
# port: (greeting, [(what the client sends, what the server answers), ...])
DIALOGUES = {
    80: (b"", [
        (b"GET /ftp/PORT HTTP/1.1\r\nHost: www.example.test\r\nUser-Agent: lab\r\n\r\n",
         b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 51\r\nConnection: close\r\n\r\n"
         b"227 Entering Passive Mode (192,0,2,21,195,80).\r\n220\r\n")]),
    25: (b"220 mail.example.test ESMTP ready\r\n", [
        (b"EHLO client.example.test\r\n", b"250-mail.example.test\r\n250-SIZE 10240000\r\n250 HELP\r\n"),
        (b"MAIL FROM:<a@example.test>\r\n", b"250 2.1.0 Ok\r\n"),
        (b"RCPT TO:<b@example.test>\r\n", b"250 2.1.5 Ok\r\n"),
        (b"DATA\r\n", b"354 End data with <CR><LF>.<CR><LF>\r\n"),
        (b"Subject: lab\r\n\r\nUSER labuser\r\nPASS labpass\r\nRETR photo.bin\r\n.\r\n", b"250 2.0.0 Ok: queued\r\n"),
        (b"QUIT\r\n", b"221 2.0.0 Bye\r\n")]),
    110: (b"+OK POP3 ready\r\n", [
        (b"USER labuser\r\n", b"+OK\r\n"), (b"PASS labpass\r\n", b"+OK logged in\r\n"),
        (b"STAT\r\n", b"+OK 1 120\r\n"), (b"LIST\r\n", b"+OK 1 messages:\r\n1 120\r\n.\r\n"),
        (b"RETR 1\r\n", b"+OK 120 octets\r\nSubject: lab\r\n\r\nhello\r\n.\r\n"), (b"QUIT\r\n", b"+OK bye\r\n")]),
    119: (b"200 news.example.test ready (posting ok)\r\n", [
        (b"MODE READER\r\n", b"200 Reader mode\r\n"),
        (b"AUTHINFO USER labuser\r\n", b"381 Enter password\r\n"), (b"AUTHINFO PASS labpass\r\n", b"281 Ok\r\n"),
        (b"LIST\r\n", b"215 Newsgroups follow\r\nlab.test 1 1 y\r\n.\r\n"), (b"QUIT\r\n", b"205 Bye\r\n")]),
    22: (b"SSH-2.0-OpenSSH_9.2p1 lab\r\n", [(b"SSH-2.0-lab_1.0\r\n", bytes(range(64)))]),
    6667: (b":irc.example.test NOTICE AUTH :*** Looking up your hostname\r\n", [
        (b"PASS labpass\r\nNICK labuser\r\nUSER labuser 0 * :Lab User\r\n",
         b":irc.example.test 001 labuser :Welcome\r\n:irc.example.test 376 labuser :End of MOTD\r\n"),
        (b"LIST\r\n", b":irc.example.test 323 labuser :End of LIST\r\n"), (b"QUIT :bye\r\n", b"ERROR :Closing link\r\n")]),
}


def read(sock, n):
    got = b""
    while len(got) < n:
        chunk = sock.recv(n - len(got))
        if not chunk:
            return
        got += chunk


def answer(listener, greeting, turns):
    sock, _ = listener.accept()
    sock.settimeout(5)
    sock.sendall(greeting)
    for asked, answered in turns:
        read(sock, len(asked))
        sock.sendall(answered)
    sock.close()


def serve():
    threads = []
    for port, (greeting, turns) in DIALOGUES.items():
        listener = socket.create_server((SERVER, port))
        threads.append(threading.Thread(target=answer, args=(listener, greeting, turns), daemon=True))
        threads[-1].start()
    print("ready", flush=True)
    for t in threads:
        t.join(60)


def ask():
    for port, (greeting, turns) in DIALOGUES.items():
        sock = socket.create_connection((SERVER, port), 5)
        read(sock, len(greeting))
        for asked, answered in turns:
            sock.sendall(asked)
            read(sock, len(answered))
        sock.close()


{"serve": serve, "ask": ask}[sys.argv[1]]()
