use std::io::Write as _;
use std::path::Path;
use std::process::Command;

use crate::inventory::binary::tests::{facts, gaps};
use crate::inventory::binary::written::{Elf, Kind, part, pe};
use crate::layers::FileFacts;
use crate::model::{Basis, Package};

/// The list of modules between its marks, which are 16 bytes each.
fn marked(modules: &str) -> Vec<u8> {
    let mark = [0x30_u8; 16];
    [&mark, modules.as_bytes(), &mark].concat()
}

/// What Go has written since 1.18.
pub(in crate::inventory::binary) fn inline(version: &str, modules: &str) -> Vec<u8> {
    let mut bytes = b"\xff Go buildinf:\x08\x02".to_vec();
    bytes.resize(32, 0);
    for text in [version.as_bytes(), &marked(modules)] {
        let mut length = text.len();
        while length >= 0x80 {
            bytes.push(u8::try_from(length & 0x7f).expect("seven bits") | 0x80);
            length >>= 7;
        }
        bytes.push(u8::try_from(length).expect("seven bits"));
        bytes.extend(text);
    }
    bytes
}

/// What Go wrote from 1.13 to 1.17, as it lies at `address`: the addresses of two string headers, which follow with their
/// strings.
fn pointers(elf: Elf, address: usize, version: &str, modules: &str) -> Vec<u8> {
    let modules = marked(modules);
    let size = elf.pointer_size();
    let headers = address + 32;
    let strings = headers + 4 * size;
    let mut bytes = b"\xff Go buildinf:".to_vec();
    bytes.push(u8::try_from(size).expect("4 or 8"));
    bytes.push(u8::from(elf.is_big_endian));
    bytes.extend(elf.word(headers));
    bytes.extend(elf.word(headers + 2 * size));
    bytes.resize(32, 0);
    for word in [
        strings,
        version.len(),
        strings + version.len(),
        modules.len(),
    ] {
        bytes.extend(elf.word(word));
    }
    bytes.extend(version.as_bytes());
    bytes.extend(modules);
    bytes
}

const ELF: Elf = Elf::new(true, false);

fn with(blob: &[u8]) -> Vec<u8> {
    ELF.write(&[
        part(".go.buildinfo", 0x1000, Kind::Data, blob),
        part(".gopclntab", 0x8000, Kind::Code, b"functions"),
    ])
}

fn read(version: &str, modules: &str) -> FileFacts {
    facts("bin/x", &with(&inline(version, modules)))
}

fn names(facts: &FileFacts) -> Vec<String> {
    let name = |package: &Package| format!("{}@{}", package.full_name(), package.version);
    facts.packages.iter().map(name).collect()
}

fn find<'a>(facts: &'a FileFacts, name: &str) -> &'a Package {
    let is_it = |package: &&Package| package.full_name() == name;
    facts.packages.iter().find(is_it).expect(name)
}

const MODULES: &str = "\
path\texample.org/Tool/v2/cmd/tool
mod\texample.org/Tool/v2\t(devel)\t
dep\tgithub.com/BurntSushi/toml\tv1.3.2\th1:o7IhLm0Msx3BaB+n3Ag7L8EVlByGnpq14C4YWiu/gL8=
dep\texample.org/library\tv1.0.0
=>\texample.org/fork\tv1.0.1\th1:abc=
dep\texample.org/local\tv0.1.0
=>\t./local/\t(devel)\t
build\t-compiler=gc
build\t-ldflags=\"-s -X main.token=hunter2 -X 'main.version=1.2.3'\"
build\tCGO_ENABLED=0
build\tGOARCH=arm64
build\tGOOS=linux
build\tvcs=git
build\tvcs.revision=0123456789abcdef0123456789abcdef01234567
build\tvcs.time=2024-05-01T12:03:04Z
build\tvcs.modified=true
";

#[test]
fn both_encodings_are_read_in_every_form_of_elf_with_and_without_sections() {
    let expected = [
        "stdlib@1.16.5",
        "example.org/fork@v1.0.1",
        "example.org/local@v0.1.0",
        "example.org/Tool/v2@v1.2.3",
        "github.com/BurntSushi/toml@v1.3.2",
    ];
    for elf in Elf::ALL {
        for elf in [elf, elf.without_sections()] {
            let address = 0x40_1000;
            for blob in [
                inline("go1.16.5", MODULES),
                pointers(elf, address, "go1.16.5", MODULES),
            ] {
                let data = part(".go.buildinfo", address as u64, Kind::Data, &blob);
                let facts = facts("bin/tool", &elf.write(&[data]));
                assert_eq!(gaps(&facts), [""; 0]);
                assert_eq!(names(&facts), expected);
            }
        }
    }
}

#[test]
fn a_pe_image_has_it_among_its_variables() {
    let mut data = b"other variables.".to_vec();
    data.extend(inline("go1.22.3", MODULES));
    let facts = facts("tool.exe", &pe(".data", &data, &[]));
    assert_eq!(names(&facts).len(), 5);
}

#[test]
fn modules_carry_what_go_says_of_them_and_of_the_build() {
    let facts = read("go1.20.1 X:boringcrypto", MODULES);
    let main = find(&facts, "example.org/Tool/v2");
    let properties: Vec<(&str, &str)> = main
        .properties
        .iter()
        .map(|(key, value)| (key.as_str(), value.as_str()))
        .collect();
    assert_eq!(
        properties,
        [
            ("cgo", "false"),
            ("go-version", "go1.20.1 X:boringcrypto"),
            ("goarch", "arm64"),
            ("goos", "linux"),
            ("ldflags-version", "v1.2.3"),
            ("main-package", "example.org/Tool/v2/cmd/tool"),
            ("vcs-modified", "true"),
            ("vcs-revision", "0123456789abcdef0123456789abcdef01234567"),
            ("vcs-time", "2024-05-01T12:03:04Z"),
            ("version-source", "ldflags"),
        ]
    );
    let toml = find(&facts, "github.com/BurntSushi/toml");
    assert_eq!(
        toml.properties["h1"],
        "h1:o7IhLm0Msx3BaB+n3Ag7L8EVlByGnpq14C4YWiu/gL8="
    );
    assert_eq!(
        toml.purl(None).as_deref(),
        Some("pkg:golang/github.com/burntsushi/toml@v1.3.2")
    );
    let fork = find(&facts, "example.org/fork");
    assert_eq!(fork.properties["replaces"], "example.org/library@v1.0.0");
    let local = find(&facts, "example.org/local");
    assert_eq!(local.properties["replaced-by"], "./local");
    assert_eq!(find(&facts, "stdlib").version, "1.20.1");
}

#[test]
fn what_the_linker_was_told_goes_out_only_if_it_is_a_version() {
    let facts = read("go1.22.3", MODULES);
    assert!(!format!("{facts:?}").contains("hunter2"));
}

#[test]
fn a_main_module_without_a_version_is_known_by_its_commit_or_stays_without() {
    let commit = MODULES.replace("-ldflags", "-gcflags");
    let facts = read("go1.22.3", &commit);
    let main = find(&facts, "example.org/Tool/v2");
    assert_eq!(main.version, "v0.0.0-20240501120304-0123456789ab");
    assert_eq!(main.properties["version-source"], "vcs");
    let facts = read("go1.22.3", "mod\texample.org/a\t(devel)\t\n");
    assert_eq!(names(&facts), ["stdlib@1.22.3", "example.org/a@(devel)"]);
    let told = "mod\texample.org/a\tv1.0.0\t\nbuild\t-ldflags=\"-X main.version=2.0.0\"\n";
    let facts = read("go1.22.3", told);
    let main = find(&facts, "example.org/a");
    assert_eq!(main.version, "v1.0.0");
    assert_eq!(main.properties["ldflags-version"], "v2.0.0");
}

#[test]
fn a_program_that_was_not_built_from_modules_still_has_the_standard_library() {
    for (modules, is_unknown) in [
        ("path\tcommand-line-arguments\nbuild\tGOOS=linux\n", false),
        ("path\tcmd/gofmt\nbuild\tGOOS=linux\n", false),
        (
            "path\tgithub.com/docker/docker/cmd/dockerd\nbuild\tGOOS=linux\n",
            true,
        ),
        ("", true),
    ] {
        let facts = read("go1.22.3", modules);
        assert_eq!(names(&facts), ["stdlib@1.22.3"]);
        assert_eq!(gaps(&facts), [""; 0]);
        let library = find(&facts, "stdlib");
        assert_eq!(super::has_unknown_modules(library), is_unknown, "{modules}");
    }
}

#[test]
fn a_go_program_that_does_not_tell_is_a_gap() {
    let unreadable = "it is a Go program, but what Go wrote of its modules cannot be read";
    let whole = inline("go1.22.3", MODULES);
    for blob in [
        &whole[..40],
        &whole[..31],
        b"something else",
        &[&whole[..32], &[0xff; 9]].concat(),
    ] {
        assert_eq!(gaps(&facts("bin/x", &with(blob))), [unreadable]);
    }
    let old = ELF.write(&[part(".gopclntab", 0x1000, Kind::Code, b"functions")]);
    assert_eq!(
        gaps(&facts("bin/x", &old)),
        ["it is a Go program, but tells neither its modules nor its release of Go"]
    );
}

/// As the program of esbuild 0.28.2, whose makers take the list out.
#[test]
fn a_go_program_without_a_list_still_tells_the_release_of_its_standard_library() {
    let facts = facts(
        "bin/esbuild",
        &ELF.write(&[
            part(".rodata", 0x1000, Kind::Code, b"\0\0go1.26.5\0\0"),
            part(".gopclntab", 0x2000, Kind::Code, b"functions"),
        ]),
    );
    assert_eq!(names(&facts), ["stdlib@1.26.5"]);
    assert_eq!(gaps(&facts), [""; 0]);
    let library = find(&facts, "stdlib");
    assert_eq!(library.basis, Basis::Heuristic);
    assert!(super::has_unknown_modules(library));
}

#[test]
fn a_line_that_names_no_module_is_a_gap_and_the_rest_is_read() {
    let facts = read(
        "go1.22.3",
        "mod\texample.org/a\tv1.0.0\t\ndep\n=>\texample.org/b\tv1\t\ndep\texample.org/c\tv1.0.0\n=>\t\nnews\tof later\ndep\texample.org/\tv1.0.0\n",
    );
    assert_eq!(
        names(&facts),
        [
            "stdlib@1.22.3",
            "example.org/a@v1.0.0",
            "example.org/c@v1.0.0"
        ]
    );
    assert_eq!(
        gaps(&facts),
        [
            "line 2 of its list of Go modules cannot be read",
            "line 3 of its list of Go modules cannot be read",
            "line 5 of its list of Go modules cannot be read",
            "line 7 of its list of Go modules cannot be read"
        ]
    );
}

#[test]
fn the_magic_as_a_constant_of_a_program_is_not_taken_for_build_information() {
    // As in a program that reads build information: not at a multiple of 16, and in no section of its own.
    let data = [b"1234", b"\xff Go buildinf:".as_slice(), &[0; 64]].concat();
    let program = ELF
        .without_sections()
        .write(&[part("", 0x1000, Kind::Data, &data)]);
    assert_eq!(facts("bin/x", &program), FileFacts::default());
}

/// Builds a module with a replaced dependency, with Go's own settings turned off.
fn build(folder: &Path, output: &str, arguments: &[&str], environment: &[(&str, &str)]) -> Vec<u8> {
    let output = folder.join(output);
    let built = Command::new("go")
        .current_dir(folder)
        .args(["build", "-buildvcs=false", "-o"])
        .arg(&output)
        .args(arguments)
        .envs([
            ("GOENV", "off"),
            ("GOFLAGS", "-mod=mod"),
            ("GOPROXY", "off"),
            ("GOTOOLCHAIN", "local"),
            ("GOWORK", "off"),
            ("CGO_ENABLED", "0"),
        ])
        .envs(environment.iter().copied())
        .output()
        .expect("go runs");
    let errors = String::from_utf8_lossy(&built.stderr);
    assert!(built.status.success(), "{errors}");
    std::fs::read(output).expect("what was built")
}

fn write(path: &Path, text: &str) {
    std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
    let mut file = std::fs::File::create(path).expect("a file");
    file.write_all(text.as_bytes()).expect("written");
}

fn module() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let at = |path: &str| folder.path().join(path);
    write(
        &at("go.mod"),
        "module example.org/Tool/v2\n\ngo 1.18\n\nrequire example.org/library v1.2.0\n\nreplace example.org/library v1.2.0 => ./library\n",
    );
    write(
        &at("library/go.mod"),
        "module example.org/library\n\ngo 1.18\n",
    );
    write(
        &at("library/library.go"),
        "package library\n\nfunc Run() {}\n",
    );
    write(
        &at("main.go"),
        "package main\n\nimport \"example.org/library\"\n\nvar version string\n\nfunc main() { library.Run(); println(version) }\n",
    );
    write(&at("alone/main.go"), "package main\n\nfunc main() {}\n");
    folder
}

/// The release as `go version` tells it: `go version go1.26.8 linux/amd64`.
fn installed_go() -> Option<String> {
    let told = Command::new("go").arg("version").output().ok()?;
    let told = String::from_utf8(told.stdout).ok()?;
    told.split(' ')
        .nth(2)?
        .strip_prefix("go")
        .map(str::to_owned)
}

#[test]
fn real_programs_of_this_machine_s_go_are_read_for_every_system() {
    let Some(release) = installed_go() else {
        println!("skipped: this machine has no Go");
        return;
    };
    let folder = module();
    let flags = "-s -w -X main.version=1.2.3";
    for (name, arguments, system, processor, version) in [
        ("plain", &["."][..], "linux", "amd64", "(devel)"),
        (
            "stripped",
            &["-ldflags", flags, "."],
            "linux",
            "amd64",
            "v1.2.3",
        ),
        // Go does not record linker flags where it trims paths.
        (
            "trimmed",
            &["-trimpath", "-ldflags", flags, "."],
            "linux",
            "amd64",
            "(devel)",
        ),
        ("small", &["."], "linux", "386", "(devel)"),
        ("big-endian", &["."], "linux", "s390x", "(devel)"),
        (
            "windows.exe",
            &["-ldflags", flags, "."],
            "windows",
            "amd64",
            "v1.2.3",
        ),
        ("darwin", &["."], "darwin", "arm64", "(devel)"),
    ] {
        let environment = [("GOOS", system), ("GOARCH", processor)];
        let bytes = build(folder.path(), name, arguments, &environment);
        let facts = facts(name, &bytes);
        assert_eq!(gaps(&facts), [""; 0], "{name}");
        let expected = [
            format!("stdlib@{release}"),
            "example.org/library@v1.2.0".to_owned(),
            format!("example.org/Tool/v2@{version}"),
        ];
        assert_eq!(names(&facts), expected, "{name}");
        let main = find(&facts, "example.org/Tool/v2");
        assert_eq!(main.properties["goos"], system);
        assert_eq!(main.properties["goarch"], processor);
        let library = find(&facts, "example.org/library");
        assert_eq!(library.properties["replaced-by"], "./library");
    }
}

#[test]
fn a_real_program_without_its_table_of_sections_or_without_a_module_is_read() {
    let Some(release) = installed_go() else {
        println!("skipped: this machine has no Go");
        return;
    };
    let folder = module();
    let linux = [("GOOS", "linux"), ("GOARCH", "amd64")];
    let mut bytes = build(folder.path(), "whole", &["-ldflags", "-s -w", "."], &linux);
    // As sstrip does: no offset, no number, no names.
    bytes[0x28..0x30].fill(0);
    bytes[0x3c..0x40].fill(0);
    assert_eq!(names(&facts("bin/x", &bytes)).len(), 3);

    let alone = build(folder.path(), "alone.bin", &["alone/main.go"], &linux);
    let facts = facts("bin/alone", &alone);
    assert_eq!(names(&facts), [format!("stdlib@{release}")]);
    assert_eq!(gaps(&facts), [""; 0]);
}
