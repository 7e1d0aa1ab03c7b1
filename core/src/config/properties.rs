//! Java `.properties` text, as `java.util.Properties.load` reads it.
//!
//! Written here, against what the JDK answers (see `tests/vectors/properties`), because the `java-properties` crate
//! brings a regular expression engine that alone is 1.7 MB of machine code, loses a last line that ends in a
//! backslash, refuses surrogate pairs, and fails on a `\u` inside a comment.

use zeroize::Zeroizing;

use crate::process::source::is_utf16;

/// One key with its value, unescaped.
pub(super) struct Entry {
    /// The natural line that it begins on, from 1.
    pub(super) line: usize,
    pub(super) key: String,
    pub(super) value: Zeroizing<String>,
}

/// Why a text cannot be read.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Malformed {
    /// A `\u` on this line is not followed by four hexadecimal digits, or makes no character.
    Escape { line: usize },
    /// UTF-16, as some Windows editors save it.
    Utf16,
}

/// Reads UTF-8 with or without a byte order mark, or else ISO-8859-1. Entries come in the order of the text.
pub(super) fn parse(bytes: &[u8]) -> Result<Vec<Entry>, Malformed> {
    let text = decode(bytes)?;
    let mut entries = Vec::new();
    for logical in logical_lines(&text) {
        let joined = logical.text();
        let (key, value) = split(&joined);
        let line = logical.line;
        let unescape = |text| unescape(text).ok_or(Malformed::Escape { line });
        entries.push(Entry { line, key: unescape(key)?.as_str().to_owned(), value: unescape(value)? });
    }
    Ok(entries)
}

fn decode(bytes: &[u8]) -> Result<Zeroizing<String>, Malformed> {
    if is_utf16(bytes) {
        return Err(Malformed::Utf16);
    }
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    Ok(Zeroizing::new(match std::str::from_utf8(bytes) {
        Ok(text) => text.to_owned(),
        Err(_) => {
            // Twice as long at most; growing would leave copies of a password behind.
            let mut text = String::with_capacity(2 * bytes.len());
            text.extend(bytes.iter().map(|byte| char::from(*byte)));
            text
        }
    }))
}

pub(super) struct LogicalLine<'a> {
    line: usize,
    /// What its natural lines give to it.
    pieces: Vec<&'a str>,
}

impl LogicalLine<'_> {
    /// In memory of just its length, which neither moves nor has to be wiped for more than it holds.
    pub(super) fn text(&self) -> Zeroizing<String> {
        Zeroizing::new(self.pieces.concat())
    }

    fn is_empty(&self) -> bool {
        self.pieces.iter().all(|piece| piece.is_empty())
    }
}

const BLANKS: [char; 3] = [' ', '\t', '\x0c'];

/// Joins natural lines that end in an odd number of backslashes with the next one; drops comments and blank lines.
pub(super) fn logical_lines(text: &str) -> Vec<LogicalLine<'_>> {
    let mut lines = Vec::new();
    let mut open: Option<LogicalLine<'_>> = None;
    for (number, natural) in natural_lines(text).enumerate() {
        let natural = natural.trim_start_matches(BLANKS);
        // A comment sign counts only where a logical line begins, and a backslash at its end continues nothing. In the
        // JDK a line begins anew as long as nothing but backslashes was read.
        open = open.filter(|line| !line.is_empty());
        if open.is_none() && natural.starts_with(['#', '!']) {
            continue;
        }
        let backslashes = natural.len() - natural.trim_end_matches('\\').len();
        let continued = backslashes % 2 == 1;
        let natural = if continued { &natural[..natural.len() - 1] } else { natural };
        let line = open.get_or_insert_with(|| LogicalLine { line: number + 1, pieces: Vec::new() });
        line.pieces.push(natural);
        if !continued {
            lines.extend(open.take().filter(|line| !line.is_empty()));
        }
    }
    lines.extend(open.filter(|line| !line.is_empty()));
    lines
}

/// Lines end in LF, CR or CR LF.
fn natural_lines(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = Some(text);
    std::iter::from_fn(move || {
        let text = rest?;
        let Some(end) = text.find(['\n', '\r']) else {
            rest = None;
            return Some(text);
        };
        let ending = if text[end..].starts_with("\r\n") { 2 } else { 1 };
        rest = Some(&text[end + ending..]);
        Some(&text[..end])
    })
}

/// The key ends at the first `=`, `:` or blank that no backslash escapes; one `=` or `:` between blanks belongs to
/// neither side.
fn split(line: &str) -> (&str, &str) {
    let mut escaped = false;
    let end = line
        .char_indices()
        .find(|(_, c)| {
            let ends = !escaped && (matches!(c, '=' | ':') || BLANKS.contains(c));
            escaped = !escaped && *c == '\\';
            ends
        })
        .map_or(line.len(), |(index, _)| index);
    let value = line[end..].trim_start_matches(BLANKS);
    let value = value.strip_prefix(['=', ':']).unwrap_or(value).trim_start_matches(BLANKS);
    (&line[..end], value)
}

/// None for a malformed `\u`. Works in UTF-16, in which Java writes one character outside the BMP as two escapes.
fn unescape(text: &str) -> Option<Zeroizing<String>> {
    let mut units = Zeroizing::new(Vec::with_capacity(text.len()));
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        let c = if c == '\\' {
            chars.next()?
        } else {
            push(&mut units, c);
            continue;
        };
        match c {
            't' => units.push(0x09),
            'n' => units.push(0x0a),
            'f' => units.push(0x0c),
            'r' => units.push(0x0d),
            'u' => {
                let mut unit = 0;
                for _ in 0..4 {
                    unit = unit << 4 | chars.next()?.to_digit(16)?;
                }
                units.push(u16::try_from(unit).ok()?);
            }
            c => push(&mut units, c),
        }
    }
    String::from_utf16(&units).ok().map(Zeroizing::new)
}

fn push(units: &mut Vec<u16>, c: char) {
    units.extend_from_slice(c.encode_utf16(&mut [0; 2]));
}
