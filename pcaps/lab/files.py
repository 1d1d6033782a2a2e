"""Makes the files that are transferred, the same bytes in every run.

  files.py FILES HOME   originals into FILES; HOME/labuser and HOME/anonymous as the servers offer them
  files.py --sums       prints name, size and SHA-256 of each
"""
import hashlib
import os
import random
import shutil
import sys


def noise(seed, size):
    return random.Random(seed).randbytes(size)


def text(title, size, end=b"\n"):
    line = 0
    out = b""
    while len(out) < size:
        line += 1
        out += b"%s, line %03d: the quick brown fox jumps over the lazy dog" % (title, line) + end
    return out[: size - len(end)] + end


ORIGINALS = {
    "readme.txt": text(b"readme", 1800),
    "photo.bin": noise(959, 30000),
    "large.bin": noise(3659, 900000),
    "up.bin": noise(2428, 12000),
    "up.txt": text(b"upload", 1400, b"\r\n"),
    "more.txt": text(b"more", 700),
    "deep.txt": text(b"deep", 600),
    "shell.php": b"<?php /* harmless: what counts is the name */ echo date('c'); ?>\n",
    "part.bin": noise(2428, 12000)[:5000],  # the first bytes of up.bin: an upload cut short
}
# What really travels when it is not the whole original.
DERIVED = {
    "readme.txt-as-ascii": ORIGINALS["readme.txt"].replace(b"\n", b"\r\n"),
    "photo.bin-as-ascii": ORIGINALS["photo.bin"].replace(b"\n", b"\r\n"),
    "photo.bin-from-20000": ORIGINALS["photo.bin"][20000:],
    "up.bin-from-5000": ORIGINALS["up.bin"][5000:],
}


def write(path, content):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as f:
        f.write(content)


def own(path, uid):
    os.chown(path, uid, uid)
    for base, dirs, files in os.walk(path):
        for name in dirs + files:
            os.chown(os.path.join(base, name), uid, uid)


def homes(home):
    user, anonymous = os.path.join(home, "labuser"), os.path.join(home, "anonymous")
    for name in ("readme.txt", "photo.bin", "part.bin"):
        write(os.path.join(user, name), ORIGINALS[name])
    write(os.path.join(user, "docs", "readme.txt"), ORIGINALS["readme.txt"])
    write(os.path.join(user, "docs", "old", "deep.txt"), ORIGINALS["deep.txt"])
    write(os.path.join(user, "log.txt"), ORIGINALS["deep.txt"])
    write(os.path.join(anonymous, "readme.txt"), ORIGINALS["readme.txt"])
    write(os.path.join(anonymous, "pub", "photo.bin"), ORIGINALS["photo.bin"])
    write(os.path.join(user, "large.bin"), ORIGINALS["large.bin"])
    for base, _, files in os.walk(home):
        for name in files + ["."]:
            os.utime(os.path.join(base, name), (1700000000, 1700000000))
    own(user, 2002)
    os.chmod(anonymous, 0o755)


def main(args):
    if args == ["--sums"]:
        for name, content in {**ORIGINALS, **DERIVED}.items():
            print(f"{name} {len(content)} {hashlib.sha256(content).hexdigest()}")
        return
    files, home = args
    shutil.rmtree(files, ignore_errors=True)
    for name, content in {**ORIGINALS, **DERIVED}.items():
        write(os.path.join(files, name), content)
    homes(home)


main(sys.argv[1:])
