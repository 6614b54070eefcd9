//! What a bare path holds, told by looking inside.

use std::fs::{self, File};
use std::io::ErrorKind;
use std::path::Path;

use super::archive_file::{self, Packing};
use super::{Reference, SourceError};

/// The image at `path`; `None` where the text may still be the name of an image in a registry.
///
/// A folder that happens to be called `alpine` does not hide the image `alpine`: it has to look like an image inside.
/// Text that can only be a path is never taken for a registry's name.
pub(super) fn recognise(path: &Path) -> Result<Option<Reference>, SourceError> {
    let found = match fs::metadata(path) {
        Ok(metadata) if metadata.is_dir() => folder(path),
        Ok(metadata) if metadata.is_file() => archive(path)?,
        Err(error) if is_only_a_path(path) => {
            return Err(match error.kind() {
                ErrorKind::NotFound => SourceError::NoSuchPath { path: path.into() },
                _ => SourceError::io(path.display().to_string())(error),
            });
        }
        Ok(_) | Err(_) => None,
    };
    match found {
        None if is_only_a_path(path) => Err(SourceError::NotAnImageFile {
            path: path.into(),
            reason: "it is no OCI layout, no tar archive, and no folder with etc and one of usr, bin, lib",
        }),
        found => Ok(found),
    }
}

fn folder(path: &Path) -> Option<Reference> {
    let has = |name: &str| path.join(name).exists();
    if has("oci-layout") || (has("index.json") && has("blobs")) {
        return Some(Reference::Layout {
            path: path.into(),
            choice: None,
        });
    }
    let is_root = has("etc") && (has("usr") || has("bin") || has("lib"));
    is_root.then(|| Reference::RootFs(path.into()))
}

fn archive(path: &Path) -> Result<Option<Reference>, SourceError> {
    let file = File::open(path).map_err(SourceError::io(path.display().to_string()))?;
    let is_archive =
        match Packing::of(&file).map_err(SourceError::io(path.display().to_string()))? {
            Packing::Unsupported(_) => false,
            packing => archive_file::begins_like_tar(&file, packing),
        };
    Ok(is_archive.then(|| Reference::Archive {
        path: path.into(),
        choice: None,
    }))
}

fn is_only_a_path(path: &Path) -> bool {
    let Some(text) = path.to_str() else {
        return true;
    };
    let begins = ["/", "./", "../"]
        .iter()
        .any(|start| text.starts_with(start));
    let ends = [".tar", ".tar.gz", ".tgz", ".tar.zst"]
        .iter()
        .any(|end| text.ends_with(end));
    begins || ends || matches!(text, "." | "..")
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn with(files: &[&str]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().expect("a folder");
        for file in files {
            let path = folder.path().join(file);
            fs::create_dir_all(path.parent().expect("a parent")).expect("folders");
            File::create(path).expect("a file");
        }
        folder
    }

    #[test]
    fn folders_are_told_by_what_is_inside() {
        let layout = with(&["oci-layout", "index.json"]);
        assert!(matches!(
            recognise(layout.path()),
            Ok(Some(Reference::Layout { .. }))
        ));
        let root = with(&["etc/os-release", "usr/bin/env"]);
        assert!(matches!(
            recognise(root.path()),
            Ok(Some(Reference::RootFs(_)))
        ));
        let sources = with(&["src/main.rs"]);
        assert!(matches!(
            recognise(sources.path()),
            Err(SourceError::NotAnImageFile { .. })
        ));
    }

    #[test]
    fn a_tar_is_told_by_its_first_header_also_when_packed() {
        let folder = tempfile::tempdir().expect("a folder");
        let mut tar = tar::Builder::new(Vec::new());
        tar.append_data(&mut tar::Header::new_gnu(), "manifest.json", &b""[..])
            .expect("an entry");
        let tar = tar.into_inner().expect("a tar");
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        gzip.write_all(&tar).expect("gzip");
        let zstd = zstd::encode_all(&tar[..], 1).expect("zstd");
        for (name, bytes) in [("a", tar), ("b", gzip.finish().expect("gzip")), ("c", zstd)] {
            let path = folder.path().join(name);
            File::create(&path)
                .expect("a file")
                .write_all(&bytes)
                .expect("written");
            assert!(
                matches!(recognise(&path), Ok(Some(Reference::Archive { .. }))),
                "{name}"
            );
        }
        let text = folder.path().join("text.tar");
        File::create(&text)
            .expect("a file")
            .write_all(&[b'x'; 600])
            .expect("written");
        assert!(matches!(
            recognise(&text),
            Err(SourceError::NotAnImageFile { .. })
        ));
    }

    #[test]
    fn a_name_that_is_no_path_may_be_of_a_registry() {
        assert!(matches!(recognise(Path::new("alpine")), Ok(None)));
        assert!(matches!(recognise(Path::new("src")), Ok(None)));
    }
}
