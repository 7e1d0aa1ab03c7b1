//! The driver's requests name the socket's path as their authority (`:authority`), since its gRPC library takes whatever it dialled
//! for a host. HTTP/2 libraries that read this header as RFC 9113 has it refuse such a request, so it is written anew on the way in.
//!
//! Only this one header changes. HPACK (RFC 7541) keeps a table of headers on both sides; an entry of it that holds the new value stands
//! in the same place, and is never longer than what the client keeps there, so that both tables agree on all that is named from them.

use std::io::{Error, ErrorKind, Result};

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, copy};

const PREFACE: usize = 24;
const HEADERS: u8 = 1;
const CONTINUATION: u8 = 9;
const END_STREAM: u8 = 1;
const END_HEADERS: u8 = 4;
const PADDED: u8 = 8;
const PRIORITY: u8 = 0x20;
/// The frames that a peer may send that was told of no other size.
const LARGEST_FRAME: usize = 16_384;
const LARGEST_BLOCK: usize = 65_536;
/// `:authority` in HPACK's static table.
const AUTHORITY: usize = 1;
/// The value in its place, as short as can be, without Huffman's code.
const VALUE: [u8; 2] = [1, b'k'];

/// What a client sends, from beginning to end.
pub(crate) async fn rewrite(mut from: impl AsyncRead + Unpin, mut to: impl AsyncWrite + Unpin) -> Result<()> {
    copy(&mut (&mut from).take(PREFACE as u64), &mut to).await?;
    loop {
        let mut head = [0; 9];
        if from.read(&mut head[..1]).await? == 0 {
            return to.shutdown().await;
        }
        from.read_exact(&mut head[1..]).await?;
        let frame = Frame::of(head);
        if frame.kind == HEADERS {
            let block = whole_block(&mut from, &frame).await?;
            let block = renamed(&block).ok_or_else(|| odd("a block of headers cannot be read"))?;
            write_block(&mut to, &frame, &block).await?;
        } else {
            to.write_all(&head).await?;
            copy(&mut (&mut from).take(frame.length as u64), &mut to).await?;
        }
    }
}

struct Frame {
    length: usize,
    kind: u8,
    flags: u8,
    stream: [u8; 4],
}

impl Frame {
    fn of(head: [u8; 9]) -> Self {
        let [a, b, c, kind, flags, stream @ ..] = head;
        Frame { length: u32::from_be_bytes([0, a, b, c]) as usize, kind, flags, stream }
    }
}

fn odd(what: &str) -> Error {
    Error::new(ErrorKind::InvalidData, what)
}

/// The headers of a request, which may go on in further frames.
async fn whole_block(from: &mut (impl AsyncRead + Unpin), first: &Frame) -> Result<Vec<u8>> {
    let payload = read(from, first.length).await?;
    let has = |flag: u8| first.flags & flag != 0;
    let padding = if has(PADDED) { payload.first().map(|length| 1 + usize::from(*length)) } else { Some(0) };
    let padding = padding.ok_or_else(|| odd("padding without a length"))?;
    let start = usize::from(has(PADDED)) + if has(PRIORITY) { 5 } else { 0 };
    let end = (payload.len() + usize::from(has(PADDED))).checked_sub(padding);
    let block = end.and_then(|end| payload.get(start..end)).ok_or_else(|| odd("more padding than frame"))?;
    let mut block = block.to_vec();
    let mut ended = has(END_HEADERS);
    while !ended {
        let mut head = [0; 9];
        from.read_exact(&mut head).await?;
        let next = Frame::of(head);
        if next.kind != CONTINUATION || next.stream != first.stream {
            return Err(odd("headers that do not go on"));
        }
        block.extend(read(from, next.length).await?);
        if block.len() > LARGEST_BLOCK {
            return Err(odd("more headers than the driver sends"));
        }
        ended = next.flags & END_HEADERS != 0;
    }
    Ok(block)
}

async fn read(from: &mut (impl AsyncRead + Unpin), length: usize) -> Result<Vec<u8>> {
    if length > LARGEST_FRAME {
        return Err(odd("a frame that is too large"));
    }
    let mut bytes = vec![0; length];
    from.read_exact(&mut bytes).await?;
    Ok(bytes)
}

/// Without padding and priorities, which mean nothing here.
async fn write_block(to: &mut (impl AsyncWrite + Unpin), first: &Frame, block: &[u8]) -> Result<()> {
    let pieces: Vec<&[u8]> = block.chunks(LARGEST_FRAME).collect();
    let mut bytes = Vec::with_capacity(block.len() + 9 * (pieces.len() + 1));
    for (index, piece) in pieces.iter().enumerate() {
        let kind = if index == 0 { HEADERS } else { CONTINUATION };
        let end_stream = if index == 0 { first.flags & END_STREAM } else { 0 };
        let end_headers = if index + 1 == pieces.len() { END_HEADERS } else { 0 };
        // No piece is longer than three bytes can say.
        bytes.extend_from_slice(&(piece.len() as u32).to_be_bytes()[1..]);
        bytes.extend_from_slice(&[kind, end_stream | end_headers]);
        bytes.extend_from_slice(&first.stream);
        bytes.extend_from_slice(piece);
    }
    to.write_all(&bytes).await?;
    to.flush().await
}

/// The block with another authority; none if it is no HPACK.
fn renamed(block: &[u8]) -> Option<Vec<u8>> {
    let mut renamed = Vec::with_capacity(block.len());
    let mut rest = block;
    while let Some(first) = rest.first() {
        let before = rest;
        let literal = match first {
            0x80.. => {
                integer(&mut rest, 7)?;
                None
            }
            0x40.. => Some(integer(&mut rest, 6)?),
            // A new size of the table.
            0x20.. => {
                integer(&mut rest, 5)?;
                None
            }
            _ => Some(integer(&mut rest, 4)?),
        };
        if literal == Some(0) {
            string(&mut rest)?;
        }
        let value = rest;
        if literal.is_some() && string(&mut rest)? > 0 && literal == Some(AUTHORITY) {
            renamed.extend_from_slice(&before[..before.len() - value.len()]);
            renamed.extend_from_slice(&VALUE);
        } else {
            renamed.extend_from_slice(&before[..before.len() - rest.len()]);
        }
    }
    Some(renamed)
}

/// Takes an integer whose first bits are those of its byte's last `prefix` ones.
fn integer(rest: &mut &[u8], prefix: u32) -> Option<usize> {
    let largest = (1_usize << prefix) - 1;
    let mut value = usize::from(take(rest)?) & largest;
    if value < largest {
        return Some(value);
    }
    for shift in [0, 7, 14, 21] {
        let byte = take(rest)?;
        value += usize::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}

/// Passes over a text, in Huffman's code or not, and gives the bytes that it takes.
fn string(rest: &mut &[u8]) -> Option<usize> {
    let length = integer(rest, 7)?;
    *rest = rest.get(length..)?;
    Some(length)
}

fn take(rest: &mut &[u8]) -> Option<u8> {
    let (first, after) = rest.split_first()?;
    *rest = after;
    Some(*first)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `:method: POST`, `:authority` as a literal that the table keeps, `te: trailers` with a name of its own, `:scheme: http`.
    fn block(authority: &[u8]) -> Vec<u8> {
        let length = u8::try_from(authority.len()).unwrap();
        assert!(length < 127);
        [&[0x83, 0x41, length], authority, &[0x40, 2, b't', b'e', 8], b"trailers", &[0x86]].concat()
    }

    fn frame(kind: u8, flags: u8, payload: &[u8]) -> Vec<u8> {
        let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
        [&length[1..], &[kind, flags, 0, 0, 0, 1], payload].concat()
    }

    fn rewritten(sent: &[u8]) -> Result<Vec<u8>> {
        let mut arrived = Vec::new();
        let runtime = tokio::runtime::Builder::new_current_thread().build()?;
        runtime.block_on(rewrite(sent, &mut arrived)).map(|()| arrived)
    }

    const START: &[u8; PREFACE] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

    #[test]
    fn the_authority_alone_changes() {
        let path = block(b"/var/run/secrets-store-csi-providers/kmsak.sock");
        let settings = frame(4, 0, &[0; 6]);
        let data = frame(0, END_STREAM, &[7; 30_000]);
        let sent = [START, &settings[..], &frame(HEADERS, END_HEADERS, &path), &data].concat();
        let expected = [START, &settings[..], &frame(HEADERS, END_HEADERS, &block(b"k")), &data].concat();
        assert_eq!(rewritten(&sent).unwrap(), expected);
    }

    #[test]
    fn headers_with_padding_priority_and_more_frames_are_one_block() {
        let path = block(&[0xff; 40]);
        let (first, rest) = path.split_at(20);
        let padded = [&[3], &[0, 0, 0, 0, 16][..], first, &[0; 3]].concat();
        let flags = PADDED | PRIORITY | END_STREAM;
        let sent = [
            &START[..],
            &frame(HEADERS, flags, &padded),
            &frame(CONTINUATION, 0, &rest[..5]),
            &frame(CONTINUATION, END_HEADERS, &rest[5..]),
        ];
        let expected = [&START[..], &frame(HEADERS, END_HEADERS | END_STREAM, &block(b"k"))].concat();
        assert_eq!(rewritten(&sent.concat()).unwrap(), expected);
    }

    #[test]
    fn what_the_table_holds_already_stays() {
        // An entry of the table, a new size of it, a literal with a long name that is never kept, no authority at all.
        let long = [&[0x10, 0x7f, 0x49][..], &[b'a'; 200], &[1, b'b']].concat();
        let block = [&[0xbe, 0x3f, 0xe1, 0x1f][..], &long].concat();
        assert_eq!(renamed(&block).unwrap(), block);
        assert_eq!(renamed(&[0x41, 0]).unwrap(), [0x41, 0], "an empty one would grow");
    }

    #[test]
    fn what_is_no_http_2_ends_the_connection() {
        for broken in [
            frame(HEADERS, END_HEADERS, &[0x41, 9, b'k']),
            frame(HEADERS, END_HEADERS, &[0xff, 0xff, 0xff, 0xff, 0xff, 0xff]),
            frame(HEADERS, END_HEADERS | PADDED, &[9, 0x83]),
            frame(HEADERS, END_HEADERS | PADDED, &[]),
            [frame(HEADERS, 0, &[0x83]), frame(0, 0, &[])].concat(),
            frame(HEADERS, END_HEADERS, &[0x83; LARGEST_FRAME + 1]),
            [frame(HEADERS, 0, &[]), frame(CONTINUATION, 0, &[0x83; LARGEST_FRAME]).repeat(5)].concat(),
            vec![0, 0],
        ] {
            assert!(rewritten(&[&START[..], &broken].concat()).is_err(), "{:?}", &broken[..2]);
        }
    }
}
