//! The conditions of a policy's statement.

use std::collections::BTreeMap;
use std::net::IpAddr;

use ipnet::IpNet;
use serde::Deserialize;

/// A JSON value that may stand alone or in a list.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
pub(crate) enum OneOrMany {
    One(String),
    Many(Vec<String>),
}

impl OneOrMany {
    pub(crate) fn values(&self) -> &[String] {
        match self {
            Self::One(value) => std::slice::from_ref(value),
            Self::Many(values) => values,
        }
    }
}

/// What is known of a request, by the names that conditions use: `acs:SourceIp`, `oidc:sub` and so on.
#[derive(Default)]
pub(crate) struct Context(Vec<(&'static str, String)>);

impl Context {
    pub(crate) fn from_source(source: IpAddr) -> Self {
        Self::default().with("acs:SourceIp", source.to_string())
    }

    pub(crate) fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.0.push((name, value.into()));
        self
    }

    fn values<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(move |(one, _)| one.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }
}

/// Operator, then key, then the values of which one must fit.
pub(crate) type Conditions = BTreeMap<String, BTreeMap<String, OneOrMany>>;

const OPERATORS: [&str; 9] = [
    "StringEquals",
    "StringNotEquals",
    "StringEqualsIgnoreCase",
    "StringNotEqualsIgnoreCase",
    "StringLike",
    "StringNotLike",
    "IpAddress",
    "NotIpAddress",
    "Bool",
];

/// An operator that the emulator lacks is refused: a statement must not hold, or not hold, by accident.
pub(crate) fn check(conditions: &Conditions) -> Result<(), String> {
    for (operator, keys) in conditions {
        if !OPERATORS.contains(&operator.as_str()) {
            return Err(format!("the emulator has no condition {operator:?}: use {}", OPERATORS.join(", ")));
        }
        if operator.ends_with("IpAddress") {
            for text in keys.values().flat_map(OneOrMany::values) {
                network(text).ok_or_else(|| format!("{text:?} is no address or network"))?;
            }
        }
    }
    Ok(())
}

pub(crate) fn hold(conditions: &Conditions, context: &Context) -> bool {
    conditions.iter().all(|(operator, keys)| {
        keys.iter().all(|(key, wanted)| {
            // What has no value is equal to nothing, and different from everything.
            let (positive, negated) = match operator.strip_prefix("Not") {
                Some(positive) => (positive.to_owned(), true),
                None => (operator.replace("Not", ""), operator.contains("Not")),
            };
            let fits = context
                .values(key)
                .any(|value| wanted.values().iter().any(|wanted| is(&positive, value, wanted)));
            fits != negated
        })
    })
}

fn is(operator: &str, value: &str, wanted: &str) -> bool {
    match operator {
        "StringLike" => matches(wanted, value),
        "StringEqualsIgnoreCase" | "Bool" => value.eq_ignore_ascii_case(wanted),
        "IpAddress" => match (network(wanted), value.parse::<IpAddr>()) {
            (Some(network), Ok(address)) => network.contains(&address),
            _ => false,
        },
        _ => value == wanted,
    }
}

fn network(text: &str) -> Option<IpNet> {
    text.parse().ok().or_else(|| text.parse::<IpAddr>().ok().map(IpNet::from))
}

/// Whether `text` is what `pattern` says, in which `*` stands for any characters and `?` for one.
pub(crate) fn matches(pattern: &str, text: &str) -> bool {
    let (pattern, text): (Vec<char>, Vec<char>) = (pattern.chars().collect(), text.chars().collect());
    let (mut p, mut t) = (0, 0);
    // Where the latest star stands, and up to where it has eaten.
    let mut star: Option<(usize, usize)> = None;
    while t < text.len() {
        match pattern.get(p) {
            Some('*') => {
                star = Some((p, t));
                p += 1;
            }
            Some(one) if *one == '?' || *one == text[t] => {
                p += 1;
                t += 1;
            }
            _ => match &mut star {
                Some((at, eaten)) => {
                    *eaten += 1;
                    (p, t) = (*at + 1, *eaten);
                }
                None => return false,
            },
        }
    }
    pattern[p..].iter().all(|one| *one == '*')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns() {
        for (pattern, text) in [
            ("*", ""),
            ("a*", "abc"),
            ("*c", "abc"),
            ("a*b*c", "aXbYbZc"),
            ("a?c", "abc"),
            ("", ""),
            ("a**", "a"),
        ] {
            assert!(matches(pattern, text), "{pattern} {text}");
        }
        for (pattern, text) in [("", "a"), ("a", ""), ("a?", "a"), ("a*c", "abd"), ("*b", "abc"), ("A", "a")]
        {
            assert!(!matches(pattern, text), "{pattern} {text}");
        }
    }

    #[test]
    fn every_operator_holds_and_does_not() {
        let context = Context::from_source("10.1.2.3".parse().unwrap())
            .with("oidc:aud", "sts.aliyuncs.com")
            .with("oidc:aud", "other")
            .with("acs:SecureTransport", "true");
        for (json, expected) in [
            (r#"{"StringEquals": {"oidc:aud": "other"}}"#, true),
            (r#"{"StringEquals": {"oidc:aud": ["x", "sts.aliyuncs.com"]}}"#, true),
            (r#"{"StringEquals": {"oidc:aud": "STS.aliyuncs.com"}}"#, false),
            (r#"{"StringEqualsIgnoreCase": {"oidc:aud": "STS.aliyuncs.com"}}"#, true),
            (r#"{"StringNotEquals": {"oidc:aud": "x"}}"#, true),
            (r#"{"StringNotEqualsIgnoreCase": {"oidc:aud": "OTHER"}}"#, false),
            (r#"{"StringLike": {"oidc:aud": "sts.*"}}"#, true),
            (r#"{"StringNotLike": {"oidc:aud": "sts.*"}}"#, false),
            (r#"{"StringEquals": {"oidc:sub": ""}}"#, false),
            (r#"{"StringNotEquals": {"oidc:sub": "x"}}"#, true),
            (r#"{"IpAddress": {"acs:SourceIp": ["10.0.0.0/8"]}}"#, true),
            (r#"{"IpAddress": {"acs:SourceIp": "10.1.2.4"}}"#, false),
            (r#"{"NotIpAddress": {"acs:SourceIp": "10.1.2.4"}}"#, true),
            (r#"{"Bool": {"acs:SecureTransport": "true"}}"#, true),
            (r#"{"Bool": {"acs:SecureTransport": "false"}}"#, false),
            (r#"{"StringEquals": {"oidc:aud": "other"}, "Bool": {"acs:SecureTransport": "false"}}"#, false),
        ] {
            let conditions: Conditions = serde_json::from_str(json).unwrap();
            assert_eq!(check(&conditions), Ok(()), "{json}");
            assert_eq!(hold(&conditions, &context), expected, "{json}");
        }
    }

    #[test]
    fn what_is_not_understood_is_refused() {
        for json in
            [r#"{"DateLessThan": {"acs:CurrentTime": "2026"}}"#, r#"{"IpAddress": {"acs:SourceIp": "home"}}"#]
        {
            assert!(check(&serde_json::from_str(json).unwrap()).is_err(), "{json}");
        }
    }
}
