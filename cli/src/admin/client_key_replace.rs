//! `kmsak admin client-key replace`: a second ClientKey beside the first, its files in the place of the first one's, and the first
//! deleted once nobody uses it. A note beside the files says how far it has come.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use clap::Args;
use serde_json::{Value, json};

use super::app_delete::gone;
use super::app_folder::Folder;
use super::app_show::{days_left, none};
use super::client_key_issue::{self, Place, key_id_in};
use super::permissions::CLIENT_KEY_REPLACE;
use super::run::{Run, RunArguments};
use super::{moment, private_file};
use crate::cloud::kms;
use crate::failure::Failure;

const EXAMPLES: &str = "\
Examples:
  kmsak admin client-key replace web --out web --until-used-by http://10.0.0.7:9390/token/.../metrics --yes
  kmsak admin client-key replace web --out web --when-days-left 30 --yes

Each run makes another ClientKey, unless --when-days-left says that there is time. Without --until-used-by the old ClientKey
stays: delete it with kmsak admin client-key delete once nobody uses it.";

/// Give an application a new ClientKey, and delete the old one once nobody uses it
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Replace {
    /// The application's name
    name: String,
    /// The folder with its ClientKey, as kmsak admin app create wrote it
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// The metrics of an agent (kmsak serve) that uses those files: http://host:port/token/TOKEN/metrics
    #[arg(long, value_name = "URL")]
    until_used_by: Vec<String>,
    /// Do it only if fewer days than this are left
    #[arg(long, value_name = "DAYS")]
    when_days_left: Option<i64>,
    /// How many days the new ClientKey is good for
    #[arg(long, value_name = "DAYS", default_value_t = 365, value_parser = clap::value_parser!(u32).range(1..=1825))]
    days: u32,
    /// How long to wait for the agents
    #[arg(long, value_name = "SPAN", default_value = "1h", value_parser = moment::span)]
    patience: Duration,
}

/// Where the new ClientKey waits, and what is known of the old one.
struct Staged {
    place: Place,
    note: PathBuf,
}

impl Staged {
    fn of(folder: &Folder) -> Self {
        Staged {
            place: Place {
                key: folder.path(".clientKey.json.new"),
                password: folder.path(".clientKey_Password.txt.new"),
                plan: folder.plan(),
            },
            note: folder.path(".clientKey.old"),
        }
    }
}

impl Replace {
    pub(super) fn run(&self, arguments: &RunArguments) -> Result<ExitCode, Failure> {
        if let Some(wrong) = self.until_used_by.iter().find(|url| !url.starts_with("http://")) {
            return Err(Failure::usage(format!(
                "--until-used-by {:?} is no http:// URL: give the agent's /metrics, or leave it out for one with TLS, which you have to watch yourself",
                wrong.split("/token/").next().unwrap_or_default()
            )));
        }
        Run::of(arguments, CLIENT_KEY_REPLACE, |run| self.replace(run))
    }

    fn replace(&self, run: &Run) -> Result<(), Failure> {
        run.find(&kms::describe_access_point(&self.name))?.ok_or_else(|| none(&self.name))?;
        if !self.until_used_by.is_empty() {
            run.can_confirm("delete the old ClientKey in the end")?;
        }
        let folder = Folder::new(&self.out);
        let _held = if run.is_dry() || !self.out.is_dir() { None } else { Some(folder.hold()?) };
        let staged = Staged::of(&folder);
        let current = key_id_in(&folder.client_key())?.ok_or_else(|| {
            Failure::usage(format!(
                "there is no ClientKey in {}: name the folder that kmsak admin app create wrote",
                folder.shown()
            ))
        })?;
        // An earlier run may have come this far.
        let old = match read_note(&staged.note)? {
            Some(old) => old,
            None => {
                self.check_account(run, &current)?;
                if self.is_not_due(run, &current)? {
                    return Ok(());
                }
                if !run.is_dry() {
                    private_file::write(&staged.note, json!({"old": current}).to_string().as_bytes())?;
                }
                current.clone()
            }
        };
        let new = if old == current {
            let new = match key_id_in(&staged.place.key)? {
                Some(id) if run.find(&kms::get_client_key(&id))?.is_some() => id,
                _ => client_key_issue::issue(run, &self.name, &staged.place, self.days, Some(&current))?,
            };
            run.made(&format!("ClientKey {new}, good for {} days", self.days));
            if !run.is_dry() {
                exchange(&staged, &folder)?;
            }
            new
        } else {
            // The key file is the last to be exchanged.
            current
        };
        if !run.is_dry() {
            private_file::remove(&staged.place.plan)?;
        }
        run.changed(&format!("{} holds the ClientKey {new} in the place of {old}", folder.shown()));
        if !run.is_dry() && folder.renew_kubernetes()? {
            let file = folder.kubernetes();
            run.note(&format!("{} holds it, too: kubectl apply -f {}", file.display(), file.display()));
        }
        run.tell("clientKeyId", new.clone());
        run.tell("oldClientKeyId", old.clone());
        self.retire(run, &staged, &old, &new)
    }

    /// The files in the folder are about to be exchanged: they must be this access point's, in this account.
    fn check_account(&self, run: &Run, current: &str) -> Result<(), Failure> {
        let folder = self.out.display();
        match run.find(&kms::get_client_key(current))? {
            None => Err(Failure::usage(format!(
                "the ClientKey {current} in {folder} is not known in this account: name the folder of another, look which account this is (--region, ALIBABA_CLOUD_PROFILE), or if it was deleted make a new one with kmsak admin app create"
            ))),
            Some(key) if !key.aap_name.is_empty() && key.aap_name != self.name => {
                Err(Failure::usage(format!(
                    "{folder} holds a ClientKey of the access point {}: name the folder of {} with --out",
                    key.aap_name, self.name
                )))
            }
            Some(_) => Ok(()),
        }
    }

    fn is_not_due(&self, run: &Run, current: &str) -> Result<bool, Failure> {
        let Some(most) = self.when_days_left else { return Ok(false) };
        let key = run.find(&kms::get_client_key(current))?;
        let left = key.as_ref().and_then(|key| days_left(run, key));
        match left.filter(|left| *left >= most) {
            Some(left) => {
                run.already(&format!("ClientKey {current} has {left} days left"));
                Ok(true)
            }
            None => Ok(false),
        }
    }

    fn retire(&self, run: &Run, staged: &Staged, old: &str, new: &str) -> Result<(), Failure> {
        if self.until_used_by.is_empty() {
            if !run.is_dry() {
                private_file::remove(&staged.note)?;
            }
            run.note(&format!(
                "the old ClientKey {old} still works: once nobody uses it, kmsak admin client-key delete {old}"
            ));
            return Ok(());
        }
        for (index, url) in self.until_used_by.iter().enumerate() {
            let agent = shown(url);
            let used = run.wait(
                &format!("waiting until agent {} uses {new}", index + 1),
                Duration::from_millis(500),
                self.patience,
                || Ok(uses(run, url, new, old).then_some(())),
            )?;
            if used.is_none() && !run.is_dry() {
                return Err(Failure::new(format!(
                    "the agent at {agent} does not use {new} yet, and the old ClientKey {old} stays: look whether it answers and sees the files in {}, and run it again",
                    self.out.display()
                )));
            }
            run.note(&format!("the agent at {agent} uses {new}"));
        }
        run.confirm(&format!("delete the old ClientKey {old}"))?;
        gone(run, &kms::delete_client_key(old), &format!("ClientKey {old}"))?;
        if !run.is_dry() {
            private_file::remove(&staged.note)?;
        }
        Ok(())
    }
}

/// First the password, then the key: a pair that does not fit is not used by whoever watches them.
fn exchange(staged: &Staged, folder: &Folder) -> Result<(), Failure> {
    let rename = |from: &Path, to: &Path| {
        private_file::replace(from, to).map_err(Failure::doing(&format!("cannot exchange {}", to.display())))
    };
    // An earlier run may have been ended between the two.
    if staged.place.password.exists() {
        rename(&staged.place.password, &folder.password())?;
    }
    rename(&staged.place.key, &folder.client_key())
}

fn read_note(path: &Path) -> Result<Option<String>, Failure> {
    let Some(text) = private_file::read(path)? else { return Ok(None) };
    let json: Value = serde_json::from_str(&text).unwrap_or_default();
    Ok(json["old"].as_str().map(str::to_owned))
}

/// Whether the agent signs with `new` and with `old` no more.
fn uses(run: &Run, url: &str, new: &str, old: &str) -> bool {
    let Ok((200, body)) = run.client.api().get_plain(url, Duration::from_secs(5)) else { return false };
    let text = String::from_utf8_lossy(&body);
    let keys: Vec<&str> = text
        .lines()
        .filter_map(|line| line.strip_prefix("kmsak_client_key_expiry_days{key_id=\""))
        .filter_map(|rest| rest.split('"').next())
        .collect();
    keys.contains(&new) && !keys.contains(&old)
}

/// Without the token in it.
fn shown(url: &str) -> &str {
    let rest = url.strip_prefix("http://").unwrap_or(url);
    rest.split('/').next().unwrap_or_default()
}
