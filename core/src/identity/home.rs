//! The user's home, where the official SDKs look for profiles.

use std::path::PathBuf;

use super::Variables;

pub(super) fn folder(variables: &Variables) -> Option<PathBuf> {
    let names = if cfg!(windows) { ["USERPROFILE", "HOME"] } else { ["HOME", "HOMEPATH"] };
    names.into_iter().find_map(|name| variables(name).filter(|value| !value.is_empty())).map(PathBuf::from)
}
