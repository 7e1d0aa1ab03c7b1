//! A ClientKey in a folder. Its private key is told once: a plan, written first, makes one that was lost known again.

use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use serde_json::{Value, json};
use zeroize::Zeroizing;

use super::app_folder::Folder;
use super::run::Run;
use super::{moment, private_file, state_folder};
use crate::cloud::answers::Done;
use crate::cloud::kms::{self, ClientKey};
use crate::failure::Failure;

/// Where a ClientKey is written to.
pub(super) struct Place {
    pub(super) key: PathBuf,
    pub(super) password: PathBuf,
    pub(super) plan: PathBuf,
}

/// The id of the ClientKey in the folder: the one that is there, if it is good, else a new one.
pub(super) fn ensure(run: &Run, access_point: &str, folder: &Folder, days: u32) -> Result<String, Failure> {
    let place = Place { key: folder.client_key(), password: folder.password(), plan: folder.plan() };
    if let Some(id) = key_id_in(&place.key)? {
        let known = run.find(&kms::get_client_key(&id))?;
        if let Some(other) =
            known.as_ref().filter(|key| !key.aap_name.is_empty() && key.aap_name != access_point)
        {
            return Err(Failure::usage(format!(
                "{} holds a ClientKey of the access point {}: name another folder with --out",
                folder.shown(),
                other.aap_name
            )));
        }
        let is_good = known.as_ref().is_some_and(|key| {
            moment::days_until(&key.not_after, run.client.api().now()).is_some_and(|days| days >= 0)
        });
        let has_password = private_file::read(&place.password)?.is_some();
        if is_good && has_password {
            if !run.is_dry() {
                private_file::remove(&place.plan)?;
            }
            run.already(&format!("ClientKey {id} in {}", folder.shown()));
            return Ok(id);
        }
        let why = match known {
            None => "is not known in this account",
            Some(_) if is_good => "has no password beside it",
            Some(_) => "has ended",
        };
        let (key, password) = kept_as(&id);
        if !run.is_dry() {
            // Should this be the wrong account, nothing is lost. The key is the last to go, as it says which one it is.
            private_file::rename(&place.password, &folder.path(&password))?;
            private_file::rename(&place.key, &folder.path(&key))?;
        }
        run.note(&format!("the ClientKey {id} in {} {why}: its files are kept as {key}", folder.shown()));
    }
    let id = issue(run, access_point, &place, days, None)?;
    run.made(&format!("ClientKey {id} in {}, good for {days} days", folder.shown()));
    Ok(id)
}

/// A new ClientKey, in files of its own. What an earlier run had issued, and was ended before it had written it down, is deleted;
/// `in_use` is not, even if it was issued in the same second.
pub(super) fn issue(
    run: &Run,
    access_point: &str,
    place: &Place,
    days: u32,
    in_use: Option<&str>,
) -> Result<String, Failure> {
    if let Some(plan) = read_plan(&place.plan)? {
        let written = key_id_in(&place.key)?;
        delete_lost(run, access_point, &plan, &[in_use, written.as_deref()])?;
    }
    let now = run.client.api().now();
    let (not_before, not_after) = (moment::written(now), moment::written(end(now, days)));
    let password = new_password();
    if !run.is_dry() {
        private_file::write(&place.password, password.as_bytes())?;
        let plan = json!({"accessPoint": access_point, "notBefore": not_before, "notAfter": not_after});
        private_file::write(&place.plan, plan.to_string().as_bytes())?;
    }
    let made =
        run.change(&kms::create_client_key(access_point, &password, &not_before, &not_after), || {
            ClientKey {
                client_key_id: "KAAP.(new)".to_owned(),
                aap_name: access_point.to_owned(),
                not_before: not_before.clone(),
                not_after: not_after.clone(),
                private_key_data: None,
            }
        })?;
    if run.is_dry() {
        return Ok(made.client_key_id);
    }
    let data = made.private_key_data.as_ref().ok_or_else(|| {
        Failure::new(format!(
            "KMS gave no private key with the ClientKey {}: run it again",
            made.client_key_id
        ))
        .with_code(10)
    })?;
    // As KMS's own console writes the file. Base64 and an id need no escapes.
    let file = Zeroizing::new(format!(
        "{{\"KeyId\":\"{}\",\"PrivateKeyData\":\"{}\"}}\n",
        made.client_key_id,
        data.as_str()
    ));
    private_file::write(&place.key, file.as_bytes())?;
    private_file::remove(&place.plan)?;
    Ok(made.client_key_id)
}

/// The `KeyId` in a ClientKey file; none where there is no file.
pub(super) fn key_id_in(path: &std::path::Path) -> Result<Option<String>, Failure> {
    let Some(text) = private_file::read(path)? else { return Ok(None) };
    let id =
        serde_json::from_str::<Value>(&text).ok().and_then(|json| Some(json["KeyId"].as_str()?.to_owned()));
    id.map(Some).ok_or_else(|| {
        Failure::new(format!("{} is no ClientKey file: move it away, or name another folder", path.display()))
            .with_code(4)
    })
}

/// The end of a ClientKey's validity, up to an hour early: by its second a lost one is told from those that others issue at the
/// same time, as timers do.
fn end(now: SystemTime, days: u32) -> SystemTime {
    let mut bytes = [0_u8; 4];
    ring::rand::SecureRandom::fill(&ring::rand::SystemRandom::new(), &mut bytes)
        .expect("the system gives random bytes");
    let early = u64::from(u32::from_le_bytes(bytes)) % 3600;
    now + Duration::from_secs(u64::from(days) * 86_400 - early)
}

/// As KMS's console calls the files of a ClientKey. The id comes from a file, and may be anything.
fn kept_as(id: &str) -> (String, String) {
    let id = state_folder::plain(id);
    (format!("clientKey_{id}.json"), format!("clientKey_{id}_Password.txt"))
}

struct Plan {
    not_before: SystemTime,
    not_after: SystemTime,
}

fn read_plan(path: &std::path::Path) -> Result<Option<Plan>, Failure> {
    let Some(text) = private_file::read(path)? else { return Ok(None) };
    let json: Value = serde_json::from_str(&text).unwrap_or_default();
    let moment = |name: &str| json[name].as_str().and_then(moment::read);
    Ok(moment("notBefore")
        .zip(moment("notAfter"))
        .map(|(not_before, not_after)| Plan { not_before, not_after }))
}

/// It is known by its validity, which is this plan's to the second.
fn delete_lost(run: &Run, access_point: &str, plan: &Plan, kept: &[Option<&str>]) -> Result<(), Failure> {
    let keys = run.find(&kms::list_client_keys(access_point))?.map(|keys| keys.all()).unwrap_or_default();
    for key in keys {
        let is_planned = moment::read(&key.not_before) == Some(plan.not_before)
            && moment::read(&key.not_after) == Some(plan.not_after);
        if is_planned && !kept.contains(&Some(key.client_key_id.as_str())) {
            run.change(&kms::delete_client_key(&key.client_key_id), || Done {})?;
            run.deleted(&format!(
                "ClientKey {}, which an earlier run had issued and not written down",
                key.client_key_id
            ));
        }
    }
    Ok(())
}

/// 32 of what KMS allows, with two kinds of characters at least.
fn new_password() -> Zeroizing<String> {
    // 64 characters, so that no byte is wasted: digits, letters and two marks.
    const LETTERS: &[u8; 64] = b"0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-_";
    loop {
        let mut bytes = Zeroizing::new([0_u8; 32]);
        ring::rand::SecureRandom::fill(&ring::rand::SystemRandom::new(), bytes.as_mut_slice())
            .expect("the system gives random bytes");
        let text: String = bytes.iter().map(|byte| char::from(LETTERS[usize::from(byte % 64)])).collect();
        let text = Zeroizing::new(text);
        let has = |kind: fn(char) -> bool| text.chars().any(kind);
        // One that begins with a mark looks like an option.
        if has(|c| c.is_ascii_digit()) && has(|c| c.is_ascii_alphabetic()) && !text.starts_with('-') {
            return text;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_are_such_as_kms_takes() {
        let one = new_password();
        assert_eq!(one.len(), 32);
        assert!(one.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte)));
        assert_ne!(*one, *new_password());
    }

    #[test]
    fn those_of_one_second_end_at_different_ones() {
        let now = SystemTime::UNIX_EPOCH;
        let ends: std::collections::BTreeSet<SystemTime> = (0..20).map(|_| end(now, 1)).collect();
        assert!(ends.len() > 10, "{ends:?}");
        let day = Duration::from_secs(86_400);
        assert!(ends.iter().all(|end| *end <= now + day && *end > now + day * 23 / 24), "{ends:?}");
    }

    #[test]
    fn a_file_that_is_none_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("clientKey.json");
        assert!(key_id_in(&path).unwrap().is_none());
        std::fs::write(&path, "{\"KeyId\":\"KAAP.1\"}").unwrap();
        assert_eq!(key_id_in(&path).unwrap().unwrap(), "KAAP.1");
        std::fs::write(&path, "hello").unwrap();
        assert!(key_id_in(&path).unwrap_err().message().contains("is no ClientKey file"));
    }
}
