//! The token that clients must show.

use std::fs;
use std::io::{self, Write};
use std::path::Path;

use ring::rand::{SecureRandom, SystemRandom};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use crate::failure::Failure;
use crate::mode::{mode, owners_own};

/// Long enough that nobody guesses it.
const SHORTEST: usize = 16;
const LONGEST: usize = 512;

pub(super) struct Token(Zeroizing<String>);

impl Token {
    /// The token in the file, which is made with a random one if it is not there: so clients may keep it over a
    /// restart.
    pub(super) fn read_or_make(path: &Path) -> Result<Self, Failure> {
        match owners_own().write(true).create_new(true).open(path) {
            Ok(mut file) => {
                let token = random()?;
                writeln!(file, "{}", *token).map_err(|error| cannot_use(path, &error))?;
                Ok(Token(token))
            }
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Token::read(path),
            Err(error) => Err(cannot_use(path, &error)),
        }
    }

    /// The token in an environment variable: itself, or the `file://` that holds it.
    pub(super) fn from_variable(name: &str, value: &str) -> Result<Self, Failure> {
        if let Some(path) = value.strip_prefix("file://") {
            return Token::read_or_make(Path::new(path));
        }
        Token::checked(value.trim()).ok_or_else(|| {
            Failure::new(format!(
                "{name} does not hold a token: expected at least {SHORTEST} letters, digits or -._~, or file:///var/run/kmstoken"
            ))
        })
    }

    pub(super) fn read(path: &Path) -> Result<Self, Failure> {
        let metadata = fs::metadata(path).map_err(|error| cannot_use(path, &error))?;
        if !metadata.is_file() {
            return Err(Failure::new(format!(
                "the token file {} is no file: name one with --token-file",
                path.display()
            )));
        }
        // A group may read: so Kubernetes mounts a Secret for a user who is not root.
        if let Some(mode) = mode(&metadata).filter(|mode| mode & 0o027 != 0) {
            return Err(Failure::new(format!(
                "the token file {} has mode {mode:04o}, so that others can read or change it: chmod 600 it, and let the agent make a new token by deleting the file if somebody may have read it",
                path.display()
            )));
        }
        if metadata.len() > LONGEST as u64 {
            return Err(Failure::new(format!("the token file {} is over {LONGEST} bytes", path.display())));
        }
        let bytes = Zeroizing::new(fs::read(path).map_err(|error| cannot_use(path, &error))?);
        // What is no text is no token.
        let token = std::str::from_utf8(&bytes).unwrap_or_default().trim();
        Token::checked(token).ok_or_else(|| {
            Failure::new(format!(
                "the token file {} does not hold a token: expected at least {SHORTEST} letters, digits or -._~ (delete the file and a random one is made)",
                path.display()
            ))
        })
    }

    fn checked(token: &str) -> Option<Self> {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
        let good = (SHORTEST..=LONGEST).contains(&token.len()) && token.bytes().all(plain);
        good.then(|| Token(Zeroizing::new(token.to_owned())))
    }

    /// Takes the same time wherever `shown` differs.
    pub(super) fn is(&self, shown: &str) -> bool {
        self.0.as_bytes().ct_eq(shown.as_bytes()).into()
    }
}

fn random() -> Result<Zeroizing<String>, Failure> {
    let mut bytes = Zeroizing::new([0; 32]);
    SystemRandom::new()
        .fill(bytes.as_mut_slice())
        .map_err(|_| Failure::new("the system gives no random bytes"))?;
    Ok(Zeroizing::new(bytes.iter().map(|byte| format!("{byte:02x}")).collect()))
}

fn cannot_use(path: &Path, error: &io::Error) -> Failure {
    let shown = path.display();
    Failure::new(match error.kind() {
        io::ErrorKind::NotFound => {
            format!("the token file {shown} cannot be made, as there is no such folder: create the folder")
        }
        io::ErrorKind::PermissionDenied => {
            format!(
                "the token file {shown} may not be used by this user: let it read the file and write to its folder"
            )
        }
        _ => format!("the token file {shown} cannot be used ({error}): choose another one with --token-file"),
    })
}
