//! A JSON string straight into memory that is wiped. A JSON library decodes a string that has escapes through a
//! buffer of its own, and leaves the plaintext of a secret in freed memory.

use serde_json::value::RawValue;
use zeroize::Zeroizing;

/// The string that `raw` stands for; none when `raw` is no string, or one that holds half a surrogate pair.
pub(crate) fn decode(raw: &RawValue) -> Option<Zeroizing<String>> {
    let mut rest = raw.get().strip_prefix('"')?.strip_suffix('"')?;
    // Never longer than its source, so the buffer never moves and leaves nothing behind.
    let mut decoded = Zeroizing::new(String::with_capacity(rest.len()));
    while let Some(at) = rest.find('\\') {
        let (plain, escape) = rest.split_at(at);
        decoded.push_str(plain);
        let (character, after) = unescape(escape)?;
        decoded.push(character);
        rest = after;
    }
    decoded.push_str(rest);
    Some(decoded)
}

fn unescape(escape: &str) -> Option<(char, &str)> {
    let simple = match escape.as_bytes().get(1)? {
        b'"' => '"',
        b'\\' => '\\',
        b'/' => '/',
        b'b' => '\u{8}',
        b'f' => '\u{c}',
        b'n' => '\n',
        b'r' => '\r',
        b't' => '\t',
        b'u' => return unicode(escape),
        _ => return None,
    };
    Some((simple, &escape[2..]))
}

fn unicode(escape: &str) -> Option<(char, &str)> {
    let (first, rest) = code_unit(escape)?;
    if !(0xd800..0xdc00).contains(&first) {
        return Some((char::from_u32(first)?, rest));
    }
    let (second, rest) = code_unit(rest)?;
    let low = second.checked_sub(0xdc00).filter(|low| *low < 0x400)?;
    let character = char::from_u32(0x10000 + ((first - 0xd800) << 10) + low)?;
    Some((character, rest))
}

fn code_unit(escape: &str) -> Option<(u32, &str)> {
    let digits = escape.strip_prefix("\\u")?;
    let unit = u32::from_str_radix(digits.get(..4)?, 16).ok()?;
    Some((unit, &digits[4..]))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn decoded(json: &str) -> Option<String> {
        let raw: &RawValue = serde_json::from_str(json).ok()?;
        decode(raw).map(|text| text.to_string())
    }

    #[test]
    fn only_a_whole_string_counts() {
        assert_eq!(decoded("17"), None);
        assert_eq!(decoded("null"), None);
        assert_eq!(decoded("{}"), None);
        assert_eq!(decoded(r#""\ud800""#), None);
        assert_eq!(decoded(r#""\ud800A""#), None);
        assert_eq!(decoded(r#""\udc00""#), None);
        assert_eq!(decoded(r#""\ud83d\ude00 \u0041\/\b\f""#).unwrap(), "😀 A/\u{8}\u{c}");
    }

    proptest! {
        #[test]
        fn agrees_with_the_library(text in any::<String>()) {
            let json = serde_json::to_string(&text).unwrap();
            prop_assert_eq!(decoded(&json), Some(text));
        }

        #[test]
        fn agrees_on_escapes(json in r#""([a-zé]|\\["\\/bfnrt]|\\u[0-9a-fA-F]{4}|\\ud[89ab][0-9a-f]{2}\\ud[c-f][0-9a-f]{2}){0,12}""#) {
            prop_assert_eq!(decoded(&json), serde_json::from_str::<String>(&json).ok());
        }
    }
}
