//! A request's body that tells when it is sent: there is an open connection by then, and the wait for the answer begins.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use http_body::{Body, Frame, SizeHint};
use prost::bytes::Bytes;
use tokio::sync::oneshot;

pub(super) struct Outgoing {
    unsent: Option<(Bytes, oneshot::Sender<()>)>,
    length: u64,
}

impl Outgoing {
    /// The body, and what becomes ready when the transport takes it, or drops it: one that is empty is never taken.
    pub(super) fn new(bytes: Vec<u8>) -> (Self, oneshot::Receiver<()>) {
        let (tell, told) = oneshot::channel();
        let length = bytes.len() as u64;
        (Outgoing { unsent: Some((bytes.into(), tell)), length }, told)
    }
}

impl Body for Outgoing {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Poll::Ready(self.unsent.take().map(|(bytes, tell)| {
            // Whoever asked may have given up meanwhile.
            let _heard_or_forgotten = tell.send(());
            Ok(Frame::data(bytes))
        }))
    }

    fn is_end_stream(&self) -> bool {
        self.unsent.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(if self.unsent.is_some() { self.length } else { 0 })
    }
}
