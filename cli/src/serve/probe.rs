//! `kmsak serve --probe`: for images that hold no other program that could ask.

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use crate::failure::Failure;

const TIMEOUT: Duration = Duration::from_secs(3);
const QUESTION: &[u8] = b"GET /ready HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";

pub(super) fn run(unix: Option<&Path>, listen: SocketAddr) -> Result<ExitCode, Failure> {
    let answer = match unix {
        Some(path) => UnixStream::connect(path).and_then(|stream| {
            stream.set_read_timeout(Some(TIMEOUT))?;
            ask(stream)
        }),
        None => TcpStream::connect_timeout(&listen, TIMEOUT).and_then(|stream| {
            stream.set_read_timeout(Some(TIMEOUT))?;
            ask(stream)
        }),
    }
    .map_err(|error| {
        let (place, remedy) = match unix {
            // So it treats whom it does not admit.
            Some(path) if matches!(error.kind(), ErrorKind::ConnectionReset | ErrorKind::BrokenPipe) => {
                (path.display().to_string(), "admit this user with the agent's --allow-uid")
            }
            Some(path) => {
                (path.display().to_string(), "start it, or give the --unix that it was started with")
            }
            None => (listen.to_string(), "start it, or give the --listen that it was started with"),
        };
        Failure::new(format!("the agent does not answer on {place} ({error}): {remedy}"))
    })?;
    if answer.starts_with("HTTP/1.1 200 ") {
        return Ok(ExitCode::SUCCESS);
    }
    let why = answer.split_once("\r\n\r\n").map_or("it answered nothing", |(_, body)| body.trim());
    Err(Failure::new(format!("the agent is not ready: {why}")))
}

fn ask(mut stream: impl Read + Write) -> std::io::Result<String> {
    stream.write_all(QUESTION)?;
    let mut answer = String::new();
    stream.take(64 * 1024).read_to_string(&mut answer)?;
    Ok(answer)
}
