//! `plimsoll db export`, `db delta`, `db verify`: stores as files, for machines without a network and for whoever checks.

use std::fs::File;
use std::io::{self, BufRead as _, BufReader, Read, Seek, Write as _};
use std::path::{Path, PathBuf};

use super::workspace::Workspace;
use super::{note, open_for_import, open_store};
use crate::advisories::{Delta, Merged, Selection, Store};
use crate::cli::output::answer;
use crate::cli::{Exit, Failure, Manners, clock};
use crate::model::DigestHasher;
use crate::model::limits::read_at_most;
use crate::signing::{Envelope, SigningKey, VerifyingKey};

/// SQLite's and zstd's magic numbers.
const SQLITE: &[u8] = b"SQLite format 3\0";
const ZSTD: &[u8] = &[0x28, 0xb5, 0x2f, 0xfd];

/// Small files soon: level 19 saves a tenth more and takes ten times as long.
const COMPRESSION: i32 = 12;

/// 16 GB: forty times a store of all feeds.
const MAX_STORE: u64 = 16_000_000_000;

/// A store, or a part of one, in a file.
pub(super) struct StoreFile {
    /// Where it lies unpacked.
    path: PathBuf,
    name: String,
    /// Removed with it.
    _unpacked: Option<Workspace>,
}

impl StoreFile {
    /// Opens a file if it is a store, packed or not; `None` if it is something else. What is unpacked lies beside `near`.
    pub(super) fn open(file: &Path, near: &Path) -> Result<Option<Self>, Failure> {
        let name = file.display().to_string();
        let wrong = |error: io::Error| Failure::new(format!("{name} cannot be read: {error}"));
        if file.is_dir() {
            return Ok(None);
        }
        let mut source = File::open(file).map_err(wrong)?;
        let head = read_at_most(Read::take(&mut source, 16), 16).map_err(wrong)?;
        source.rewind().map_err(wrong)?;
        if head == SQLITE {
            return Ok(Some(Self {
                path: file.to_owned(),
                name,
                _unpacked: None,
            }));
        }
        if !head.starts_with(ZSTD) {
            return Ok(None);
        }
        let mut unpacked =
            zstd::stream::read::Decoder::new(BufReader::new(source)).map_err(wrong)?;
        let mut head = [0; SQLITE.len()];
        if unpacked.read_exact(&mut head).is_err() || head != SQLITE {
            return Ok(None);
        }
        let folder = beside(near)?;
        let path = folder.path().join("store.db");
        let mut whole = head.chain(unpacked).take(MAX_STORE);
        File::create(&path)
            .and_then(|mut target| io::copy(&mut whole, &mut target))
            .map_err(wrong)?;
        Ok(Some(Self {
            path,
            name,
            _unpacked: Some(folder),
        }))
    }

    /// Takes a store or a delta in, and says what came.
    pub(super) fn take_in(&self, store: &mut Store, manners: Manners) -> Result<(), Failure> {
        let delta = Delta::read(&self.path).map_err(Failure::new)?;
        let merged = match delta {
            Some(_) => store
                .apply_delta(&self.path, clock::now())
                .map(|(_, merged)| merged),
            None => store.merge(&self.path, clock::now()),
        };
        tell(&self.name, &merged.map_err(Failure::new)?, manners);
        Ok(())
    }
}

/// A folder for what is only needed now, on the file's own file system, where there is room for it.
fn beside(file: &Path) -> Result<Workspace, Failure> {
    Workspace::beside(file).map_err(|error| {
        Failure::new(format!(
            "nothing can be written beside {}: {error}",
            file.display()
        ))
    })
}

fn tell(name: &str, merged: &Merged, manners: Manners) {
    for source in &merged.sources {
        let told = match (source.written, source.closed) {
            (0, 0) => "not changed".to_owned(),
            (written, closed) => format!("{written} records written, {closed} closed"),
        };
        note(&format!("{name}: {}: {told}", source.name), manners);
    }
}

/// `plimsoll db export`.
pub(super) fn export(
    named: Option<&Path>,
    file: &Path,
    selection: &Selection,
    key: Option<&Path>,
    manners: Manners,
) -> Result<Exit, Failure> {
    let store = open_store(named)?;
    let folder = beside(file)?;
    let written = folder.path().join("store.db");
    let exported = store.export(&written, selection).map_err(Failure::new)?;
    for source in &exported.withheld {
        note(
            &format!("{source}: left out, since its licence does not let it be handed on"),
            manners,
        );
    }
    place(&written, file, key)?;
    answer(&format!("snapshot {}", exported.snapshot))
}

/// `plimsoll db delta`.
pub(super) fn delta(
    named: Option<&Path>,
    older: &Path,
    file: &Path,
    key: Option<&Path>,
    manners: Manners,
) -> Result<Exit, Failure> {
    let store = open_store(named)?;
    let Some(older) = StoreFile::open(older, file)? else {
        return Err(Failure::new(format!("{} is no store", older.display())));
    };
    let before = Store::open_read_only(&older.path).map_err(Failure::new)?;
    let folder = beside(file)?;
    let written = folder.path().join("delta.db");
    let delta = store.write_delta(&before, &written).map_err(Failure::new)?;
    place(&written, file, key)?;
    note(&format!("{} sources differ", delta.sources()), manners);
    answer(&format!("from {}\nto   {}", delta.from, delta.to))
}

/// Moves what was written to its place, packed if its name says so: at once, or not at all. With a key its signature comes to lie
/// beside it.
fn place(written: &Path, file: &Path, key: Option<&Path>) -> Result<(), Failure> {
    let key = key
        .map(SigningKey::open)
        .transpose()
        .map_err(Failure::new)?;
    let unwritable =
        |error: io::Error| Failure::new(format!("{} cannot be written: {error}", file.display()));
    let mut done = written.to_owned();
    if file.extension().is_some_and(|extension| extension == "zst") {
        done = written.with_extension("zst");
        pack(written, &done).map_err(unwritable)?;
    }
    if let Some(key) = key {
        let payload = signed_text(&done).map_err(unwritable)?;
        let envelope = Envelope::sign(SIGNED_FILE, &payload, &key).map_err(Failure::new)?;
        let signature = written.with_extension("sig");
        File::create(&signature)
            .and_then(|mut target| target.write_all(&envelope.to_json()))
            .and_then(|()| std::fs::rename(signature, signature_of(file)))
            .map_err(unwritable)?;
    }
    std::fs::rename(done, file).map_err(unwritable)
}

fn pack(written: &Path, packed: &Path) -> io::Result<()> {
    let mut encoder = zstd::Encoder::new(File::create(packed)?, COMPRESSION)?;
    io::copy(&mut File::open(written)?, &mut encoder)?;
    encoder.finish()?.sync_all()
}

/// What a signature of a store file is over: `{"digest":"sha256:…"}`, the digest of the file as it lies there.
const SIGNED_FILE: &str = "application/vnd.plimsoll.advisories.file.v1+json";

fn signed_text(file: &Path) -> io::Result<Vec<u8>> {
    let mut hasher = DigestHasher::sha256();
    let mut source = BufReader::new(File::open(file)?);
    loop {
        let bytes = source.fill_buf()?;
        let count = bytes.len();
        if count == 0 {
            break;
        }
        hasher.update(bytes);
        source.consume(count);
    }
    Ok(serde_json::json!({"digest": hasher.finish()})
        .to_string()
        .into_bytes())
}

/// `store.db.zst.sig` beside `store.db.zst`.
fn signature_of(file: &Path) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(".sig");
    PathBuf::from(name)
}

/// Refuses a file that this key has not signed as it is.
pub(super) fn check_signature(file: &Path, key: &VerifyingKey) -> Result<(), Failure> {
    const MAX_SIGNATURE: u64 = 100_000;
    let signature = signature_of(file);
    let refused = |why: String| {
        let hint =
            "nothing was changed; the signature lies beside the file, with .sig behind its name";
        Failure::new(format!("{} is not taken: {why}", file.display())).with_hint(Some(hint))
    };
    let bytes = File::open(&signature)
        .and_then(|signature| read_at_most(signature, MAX_SIGNATURE))
        .map_err(|error| refused(format!("{} cannot be read: {error}", signature.display())))?;
    let envelope = Envelope::parse(&bytes).map_err(|error| refused(error.to_string()))?;
    let payload = envelope
        .verify(SIGNED_FILE, key)
        .map_err(|error| refused(error.to_string()))?;
    let text = signed_text(file).map_err(|error| refused(error.to_string()))?;
    if payload == text {
        return Ok(());
    }
    Err(refused("the signature is of another file".to_owned()))
}

/// `plimsoll db verify`.
pub(super) fn verify(named: Option<&Path>, manners: Manners) -> Result<Exit, Failure> {
    let verified = open_store(named)?.verify().map_err(Failure::new)?;
    if !verified.without_details.is_empty() {
        note(
            &format!(
                "without details, so that only their sources' digests could be taken: {}",
                verified.without_details.join(", ")
            ),
            manners,
        );
    }
    answer(&format!(
        "{} records give their digests\nsnapshot {}",
        verified.records, verified.snapshot
    ))
}

/// `plimsoll db prune`.
pub(super) fn prune(store: &Path, before: i64, manners: Manners) -> Result<Exit, Failure> {
    let mut store = open_for_import(store)?;
    let gone = store.prune(before).map_err(Failure::new)?;
    note(
        &format!("{gone} records that no longer stand were forgotten"),
        manners,
    );
    Ok(Exit::Success)
}
