//! Where notes lie until a command has ended: `$XDG_STATE_HOME/kmsak`.

use std::path::PathBuf;

use crate::failure::Failure;

pub(super) fn path() -> Result<PathBuf, Failure> {
    let variable = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    variable("XDG_STATE_HOME")
        .or_else(|| Some(variable("HOME")?.join(".local/state")))
        .map(|folder| folder.join("kmsak"))
        .ok_or_else(|| Failure::usage("where can notes be kept? Set HOME or XDG_STATE_HOME"))
}

/// The note of a command about something, which `whole` tells from all others, those of other accounts included.
pub(super) fn note(command: &str, about: &str, whole: &str) -> Result<PathBuf, Failure> {
    let digest = ring::digest::digest(&ring::digest::SHA256, whole.as_bytes());
    let digest: String = digest.as_ref().iter().take(8).map(|byte| format!("{byte:02x}")).collect();
    Ok(path()?.join(format!("{command}-{}-{digest}.json", plain(about))))
}

/// Such as any file may be called.
pub(super) fn plain(text: &str) -> String {
    let fits = |letter: char| letter.is_ascii_alphanumeric() || "-_.".contains(letter);
    text.chars().take(64).map(|letter| if fits(letter) { letter } else { '_' }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn file_names_have_no_letters_that_mean_something() {
        assert_eq!(plain("acs/ram/user/app"), "acs_ram_user_app");
        assert_eq!(plain("../../x").matches('/').count(), 0);
        assert_eq!(plain(&"凭".repeat(192)), "_".repeat(64));
    }
}
