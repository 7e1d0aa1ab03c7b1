//! Who may do what with a file, as Unix tells it.

use std::fs::Metadata;

/// The nine bits of owner, group and others. None on Windows, whose lists of rights are not looked at.
#[cfg(unix)]
pub(crate) fn mode(metadata: &Metadata) -> Option<u32> {
    Some(std::os::unix::fs::MetadataExt::mode(metadata) & 0o777)
}

#[cfg(not(unix))]
pub(crate) fn mode(_: &Metadata) -> Option<u32> {
    None
}
