//! The credentials file of the official SDKs, in INI syntax: `ALIBABA_CLOUD_CREDENTIALS_FILE`, or `.alibabacloud/credentials.ini` in the
//! user's home.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use zeroize::Zeroizing;

use super::fixed::Fixed;
use super::source::{EcsRole, OidcRole, Role, SourceKind};
use super::{AccessKey, Variables, home};
use crate::error::{Error, Result, Scope};
use crate::process::source::read_file;
use crate::shown::{self, quoted};

type Section = BTreeMap<String, Zeroizing<String>>;

/// What the profile in use says; none where there is no such file.
///
/// # Errors
/// When the file is there and does not say who asks.
pub(super) fn read(variables: &Variables) -> Result<Option<SourceKind>> {
    let Some(path) = path(variables) else { return Ok(None) };
    let variable = |name: &str| variables(name)?.into_string().ok().filter(|value| !value.is_empty());
    let profile = variable("ALIBABA_CLOUD_PROFILE").unwrap_or_else(|| "default".to_owned());
    let wrong = |what: String| {
        Error::configuration(format!("{} {what}", shown::path(&path))).with_scope(Scope::Identity)
    };
    let bytes = read_file(&path).map_err(|error| error.with_scope(Scope::Identity))?;
    let text =
        std::str::from_utf8(&bytes).map_err(|_| wrong("is not UTF-8: save it as plain text".to_owned()))?;
    let mut sections = parse(text);
    let section = sections.remove(&profile).ok_or_else(|| {
        wrong(format!(
            "has no section [{}]: add it, or set ALIBABA_CLOUD_PROFILE",
            shown::plain(&profile, 80)
        ))
    })?;
    kind(&section)
        .map(Some)
        .map_err(|what| wrong(format!("says of [{}]: {what}", shown::plain(&profile, 80))))
}

/// The file, if there is one.
pub(super) fn path(variables: &Variables) -> Option<PathBuf> {
    if let Some(given) = variables("ALIBABA_CLOUD_CREDENTIALS_FILE").filter(|path| !path.is_empty()) {
        return Some(given.into());
    }
    let folder = home::folder(variables)?.join(".alibabacloud");
    // Go's has no ending.
    ["credentials.ini", "credentials"].map(|name| folder.join(name)).into_iter().find(|path| path.is_file())
}

fn kind(section: &Section) -> Result<SourceKind, String> {
    let optional =
        |key: &str| section.get(key).filter(|value| !value.is_empty()).map(|value| value.to_string());
    let needed = |key: &str| optional(key).ok_or_else(|| format!("{key} is missing"));
    if optional("enable").is_some_and(|enable| enable.eq_ignore_ascii_case("false")) {
        return Err("enable is false".to_owned());
    }
    let access_key = || {
        let (id, secret) = (needed("access_key_id")?, Zeroizing::new(needed("access_key_secret")?));
        AccessKey::new(&id, &secret, "", "the section")
            .map(|key| SourceKind::Fixed(Arc::new(Fixed(key.from("static_ak")))))
            .map_err(|error| error.message().to_owned())
    };
    match needed("type")?.as_str() {
        "access_key" => access_key(),
        "ecs_ram_role" => Ok(SourceKind::EcsRole(EcsRole { role_name: optional("role_name") })),
        "ram_role_arn" => Ok(SourceKind::Role(Box::new(Role {
            base: access_key()?,
            arn: needed("role_arn")?,
            session_name: optional("role_session_name"),
            policy: optional("policy"),
            external_id: None,
            duration_seconds: None,
        }))),
        "oidc_role_arn" => Ok(SourceKind::OidcRole(OidcRole {
            role_arn: optional("role_arn"),
            provider_arn: optional("oidc_provider_arn"),
            token_file: optional("oidc_token_file_path").map(PathBuf::from),
            session_name: optional("role_session_name"),
            policy: optional("policy"),
            duration_seconds: None,
        })),
        // Deprecated in the official SDKs, credentials-java among them.
        "rsa_key_pair" => Err("type is rsa_key_pair, which Alibaba Cloud has deprecated and kmsak does not read: use an access_key, \
                               or a role by ram_role_arn, oidc_role_arn or ecs_ram_role"
            .to_owned()),
        other => Err(format!(
            "type is {}: expected access_key, ram_role_arn, oidc_role_arn or ecs_ram_role",
            quoted(other)
        )),
    }
}

/// Sections with their keys in lower case. What follows a `#` in a value is a comment, as in the official SDKs.
fn parse(text: &str) -> BTreeMap<String, Section> {
    let mut sections: BTreeMap<String, Section> = BTreeMap::new();
    let mut name = None;
    for line in text.trim_start_matches('\u{feff}').lines().map(str::trim) {
        if line.is_empty() || line.starts_with(['#', ';']) {
            continue;
        }
        if let Some(section) = line.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
            let section = section.0.trim().to_owned();
            sections.entry(section.clone()).or_default();
            name = Some(section);
        } else if let (Some((key, value)), Some(name)) = (line.split_once(['=', ':']), &name)
            && let Some(section) = sections.get_mut(name)
        {
            let value = value.split('#').next().unwrap_or_default().trim();
            section.insert(key.trim().to_ascii_lowercase(), Zeroizing::new(value.to_owned()));
        }
    }
    sections
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn sections_keys_and_comments_are_told_apart() {
        let text = "\u{feff}; a comment\nlost = 1\n[default] # with words\ntype = access_key\nACCESS_KEY_ID: LTAI1 # mine\n\
                    access_key_secret= a=b \n\n[ other ]\nenable=false\n[empty]\n";
        let sections = parse(text);
        assert_eq!(sections.keys().collect::<Vec<_>>(), ["default", "empty", "other"]);
        assert_eq!(*sections["default"]["access_key_id"], "LTAI1");
        assert_eq!(*sections["default"]["access_key_secret"], "a=b");
        assert_eq!(kind(&sections["other"]), Err("enable is false".to_owned()));
        assert_eq!(kind(&sections["empty"]), Err("type is missing".to_owned()));
        let deprecated = kind(&parse("[old]\ntype = rsa_key_pair\npublic_key_id = 1\n")["old"]).err();
        assert!(deprecated.is_some_and(|what| what.contains("which Alibaba Cloud has deprecated")));
        assert!(matches!(kind(&sections["default"]), Ok(SourceKind::Fixed(_))));
    }

    proptest! {
        #[test]
        fn no_file_makes_it_panic(text in "(\\PC|\n|\\[|\\]|=|#){0,80}") {
            for section in parse(&text).values() {
                let _ = kind(section);
            }
        }
    }
}
