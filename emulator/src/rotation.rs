//! Rotating AccessKeys: on request, on schedule, with an overlap or none.

use serde::Serialize;
use time::{Duration, OffsetDateTime};

use crate::error::Error;
use crate::journal::What;
use crate::secrets::{RunningRotation, ram_secret_data};
use crate::state::State;

/// Rotations and deletions that one move of the clock sets off, at most.
const MOST_STEPS: usize = 2000;

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
        let old = secret.version("", "").and_then(|current| {
            let (_, data) = current.value.as_sent();
            let data: serde_json::Value = serde_json::from_str(data).ok()?;
            Some(data.get("AccessKeyId")?.as_str()?.to_owned())
        });
        let old =
            old.ok_or_else(|| Error::new(format!("the secret {name:?} holds no AccessKey to rotate")))?;
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
        while let Some((at, name, deletion)) = self.first_due() {
            if at > now {
                break;
            }
            steps += 1;
            if deletion {
                self.end_rotation(&name, at, &mut happened);
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

    fn first_due(&self) -> Option<(OffsetDateTime, String, bool)> {
        self.secrets
            .values()
            .flat_map(|secret| {
                let deletion = secret.running.as_ref().map(|running| running.delete_at);
                // Without an interval the date is only shown: automatic rotation is off.
                let rotation = secret.rotation_interval.and(secret.next_rotation);
                [(deletion, true), (rotation, false)]
                    .into_iter()
                    .filter_map(move |(at, deletion)| Some((at?, &secret.name, deletion)))
            })
            // A deletion goes first, so that a rotation due at the same moment finds room.
            .min_by_key(|(at, name, deletion)| (*at, !deletion, *name))
            .map(|(at, name, deletion)| (at, name.clone(), deletion))
    }
}
