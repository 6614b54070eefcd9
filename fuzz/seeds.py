#!/usr/bin/env python3
"""Writes a small well-formed input for each fuzz target into fuzz/corpus: what the fuzzer begins with.

Usage: fuzz/seeds.py     (real databases from ../shared/fixtures are added where they are there and small)
"""

import gzip
import io
import json
import os
import pathlib
import shutil
import sqlite3
import struct
import subprocess
import tarfile
import tempfile
import tomllib
import zipfile
import zlib

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


def archive(members, method=zipfile.ZIP_STORED):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as written:
        for name, content in members.items():
            written.writestr(zipfile.ZipInfo(name), content, method)
    return out.getvalue()


MANIFEST = (
    b"Manifest-Version: 1.0\r\nImplementation-Title: app\r\nImplementation-Version: 1.0\r\n"
    b"Bundle-SymbolicName: org.example.app;singleton:=tr\r\n ue\r\nBundle-License: MIT\r\n\r\n"
)
PROPERTIES = b"#Created by Maven\ngroupId=org.example\nartifactId=app\nversion=1.0\n"
POM = (
    b"<project><parent><groupId>org.example</groupId><version>1.0</version></parent><artifactId>app</artifactId>"
    b"<properties><v>1</v></properties><licenses><license><name>MIT &amp; X</name></license></licenses></project>"
)
RECORDS = {
    "META-INF/MANIFEST.MF": MANIFEST,
    "META-INF/maven/org.example/app/pom.properties": PROPERTIES,
    "META-INF/maven/org.example/app/pom.xml": POM,
}


def jar(method=zipfile.ZIP_STORED):
    """A jar with its records, and a jar in a war inside of it."""
    inner = archive(RECORDS, method)
    war = archive({"WEB-INF/lib/app-1.0.jar": inner}, method)
    return archive(RECORDS | {"BOOT-INF/lib/web.war": war, "a/B.class": b"\xca\xfe\xba\xbe"}, method)


METADATA = b"Metadata-Version: 2.1\nName: A_b\nVersion: 1.0\nLicense: MIT\nClassifier: License :: OSI Approved\n\nText\n"


def wheel(method=zipfile.ZIP_STORED):
    vendored = b"urllib3==1.26.20 # via requests\n"
    return archive({"a.dist-info/METADATA": METADATA, "pip/_vendor/vendor.txt": vendored}, method)


def asar():
    manifest = b'{"name":"@s/x","version":"1.0.0","license":"MIT"}'
    tree = {"package.json": {"size": len(manifest), "offset": "0"}}
    for name in ["x", "@s", "node_modules"]:
        tree = {name: {"files": tree}}
    text = json.dumps({"files": tree}).encode()
    padded = text + bytes(-len(text) % 4)
    return struct.pack("<IIII", 4, len(padded) + 8, len(padded) + 4, len(text)) + padded + manifest


def go_build_info():
    """What Go's linker writes: of a real program if there is a Go, else as it would be."""
    with tempfile.TemporaryDirectory() as folder:
        pathlib.Path(folder, "go.mod").write_text("module example.org/tool\n")
        pathlib.Path(folder, "main.go").write_text("package main\nfunc main() {}\n")
        offline = {"GOTOOLCHAIN": "local", "GOFLAGS": "-mod=mod", "CGO_ENABLED": "0"}
        if shutil.which("go") and subprocess.run(["go", "build", "-o", "tool"], cwd=folder, env=os.environ | offline).returncode == 0:
            program = pathlib.Path(folder, "tool").read_bytes()
            found = program.find(b"\xff Go buildinf:")
            return program[found : found + 1024]
    modules = b"0" * 16 + b"path\ta.org/x\nmod\ta.org/x\t(devel)\t\ndep\ta.org/y\tv1.0.0\th1:a=\n=>\t./y\t\n" + b"0" * 16
    return b"\xff Go buildinf:\x08\x02" + bytes(16) + b"\x08go1.22.3" + bytes([len(modules)]) + modules


def go_pointers(address):
    """As Go wrote it until 1.17: addresses of strings, behind which the strings lie."""
    version, modules = b"go1.16.5", b"0" * 16 + b"path\ta.org/x\nmod\ta.org/x\tv1.0.0\t\n" + b"0" * 16
    strings = address + 64
    head = b"\xff Go buildinf:\x08\x00" + struct.pack("<QQ", address + 32, address + 48)
    return head + struct.pack("<QQQQ", strings, len(version), strings + len(version), len(modules)) + version + modules


def note():
    content = b'{"type":"rpm","name":"a","version":"1-1","architecture":"x86_64","osCpe":"cpe:/o:fedoraproject:fedora:40"}\0\0'
    return struct.pack("<III", 4, len(content), 0xCAFE1A7E) + b"FDO\0" + content + bytes(-len(content) % 4)


CRATES = zlib.compress(
    b'{"packages":[{"name":"a","version":"0.1.0","source":"local","root":true},'
    b'{"name":"memchr","version":"2.7.4","source":"crates.io","kind":"runtime"}]}'
)


def elf(parts, with_sections=True):
    """ELF of 64 bits; a part is a name, a type of segment and of section, an address and the content."""
    content, names, segments, sections = b"", b"\0", b"", bytes(64)
    start = 64 + 56 * len(parts)
    for name, segment, section, address, part in parts:
        content += bytes(-(start + len(content)) % 16)
        offset = start + len(content)
        segments += struct.pack("<IIQQQQQQ", segment, 6, offset, address, address, len(part), len(part), 16)
        sections += struct.pack("<IIQQQQIIQQ", len(names), section, 0, address, offset, len(part), 0, 0, 1, 0)
        names += name + b"\0"
        content += part
    sections += struct.pack("<IIQQQQIIQQ", len(names), 3, 0, 0, start + len(content), len(names) + 10, 0, 0, 1, 0)
    content += names + b".shstrtab\0"
    at, count = (start + len(content), len(parts) + 2) if with_sections else (0, 0)
    head = b"\x7fELF\2\1\1" + bytes(9) + struct.pack("<HHIQQQIHHHHHH", 2, 62, 1, 0, 64, at, 0, 64, 56, len(parts), 64, count, max(count - 1, 0))
    return head + segments + content + (sections if with_sections else b"")


def pe(name, content, directories):
    """PE of 32 bits with one section at 0x2000; a directory is an index, an address in the section and a size."""
    table = bytearray(128)
    for index, address, size in directories:
        struct.pack_into("<II", table, 8 * index, 0x2000 + address, size)
    head = b"MZ" + bytes(58) + struct.pack("<I", 0x80) + bytes(64) + b"PE\0\0" + struct.pack("<HHIIIHH", 0x14C, 1, 0, 0, 0, 224, 0)
    head += struct.pack("<H", 0x10B) + bytes(90) + struct.pack("<I", 16) + table
    head += struct.pack("<8sIIII12xI", name, len(content), 0x2000, len(content), 0x400, 0xC0000040)
    return head.ljust(0x400, b"\0") + content


def resource(key, value, kind, parts):
    """A part of a version resource: its key and a text in UTF-16, or bytes."""
    text = value.encode("utf-16-le") + b"\0\0" if kind else value
    body = struct.pack("<HH", len(text) // (2 if kind else 1), kind) + key.encode("utf-16-le") + b"\0\0"
    body += bytes(-(len(body) + 2) % 4) + text
    for part in parts:
        body += bytes(-(len(body) + 2) % 4) + part
    return struct.pack("<H", len(body) + 2) + body


def assembly():
    strings = {"OriginalFilename": "A.Json.dll", "ProductVersion": "13.0.1+ae9f", "FileVersion": "13.0.1.2", "ProductName": "A"}
    table = resource("000004b0", "", 1, [resource(key, value, 1, []) for key, value in strings.items()])
    info = resource("VS_VERSION_INFO", bytes(52), 0, [resource("StringFileInfo", "", 1, [table])])
    tree = b"".join(bytes(12) + struct.pack("<HHII", 0, 1, id, then) for id, then in [(16, 0x80000018), (1, 0x80000030), (0, 0x48)])
    section = tree + struct.pack("<IIII", 0x2058, len(info), 0, 0) + info
    return pe(b".rsrc", section, [(2, 0, len(section)), (14, 0x48, 72)])


def macho(sections):
    """Mach-O of 64 bits with one segment of data."""
    start = 32 + 72 + 80 * len(sections)
    start, table, content = start + -start % 16, b"", b""
    for name, part in sections:
        content += bytes(-len(content) % 16)
        table += struct.pack("<16s16sQQIIIIIIII", name, b"__DATA", 0x1000 + len(content), len(part), start + len(content), 4, 0, 0, 0, 0, 0, 0)
        content += part
    segment = struct.pack("<II16sQQQQiiII", 0x19, 72 + len(table), b"__DATA", 0x1000, len(content), start, len(content), 3, 3, len(sections), 0)
    head = struct.pack("<IIIIIIII", 0xFEEDFACF, 0x100000C, 0, 2, 1, len(segment + table), 0, 0)
    return (head + segment + table).ljust(start, b"\0") + content


def universal(programs):
    offset, table, content = 8 + 20 * len(programs), b"", b""
    for program in programs:
        table += struct.pack(">IIIII", 0x100000C, 0, offset + len(content), len(program), 0)
        content += program
    return struct.pack(">II", 0xCAFEBABE, len(programs)) + table + content


GO = go_build_info()
DATA, NOTE, CODE = (1, 1), (4, 7), (1, 1)
GO_ELF = elf([(b".go.buildinfo", *DATA, 0x1000, GO), (b".gopclntab", *CODE, 0x8000, b"functions")])
GO_OLD = elf([(b".go.buildinfo", *DATA, 0x1000, go_pointers(0x1000))])
ALL = [(b".note.package", *NOTE, 0x4000, note()), (b".dep-v0", *CODE, 0x5000, CRATES), (b".comment", *CODE, 0x6000, b"rustc version 1.75.0 (a)\0")]
RULES = tomllib.loads((FUZZ.parent / "src/inventory/binary/known/rules.toml").read_text())["rule"]
KNOWN = [
    (b"#!" if rule.get("script") else b"\x7fELF") + example["text"].encode()
    for rule in RULES
    if rule["id"] in {"node", "python", "nginx", "redis", "openssl", "composer"}
    for example in rule["examples"]
]

CYCLONEDX = (
    b'{"bomFormat":"CycloneDX","specVersion":"1.5","metadata":{"tools":{"components":[{"name":"t","version":"1"}]},'
    b'"component":{"type":"container","name":"img","bom-ref":"r"}},"components":[{"type":"operating-system","name":"debian","version":"12"},'
    b'{"type":"library","name":"a","version":"1.0","bom-ref":"a","purl":"pkg:deb/debian/a@1.0?arch=amd64&distro=debian-12",'
    b'"cpe":"cpe:2.3:a:a:a:1.0:*:*:*:*:*:*:*","licenses":[{"license":{"id":"MIT"}},{"expression":"MIT OR X"}],'
    b'"properties":[{"name":"syft:location:0:path","value":"/a"}],"components":[{"type":"library","name":"b","version":"2"}]}]}'
)
SPDX = (
    b'{"spdxVersion":"SPDX-2.3","SPDXID":"SPDXRef-DOCUMENT","name":"img","creationInfo":{"creators":["Tool: syft-1.0"]},'
    b'"documentDescribes":["SPDXRef-a"],"packages":[{"SPDXID":"SPDXRef-a","name":"a","versionInfo":"1.0","licenseDeclared":"MIT",'
    b'"sourceInfo":"acquired from DPKG DB: /var/lib/dpkg/status","primaryPackagePurpose":"LIBRARY",'
    b'"externalRefs":[{"referenceCategory":"PACKAGE-MANAGER","referenceType":"purl","referenceLocator":"pkg:npm/%40s/a@1.0#p"}]}],"relationships":[{"spdxElementId":"SPDXRef-DOCUMENT",'
    b'"relatedSpdxElement":"SPDXRef-a","relationshipType":"DESCRIBES"}]}'
)
SYFT = (
    b'{"artifacts":[{"id":"1","name":"a","version":"1.0","type":"deb","purl":"pkg:deb/debian/a@1.0","locations":[{"path":"/a","layerID":"sha256:'
    + b"0" * 64
    + b'"}],"licenses":[{"value":"MIT"}],"metadata":{}}],"source":{"type":"image","metadata":{"userInput":"img","layers":[]}},'
    b'"distro":{"id":"debian","versionID":"12"},"descriptor":{"name":"syft","version":"1.0"},'
    b'"schema":{"version":"16","url":"https://raw.githubusercontent.com/anchore/syft/main/schema/json/s.json"}}'
)
TAG_VALUE = (
    b"SPDXVersion: SPDX-2.3\nDocumentName: img\nCreator: Tool: t-1.0\n\n##### Package\nPackageName: a\nSPDXID: SPDXRef-a\nPackageVersion: 1.0\n"
    b"PackageLicenseDeclared: MIT\nPackageComment: <text>two\nlines</text>\nExternalRef: PACKAGE-MANAGER purl pkg:gem/a@1.0\n"
    b"Relationship: SPDXRef-DOCUMENT DESCRIBES SPDXRef-a\n"
)


def php(value):
    """As PHP's serialize()."""
    if isinstance(value, str):
        return f's:{len(value)}:"{value}";'
    return f"a:{len(value)}:{{{''.join(php(key) + php(item) for key, item in value.items())}}}"


PEAR = {
    "name": "Mail",
    "channel": "pear.php.net",
    "version": {"release": "1.4.1", "api": "1.3.0"},
    "license": {"attribs": {"uri": "u"}, "_content": "New BSD License"},
    "filelist": {"Mail/mail.php": {"role": "php", "installed_as": "/usr/share/php/Mail/mail.php"}},
}
ERLANG = (
    b'%% a comment\n{application, \'cowboy\', [{description, "Sm\\"all\\x{41}"}, {vsn, "2.9.0"}, {modules, [a,\'b c\',$a]},\n'
    b'{env, [{x, <<"b">>}, {y, 16#ff}, {z, #{a => 1}}]}, {licenses, ["ISC"]}]}.\n'
)


def conan():
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder, "cache.sqlite3")
        database = sqlite3.connect(path)
        database.execute("PRAGMA page_size = 512")
        database.execute("CREATE TABLE packages (reference text NOT NULL, rrev text NOT NULL, pkgid text, prev text, path text NOT NULL UNIQUE)")
        database.execute("INSERT INTO packages VALUES ('zl/1.2.11', 'e143', NULL, NULL, 'b/zl5efa5'), ('qq/3.0@me/stable', '8', 'a', 'b', 'qq14f')")
        database.commit()
        database.close()
        return path.read_bytes()


RPM_MANIFEST = (
    b"bash\t5.1.8-4.cm2\t1700000000\t1690000000\tMicrosoft Corporation\t(none)\t4567\tx86_64\t0\tbash-5.1.8-4.cm2.src.rpm\n"
    b"openssl-libs\t1.1.1k-28.cm2\t1\t1\t(none)\t1\t4567\tx86_64\t1\topenssl-1.1.1k-28.cm2.src.rpm\n"
)
DPKG = [
    b"Package: a\nStatus: install ok installed\nVersion: 1:2-3\nArchitecture: amd64\nSource: b (1.0)\n"
    b"Conffiles:\n /etc/a 900150983cd24fb0d6963f7d28e17f72\n /etc/o 900150983cd24fb0d6963f7d28e17f72 obsolete\nDescription: x\n y\n .\n\n",
    b"/bin/sh\n/bin/sh.distrib\ndash\n",
    b"/.\n/usr\n/usr/bin\n/usr/bin/a\n",
    b"900150983cd24fb0d6963f7d28e17f72  usr/bin/a\n\\900150983cd24fb0d6963f7d28e17f72 *./lib/a\\\\x2d\n",
    b"/etc/a\nremove-on-upgrade /etc/old\n",
]


def oval(namespace, platform):
    name = f"oval:{namespace}".encode()
    return (
        b'<oval_definitions xmlns:r="urn:x"><generator/><definitions><definition id="%b:def:1" class="patch"><metadata>'
        b'<title>ELSA-1: a &amp; b</title><affected><platform>%b</platform></affected><reference source="CVE" ref_id="CVE-1-1" ref_url="u"/>'
        b'<advisory><severity>LOW</severity><issued date="2024-01-01"/><cve cvss3="1/CVSS:3.0/AV:N">CVE-1-1</cve></advisory></metadata>'
        b'<criteria operator="AND"><criterion test_ref="%b:tst:1" comment="%b is installed"/><criteria operator="OR">'
        b'<criterion test_ref="%b:tst:2" comment=""/><criterion test_ref="%b:tst:3" comment=""/></criteria></criteria></definition></definitions>'
        b'<tests><r:rpminfo_test id="%b:tst:2"><r:object object_ref="%b:obj:1"/><r:state state_ref="%b:ste:1"/></r:rpminfo_test>'
        b'<r:rpminfo_test id="%b:tst:3"><r:object object_ref="%b:obj:1"/><r:state state_ref="%b:ste:2"/></r:rpminfo_test></tests>'
        b'<objects><r:rpminfo_object id="%b:obj:1"><r:name>a</r:name></r:rpminfo_object></objects><states>'
        b'<r:rpminfo_state id="%b:ste:1"><r:evr operation="less than">0:1-1.azl3</r:evr></r:rpminfo_state>'
        b'<r:rpminfo_state id="%b:ste:2"><r:version operation="equals">0</r:version></r:rpminfo_state></states></oval_definitions>'
    ) % (name, platform, name, platform, *[name] * 11)


UPDATEINFO = (
    b'<updates><update type="security"><id>ALAS2KERNEL-5.10-2022-001</id><title>t</title><severity>low</severity><issued date="d"/>'
    b'<references><reference id="CVE-1-1" type="cve" href="u"/><reference type="bugzilla" title="CVE-1-2 a"/></references><pkglist><collection>'
    b'<package name="a" epoch="0" version="5.10.1" release="1.amzn2" arch="x86_64"/></collection></pkglist></update></updates>'
)

SEEDS = {
    "rpm_sqlite": [rpm_sqlite()],
    "rpm_ndb": [rpm_ndb()],
    "rpm_berkeley": [rpm_berkeley()],
    "chisel": [chisel()],
    "pacman_mtree": [pacman_mtree()],
    "portage": [PORTAGE],
    "snap": [SNAP],
    "java": [jar(), jar(zipfile.ZIP_DEFLATED), b"#!/bin/sh\n" + jar()],
    "jar_records": [b"\0".join([MANIFEST, PROPERTIES, POM, jar()])],
    "python_archive": [wheel(), wheel(zipfile.ZIP_DEFLATED), archive({"EGG-INFO/PKG-INFO": METADATA})],
    "asar": [asar()],
    "elf": [elf(ALL), elf(ALL, with_sections=False), GO_ELF],
    "pe": [assembly(), pe(b".data", GO, []), pe(b".dep-v0", CRATES, [])],
    "macho": [macho([(b"__go_buildinfo", GO), (b".dep-v0", CRATES)]), universal([macho([(b".dep-v0", CRATES)])] * 2)],
    "go_build_info": [GO_ELF, GO_OLD, pe(b".data", GO, []), macho([(b"__go_buildinfo", GO)])],
    "known": KNOWN,
    "cyclonedx": [CYCLONEDX],
    "spdx_json": [SPDX, SYFT],
    "spdx_tag_value": [TAG_VALUE],
    "pear": [php(PEAR).encode()],
    "erlang": [ERLANG],
    "conan": [conan()],
    "rpm_manifest": [RPM_MANIFEST],
    "dpkg": DPKG,
    "oval": [
        oval("com.oracle.elsa", b"Oracle Linux 8"),
        oval("org.opensuse.security", b"openSUSE Leap 15.6"),
        oval("com.microsoft.azurelinux", b"Azure Linux"),
        oval("com.vmware.phsa", b"Photon 3"),
    ],
    "updateinfo": [UPDATEINFO],
    "layer": [layer(), gzip.compress(layer(), mtime=0), zstd(layer())],
}

# The largest real file that is worth mutating.
SMALL = 256 << 10
REAL = {
    "rpm_berkeley": "rpmdb/libuuid.Packages.bdb.gz",
    "java": "jars/hadoop-shaded-guava-1.1.0-SNAPSHOT.jar",
}

for target, seeds in SEEDS.items():
    folder = FUZZ / "corpus" / target
    folder.mkdir(parents=True, exist_ok=True)
    for number, seed in enumerate(seeds):
        (folder / f"seed-{number}").write_bytes(seed)
for target, name in REAL.items():
    fixture = FUZZ.parent.parent / "shared" / "fixtures" / name
    if fixture.exists():
        content = fixture.read_bytes()
        content = gzip.decompress(content) if name.endswith(".gz") else content
        if len(content) <= SMALL:
            (FUZZ / "corpus" / target / "real").write_bytes(content)
