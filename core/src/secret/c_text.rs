//! Text that C can read where it lies.

use std::ffi::CStr;

/// A text followed by a NUL, with none inside. A NUL in what KMS sent cuts the text off there, as C would.
pub(crate) struct CText(Box<str>);

impl CText {
    pub(crate) fn new(text: &str) -> Self {
        let text = text.split('\0').next().unwrap_or_default();
        CText([text, "\0"].concat().into())
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0[..self.0.len() - 1]
    }

    pub(crate) fn as_c_str(&self) -> &CStr {
        CStr::from_bytes_with_nul(self.0.as_bytes()).unwrap_or_default()
    }
}

impl<T: AsRef<str>> From<T> for CText {
    fn from(text: T) -> Self {
        CText::new(text.as_ref())
    }
}

/// Texts, each as Rust and as C reads it.
pub(crate) struct CTexts {
    texts: Vec<String>,
    for_c: Vec<CText>,
}

impl CTexts {
    pub(crate) fn as_strings(&self) -> &[String] {
        &self.texts
    }

    pub(crate) fn c_str(&self, index: usize) -> Option<&CStr> {
        self.for_c.get(index).map(CText::as_c_str)
    }
}

impl From<Vec<String>> for CTexts {
    fn from(texts: Vec<String>) -> Self {
        CTexts { for_c: texts.iter().map(CText::from).collect(), texts }
    }
}

#[cfg(test)]
mod tests {
    use super::CText;

    #[test]
    fn reads_the_same_in_rust_and_in_c() {
        for (text, read) in [("", ""), ("LTAI5t", "LTAI5t"), ("é", "é"), ("a\0b", "a"), ("\0", "")] {
            let text = CText::new(text);
            assert_eq!(text.as_str(), read);
            assert_eq!(text.as_c_str().to_str(), Ok(read));
        }
    }
}
