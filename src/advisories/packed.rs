//! Details and texts as the store keeps them: one zstd frame each, which says how large it is unpacked.

/// A record is at most 10 MB, and a detail or a text is a part of it.
const MAX_UNPACKED: usize = 64_000_000;

/// Unpacks a detail or a text. One decompressor serves many: to set one up takes longer than to unpack.
pub(super) fn unpack(
    packed: &[u8],
    decompressor: &mut zstd::bulk::Decompressor<'_>,
) -> rusqlite::Result<Vec<u8>> {
    let size = zstd::zstd_safe::get_frame_content_size(packed)
        .ok()
        .flatten()
        .and_then(|size| usize::try_from(size).ok())
        .filter(|size| *size <= MAX_UNPACKED)
        .ok_or_else(|| unreadable("the details of an advisory have no valid size"))?;
    decompressor.decompress(packed, size).map_err(unreadable)
}

/// What stands in a blob is not what the store wrote there.
pub(super) fn unreadable(
    error: impl Into<Box<dyn std::error::Error + Send + Sync>>,
) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(0, rusqlite::types::Type::Blob, error.into())
}
