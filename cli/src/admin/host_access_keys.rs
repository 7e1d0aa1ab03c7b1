//! The AccessKeys of a RAM user who is to be hosted: those that the operator gives, and one that is made where there is none.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};
use zeroize::Zeroizing;

use super::app_delete::gone;
use super::run::Run;
use super::{moment, private_file};
use crate::cloud::ram::{self, AccessKey, NewAccessKey};
use crate::failure::Failure;

/// Ids and secrets.
pub(super) type Known = BTreeMap<String, Zeroizing<String>>;

/// All that the user has, with their secrets. The secret of one that is made here is told once, so it is kept in a file until
/// KMS has it; one whose answer was lost is replaced.
pub(super) fn all(run: &Run, user: &str, given: &Known, note: &Path) -> Result<Known, Failure> {
    // In a dry run the user may not be there yet.
    let listed = |run: &Run| -> Result<Vec<AccessKey>, Failure> {
        Ok(run.find(&ram::list_access_keys(user))?.map(|keys| keys.all()).unwrap_or_default())
    };
    let there = listed(run)?;
    let mut known = given.clone();
    if let Some(mine) = read_note(note)? {
        known.extend(mine.made);
        for lost in there.iter().filter(|key| is_lost(key, &known, mine.begun)) {
            let id = &lost.access_key_id;
            if run.look(&ram::access_key_last_used(user, id))?.date().is_some() {
                continue;
            }
            run.confirm(&format!(
                "delete the AccessKey {id}, which an earlier run made and whose secret was lost, and which was never used"
            ))?;
            gone(run, &ram::delete_access_key(user, id), &format!("AccessKey {id}, whose secret was lost"))?;
        }
    }
    let there = listed(run)?;
    if there.is_empty() {
        return make(run, user, note);
    }
    let missing: Vec<&str> =
        there.iter().map(|key| key.access_key_id.as_str()).filter(|id| !known.contains_key(*id)).collect();
    if !missing.is_empty() {
        return Err(Failure::usage(format!(
            "KMS wants every AccessKey of {}, and the secret of {} is not known: give it with --access-keys, or delete an AccessKey that nobody uses (kmsak audit usage tells)",
            user,
            missing.join(" and of ")
        )));
    }
    Ok(there
        .into_iter()
        .filter_map(|key| known.remove(&key.access_key_id).map(|secret| (key.access_key_id, secret)))
        .collect())
}

fn make(run: &Run, user: &str, note: &Path) -> Result<Known, Failure> {
    let begun = moment::written(run.client.api().now());
    let write = |made: &Known| {
        let made: BTreeMap<&str, &str> =
            made.iter().map(|(id, secret)| (id.as_str(), secret.as_str())).collect();
        let text = Zeroizing::new(json!({"begun": begun, "made": made}).to_string());
        private_file::write(note, text.as_bytes())
    };
    if !run.is_dry() {
        write(&Known::new())?;
    }
    let made = run
        .change(&ram::create_access_key(user), || NewAccessKey { access_key: new_access_key() })?
        .access_key;
    let secret = made.access_key_secret.unwrap_or_default();
    let known = Known::from([(made.access_key_id.clone(), secret)]);
    if !run.is_dry() {
        write(&known)?;
    }
    run.made(&format!("AccessKey {} of {}", made.access_key_id, user));
    Ok(known)
}

/// Made since an earlier run began, and of unknown secret.
fn is_lost(key: &AccessKey, known: &Known, begun: std::time::SystemTime) -> bool {
    // The services' clocks need not agree to the second.
    let allowance = Duration::from_secs(60);
    let made = moment::read(&key.create_date);
    !known.contains_key(&key.access_key_id) && made.is_some_and(|made| made + allowance >= begun)
}

struct Note {
    begun: std::time::SystemTime,
    made: Known,
}

fn read_note(path: &Path) -> Result<Option<Note>, Failure> {
    let Some(text) = private_file::read(path)? else { return Ok(None) };
    let json: Value = serde_json::from_str(&text).unwrap_or_default();
    let begun = json["begun"].as_str().and_then(moment::read);
    let made = json["made"].as_object().into_iter().flatten();
    let made =
        made.filter_map(|(id, secret)| Some((id.clone(), Zeroizing::new(secret.as_str()?.to_owned()))));
    Ok(begun.map(|begun| Note { begun, made: made.collect() }))
}

pub(super) fn read(path: &Path) -> Result<Known, Failure> {
    let text = if path == Path::new("-") {
        let mut text = Zeroizing::new(String::new());
        std::io::stdin().read_to_string(&mut text).map_err(Failure::doing("cannot read standard input"))?;
        text
    } else {
        private_file::read(path)?
            .ok_or_else(|| Failure::usage(format!("there is no file {}", path.display())))?
    };
    parse_access_keys(&text).ok_or_else(|| {
        Failure::usage(format!(
            "{} holds no AccessKeys: expected lines of id,secret, or KMS's JSON {{\"AccessKeys\":[...]}}",
            path.display()
        ))
    })
}

/// KMS's JSON, one AccessKey as JSON, or the console's CSV with or without its head.
fn parse_access_keys(text: &str) -> Option<Known> {
    let text = text.trim().trim_start_matches('\u{feff}');
    let mut known = Known::new();
    if text.starts_with('{') {
        let json: Value = serde_json::from_str(text).ok()?;
        let one = std::slice::from_ref(&json);
        let list = json["AccessKeys"].as_array().map_or(one, Vec::as_slice);
        for key in list {
            let secret = Zeroizing::new(key["AccessKeySecret"].as_str()?.to_owned());
            known.insert(key["AccessKeyId"].as_str()?.to_owned(), secret);
        }
    } else {
        for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
            let mut fields = line.split(',').map(|field| field.trim().trim_matches('"'));
            let (id, secret) = (fields.next()?, fields.next()?);
            // The head of the console's CSV has blanks in it.
            if id.contains(' ') {
                continue;
            }
            known.insert(id.to_owned(), Zeroizing::new(secret.to_owned()));
        }
    }
    let fits = |(id, secret): (&String, &Zeroizing<String>)| !id.is_empty() && !secret.is_empty();
    (!known.is_empty() && known.iter().all(fits)).then_some(known)
}

fn new_access_key() -> AccessKey {
    AccessKey {
        access_key_id: "LTAI(new)".to_owned(),
        access_key_secret: None,
        status: String::new(),
        create_date: String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn access_keys_are_read_as_the_console_and_kms_write_them() {
        let csv = "\u{feff}AccessKey ID,AccessKey Secret\r\nLTAI1,one\r\n\"LTAI2\",\"two\"\r\n";
        let json = r#"{"AccessKeys":[{"AccessKeyId":"LTAI1","AccessKeySecret":"one"},{"AccessKeyId":"LTAI2","AccessKeySecret":"two"}]}"#;
        for text in [csv, json, "LTAI1,one\nLTAI2,two"] {
            let known = parse_access_keys(text).unwrap();
            assert_eq!(
                known.iter().map(|(id, s)| (id.as_str(), s.as_str())).collect::<Vec<_>>(),
                [("LTAI1", "one"), ("LTAI2", "two")]
            );
        }
        let one = parse_access_keys(r#"{"AccessKeyId":"LTAI1","AccessKeySecret":"one"}"#).unwrap();
        assert_eq!(one.len(), 1);
        for wrong in ["", "{}", "LTAI1", "LTAI1,", "{\"AccessKeys\":[]}", "AccessKey ID,AccessKey Secret"] {
            assert!(parse_access_keys(wrong).is_none(), "{wrong}");
        }
    }
}
