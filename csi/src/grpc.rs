//! As much of gRPC as the driver's two calls need: one message in, one message or a status out, over HTTP/2.

use std::convert::Infallible;
use std::future::{Future, Ready, ready};

use bytes::{BufMut, Bytes, BytesMut};
use http_body_util::combinators::WithTrailers;
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Incoming;
use hyper::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use hyper::{Method, Request, Response, StatusCode};
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use prost::Message;

/// As much as the driver sends at most.
const LARGEST_MESSAGE: usize = 4 * 1024 * 1024;
/// What a message may hold unencoded: printable ASCII but for the per cent sign.
const ENCODED: &AsciiSet = &CONTROLS.add(b'%');

/// The codes of gRPC that are used here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Code {
    Ok = 0,
    InvalidArgument = 3,
    NotFound = 5,
    PermissionDenied = 7,
    ResourceExhausted = 8,
    FailedPrecondition = 9,
    Unimplemented = 12,
    Internal = 13,
    Unavailable = 14,
}

/// Why a call failed, for the driver's events and logs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Status {
    /// What sort of failure.
    pub code: Code,
    /// One sentence.
    pub message: String,
}

impl Status {
    /// A failure.
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Status { code, message: message.into() }
    }
}

/// One message, then how it went.
pub type Reply = WithTrailers<Full<Bytes>, Ready<Option<Result<HeaderMap, Infallible>>>>;

fn reply(message: Bytes, trailers: Option<HeaderMap>) -> Response<Reply> {
    Response::new(Full::new(message).with_trailers(ready(trailers.map(Ok))))
}

/// Answers a call with what `handle` makes of its path and message.
pub async fn answer<F>(request: Request<Incoming>, handle: impl FnOnce(String, Bytes) -> F) -> Response<Reply>
where
    F: Future<Output = Result<Vec<u8>, Status>>,
{
    let is_grpc = |value: &HeaderValue| value.as_bytes().starts_with(b"application/grpc");
    if request.method() != Method::POST || !request.headers().get(CONTENT_TYPE).is_some_and(is_grpc) {
        let mut refused = reply(Bytes::new(), None);
        *refused.status_mut() = StatusCode::UNSUPPORTED_MEDIA_TYPE;
        return refused;
    }
    let path = request.uri().path().to_owned();
    let result = match read(request.into_body()).await {
        Ok(message) => handle(path, message).await,
        Err(status) => Err(status),
    };
    let (message, status) = match result {
        Ok(message) => (framed(&message), Status::new(Code::Ok, "")),
        Err(status) => (Bytes::new(), status),
    };
    let mut answer = reply(message, Some(trailers(&status)));
    answer.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/grpc"));
    answer
}

/// Reads a message of the interface.
///
/// # Errors
/// When the bytes are no such message.
pub fn decode<T: Message + Default>(message: Bytes) -> Result<T, Status> {
    T::decode(message)
        .map_err(|error| Status::new(Code::InvalidArgument, format!("not the driver's message: {error}")))
}

async fn read(body: Incoming) -> Result<Bytes, Status> {
    let wrong = |why: &str| Status::new(Code::InvalidArgument, why);
    let collected = Limited::new(body, LARGEST_MESSAGE).collect().await;
    let body = collected.map_err(|error| Status::new(Code::ResourceExhausted, error.to_string()))?.to_bytes();
    let (prefix, message) = body.split_at_checked(5).ok_or_else(|| wrong("a message is cut off"))?;
    if prefix[0] != 0 {
        return Err(Status::new(Code::Unimplemented, "compressed messages are not understood"));
    }
    let length = u32::from_be_bytes([prefix[1], prefix[2], prefix[3], prefix[4]]);
    if usize::try_from(length) != Ok(message.len()) {
        return Err(wrong("expected one whole message"));
    }
    Ok(body.slice(5..))
}

fn framed(message: &[u8]) -> Bytes {
    let mut frame = BytesMut::with_capacity(5 + message.len());
    frame.put_u8(0);
    frame.put_u32(u32::try_from(message.len()).unwrap_or(u32::MAX));
    frame.put_slice(message);
    frame.freeze()
}

fn trailers(status: &Status) -> HeaderMap {
    let mut trailers = HeaderMap::new();
    trailers.insert(HeaderName::from_static("grpc-status"), HeaderValue::from(status.code as u16));
    let message = utf8_percent_encode(&status.message, ENCODED).to_string();
    if let Ok(message) = HeaderValue::from_str(&message) {
        trailers.insert(HeaderName::from_static("grpc-message"), message);
    }
    trailers
}
