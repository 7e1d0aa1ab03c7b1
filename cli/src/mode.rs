//! Who may do what with a file, as Unix tells it.

use std::fs::{Metadata, OpenOptions};

/// The nine bits of owner, group and others. None on Windows, whose lists of rights are not looked at.
#[cfg(unix)]
pub(crate) fn mode(metadata: &Metadata) -> Option<u32> {
    Some(std::os::unix::fs::MetadataExt::mode(metadata) & 0o777)
}

#[cfg(not(unix))]
pub(crate) fn mode(_: &Metadata) -> Option<u32> {
    None
}

/// For a new file that only its owner may read. On Windows the folder's list says who may.
pub(crate) fn owners_own() -> OpenOptions {
    #[cfg_attr(not(unix), expect(unused_mut, reason = "there is no mode"))]
    let mut options = OpenOptions::new();
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}
