//! `kmsak admin secret host`: a RAM user's AccessKeys into KMS.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use clap::Args;
use serde_json::json;
use zeroize::Zeroizing;

use super::host_access_keys::{self, Known};
use super::permissions::SECRET_HOST;
use super::run::{Run, RunArguments, every_page};
use super::{instance, instance_id, moment, private_file, secret, service_role, state_folder};
use crate::cloud::kms_instance::{self, Key, KeyAnswer};
use crate::cloud::kms_secret::{self, RamSecret, Secret};
use crate::cloud::ram::{self, User, UserAnswer};
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

/// How long another run may take that hosts a user.
const OTHERS: Duration = Duration::from_secs(60);

/// What KMS takes where there is a secret already.
pub(super) fn later_rotation(text: &str) -> Result<Duration, String> {
    let span = rotation(text)?;
    if span < SHORTEST_LATER { Err(LATER.to_owned()) } else { Ok(span) }
}

const SHORTEST_LATER: Duration = Duration::from_secs(7 * 86_400);
const LATER: &str = "once a secret is hosted, KMS changes its rotation to 7d to 365d only";

const USUAL_ROTATION: Duration = Duration::from_secs(30 * 86_400);

impl Host {
    pub(super) fn run(&self, arguments: &RunArguments) -> Result<ExitCode, Failure> {
        let given = self.access_keys.as_deref().map(host_access_keys::read).transpose()?.unwrap_or_default();
        Run::of(arguments, SECRET_HOST, |run| self.host(run, &given))
    }

    fn host(&self, run: &Run, given: &Known) -> Result<(), Failure> {
        let user_id = self.user(run)?;
        let note = self.note(&user_id)?;
        // Another run may be hosting the same user.
        let _held = match note.parent().filter(|_| !run.is_dry()) {
            Some(folder) => {
                private_file::make_folder(folder)?;
                Some(private_file::hold(folder, OTHERS)?)
            }
            None => None,
        };
        service_role::ensure(run)?;
        let name = kms_secret::name_for_user(&self.user);
        if let Some(there) = run.find(&kms_secret::describe_secret(&name))? {
            return self.keep(run, &there, &note);
        }
        let instance = self.instance(run)?;
        let key = self.key(run, &instance)?;
        let keys = host_access_keys::all(run, &self.user, given, &note)?;
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
        if let Some(file) = self.access_keys.as_deref().filter(|file| *file != Path::new("-")) {
            run.note(&format!(
                "{} still holds AccessKeys that work until the next rotation: delete it",
                file.display()
            ));
        }
        run.tell("secret", made.secret_name.clone());
        run.tell("accessKeyIds", keys.keys().cloned().collect::<Vec<_>>());
        self.settled(run, &made)
    }

    /// What is told once about this user's AccessKey. Users of the same name in two accounts may share an instance.
    fn note(&self, user_id: &str) -> Result<PathBuf, Failure> {
        state_folder::note("host", &self.user, &format!("{} {user_id}", self.user))
    }

    /// The id of the RAM user.
    fn user(&self, run: &Run) -> Result<String, Failure> {
        if !self.make_user {
            return Ok(run.look(&ram::get_user(&self.user))?.user.user_id);
        }
        let title = format!("RAM user {}", self.user);
        if let Some(there) = run.find(&ram::get_user(&self.user))? {
            run.already(&title);
            return Ok(there.user.user_id);
        }
        let new = || UserAnswer { user: User { user_name: self.user.clone(), user_id: "(new)".to_owned() } };
        match run.try_change(&ram::create_user(&self.user), new)? {
            Ok(made) => {
                run.made(&title);
                Ok(made.user.user_id)
            }
            // Somebody was quicker.
            Err(refused) if refused.is_there_already() => {
                run.already(&title);
                Ok(run.look(&ram::get_user(&self.user))?.user.user_id)
            }
            Err(refused) => Err(refused.into()),
        }
    }

    /// It is hosted already: only its rotation may have to change.
    fn keep(&self, run: &Run, there: &Secret, note: &Path) -> Result<(), Failure> {
        if there.is_being_deleted() {
            return Err(Failure::new(format!(
                "the secret {} waits for its deletion: take it back with kmsak admin secret restore {}",
                there.secret_name, there.secret_name
            )));
        }
        if let (Some(wanted), Some(has)) = (&self.instance, &there.instance_id)
            && wanted != has
        {
            return Err(Failure::new(format!(
                "the secret {} is in the KMS instance {has}, not in {wanted}: name that one, or delete the secret first",
                there.secret_name
            )));
        }
        if let (Some(wanted), Some(has)) = (&self.key, &there.encryption_key_id)
            && wanted != has
        {
            return Err(Failure::new(format!(
                "the secret {} is encrypted with {has}, not with {wanted}: name that one, or delete the secret first",
                there.secret_name
            )));
        }
        if !run.is_dry() {
            // An earlier run was ended right after it had hosted the user.
            private_file::remove(note)?;
        }
        run.already(&format!(
            "secret {} in {}",
            there.secret_name,
            there.instance_id.as_deref().unwrap_or("KMS")
        ));
        run.tell("secret", there.secret_name.clone());
        let has = there.rotation_seconds().map(Duration::from_secs);
        if self.rotation.is_some_and(|wanted| wanted < SHORTEST_LATER && has != Some(wanted)) {
            return Err(Failure::usage(format!("{LATER}: say such a --rotation, or none")));
        }
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
        match instance::all(run)?.as_slice() {
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
            let known = run.look(&kms_instance::describe_key(key))?.key_metadata;
            if !known.encrypts() {
                return Err(Failure::usage(format!(
                    "the key {key} is {} and for {}: name one that is Enabled and encrypts",
                    known.key_state, known.key_usage
                )));
            }
            return Ok(key.clone());
        }
        let ids = every_page(|page| {
            let keys = run.look(&kms_instance::list_keys(instance, page))?;
            Ok((keys.ids(), keys.total_count))
        })?;
        let mut fit: Vec<Key> = Vec::new();
        for id in ids {
            let known = run.look(&kms_instance::describe_key(&id))?.key_metadata;
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
                .change(&kms_instance::create_key(instance, &description), || KeyAnswer {
                    key_metadata: new_key(),
                })?
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn intervals_are_those_that_kms_takes() {
        for (text, fits) in [("6h", true), ("365d", true), ("5h", false), ("366d", false), ("often", false)] {
            assert_eq!(rotation(text).is_ok(), fits, "{text}");
        }
    }
}
