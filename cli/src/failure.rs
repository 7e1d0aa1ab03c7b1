//! How the program fails: one sentence on standard error, and an exit code that never changes its meaning.

use std::io::{self, ErrorKind, Write};
use std::path::Path;
use std::process::ExitCode;

use kmsak::Kind;

use crate::log;

/// The end of `kmsak --help`.
pub(crate) const EXIT_CODES: &str = "\
Exit codes:
   0  done
   1  failed for a reason that has no code of its own
   2  the command line is wrong
   3  the configuration is wrong
   4  the ClientKey or its password cannot be used
   5  KMS cannot be reached
   6  KMS could not be verified (TLS)
   7  KMS refused
   8  there is no such secret, or nothing else of that name
   9  too many requests
  10  KMS failed
  11  an audit found something
 exec: the exit code of the command; 125 when kmsak failed, 126 when the command cannot be run, 127 when it is not there";

/// Why the program ends without having done what it should.
#[derive(Debug)]
pub(crate) struct Failure {
    message: String,
    code: u8,
}

impl Failure {
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Failure { message: message.into(), code: 1 }
    }

    /// The command line asks for what cannot be.
    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Failure { message: message.into(), code: 2 }
    }

    /// As std's `map_err` wants it: what was being done when it failed.
    pub(crate) fn doing<E: std::fmt::Display>(what: &str) -> impl FnOnce(E) -> Failure {
        move |error| Failure::new(format!("{what}: {error}"))
    }

    /// A file that the command line names cannot be read.
    pub(crate) fn unreadable(path: &Path, error: &io::Error) -> Self {
        let shown = path.display();
        let message = match error.kind() {
            ErrorKind::NotFound => format!("there is no file {shown}: put it there or correct the path"),
            ErrorKind::PermissionDenied => {
                format!(
                    "{shown} may not be read by this user: let it read the file and enter the folders above"
                )
            }
            ErrorKind::IsADirectory => format!("{shown} is a folder: name the file in it"),
            _ => format!("{shown} cannot be read ({error}): name another file"),
        };
        Failure { message, code: 3 }
    }

    pub(crate) fn with_code(mut self, code: u8) -> Self {
        self.code = code;
        self
    }

    pub(crate) fn code(&self) -> u8 {
        self.code
    }

    pub(crate) fn message(&self) -> &str {
        &self.message
    }

    pub(crate) fn report(self) -> ExitCode {
        log::failed(&self.message);
        // A standard error that is closed does not change the exit code.
        let _ = writeln!(std::io::stderr(), "kmsak: {}", self.message);
        ExitCode::from(self.code)
    }
}

impl From<kmsak::Error> for Failure {
    fn from(error: kmsak::Error) -> Self {
        let mut message = error.message().to_owned();
        // The sentence may name them already.
        let facts = [("code", error.code()), ("request id", error.request_id())];
        for (name, fact) in facts {
            if let Some(fact) = fact.filter(|fact| !message.contains(fact)) {
                message.push_str(&format!(" [{name} {fact}]"));
            }
        }
        Failure { message, code: exit_code(error.kind()) }
    }
}

/// A stable number for each kind of error.
pub(crate) fn exit_code(kind: Kind) -> u8 {
    match kind {
        Kind::Configuration => 3,
        Kind::ClientKey => 4,
        Kind::Network => 5,
        Kind::Tls => 6,
        Kind::Denied => 7,
        Kind::NotFound => 8,
        Kind::Throttled => 9,
        Kind::Server => 10,
        _ => 1,
    }
}
