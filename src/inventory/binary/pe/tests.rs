use crate::inventory::binary::tests::{facts, gaps};
use crate::inventory::binary::written::pe;
use crate::model::{Basis, Package};

fn utf16(text: &str) -> Vec<u8> {
    let letters = text.encode_utf16().chain([0]);
    letters.flat_map(u16::to_le_bytes).collect()
}

/// A part of a version resource; the length of a text is in letters.
fn part(key: &str, value: &[u8], is_text: bool, parts: &[Vec<u8>]) -> Vec<u8> {
    let length = if is_text {
        value.len() / 2
    } else {
        value.len()
    };
    let mut bytes = vec![0, 0];
    bytes.extend(u16::try_from(length).expect("short").to_le_bytes());
    bytes.extend(u16::from(is_text).to_le_bytes());
    bytes.extend(utf16(key));
    bytes.resize(bytes.len().next_multiple_of(4), 0);
    bytes.extend(value);
    for part in parts {
        bytes.resize(bytes.len().next_multiple_of(4), 0);
        bytes.extend(part);
    }
    let length = u16::try_from(bytes.len()).expect("short").to_le_bytes();
    bytes[..2].copy_from_slice(&length);
    bytes
}

/// As Roslyn, the compiler of C#, writes it.
fn version_info(strings: &[(&str, &str)]) -> Vec<u8> {
    let strings: Vec<Vec<u8>> = strings
        .iter()
        .map(|(key, value)| part(key, &utf16(value), true, &[]))
        .collect();
    let table = part("000004b0", &[], true, &strings);
    let translation = part("Translation", &[0, 0, 0xb0, 4], false, &[]);
    part(
        "VS_VERSION_INFO",
        &[0; 52],
        false,
        &[
            part("VarFileInfo", &[], true, &[translation]),
            part("StringFileInfo", &[], true, &[table]),
        ],
    )
}

/// An image whose one section has the resources, at its start, and the header of .NET behind them.
fn image(strings: &[(&str, &str)], is_assembly: bool) -> Vec<u8> {
    let info = version_info(strings);
    let mut section = Vec::new();
    // Three tables of one entry each: type 16, then a name, then a language that points to the data's entry.
    for (id, next) in [(16_u32, 0x8000_0018_u32), (1, 0x8000_0030), (0, 0x48)] {
        section.extend([0; 12]);
        section.extend([0, 0, 1, 0]);
        section.extend(id.to_le_bytes());
        section.extend(next.to_le_bytes());
    }
    let size = u32::try_from(info.len()).expect("short");
    for number in [0x2058, size, 0, 0] {
        section.extend(number.to_le_bytes());
    }
    section.extend(info);
    let cli = (14, 0x48, if is_assembly { 72 } else { 0 });
    pe(".rsrc", &section, &[(2, 0, 0x58 + size), cli])
}

const NEWTONSOFT: [(&str, &str); 6] = [
    ("CompanyName", "Newtonsoft"),
    ("FileVersion", "13.0.1.25517"),
    ("InternalName", "Newtonsoft.Json.dll"),
    ("OriginalFilename", "Newtonsoft.Json.dll"),
    ("ProductName", "Json.NET"),
    (
        "ProductVersion",
        "13.0.1+ae9fe44e1323e91bcbd185ca1a14099fba7c021f",
    ),
];

pub(in crate::inventory::binary) fn assembly() -> Vec<u8> {
    image(&NEWTONSOFT, true)
}

fn package(path: &str, strings: &[(&str, &str)]) -> Option<Package> {
    let facts = facts(path, &image(strings, true));
    assert_eq!(gaps(&facts), [""; 0]);
    facts.packages.into_iter().next()
}

#[test]
fn an_assembly_is_most_likely_the_package_of_its_name_with_its_product_s_version() {
    let package = package("app/Newtonsoft.Json.dll", &NEWTONSOFT).expect("a package");
    assert_eq!(
        package.purl(None).as_deref(),
        Some("pkg:nuget/Newtonsoft.Json@13.0.1")
    );
    assert_eq!(package.basis, Basis::Heuristic);
    assert_eq!(package.properties["product-name"], "Json.NET");
    assert_eq!(package.properties["company-name"], "Newtonsoft");
    assert_eq!(package.properties["file-version"], "13.0.1.25517");
}

#[test]
fn the_version_is_the_file_s_where_the_product_is_another() {
    for (product, file, version) in [
        ("3.1.23+01234567", "4.700.22.12208", Some("4.700.22.12208")),
        ("8.0.1-preview.2", "8.0.124.5", Some("8.0.1-preview.2")),
        ("8.0.4 @Commit: abc", "8.0.4.0", Some("8.0.4")),
        ("built by hand", "1.2.3.4", Some("1.2.3.4")),
        ("", "", None),
    ] {
        let strings = [
            ("InternalName", "A.dll"),
            ("ProductVersion", product),
            ("FileVersion", file),
        ];
        let found = package("app/A.dll", &strings).map(|package| package.version);
        assert_eq!(found.as_deref(), version, "{product} {file}");
    }
}

#[test]
fn what_is_no_library_of_a_package_is_none() {
    let native = facts("app/native.dll", &image(&NEWTONSOFT, false));
    assert_eq!(native.packages, []);
    let framework = "usr/share/dotnet/shared/Microsoft.NETCore.App/8.0.1/System.Text.Json.dll";
    assert_eq!(package(framework, &NEWTONSOFT), None);
    for name in ["A.resources.dll", "A", "two words.dll", ".dll"] {
        let strings = [("InternalName", name), ("FileVersion", "1.0.0.0")];
        assert_eq!(package("app/A.dll", &strings), None, "{name}");
    }
}
