//! What can go wrong when the emulator is driven (not what it answers to clients: see `refusal`).

use std::fmt;
use std::io::Write as _;

/// Why the emulator could not do what it was asked to through its own API.
///
/// The text is one sentence for a person; it holds no secret.
#[derive(Debug)]
pub struct Error {
    message: String,
    cause: Cause,
}

#[derive(Debug, PartialEq)]
enum Cause {
    Request,
    NotFound,
    NotSaved,
}

impl Error {
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), cause: Cause::Request }
    }

    pub(crate) fn not_found(kind: &str, name: &str) -> Self {
        Self { message: format!("there is no {kind} named {name:?}"), cause: Cause::NotFound }
    }

    /// The state could not be written.
    pub(crate) fn not_saved(why: &Self) -> Self {
        let message = format!("the state cannot be saved ({why}): see to its disk and its folder");
        Self { message, cause: Cause::NotSaved }
    }

    /// True if the object that was named does not exist.
    pub fn is_not_found(&self) -> bool {
        self.cause == Cause::NotFound
    }

    /// True if the emulator could not write its state, in which case nothing was changed.
    pub fn is_not_saved(&self) -> bool {
        self.cause == Cause::NotSaved
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
