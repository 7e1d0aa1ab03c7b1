//! What can go wrong when the emulator is driven (not what it answers to clients: see `refusal`).

use std::fmt;
use std::io::Write as _;

/// Why the emulator could not do what it was asked to through its own API.
///
/// The text is one sentence for a person; it holds no secret.
#[derive(Debug)]
pub struct Error {
    message: String,
    not_found: bool,
}

impl Error {
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), not_found: false }
    }

    pub(crate) fn not_found(kind: &str, name: &str) -> Self {
        Self { message: format!("there is no {kind} named {name:?}"), not_found: true }
    }

    /// True if the object that was named does not exist.
    pub fn is_not_found(&self) -> bool {
        self.not_found
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Error {}

/// Says on standard error what nobody waits to hear. That it cannot be written there must not end the emulator.
pub(crate) fn complain(error: &Error) {
    let _ = writeln!(std::io::stderr(), "kmsak emulator: {error}");
}

/// Says what was being done when something outside failed.
pub(crate) fn doing<E: fmt::Display>(what: impl fmt::Display) -> impl FnOnce(E) -> Error {
    move |source| Error::new(format!("{what}: {source}"))
}
