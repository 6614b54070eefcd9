#!/usr/bin/env python3
"""Writes a small well-formed input for each fuzz target into fuzz/corpus: what the fuzzer begins with.

Usage: fuzz/seeds.py     (real databases from ../shared/fixtures are added where they are there and small)
"""

import gzip
import io
import pathlib
import sqlite3
import struct
import tarfile
import tempfile

FUZZ = pathlib.Path(__file__).resolve().parent


def rpm_header(name):
    """rpm's header: tags, types, offsets and counts, then the values."""
    store, entries = b"", b""
    for tag, text in [(1000, name), (1001, "1.0"), (1002, "1.el9"), (1022, "x86_64"), (1044, f"{name}-1.0-1.el9.src.rpm")]:
        entries += struct.pack(">IIII", tag, 6, len(store), 1)
        store += text.encode() + b"\0"
    entries += struct.pack(">IIII", 1003, 4, len(store), 1)
    store += struct.pack(">I", 2)
    return struct.pack(">II", len(entries) // 16, len(store)) + entries + store


def rpm_sqlite():
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder, "rpmdb.sqlite")
        database = sqlite3.connect(path)
        database.execute("PRAGMA page_size = 512")
        database.execute("CREATE TABLE Packages (hnum INTEGER PRIMARY KEY AUTOINCREMENT, blob BLOB NOT NULL)")
        database.executemany("INSERT INTO Packages (blob) VALUES (?)", [(rpm_header("bash"),), (rpm_header("zlib"),)])
        database.commit()
        database.close()
        return path.read_bytes()


def rpm_ndb():
    head, body = b"RpmP" + struct.pack("<III", 0, 7, 1) + bytes(16), b""
    for number, name in enumerate(["bash", "zlib"], start=1):
        blob = rpm_header(name)
        head += b"Slot" + struct.pack("<III", number, (4096 + len(body)) // 16, 1)
        body += b"BlbS" + struct.pack("<III", number, 7, len(blob)) + blob
        body += bytes(-len(body) % 16)
    head += (b"Slot" + bytes(12)) * ((4096 - len(head)) // 16)
    return head + body


def rpm_berkeley():
    """A hash table of 512-byte pages: the meta page, and one with a package inside of it."""
    items = [bytes(1) + b"\1\0\0\0", b"\1" + rpm_header("a")[:400]]
    page, end, offsets = bytearray(512), 512, b""
    for item in [b"\1\1\0\0\0"] + items[1:]:
        end -= len(item)
        page[end : end + len(item)] = item
        offsets += struct.pack("<H", end)
    page[20:22] = struct.pack("<H", 2)
    page[25] = 13
    page[26 : 26 + len(offsets)] = offsets
    meta = bytearray(512)
    meta[12:16] = struct.pack("<I", 0x061561)
    meta[20:24] = struct.pack("<I", 512)
    meta[25] = 8
    meta[32:36] = struct.pack("<I", 1)
    return bytes(meta + page)


def zstd(content):
    """RFC 8878: a frame of one segment with one raw block."""
    return b"\x28\xb5\x2f\xfd\xa0" + struct.pack("<I", len(content)) + struct.pack("<I", len(content) << 3 | 1)[:3] + content


def chisel():
    return zstd(
        b'{"jsonwall":"1.0","schema":"1.0","count":3}\n'
        b'{"kind":"package","name":"libc6","version":"2.35-0ubuntu3","sha256":"aa","arch":"amd64"}\n'
        b'{"kind":"path","path":"/lib/libc.so.6","mode":"0755","slices":["libc6_libs"],'
        b'"sha256":"9f86d081884c7d659a2feaa0c55ad015","size":4}\n'
    )


def pacman_mtree():
    return gzip.compress(
        b"#mtree\n/set type=file uid=0 gid=0 mode=644\n"
        b"./usr/bin/a\\040b time=1.0 size=4 sha256digest=9f86d081884c7d659a2feaa0c55ad015\n",
        mtime=0,
    )


PORTAGE = b"dir /usr\nobj /usr/bin/a b d41d8cd98f00b204e9800998ecf8427e 1700000000\nsym /usr/c -> a 1700000000\n"
SNAP = b"name: lxd\nversion: '5.0'\narchitectures:\n- amd64\nbase: core20\nlicense: \"MIT\"\n"


def layer():
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for path, content in [
            ("etc/os-release", b"ID=debian\nVERSION_ID=12\n"),
            ("var/lib/dpkg/status", b"Package: a\nStatus: install ok installed\nVersion: 1\n"),
            ("usr/lib/.wh.gone", b""),
            ("srv/" + "long" * 30 + "/node_modules/a/package.json", b'{"name":"a","version":"1.0.0"}'),
        ]:
            entry = tarfile.TarInfo(path)
            entry.size = len(content)
            tar.addfile(entry, io.BytesIO(content))
    return out.getvalue()


SEEDS = {
    "rpm_sqlite": [rpm_sqlite()],
    "rpm_ndb": [rpm_ndb()],
    "rpm_berkeley": [rpm_berkeley()],
    "chisel": [chisel()],
    "pacman_mtree": [pacman_mtree()],
    "portage": [PORTAGE],
    "snap": [SNAP],
    "layer": [layer(), gzip.compress(layer(), mtime=0), zstd(layer())],
}

# The largest real file that is worth mutating.
SMALL = 256 << 10
REAL = {
    "rpm_berkeley": "rpmdb/libuuid.Packages.bdb.gz",
}

for target, seeds in SEEDS.items():
    folder = FUZZ / "corpus" / target
    folder.mkdir(parents=True, exist_ok=True)
    for number, seed in enumerate(seeds):
        (folder / f"seed-{number}").write_bytes(seed)
for target, name in REAL.items():
    fixture = FUZZ.parent.parent / "shared" / "fixtures" / name
    if fixture.exists():
        content = gzip.decompress(fixture.read_bytes())
        if len(content) <= SMALL:
            (FUZZ / "corpus" / target / "real").write_bytes(content)
