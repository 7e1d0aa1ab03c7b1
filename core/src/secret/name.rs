//! What can be the name of a secret, and of a version's stage.

use crate::error::{Error, Result};
use crate::shown::{is_line_safe, quoted};

/// Refuses what cannot be a secret's name. A blank in it would not be seen where KMS's answer is told.
pub(crate) fn check_name(name: &str) -> Result<()> {
    let hides = |character: char| character.is_whitespace() || !is_line_safe(character);
    if name.is_empty() || name.len() > 256 || name.chars().any(hides) {
        return Err(Error::configuration(format!(
            "{} cannot be a secret's name: give its name in KMS, without blanks, such as acs/ram/user/app",
            quoted(name)
        )));
    }
    Ok(())
}

/// Refuses what cannot be a version's name. KMS takes 64 characters.
pub(crate) fn check_version(version_id: &str) -> Result<()> {
    if !may_be_a_word(version_id) {
        return Err(Error::configuration(format!(
            "{} cannot be a version's name: give one as KMS lists them for the secret",
            quoted(version_id)
        )));
    }
    Ok(())
}

/// Refuses what cannot be a stage label.
pub(crate) fn check_stage(stage: &str) -> Result<()> {
    if !may_be_a_word(stage) {
        return Err(Error::configuration(format!(
            "{} cannot be a version's stage label: give one such as ACSPrevious",
            quoted(stage)
        )));
    }
    Ok(())
}

/// More than KMS takes, which says itself what it does not take.
fn may_be_a_word(text: &str) -> bool {
    !text.is_empty() && text.len() <= 256 && !text.chars().any(char::is_control)
}
