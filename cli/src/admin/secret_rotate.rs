//! `kmsak admin secret rotate`

use std::collections::BTreeSet;
use std::process::ExitCode;
use std::time::Duration;

use clap::Args;
use serde_json::{Value, json};

use super::permissions::SECRET_ROTATE;
use super::run::{Run, RunArguments};
use super::{moment, private_file, secret, state_folder};
use crate::cloud::kms_secret::{self, Secret};
use crate::cloud::{ram, random_id};
use crate::failure::Failure;

/// Rotate a secret now, as after a leak
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  kmsak admin secret rotate acs/ram/user/app
  kmsak admin secret rotate acs/ram/user/app --wait

RAM makes a second AccessKey, KMS gives it out, and the old one lives on for a while. --wait stays until RAM has deleted it.")]
pub(super) struct Rotate {
    /// The secret, such as acs/ram/user/app
    secret: String,
    /// Show the rotation until RAM has deleted the old AccessKey
    #[arg(long)]
    wait: bool,
    /// How long to wait
    #[arg(long, value_name = "SPAN", default_value = "50h", value_parser = moment::span)]
    patience: Duration,
}

/// KMS knows a rotation again by its version's id: one that was asked for a moment ago is not asked for again.
const SAME_ROTATION: Duration = Duration::from_secs(3600);

impl Rotate {
    pub(super) fn run(&self, arguments: &RunArguments) -> Result<ExitCode, Failure> {
        Run::of(arguments, SECRET_ROTATE, |run| self.rotate(run))
    }

    fn rotate(&self, run: &Run) -> Result<(), Failure> {
        let secret = secret::there(run, &self.secret)?;
        if let Some(why) = secret::why_rotation_fails(run, &secret)? {
            run.note(&why);
        }
        let user = secret.user();
        let note = state_folder::note("rotate", &secret.secret_name, &secret.arn)?;
        let begun = read_note(run, &note)?;
        let goes_on = begun.is_some();
        let (version, before) = match begun {
            Some(known) => known,
            None => {
                let before = ids(run, user.as_deref())?;
                let version = random_id();
                if !run.is_dry() {
                    if let Some(folder) = note.parent() {
                        private_file::make_folder(folder)?;
                    }
                    let at = moment::written(run.client.api().now());
                    let text = json!({"version": version, "at": at, "before": before}).to_string();
                    private_file::write(&note, text.as_bytes())?;
                }
                (version, before)
            }
        };
        match run.try_change(&kms_secret::rotate_secret(&self.secret, &version), Secret::default)? {
            Ok(Secret { version_id: Some(other), .. }) if other != version => {
                run.already(&format!(
                    "{} is being rotated, by another request: version {other}; KMS exchanges the AccessKey again only when RAM has deleted the one before, so run it again then if this one has leaked, too",
                    secret.secret_name
                ));
                run.tell("versionId", other);
                private_file::remove(&note)?;
                return self.end(run, user.as_deref(), &before);
            }
            Ok(_) => {
                let title = format!("{} is rotated: version {version}", secret.secret_name);
                if goes_on && !run.has_begun_anew() {
                    run.already(&format!("{title}, which an earlier run asked for"));
                } else {
                    run.changed(&title);
                }
            }
            Err(refused) => {
                if !refused.passes_by_itself() {
                    private_file::remove(&note)?;
                }
                return Err(refused.into());
            }
        }
        run.tell("versionId", version);
        self.end(run, user.as_deref(), &before)?;
        if !run.is_dry() {
            private_file::remove(&note)?;
        }
        Ok(())
    }

    fn end(&self, run: &Run, user: Option<&str>, before: &BTreeSet<String>) -> Result<(), Failure> {
        if !self.wait || run.is_dry() {
            return Ok(());
        }
        match user {
            Some(user) => self.watch(run, user, before),
            None => {
                run.note("KMS does not say which RAM user it is of, so there is nothing to watch");
                Ok(())
            }
        }
    }

    fn watch(&self, run: &Run, user: &str, before: &BTreeSet<String>) -> Result<(), Failure> {
        let mut told = BTreeSet::new();
        let over = run.wait(
            "waiting for RAM to delete the old AccessKey",
            Duration::from_secs(1),
            self.patience,
            || {
                // This takes hours, in which RAM may be away for a moment.
                let now = match run.try_look(&ram::list_access_keys(user)) {
                    Ok(keys) => keys.all().into_iter().map(|key| key.access_key_id).collect::<BTreeSet<_>>(),
                    Err(refused) if refused.passes_by_itself() => return Ok(None),
                    Err(refused) => return Err(refused.into()),
                };
                for new in now.difference(before).filter(|id| !told.contains(*id)) {
                    run.note(&format!("RAM has made the AccessKey {new}"));
                }
                told.extend(now.difference(before).cloned());
                let has_new = now.iter().any(|id| !before.contains(id));
                Ok((has_new && now.is_disjoint(before)).then_some(()))
            },
        )?;
        let old: Vec<&str> = before.iter().map(String::as_str).collect();
        if over.is_none() {
            return Err(Failure::new(format!(
                "RAM has not deleted {} yet: it does when the overlap ends, within two days",
                old.join(", ")
            )));
        }
        run.note(&format!("RAM has deleted {}", old.join(", ")));
        Ok(())
    }
}

fn ids(run: &Run, user: Option<&str>) -> Result<BTreeSet<String>, Failure> {
    let Some(user) = user else { return Ok(BTreeSet::new()) };
    let keys = run.find(&ram::list_access_keys(user))?.map(|keys| keys.all()).unwrap_or_default();
    Ok(keys.into_iter().map(|key| key.access_key_id).collect())
}

/// The rotation that an earlier run had asked for and not seen to its end.
fn read_note(run: &Run, path: &std::path::Path) -> Result<Option<(String, BTreeSet<String>)>, Failure> {
    let Some(text) = private_file::read(path)? else { return Ok(None) };
    let json: Value = serde_json::from_str(&text).unwrap_or_default();
    let is_fresh = json["at"]
        .as_str()
        .and_then(moment::read)
        .is_some_and(|at| run.client.api().now().duration_since(at).is_ok_and(|since| since < SAME_ROTATION));
    let before = json["before"].as_array().into_iter().flatten();
    let before = before.filter_map(|id| id.as_str().map(str::to_owned)).collect();
    Ok(json["version"].as_str().filter(|_| is_fresh).map(|version| (version.to_owned(), before)))
}
