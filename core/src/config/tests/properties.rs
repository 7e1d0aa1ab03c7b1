//! The properties syntax, against what the JDK answered and against anything at all.

use std::collections::BTreeMap;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use proptest::prelude::*;
use serde::Deserialize;

use super::super::properties::{Malformed, logical_lines, parse};

#[derive(Deserialize)]
struct Recorded {
    bytes: String,
    /// None where the JDK throws.
    properties: Option<BTreeMap<String, String>>,
}

fn read(bytes: &[u8]) -> Result<BTreeMap<String, String>, Malformed> {
    Ok(parse(bytes)?.into_iter().map(|entry| (entry.key, entry.value.to_string())).collect())
}

#[test]
fn every_text_reads_as_in_the_jdk() {
    let recorded = include_str!("../../../../tests/vectors/properties/jdk.json");
    let recorded: Vec<Recorded> = serde_json::from_str(recorded).unwrap();
    assert!(recorded.len() > 400);
    for mut case in recorded {
        let bytes = BASE64_STANDARD.decode(case.bytes).unwrap();
        let mut ours = read(&bytes).ok();
        // The JDK makes an empty key with an empty value of a last line of one backslash; here that is no line.
        if case.properties.as_ref().and_then(|properties| properties.get("")).is_some_and(String::is_empty) {
            for properties in [&mut ours, &mut case.properties].into_iter().flatten() {
                properties.remove("");
            }
        }
        assert_eq!(ours, case.properties, "{:?}", String::from_utf8_lossy(&bytes));
    }
}

#[test]
fn entries_know_their_lines() {
    let entries = parse(b"# one\na=1\\\n  2\n\nb=3").unwrap();
    assert_eq!(
        entries.iter().map(|entry| (entry.line, entry.key.as_str())).collect::<Vec<_>>(),
        [(2, "a"), (5, "b")]
    );
    assert_eq!(parse(b"a=b\n\nc=\\u12").err(), Some(Malformed::Escape { line: 3 }));
}

#[test]
fn each_line_takes_memory_of_its_own_length() {
    let text = "a=b\n".repeat(256 << 10) + &"c\\\n".repeat(1000);
    let taken: usize = logical_lines(&text).iter().map(|line| line.text().capacity()).sum();
    assert!(taken <= text.len(), "{taken} bytes for {}", text.len());
    assert_eq!(parse(text.as_bytes()).unwrap().len(), (256 << 10) + 1);
}

#[test]
fn a_byte_order_mark_is_no_part_of_the_first_key() {
    assert_eq!(read(b"\xef\xbb\xbfa=\xc3\xa9").unwrap(), BTreeMap::from([("a".to_owned(), "é".to_owned())]));
}

#[test]
fn utf16_is_recognised() {
    assert_eq!(read(b"\xff\xfea\0=\0b\0"), Err(Malformed::Utf16));
    assert_eq!(read(b"\xfe\xff\0a\0=\0b"), Err(Malformed::Utf16));
    assert_eq!(read(b"a\0=\0b\0"), Err(Malformed::Utf16));
    assert_eq!(read(b"\0a\0=\0b"), Err(Malformed::Utf16));
}

proptest! {
    #[test]
    fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = parse(&bytes);
    }

    #[test]
    fn anything_made_of_its_signs_is_read_or_refused(text in r"[ab \t\f\r\n\\:=#!u0é]{0,60}") {
        for entry in parse(text.as_bytes()).unwrap_or_default() {
            prop_assert!(entry.line <= text.split(['\n', '\r']).count());
        }
    }

    #[test]
    fn what_is_escaped_comes_back(key in "[a-z_]{1,8}", value in any::<String>()) {
        let escaped: String = value.encode_utf16().map(|unit| format!("\\u{unit:04x}")).collect();
        prop_assert_eq!(read(format!("{key}={escaped}").as_bytes()).unwrap(), BTreeMap::from([(key, value)]));
    }
}
