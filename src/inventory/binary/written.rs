//! Programs as tests write them: headers, tables and what the test puts between.

/// One part of a program: a section and a segment of its own.
pub(super) struct Part {
    name: &'static str,
    address: u64,
    bytes: Vec<u8>,
    kind: Kind,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Loaded, and written to.
    Data,
    /// Loaded.
    Code,
    Note,
    /// Takes no room in the file.
    Nothing,
}

pub(super) fn part(name: &'static str, address: u64, kind: Kind, bytes: &[u8]) -> Part {
    Part {
        name,
        address,
        bytes: bytes.to_vec(),
        kind,
    }
}

/// An ELF program, of 32 or 64 bits and either byte order.
#[derive(Clone, Copy)]
pub(super) struct Elf {
    pub(super) is_64: bool,
    pub(super) is_big_endian: bool,
    pub(super) has_sections: bool,
}

impl Elf {
    pub(super) const ALL: [Self; 4] = [
        Self::new(false, false),
        Self::new(false, true),
        Self::new(true, false),
        Self::new(true, true),
    ];

    pub(super) const fn new(is_64: bool, is_big_endian: bool) -> Self {
        Self {
            is_64,
            is_big_endian,
            has_sections: true,
        }
    }

    pub(super) const fn without_sections(self) -> Self {
        Self {
            has_sections: false,
            ..self
        }
    }

    pub(super) fn pointer_size(self) -> usize {
        if self.is_64 { 8 } else { 4 }
    }

    /// A number of so many bytes.
    pub(super) fn number(self, value: u64, size: usize) -> Vec<u8> {
        let mut bytes = value.to_le_bytes()[..size].to_vec();
        if self.is_big_endian {
            bytes.reverse();
        }
        bytes
    }

    /// An address or offset.
    pub(super) fn word(self, value: usize) -> Vec<u8> {
        self.number(value as u64, self.pointer_size())
    }

    /// The header, the segments, the parts each at a multiple of 16, the names, the sections.
    pub(super) fn write(self, parts: &[Part]) -> Vec<u8> {
        let (header, segment, section) = if self.is_64 {
            (64, 56, 64)
        } else {
            (52, 32, 40)
        };
        let mut content = Vec::new();
        let start = (header + segment * parts.len()).next_multiple_of(16);
        let mut names = b"\0".to_vec();
        let mut offsets = Vec::new();
        for part in parts {
            offsets.push((start + content.len(), names.len()));
            if part.kind != Kind::Nothing {
                content.extend(&part.bytes);
                content.resize(content.len().next_multiple_of(16), 0);
            }
            names.extend(part.name.as_bytes());
            names.push(0);
        }
        let (names_name, names_at) = (names.len(), start + content.len());
        names.extend(b".shstrtab\0");
        let sections_at = (names_at + names.len()).next_multiple_of(16);
        let (shoff, shnum) = if self.has_sections {
            (sections_at, parts.len() + 2)
        } else {
            (0, 0)
        };

        let mut bytes = b"\x7fELF".to_vec();
        bytes.extend([
            1 + u8::from(self.is_64),
            1 + u8::from(self.is_big_endian),
            1,
        ]);
        bytes.resize(16, 0);
        for (value, size) in [(2, 2), (62, 2), (1, 4)] {
            bytes.extend(self.number(value, size));
        }
        for value in [0, header, shoff] {
            bytes.extend(self.word(value));
        }
        bytes.extend(self.number(0, 4));
        for value in [
            header,
            segment,
            parts.len(),
            section,
            shnum,
            shnum.saturating_sub(1),
        ] {
            bytes.extend(self.number(value as u64, 2));
        }
        for (part, (offset, _)) in parts.iter().zip(&offsets) {
            bytes.extend(self.segment(part, *offset));
        }
        bytes.resize(start, 0);
        bytes.extend(content);
        if self.has_sections {
            bytes.extend(&names);
            bytes.resize(sections_at, 0);
            bytes.resize(sections_at + section, 0);
            for (part, (offset, name)) in parts.iter().zip(&offsets) {
                let kind = match part.kind {
                    Kind::Nothing => 8,
                    Kind::Note => 7,
                    _ => 1,
                };
                bytes.extend(self.section(*name, kind, *offset, part.bytes.len()));
            }
            bytes.extend(self.section(names_name, 3, names_at, names.len()));
        }
        bytes
    }

    fn segment(self, part: &Part, offset: usize) -> Vec<u8> {
        let (kind, flags) = match part.kind {
            Kind::Note => (4, 4),
            Kind::Code => (1, 5),
            Kind::Data | Kind::Nothing => (1, 6),
        };
        let address = usize::try_from(part.address).expect("an address");
        let in_file = if part.kind == Kind::Nothing {
            0
        } else {
            part.bytes.len()
        };
        let mut bytes = self.number(kind, 4);
        if self.is_64 {
            bytes.extend(self.number(flags, 4));
        }
        for value in [offset, address, address, in_file, part.bytes.len()] {
            bytes.extend(self.word(value));
        }
        if !self.is_64 {
            bytes.extend(self.number(flags, 4));
        }
        bytes.extend(self.word(16));
        bytes
    }

    fn section(self, name: usize, kind: u64, offset: usize, size: usize) -> Vec<u8> {
        let mut bytes = self.number(name as u64, 4);
        bytes.extend(self.number(kind, 4));
        for value in [0, 0, offset, size] {
            bytes.extend(self.word(value));
        }
        bytes.extend([0; 8]);
        bytes.extend(self.word(1));
        bytes.extend(self.word(0));
        bytes
    }
}

/// A PE image of 32 bits with one section, that lies at 0x2000 and has these data directories: index, address in the
/// section, size.
pub(super) fn pe(name: &str, content: &[u8], directories: &[(usize, u32, u32)]) -> Vec<u8> {
    const HEADER: usize = 0x80;
    const CONTENT: usize = 0x400;
    let mut bytes = b"MZ".to_vec();
    bytes.resize(HEADER, 0);
    bytes[0x3c] = 0x80;
    bytes.extend(b"PE\0\0\x4c\x01\x01\0");
    bytes.resize(HEADER + 20, 0);
    bytes.extend(224_u16.to_le_bytes());
    bytes.extend([0; 2]);
    bytes.extend(0x10b_u16.to_le_bytes());
    bytes.resize(HEADER + 24 + 92, 0);
    bytes.extend(16_u32.to_le_bytes());
    for index in 0..16 {
        let directory = directories.iter().find(|(number, ..)| *number == index);
        let (address, size) =
            directory.map_or((0, 0), |(_, address, size)| (0x2000 + address, *size));
        bytes.extend(address.to_le_bytes());
        bytes.extend(size.to_le_bytes());
    }
    let size = u32::try_from(content.len()).expect("a size").to_le_bytes();
    let mut section_name = name.as_bytes().to_vec();
    section_name.resize(8, 0);
    bytes.extend(section_name);
    bytes.extend(size);
    bytes.extend(0x2000_u32.to_le_bytes());
    bytes.extend(size);
    bytes.extend(0x400_u32.to_le_bytes());
    bytes.resize(bytes.len() + 12, 0);
    bytes.extend(0xc000_0040_u32.to_le_bytes());
    bytes.resize(CONTENT, 0);
    bytes.extend(content);
    bytes
}
