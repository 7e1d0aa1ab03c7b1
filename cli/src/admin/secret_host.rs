//! `kmsak admin secret host`: a RAM user's AccessKeys into KMS.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use clap::Args;
use serde_json::{Value, json};
use zeroize::Zeroizing;

use super::app_delete::gone;
use super::permissions::SECRET_HOST;
use super::run::{Run, RunArguments, every_page};
use super::secret_rotate::state_folder;
use super::{instance_id, moment, private_file, secret, service_role};
use crate::cloud::answers::Done;
use crate::cloud::kms::{self, Key, KeyAnswer};
use crate::cloud::kms_secret::{self, RamSecret, Secret};
use crate::cloud::ram::{self, AccessKey, NewAccessKey};
use crate::cloud::random_id;
use crate::failure::Failure;

const EXAMPLES: &str = "\
Examples:
  kmsak admin secret host app --instance kst-hzz... --make-key --rotation 30d
  kmsak admin secret host app --make-user
  kmsak admin secret host app --access-keys AccessKey.csv
  pass show alibaba/app | kmsak admin secret host app --access-keys -

KMS wants every AccessKey that the RAM user has, with its secret: the CSV that the console gives out, or the JSON
{\"AccessKeys\":[{\"AccessKeyId\":\"...\",\"AccessKeySecret\":\"...\"}]}. Of a user without an AccessKey one is made.
A rotation replaces the AccessKeys, so look first who uses them: kmsak audit usage LTAI...";

/// Put the AccessKeys of a RAM user into KMS, which rotates them from then on
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Host {
    /// The RAM user
    user: String,
    /// Make the RAM user if there is none; what it may do is for you to say in RAM
    #[arg(long)]
    make_user: bool,
    /// The KMS instance; the only one without it
    #[arg(long, value_parser = instance_id)]
    instance: Option<String>,
    /// The key to encrypt with, of the same instance; the only one that can without it
    #[arg(long, conflicts_with = "make_key")]
    key: Option<String>,
    /// Make a key for it in the instance
    #[arg(long)]
    make_key: bool,
    /// How often KMS is to rotate it, 6h to 365d [default: 30d, or as it is for one that is hosted]
    #[arg(long, value_name = "SPAN", value_parser = rotation)]
    rotation: Option<Duration>,
    /// Do not rotate it
    #[arg(long, conflicts_with = "rotation")]
    no_rotation: bool,
    /// The user's AccessKeys with their secrets, CSV or JSON; - for standard input
    #[arg(long, value_name = "FILE")]
    access_keys: Option<PathBuf>,
}

/// What KMS takes for a rotation interval.
pub(super) fn rotation(text: &str) -> Result<Duration, String> {
    let span = moment::span(text)?;
    let shortest = Duration::from_secs(6 * 3600);
    if (shortest..=Duration::from_secs(365 * 86_400)).contains(&span) {
        Ok(span)
    } else {
        Err("KMS rotates every 6h to 365d".to_owned())
    }
}

const USUAL_ROTATION: Duration = Duration::from_secs(30 * 86_400);

/// Ids and secrets.
type Known = BTreeMap<String, Zeroizing<String>>;

impl Host {
    pub(super) fn run(&self, arguments: &RunArguments) -> Result<ExitCode, Failure> {
        let given = self.access_keys.as_deref().map(read_access_keys).transpose()?.unwrap_or_default();
        Run::of(arguments, SECRET_HOST, |run| self.host(run, &given))
    }

    fn host(&self, run: &Run, given: &Known) -> Result<(), Failure> {
        self.user(run)?;
        service_role::ensure(run)?;
        let name = kms_secret::name_for_user(&self.user);
        if let Some(there) = run.find(&kms_secret::describe_secret(&name))? {
            return self.keep(run, &there);
        }
        let instance = self.instance(run)?;
        let key = self.key(run, &instance)?;
        let note = state_folder()?.join(format!("host-{instance}-{}.json", file_name(&self.user)));
        let keys = self.access_keys(run, given, &note)?;
        let data = Zeroizing::new(
            json!({"AccessKeys": keys.iter().map(|(id, secret)| {
                json!({"AccessKeyId": id, "AccessKeySecret": secret.as_str()})
            }).collect::<Vec<_>>()})
            .to_string(),
        );
        let request = kms_secret::create_ram_secret(&RamSecret {
            user: &self.user,
            instance: &instance,
            key: &key,
            version_id: &random_id(),
            data: &data,
            rotation_seconds: (!self.no_rotation).then(|| self.rotation.unwrap_or(USUAL_ROTATION).as_secs()),
        });
        let made = run.change(&request, || Secret { secret_name: name.clone(), ..Secret::default() })?;
        if !run.is_dry() {
            private_file::remove(&note)?;
        }
        run.made(&format!("secret {} in {instance}", made.secret_name));
        run.tell("secret", made.secret_name.clone());
        run.tell("accessKeyIds", keys.keys().cloned().collect::<Vec<_>>());
        self.settled(run, &made)
    }

    fn user(&self, run: &Run) -> Result<(), Failure> {
        if !self.make_user {
            return run.look(&ram::get_user(&self.user)).map(drop);
        }
        let title = format!("RAM user {}", self.user);
        if run.find(&ram::get_user(&self.user))?.is_some() {
            run.already(&title);
            return Ok(());
        }
        match run.try_change(&ram::create_user(&self.user), || Done {})? {
            Ok(Done {}) => run.made(&title),
            Err(refused) if refused.is_there_already() => run.already(&title),
            Err(refused) => return Err(refused.into()),
        }
        Ok(())
    }

    /// It is hosted already: only its rotation may have to change.
    fn keep(&self, run: &Run, there: &Secret) -> Result<(), Failure> {
        if there.is_being_deleted() {
            return Err(Failure::new(format!(
                "the secret {} waits for its deletion: take it back with kmsak admin secret restore {}",
                there.secret_name, there.secret_name
            )));
        }
        if !run.is_dry() {
            // An earlier run was ended right after it had hosted the user.
            let instance = there.instance_id.clone().or_else(|| self.instance.clone()).unwrap_or_default();
            private_file::remove(
                &state_folder()?.join(format!("host-{instance}-{}.json", file_name(&self.user))),
            )?;
        }
        run.already(&format!(
            "secret {} in {}",
            there.secret_name,
            there.instance_id.as_deref().unwrap_or("KMS")
        ));
        run.tell("secret", there.secret_name.clone());
        if self.no_rotation || self.rotation.is_some() {
            secret::ensure_rotation(run, there, self.rotation.map(|every| every.as_secs()))?;
        }
        self.settled(run, there)
    }

    fn settled(&self, run: &Run, secret: &Secret) -> Result<(), Failure> {
        match secret::why_rotation_fails(run, secret)? {
            Some(why) => Err(Failure::new(why)),
            None => Ok(()),
        }
    }

    fn instance(&self, run: &Run) -> Result<String, Failure> {
        if let Some(instance) = &self.instance {
            return Ok(instance.clone());
        }
        let all = every_page(|page| {
            let instances = run.look(&kms::list_instances(page))?;
            Ok((instances.all(), instances.total_count))
        })?;
        match all.as_slice() {
            [only] => Ok(only.kms_instance_id.clone()),
            [] => Err(Failure::new(
                "there is no KMS instance in this region: buy one in the KMS console, or name another --region",
            )),
            several => {
                let ids: Vec<_> = several.iter().map(|one| one.kms_instance_id.as_str()).collect();
                Err(Failure::usage(format!(
                    "which KMS instance? Name one with --instance: {}",
                    ids.join(", ")
                )))
            }
        }
    }

    /// The key to encrypt with.
    fn key(&self, run: &Run, instance: &str) -> Result<String, Failure> {
        if let Some(key) = &self.key {
            let known = run.look(&kms::describe_key(key))?.key_metadata;
            if !known.encrypts() {
                return Err(Failure::usage(format!(
                    "the key {key} is {} and for {}: name one that is Enabled and encrypts",
                    known.key_state, known.key_usage
                )));
            }
            return Ok(key.clone());
        }
        let ids = every_page(|page| {
            let keys = run.look(&kms::list_keys(instance, page))?;
            Ok((keys.ids(), keys.total_count))
        })?;
        let mut fit: Vec<Key> = Vec::new();
        for id in ids {
            let known = run.look(&kms::describe_key(&id))?.key_metadata;
            if known.encrypts() {
                fit.push(known);
            }
        }
        let description = format!("kmsak: for {}", kms_secret::name_for_user(&self.user));
        if self.make_key {
            // An earlier run may have made it.
            if let Some(made) = fit.iter().find(|key| key.description.as_deref() == Some(&description)) {
                run.already(&format!("key {} in {instance}", made.key_id));
                return Ok(made.key_id.clone());
            }
            let made = run
                .change(&kms::create_key(instance, &description), || KeyAnswer { key_metadata: new_key() })?
                .key_metadata;
            run.made(&format!("key {} in {instance}", made.key_id));
            return Ok(made.key_id);
        }
        match fit.as_slice() {
            [only] => Ok(only.key_id.clone()),
            [] => Err(Failure::usage(format!(
                "the instance {instance} has no key that can encrypt: say --make-key"
            ))),
            several => {
                let ids: Vec<_> = several.iter().map(|key| key.key_id.as_str()).collect();
                Err(Failure::usage(format!(
                    "which key? Name one with --key, or say --make-key: {}",
                    ids.join(", ")
                )))
            }
        }
    }

    /// All that the user has, with their secrets. The secret of one that is made here is told once, so it is kept in a file until
    /// KMS has it; one whose answer was lost is replaced.
    fn access_keys(&self, run: &Run, given: &Known, note: &Path) -> Result<Known, Failure> {
        // In a dry run the user may not be there yet.
        let listed = |run: &Run| -> Result<Vec<AccessKey>, Failure> {
            Ok(run.find(&ram::list_access_keys(&self.user))?.map(|keys| keys.all()).unwrap_or_default())
        };
        let there = listed(run)?;
        let mut known = given.clone();
        if let Some(mine) = read_note(note)? {
            known.extend(mine.made);
            for lost in there.iter().filter(|key| is_lost(key, &known, mine.begun)) {
                let id = &lost.access_key_id;
                if run.look(&ram::access_key_last_used(&self.user, id))?.date().is_some() {
                    continue;
                }
                run.confirm(&format!(
                    "delete the AccessKey {id}, which an earlier run made and whose secret was lost, and which was never used"
                ))?;
                gone(
                    run,
                    &ram::delete_access_key(&self.user, id),
                    &format!("AccessKey {id}, whose secret was lost"),
                )?;
            }
        }
        let there = listed(run)?;
        if there.is_empty() {
            return self.make_access_key(run, note);
        }
        let missing: Vec<&str> = there
            .iter()
            .map(|key| key.access_key_id.as_str())
            .filter(|id| !known.contains_key(*id))
            .collect();
        if !missing.is_empty() {
            return Err(Failure::usage(format!(
                "KMS wants every AccessKey of {}, and the secret of {} is not known: give it with --access-keys, or delete an AccessKey that nobody uses (kmsak audit usage tells)",
                self.user,
                missing.join(" and of ")
            )));
        }
        Ok(there
            .into_iter()
            .filter_map(|key| known.remove(&key.access_key_id).map(|secret| (key.access_key_id, secret)))
            .collect())
    }

    fn make_access_key(&self, run: &Run, note: &Path) -> Result<Known, Failure> {
        let begun = moment::written(run.client.api().now());
        let write = |made: &Known| {
            let made: BTreeMap<&str, &str> =
                made.iter().map(|(id, secret)| (id.as_str(), secret.as_str())).collect();
            let text = Zeroizing::new(json!({"begun": begun, "made": made}).to_string());
            private_file::write(note, text.as_bytes())
        };
        if !run.is_dry() {
            if let Some(folder) = note.parent() {
                private_file::make_folder(folder)?;
            }
            write(&Known::new())?;
        }
        let made = run
            .change(&ram::create_access_key(&self.user), || NewAccessKey { access_key: new_access_key() })?
            .access_key;
        let secret = made.access_key_secret.unwrap_or_default();
        let known = Known::from([(made.access_key_id.clone(), secret)]);
        if !run.is_dry() {
            write(&known)?;
        }
        run.made(&format!("AccessKey {} of {}", made.access_key_id, self.user));
        Ok(known)
    }
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

fn read_access_keys(path: &Path) -> Result<Known, Failure> {
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

/// RAM allows letters, digits, dots, - and _, all of which files may have.
fn file_name(user: &str) -> String {
    user.chars().map(|c| if c.is_ascii_alphanumeric() || "-_.".contains(c) { c } else { '_' }).collect()
}

fn new_key() -> Key {
    Key {
        key_id: "key-(new)".to_owned(),
        key_state: "Enabled".to_owned(),
        key_usage: String::new(),
        key_spec: String::new(),
        description: None,
    }
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

    #[test]
    fn intervals_are_those_that_kms_takes() {
        for (text, fits) in [("6h", true), ("365d", true), ("5h", false), ("366d", false), ("often", false)] {
            assert_eq!(rotation(text).is_ok(), fits, "{text}");
        }
    }
}
