//! What hyper cannot read it answers with a bare status; here it gets the JSON that every other failure has.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use serde_json::json;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// A client's connection.
pub(super) struct Explained<S> {
    stream: S,
    /// What is being written in place of hyper's answer, and how much of it is out.
    instead: Option<(Vec<u8>, usize)>,
}

impl<S> Explained<S> {
    pub(super) fn new(stream: S) -> Self {
        Explained { stream, instead: None }
    }
}

/// The answer in place of `head`, if that is one of hyper's own: the agent itself answers nothing without a body.
fn instead_of(head: &[u8]) -> Option<Vec<u8>> {
    let head = std::str::from_utf8(head).ok()?.strip_prefix("HTTP/1.1 4")?;
    if !head.contains("\r\ncontent-length: 0\r\n") || !head.ends_with("\r\n\r\n") {
        return None;
    }
    let (status, code, message) = match &head[..2] {
        "14" => ("414 URI Too Long", "UriTooLong", "The path is longer than any that the agent knows"),
        "31" => (
            "431 Request Header Fields Too Large",
            "HeadTooLarge",
            "The head of a request may hold 16 KiB and 64 headers",
        ),
        _ => ("400 Bad Request", "NotHttp", "This is not a request of HTTP/1.1"),
    };
    let body = json!({ "Code": code, "Message": message }).to_string();
    let answer = format!(
        "HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncache-control: no-store\r\nconnection: close\r\n\
         content-length: {}\r\n\r\n{body}",
        body.len()
    );
    Some(answer.into_bytes())
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Explained<S> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        if this.instead.is_none() {
            this.instead = instead_of(bytes).map(|answer| (answer, 0));
        }
        let Some((answer, done)) = &mut this.instead else {
            return Pin::new(&mut this.stream).poll_write(cx, bytes);
        };
        while *done < answer.len() {
            match ready!(Pin::new(&mut this.stream).poll_write(cx, &answer[*done..]))? {
                0 => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                written => *done += written,
            }
        }
        this.instead = None;
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(cx)
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Explained<S> {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_read(cx, buffer)
    }
}
