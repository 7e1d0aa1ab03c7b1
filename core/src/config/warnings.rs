//! What was odd but not wrong, until something turns out to be missing.

use crate::error::Error;

/// One sentence each.
#[derive(Default)]
pub(super) struct Warnings {
    sentences: Vec<String>,
    /// Which setting was probably meant by what is not read, such as a misspelt name, and the place of its sentence.
    meant: Vec<(String, usize)>,
}

impl Warnings {
    pub(super) fn push(&mut self, sentence: String) {
        self.sentences.push(sentence);
    }

    /// Of something that is not read, such as an unknown name, and was probably meant to be `meant`.
    pub(super) fn push_in_place_of(&mut self, sentence: String, meant: &str) {
        self.meant.push((meant.to_owned(), self.sentences.len()));
        self.sentences.push(sentence);
    }

    /// The error that `what` is so, as none of `names` is set: `remedy` follows, unless one of them was misspelt.
    pub(super) fn missing(&self, what: &str, names: &[&str], remedy: &str) -> Error {
        let misspelt = self.meant.iter().find(|(meant, _)| names.contains(&meant.as_str()));
        Error::configuration(match misspelt {
            // Who opens in vain never sees the warnings.
            Some((_, place)) => format!("{what}, and {}", self.sentences[*place]),
            None => format!("{what}: {remedy}"),
        })
    }

    /// Two gateways may have the same fault.
    pub(super) fn push_once(&mut self, sentence: String) {
        if !self.sentences.contains(&sentence) {
            self.sentences.push(sentence);
        }
    }

    /// Whether an unknown name was probably meant to be `name`, of whatever gateway.
    pub(super) fn has_misspelt(&self, name: &str) -> bool {
        self.meant.iter().any(|(meant, _)| meant == name || meant.rsplit('.').next() == Some(name))
    }

    pub(super) fn into_sentences(self) -> Vec<String> {
        self.sentences
    }
}
