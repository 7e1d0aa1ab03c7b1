//! Rotating AccessKeys: on request, on schedule, with an overlap or none.

use serde::Serialize;
use time::{Duration, OffsetDateTime};

use crate::error::Error;
use crate::journal::What;
use crate::ram::condition::Context;
use crate::ram::trust::Principal;
use crate::ram::user::MAX_ACCESS_KEYS;
use crate::refusal::Refusal;
use crate::secrets::{CURRENT, PREVIOUS, RunningRotation, Secret, SecretVersion, ram_secret_data};
use crate::state::State;

/// Rotations and deletions that one move of the clock sets off, at most.
const MOST_STEPS: usize = 2000;

/// The role by which KMS rotates AccessKeys, as it is spelt.
pub(crate) const ROTATION_ROLE: &str = "AliyunKMSManagedRAMCrendentialsRole";
/// Newer accounts have this one.
const NEWER_ROTATION_ROLE: &str = "AliyunKMSManageRAMCredentialsRole";
pub(crate) const KMS: &str = "kms.aliyuncs.com";

/// What is to be done when its time has come. Deletions go first, so that a rotation due at the same moment finds room.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Due {
    EndOfRotation,
    DeletionOfSecret,
    DeletionOfKey,
    Rotation,
}

/// What became of a request to rotate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", rename_all_fields = "camelCase", tag = "outcome")]
pub enum Rotation {
    /// The secret has a new AccessKey.
    Rotated {
        /// The AccessKey until now; deleted already if there is no overlap.
        old_access_key_id: String,
        /// The AccessKey from now on.
        new_access_key_id: String,
        /// The new ACSCurrent.
        version_id: String,
    },
    /// The overlap of an earlier rotation has not ended: nothing was done, as in the real KMS.
    AlreadyRunning,
}

impl State {
    /// Makes a second AccessKey and writes it as ACSCurrent; the old one is deleted after `overlap`.
    pub(crate) fn rotate(
        &mut self,
        name: &str,
        version_id: Option<String>,
        overlap: Duration,
        scheduled: bool,
        now: OffsetDateTime,
        happened: &mut Vec<(OffsetDateTime, What)>,
    ) -> Result<Rotation, Error> {
        let secret = self.secret_mut(name)?;
        let Some(user) = secret.user.clone() else {
            return Err(Error::new(format!(
                "the secret {name:?} is not a managed RAM secret: it has nothing to rotate"
            )));
        };
        if secret.running.is_some() {
            return Ok(Rotation::AlreadyRunning);
        }
        let previous = secret.access_key_at(PREVIOUS);
        let old = secret.access_key_at(CURRENT);
        let old =
            old.ok_or_else(|| Error::new(format!("the secret {name:?} holds no AccessKey to rotate")))?;
        if !self.has_rotation_role() {
            return Err(Error::new(format!(
                "the RAM role {ROTATION_ROLE} is missing, by which KMS rotates the AccessKeys of RAM users"
            )));
        }
        // A second AccessKey that is KMS's own too makes room for the new one.
        if self.users.get(&user).is_some_and(|user| user.access_keys.len() >= MAX_ACCESS_KEYS)
            && let Some(previous) = previous
            && previous != old
            && self.access_key_owners.get(&previous) == Some(&user)
        {
            self.delete_access_key(&previous)?;
            let user = user.clone();
            happened.push((now, What::AccessKeyDeleted { user, access_key_id: previous }));
        }
        let new = self.create_access_key(&user, now)?;
        let secret = self.secret_mut(name)?;
        let version_id = secret.put(version_id, ram_secret_data(&new.id, &new.secret, now), now);
        secret.last_rotation = Some(now);
        if let Some(interval) = secret.rotation_interval {
            secret.next_rotation = Some(now + Duration::seconds(interval));
        }
        happened.push((
            now,
            What::Rotated {
                secret: name.to_owned(),
                old_access_key_id: old.clone(),
                new_access_key_id: new.id.clone(),
                version_id: version_id.clone(),
                scheduled,
            },
        ));
        secret.running = Some(RunningRotation { old_access_key_id: old.clone(), delete_at: now + overlap });
        if overlap <= Duration::ZERO {
            self.end_rotation(name, now, happened);
        }
        self.update_next_due();
        Ok(Rotation::Rotated { old_access_key_id: old, new_access_key_id: new.id, version_id })
    }

    fn end_rotation(&mut self, name: &str, at: OffsetDateTime, happened: &mut Vec<(OffsetDateTime, What)>) {
        let running = self.secrets.get_mut(name).and_then(|secret| secret.running.take());
        let Some(running) = running else { return };
        // Somebody may have deleted it by hand meanwhile, which is what was wanted anyway.
        if let Ok(user) = self.delete_access_key(&running.old_access_key_id) {
            happened.push((at, What::AccessKeyDeleted { user, access_key_id: running.old_access_key_id }));
        }
    }

    /// Turns automatic rotation on (interval and first date) or off.
    pub(crate) fn schedule_rotation(
        &mut self,
        name: &str,
        schedule: Option<(Duration, OffsetDateTime)>,
    ) -> Result<(), Error> {
        let secret = self.secret_mut(name)?;
        if schedule.is_some() && secret.user.is_none() {
            return Err(Error::new(format!(
                "the secret {name:?} is not a managed RAM secret: it has nothing to rotate"
            )));
        }
        if let Some((interval, _)) = schedule
            && !(Duration::seconds(1)..=Duration::days(36_500)).contains(&interval)
        {
            return Err(Error::new("a rotation interval lasts from one second to a century"));
        }
        secret.rotation_broken = false;
        secret.rotation_interval = schedule.map(|(interval, _)| interval.whole_seconds());
        secret.next_rotation = schedule.map(|(_, first)| first);
        self.update_next_due();
        Ok(())
    }

    /// From now on KMS cannot carry out the scheduled rotation, as where its service role is missing.
    pub(crate) fn break_rotation(&mut self, name: &str) -> Result<(), Error> {
        let secret = self.secret_mut(name)?;
        secret.rotation_broken = true;
        secret.next_rotation = None;
        self.update_next_due();
        Ok(())
    }

    /// Does everything whose time has come, in order; gives what happened and when it was due.
    pub(crate) fn catch_up(&mut self, now: OffsetDateTime) -> Vec<(OffsetDateTime, What)> {
        let mut happened = Vec::new();
        let mut steps = 0;
        while let Some((at, due, name)) = self.first_due() {
            if at > now {
                break;
            }
            steps += 1;
            if due == Due::EndOfRotation {
                self.end_rotation(&name, at, &mut happened);
            } else if due == Due::DeletionOfSecret {
                self.secrets.remove(&name);
            } else if due == Due::DeletionOfKey {
                self.keys.retain(|key| key.id != name);
            } else if steps > MOST_STEPS {
                // The clock jumped over so many rotations that doing each would take for ever.
                if let Some(secret) = self.secrets.get_mut(&name)
                    && let Some(interval) = secret.rotation_interval
                {
                    secret.next_rotation = Some(now + Duration::seconds(interval));
                }
            } else {
                let overlap = Duration::seconds(self.scheduled_overlap);
                let rotated = self.rotate(&name, None, overlap, true, at, &mut happened);
                if !matches!(rotated, Ok(Rotation::Rotated { .. }))
                    && let Some(secret) = self.secrets.get_mut(&name)
                    && let Some(interval) = secret.rotation_interval
                {
                    // It could not rotate now: its user holds two AccessKeys, or a rotation runs.
                    secret.next_rotation = Some(at + Duration::seconds(interval));
                }
            }
        }
        self.update_next_due();
        happened
    }

    pub(crate) fn update_next_due(&mut self) {
        self.next_due = self.first_due().map(|(at, _, _)| at);
    }

    fn first_due(&self) -> Option<(OffsetDateTime, Due, String)> {
        let of_keys = self.keys.iter().filter_map(|key| Some((key.delete_at?, Due::DeletionOfKey, &key.id)));
        self.secrets
            .values()
            .flat_map(|secret| {
                let end = secret.running.as_ref().map(|running| running.delete_at);
                // Without an interval the date is only shown: automatic rotation is off. What is to be deleted is not rotated.
                let rotation = secret
                    .rotation_interval
                    .filter(|_| secret.planned_delete.is_none())
                    .and(secret.next_rotation);
                [
                    (end, Due::EndOfRotation),
                    (secret.planned_delete, Due::DeletionOfSecret),
                    (rotation, Due::Rotation),
                ]
                .into_iter()
                .filter_map(move |(at, due)| Some((at?, due, &secret.name)))
            })
            .chain(of_keys)
            .min()
            .map(|(at, due, name)| (at, due, name.clone()))
    }

    /// KMS rotates by a role of the account.
    fn has_rotation_role(&self) -> bool {
        [ROTATION_ROLE, NEWER_ROTATION_ROLE].into_iter().any(|name| {
            self.roles
                .get(name)
                .is_some_and(|role| role.trust.trusts(&[Principal::Service(KMS)], &Context::default()))
        })
    }

    /// What KMS says of a secret's automatic rotation. It cannot be carried out without the role, nor when the user has
    /// another AccessKey that is not KMS's.
    pub(crate) fn automatic_rotation(&self, secret: &Secret) -> &'static str {
        let can_rotate = || {
            let user = secret.user.as_ref().and_then(|name| self.users.get(name));
            let hosted = [secret.access_key_at(CURRENT), secret.access_key_at(PREVIOUS)];
            user.is_some_and(|user| {
                let foreign = user.access_keys.iter().any(|key| !hosted.contains(&Some(key.id.clone())));
                user.access_keys.len() < MAX_ACCESS_KEYS || !foreign
            }) && self.has_rotation_role()
        };
        match secret.rotation_interval {
            _ if secret.rotation_broken => "Invalid",
            Some(_) if !can_rotate() => "Invalid",
            Some(_) => "Enabled",
            None => "Disabled",
        }
    }

    /// The version that a client asks for, if the secret can be read at all.
    pub(crate) fn readable_version<'a>(
        &self,
        secret: &'a Secret,
        id: &str,
        stage: &str,
    ) -> Result<&'a SecretVersion, Refusal> {
        if secret.planned_delete.is_some() {
            return Err(Refusal::no_such_secret());
        }
        self.key(&secret.encryption_key_id).ok_or_else(Refusal::no_such_key)?.check_usable()?;
        secret.asked_version(id, stage)
    }
}
