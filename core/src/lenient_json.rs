//! JSON as people write it: what Gson, by which the official Java client reads its configuration, takes in its lenient mode
//! (comments, single quotes, texts without quotes, line ends inside a text), and what a shell leaves of JSON whose quotes it
//! took away, such as paths and addresses.
//!
//! Written here, because no crate reads both: `serde_json_lenient` and `json5` need quotes around texts, as does
//! `jsonc-parser`, and `deser-hjson` takes a text without quotes up to the end of its line. It comes to a few KB.

use serde_json::{Map, Number, Value};

/// Why a text is no JSON, and where. It never repeats what stands there, which may be secret.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// It ends before its last bracket.
    Ends,
    /// A text that begins here has no closing quote.
    Unclosed(Place),
    /// A backslash that escapes nothing, as in a Windows path.
    Backslash(Place),
    /// Anything else.
    Wrong(Place),
}

/// Counted in characters and lines, from 1.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) line: usize,
    pub(crate) column: usize,
}

impl Fault {
    /// Whether more text could mend it.
    pub(crate) fn breaks_off(&self) -> bool {
        matches!(self, Fault::Ends | Fault::Unclosed(_))
    }
}

/// Reads one value. All that serde_json reads is read as serde_json does.
pub(crate) fn read(text: &str) -> Result<Value, Fault> {
    let mut reader = Reader { text, at: 0 };
    let value = reader.value(DEEPEST)?;
    reader.skip()?;
    if reader.peek().is_some() { Err(reader.wrong()) } else { Ok(value) }
}

/// No configuration is nested half as deep.
const DEEPEST: usize = 16;

struct Reader<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Reader<'a> {
    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn next(&mut self) -> Option<char> {
        let next = self.peek()?;
        self.at += next.len_utf8();
        Some(next)
    }

    fn take(&mut self, wanted: char) -> bool {
        let there = self.peek() == Some(wanted);
        if there {
            self.at += wanted.len_utf8();
        }
        there
    }

    fn place(&self, at: usize) -> Place {
        let before = &self.text[..at];
        let line = before.rsplit('\n').next().unwrap_or_default();
        Place { line: before.matches('\n').count() + 1, column: line.chars().count() + 1 }
    }

    fn wrong(&self) -> Fault {
        if self.rest().is_empty() { Fault::Ends } else { Fault::Wrong(self.place(self.at)) }
    }

    /// Blanks and comments.
    fn skip(&mut self) -> Result<(), Fault> {
        loop {
            let rest = self.rest().trim_start_matches(|c: char| c.is_whitespace() || c == '\u{feff}');
            self.at = self.text.len() - rest.len();
            let comment = if rest.starts_with("//") || rest.starts_with('#') {
                rest.find(['\n', '\r']).unwrap_or(rest.len())
            } else if let Some(comment) = rest.strip_prefix("/*") {
                comment.find("*/").ok_or(Fault::Ends)? + 4
            } else {
                return Ok(());
            };
            self.at += comment;
        }
    }

    fn value(&mut self, depth: usize) -> Result<Value, Fault> {
        self.skip()?;
        let depth = depth.checked_sub(1).ok_or_else(|| self.wrong())?;
        match self.peek() {
            Some('{') => self.object(depth),
            Some('[') => self.array(depth),
            Some('"' | '\'') => self.quoted().map(Value::String),
            _ => self.bare(",;{}[]\"'").map(scalar),
        }
    }

    fn object(&mut self, depth: usize) -> Result<Value, Fault> {
        let mut fields = Map::new();
        self.at += 1;
        loop {
            self.skip()?;
            if self.take('}') {
                return Ok(Value::Object(fields));
            }
            let name = match self.peek() {
                Some('"' | '\'') => self.quoted()?,
                _ => self.bare(":=,;{}[]\"'")?.to_owned(),
            };
            self.skip()?;
            if self.take('=') {
                self.take('>');
            } else if !self.take(':') {
                return Err(self.wrong());
            }
            fields.insert(name, self.value(depth)?);
            self.separator('}')?;
        }
    }

    fn array(&mut self, depth: usize) -> Result<Value, Fault> {
        let mut elements = Vec::new();
        self.at += 1;
        loop {
            self.skip()?;
            if self.take(']') {
                return Ok(Value::Array(elements));
            }
            elements.push(self.value(depth)?);
            self.separator(']')?;
        }
    }

    /// What stands before the next item; the `last` bracket is left for the caller.
    fn separator(&mut self, last: char) -> Result<(), Fault> {
        self.skip()?;
        if self.take(',') || self.take(';') || self.peek() == Some(last) { Ok(()) } else { Err(self.wrong()) }
    }

    /// A text without quotes, up to a blank or one of `ends`.
    fn bare(&mut self, ends: &str) -> Result<&'a str, Fault> {
        let rest = self.rest();
        let length = rest.find(|c: char| c.is_whitespace() || ends.contains(c)).unwrap_or(rest.len());
        if length == 0 {
            return Err(self.wrong());
        }
        self.at += length;
        Ok(&rest[..length])
    }

    fn quoted(&mut self) -> Result<String, Fault> {
        let start = self.at;
        let unclosed = || Fault::Unclosed(self.place(start));
        let quote = self.rest().chars().next().ok_or_else(unclosed)?;
        let length = closing(&self.text[start + 1..], quote).ok_or_else(unclosed)?;
        // As large as it will get, for a string that grows leaves copies behind.
        let mut text = String::with_capacity(length);
        self.at = start + 1;
        let end = self.at + length;
        while self.at < end {
            match self.next() {
                Some('\\') => text.push(self.escaped()?),
                Some(plain) => text.push(plain),
                None => break,
            }
        }
        self.at = end + 1;
        Ok(text)
    }

    /// What follows a backslash.
    fn escaped(&mut self) -> Result<char, Fault> {
        let backslash = self.at - 1;
        let fault = |reader: &Self| Fault::Backslash(reader.place(backslash));
        Ok(match self.next() {
            Some(itself @ ('"' | '\'' | '\\' | '/' | '\n')) => itself,
            Some('b') => '\u{8}',
            Some('f') => '\u{c}',
            Some('n') => '\n',
            Some('r') => '\r',
            Some('t') => '\t',
            Some('u') => {
                let first = self.unit().ok_or_else(|| fault(self))?;
                // A character outside the BMP is written as two.
                let second = if (0xd800..0xdc00).contains(&first) && self.rest().starts_with("\\u") {
                    self.at += 2;
                    Some(self.unit().ok_or_else(|| fault(self))?)
                } else {
                    None
                };
                let mut decoded = char::decode_utf16([first].into_iter().chain(second));
                match (decoded.next(), decoded.next()) {
                    (Some(Ok(character)), None) => character,
                    _ => return Err(fault(self)),
                }
            }
            _ => return Err(fault(self)),
        })
    }

    fn unit(&mut self) -> Option<u16> {
        let digits =
            self.rest().get(..4).filter(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit()))?;
        self.at += 4;
        u16::from_str_radix(digits, 16).ok()
    }
}

/// How long the text before its closing quote is.
fn closing(text: &str, quote: char) -> Option<usize> {
    let mut escaped = false;
    text.char_indices().find_map(|(at, c)| {
        let closes = !escaped && c == quote;
        escaped = !escaped && c == '\\';
        closes.then_some(at)
    })
}

fn scalar(bare: &str) -> Value {
    for (word, value) in [("true", Value::Bool(true)), ("false", Value::Bool(false)), ("null", Value::Null)] {
        if bare.eq_ignore_ascii_case(word) {
            return value;
        }
    }
    let number = serde_json::from_str::<Number>(bare);
    number.map_or_else(|_| Value::String(bare.to_owned()), Value::Number)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[test]
    fn what_gson_takes_is_taken() {
        for (text, value) in [
            ("[{'regionId':'cn-hangzhou'}]", json!([{ "regionId": "cn-hangzhou" }])),
            ("[{regionId:cn-hangzhou, vpc : true}]", json!([{ "regionId": "cn-hangzhou", "vpc": true }])),
            ("{a=>1;b=TRUE;c:Null}", json!({ "a": 1, "b": true, "c": null })),
            ("{\"ca\":\"a\nb\t\"}", json!({ "ca": "a\nb\t" })),
            ("{'it\\'s':\"'\\\"\", \"x\":'\"'}", json!({ "it's": "'\"", "x": "\"" })),
            ("# one\n[ // two\n1, /* three */ 2 ]", json!([1, 2])),
            ("'a\\\nb'", json!("a\nb")),
        ] {
            assert_eq!(read(text), Ok(value), "{text}");
        }
    }

    #[test]
    fn what_a_shell_leaves_is_taken() {
        for (text, value) in [
            (
                "[{regionId:cn-hangzhou,endpoint:kst-1.example.com:8443}]",
                json!([{ "regionId": "cn-hangzhou", "endpoint": "kst-1.example.com:8443" }]),
            ),
            ("{caFilePath:/etc/kmsak/ca.pem}", json!({ "caFilePath": "/etc/kmsak/ca.pem" })),
            ("{caFilePath:C:\\kmsak\\ca.pem}", json!({ "caFilePath": "C:\\kmsak\\ca.pem" })),
            ("{httpsProxy:http://u:p@host:3128}", json!({ "httpsProxy": "http://u:p@host:3128" })),
            ("{PrivateKeyData:MII+/A==}", json!({ "PrivateKeyData": "MII+/A==" })),
            ("{password:Kmsak#2026test}", json!({ "password": "Kmsak#2026test" })),
            ("{readTimeout:007}", json!({ "readTimeout": "007" })),
        ] {
            assert_eq!(read(text), Ok(value), "{text}");
        }
    }

    #[test]
    fn commas_may_stand_at_the_end() {
        assert_eq!(read("[{\"a\":1,},]"), Ok(json!([{ "a": 1 }])));
    }

    #[test]
    fn what_is_wrong_is_placed() {
        let place = |line, column| Place { line, column };
        for (text, fault) in [
            ("", Fault::Ends),
            (" /* no end", Fault::Ends),
            ("[{\"a\":", Fault::Ends),
            ("[{\"a\":1}", Fault::Ends),
            ("[{a", Fault::Ends),
            ("[\n{\"a\":\"b}]", Fault::Unclosed(place(2, 6))),
            ("[\"C:\\kmsak\"]", Fault::Backslash(place(1, 5))),
            ("[\"C:\\users\"]", Fault::Backslash(place(1, 5))),
            ("[\"é\\ud800\"]", Fault::Backslash(place(1, 4))),
            ("[\"\\ud83d\\u0041\"]", Fault::Backslash(place(1, 3))),
            ("[1,,2]", Fault::Wrong(place(1, 4))),
            ("[{\"a\"}]", Fault::Wrong(place(1, 6))),
            ("[{\"a\":}]", Fault::Wrong(place(1, 7))),
            ("[{\"a\":1}] x", Fault::Wrong(place(1, 11))),
            ("[{a b}]", Fault::Wrong(place(1, 5))),
            ("[a\"b\"]", Fault::Wrong(place(1, 3))),
            ("]", Fault::Wrong(place(1, 1))),
        ] {
            assert_eq!(read(text), Err(fault), "{text}");
        }
    }

    #[test]
    fn depth_is_bounded() {
        assert!(read(&"[".repeat(1 << 20)).is_err());
        assert!(read(&"{a:".repeat(1 << 18)).is_err());
    }

    fn any_value() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<f64>().prop_map(Value::from),
            any::<String>().prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 32, 5, |inner| {
            prop_oneof![
                proptest::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
                proptest::collection::btree_map(any::<String>(), inner, 0..5)
                    .prop_map(|fields| Value::Object(fields.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn every_json_is_read_as_it_is(value in any_value()) {
            prop_assert_eq!(read(&value.to_string()), serde_json::from_str(&value.to_string()).map_err(|_| Fault::Ends));
            prop_assert_eq!(&read(&serde_json::to_string_pretty(&value).unwrap()).unwrap(), &read(&value.to_string()).unwrap());
        }

        #[test]
        fn all_that_serde_json_reads_is_read_alike(text in r#"[\[\]{},:"\\ntu0-9e.+\-a ]{0,24}"#) {
            if let Ok(value) = serde_json::from_str::<Value>(&text) {
                prop_assert_eq!(read(&text), Ok(value));
            }
        }

        #[test]
        fn any_text_is_read_or_refused(text in any::<String>(), signs in r#"[\[\]{},;:='"\\/*#\nua é]{0,40}"#) {
            let _ = (read(&text), read(&signs));
        }
    }
}
