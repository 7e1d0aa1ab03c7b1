//! What a command prints.

use std::io::{ErrorKind, Write};

use crate::failure::Failure;
use crate::progress;

/// A reader that went away neither stops a change half-way nor makes it a failure.
pub(crate) fn print_line(line: &str) -> Result<(), Failure> {
    progress::clear();
    match writeln!(std::io::stdout().lock(), "{line}") {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            Err(Failure::doing("cannot write to standard output")(error))
        }
        _ => Ok(()),
    }
}
