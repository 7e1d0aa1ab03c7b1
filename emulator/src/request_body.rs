//! Reading the body of a request.

use http_body_util::BodyExt as _;
use hyper::body::{Bytes, Incoming};

/// A client that still sends cannot hear an answer, so what is too large is read all the same, up to this.
const LONGEST_READ: usize = 64 * 1024 * 1024;

/// The whole body; none if it has more than `most` bytes.
pub(crate) async fn read(mut body: Incoming, most: usize) -> hyper::Result<Option<Bytes>> {
    let mut kept = Vec::new();
    let mut length = 0;
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame?.into_data() else { continue };
        length += data.len();
        if length > LONGEST_READ {
            break;
        }
        if length <= most {
            kept.extend_from_slice(&data);
        }
    }
    Ok((length <= most).then(|| kept.into()))
}
