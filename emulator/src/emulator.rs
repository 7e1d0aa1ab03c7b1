//! The emulator as a Rust object: where it is, how it is driven, how it stops.

use std::path::Path;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use time::OffsetDateTime;
use tokio::sync::oneshot;

use crate::access_point::AccessPoint;
use crate::builder::Builder;
use crate::client_key::{ClientKey, RegisteredClientKey};
use crate::control::{Control, Listener};
use crate::endpoint::Endpoint;
use crate::error::Error;
use crate::faults::{ActiveFault, Fault, FaultId};
use crate::folder::{self, Folder};
use crate::journal::{Counters, Event};
use crate::ram::user::AccessKey;
use crate::rotation::Rotation;
use crate::secrets::{NewVersion, Secret, SecretValue};

/// A running emulator. It is driven from any thread; dropping it stops it and frees its ports.
///
/// None of the methods needs an async runtime, and none may be called on one where blocking for a
/// moment is not allowed: each waits for a lock, and those that change something for the disk too
/// when a folder keeps the state.
pub struct Emulator {
    pub(crate) control: Arc<Control>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl std::fmt::Debug for Emulator {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Emulator").field("admin_url", &self.admin_url()).finish_non_exhaustive()
    }
}

impl Drop for Emulator {
    fn drop(&mut self) {
        if let Some(stop) = self.stop.take() {
            let _ = stop.send(());
        }
        if let Some(thread) = self.thread.take() {
            // A panic in there has been printed already.
            let _ = thread.join();
        }
        self.control.world.save_now();
    }
}

/// Setting up, and where things are.
impl Emulator {
    pub(crate) fn running(control: Arc<Control>, stop: oneshot::Sender<()>, thread: JoinHandle<()>) -> Self {
        Self { control, stop: Some(stop), thread: Some(thread) }
    }

    /// An emulator with free ports that keeps nothing on disk.
    pub fn start() -> Result<Self, Error> {
        Builder::default().start()
    }

    /// An emulator set up in another way.
    pub fn builder() -> Builder {
        Builder::default()
    }

    /// `<address>:<port>` of any endpoint; empty if this emulator does not have it.
    pub fn authority(&self, endpoint: Endpoint) -> String {
        self.control.authority(Listener::Service(endpoint)).unwrap_or_default()
    }

    /// `<address>:<port>` of the first instance gateway (HTTPS).
    pub fn instance_endpoint(&self) -> String {
        self.authority(Endpoint::Instance(0))
    }

    /// `<address>:<port>` of each instance gateway.
    pub fn instance_endpoints(&self) -> Vec<String> {
        self.control
            .ports
            .keys()
            .filter(|listener| matches!(listener, Listener::Service(Endpoint::Instance(_))))
            .filter_map(|listener| self.control.authority(*listener))
            .collect()
    }

    /// `<address>:<port>` of the first shared gateway (HTTPS).
    pub fn shared_endpoint(&self) -> String {
        self.authority(Endpoint::Shared(0))
    }

    /// `<address>:<port>` of each shared gateway.
    pub fn shared_endpoints(&self) -> Vec<String> {
        self.control
            .ports
            .keys()
            .filter(|listener| matches!(listener, Listener::Service(Endpoint::Shared(_))))
            .filter_map(|listener| self.control.authority(*listener))
            .collect()
    }

    /// `<address>:<port>` of STS over HTTP, for clients that only try an AccessKey there.
    pub fn sts_endpoint(&self) -> String {
        self.authority(Endpoint::Sts)
    }

    /// `<address>:<port>` of STS over HTTPS, as the real one is asked for tokens.
    pub fn sts_https_endpoint(&self) -> String {
        self.authority(Endpoint::StsHttps)
    }

    /// `<address>:<port>` of OSS over HTTP.
    pub fn oss_endpoint(&self) -> String {
        self.authority(Endpoint::Oss)
    }

    /// `<address>:<port>` of OSS over HTTPS.
    pub fn oss_https_endpoint(&self) -> String {
        self.authority(Endpoint::OssHttps)
    }

    /// `http://<address>:<port>` of the metadata service: the value of `ecs_metadata_endpoint`.
    pub fn metadata_endpoint(&self) -> String {
        format!("http://{}", self.authority(Endpoint::Metadata))
    }

    /// `http://127.0.0.1:<port>` of the admin interface.
    pub fn admin_url(&self) -> String {
        format!("http://{}", self.control.authority(Listener::Admin).unwrap_or_default())
    }

    /// Where everything is, as the admin interface gives it on `GET /`; it holds no secret.
    pub fn summary(&self) -> serde_json::Value {
        folder::summary(&self.control)
    }

    /// The region, `cn-hangzhou` by default.
    pub fn region(&self) -> &str {
        &self.control.region
    }

    /// The id of the KMS instance.
    pub fn instance_id(&self) -> &str {
        &self.control.instance_id
    }

    /// Both CA certificates, as in the CA file of a KMS instance. All HTTPS endpoints chain to it.
    pub fn ca_pem(&self) -> &str {
        &self.control.ca_pem
    }

    /// The ClientKey that was issued at the first start, of the access point `app`.
    pub fn client_key(&self) -> Result<ClientKey, Error> {
        self.control.world.read(|state, _| {
            state
                .default_client_key
                .clone()
                .ok_or_else(|| Error::new("this emulator has no ClientKey of its own"))
        })
    }

    /// Writes all that a client needs into a folder, which is made if need be: a ClientKey with its password, the CA, a
    /// properties file for each identity, an OIDC token and `admin.json`. The files have mode 0600. File names in the
    /// properties files are relative to the folder. The tokens are made anew each time.
    pub fn write_folder(&self, dir: impl AsRef<Path>) -> Result<Folder, Error> {
        folder::write(&self.control, dir.as_ref())
    }
}

/// The clock.
impl Emulator {
    /// The emulator's time: `Date` headers, checks of requests and rotations go by it.
    pub fn now(&self) -> OffsetDateTime {
        self.control.world.clock.now()
    }

    /// Moves the clock ahead; what becomes due is done before this returns.
    pub fn advance_clock(&self, by: Duration) -> Result<OffsetDateTime, Error> {
        let by = time::Duration::try_from(by).unwrap_or(time::Duration::MAX);
        self.control.world.move_clock(|clock| clock.offset().saturating_add(by))
    }

    /// Moves the clock back.
    pub fn rewind_clock(&self, by: Duration) -> Result<OffsetDateTime, Error> {
        let by = time::Duration::try_from(by).unwrap_or(time::Duration::MAX);
        self.control.world.move_clock(|clock| clock.offset().saturating_sub(by))
    }

    /// Sets the clock; it goes on from there.
    pub fn set_clock(&self, to: OffsetDateTime) -> Result<OffsetDateTime, Error> {
        self.control.world.move_clock(|_| to - OffsetDateTime::now_utc())
    }

    /// Sets the clock to the system's time.
    pub fn reset_clock(&self) -> Result<OffsetDateTime, Error> {
        self.control.world.move_clock(|_| time::Duration::ZERO)
    }
}

/// Secrets and rotation.
impl Emulator {
    /// The AccessKey that is the current value of a managed RAM secret.
    pub fn access_key_of(&self, secret: &str) -> Result<AccessKey, Error> {
        let value = self.control.secret(secret)?;
        let id = value.version("", "").and_then(|version| {
            let data: serde_json::Value = serde_json::from_str(version.value.as_sent().1).ok()?;
            Some(data.get("AccessKeyId")?.as_str()?.to_owned())
        });
        self.control.world.read(|state, _| {
            id.and_then(|id| state.access_key(&id).map(|(_, key)| key.clone()))
                .ok_or_else(|| Error::new(format!("{secret:?} holds no AccessKey that RAM knows")))
        })
    }

    /// Puts a RAM user's AccessKey under KMS's management; user and AccessKey are made if need be.
    /// Gives the secret's name, `acs/ram/user/<user>`.
    pub fn create_ram_secret(&self, user: &str) -> Result<String, Error> {
        self.control.world.change(|state, now, _| state.create_ram_secret(user, None, now))
    }

    /// Makes a secret of any type and value; `Generic` is the plain one.
    pub fn create_secret(&self, name: &str, secret_type: &str, value: SecretValue) -> Result<(), Error> {
        self.control.world.change(|state, now, _| state.create_secret(name, secret_type, value, None, now))
    }

    /// Writes a new ACSCurrent; gives its version id.
    pub fn put_secret_value(&self, name: &str, value: SecretValue) -> Result<String, Error> {
        self.control.put_secret_value(name, value, NewVersion::default())
    }

    /// Changes anything about a secret, for tests of odd answers.
    pub fn edit_secret(&self, name: &str, edit: impl FnOnce(&mut Secret)) -> Result<(), Error> {
        self.control.world.change(|state, _, _| {
            edit(state.secret_mut(name)?);
            Ok(())
        })
    }

    /// Deletes a secret. The RAM user and its AccessKeys stay.
    pub fn delete_secret(&self, name: &str) -> Result<(), Error> {
        self.control.delete_secret(name)
    }

    /// A copy of a secret with its versions.
    pub fn secret(&self, name: &str) -> Result<Secret, Error> {
        self.control.secret(name)
    }

    /// The names of all secrets.
    pub fn secrets(&self) -> Vec<String> {
        self.control.world.read(|state, _| state.secrets.keys().cloned().collect())
    }

    /// Rotates a managed RAM secret now. Both AccessKeys are accepted for `overlap` of the emulator's
    /// time; with none, the old one is deleted before this returns.
    pub fn rotate(&self, secret: &str, overlap: Duration) -> Result<Rotation, Error> {
        self.control.rotate(secret, overlap)
    }

    /// Turns automatic rotation on: first at `first`, then each `interval`, by the emulator's clock.
    pub fn schedule_rotation(
        &self,
        secret: &str,
        interval: Duration,
        first: OffsetDateTime,
    ) -> Result<(), Error> {
        let interval = time::Duration::try_from(interval).unwrap_or(time::Duration::MAX);
        self.control.world.change(|state, _, _| state.schedule_rotation(secret, Some((interval, first))))
    }

    /// From now on KMS cannot carry out the secret's automatic rotation, and says that it is `Invalid`, until it is scheduled
    /// anew or turned off.
    pub fn break_rotation(&self, secret: &str) -> Result<(), Error> {
        self.control.world.change(|state, _, _| state.break_rotation(secret))
    }

    /// Turns automatic rotation off.
    pub fn stop_rotation(&self, secret: &str) -> Result<(), Error> {
        self.control.world.change(|state, _, _| state.schedule_rotation(secret, None))
    }

    /// How long both AccessKeys are accepted after a scheduled rotation (two days by default) and after
    /// `RotateSecret` (five minutes by default).
    pub fn set_overlaps(&self, scheduled: Duration, immediate: Duration) -> Result<(), Error> {
        self.control.set_overlaps(scheduled, immediate)
    }

    /// The ids of the KMS keys.
    pub fn keys(&self) -> Vec<String> {
        self.control.world.read(|state, _| state.keys.iter().map(|key| key.id.clone()).collect())
    }

    /// Makes a KMS key; gives its id.
    pub fn create_key(&self) -> Result<String, Error> {
        self.control.world.change(|state, now, _| Ok(state.create_key(now)))
    }

    /// Deletes a KMS key: secrets encrypted with it cannot be read any more.
    pub fn delete_key(&self, id: &str) -> Result<(), Error> {
        self.control.delete_key(id)
    }
}

/// Application access points and ClientKeys.
impl Emulator {
    /// Makes or replaces an application access point.
    pub fn put_access_point(&self, point: AccessPoint) -> Result<(), Error> {
        self.control.world.change(|state, _, _| {
            state.put_access_point(point);
            Ok(())
        })
    }

    /// Deletes an application access point, and its ClientKeys with it.
    pub fn delete_access_point(&self, name: &str) -> Result<(), Error> {
        self.control.delete_access_point(name)
    }

    /// All application access points.
    pub fn access_points(&self) -> Vec<AccessPoint> {
        self.control.world.read(|state, _| state.access_points.values().cloned().collect())
    }

    /// Issues a ClientKey, valid from now on for as long as the builder says.
    pub fn issue_client_key(&self, access_point: &str) -> Result<ClientKey, Error> {
        self.control.issue_client_key(access_point, None)
    }

    /// Issues a ClientKey with a validity of its own.
    pub fn issue_client_key_between(
        &self,
        access_point: &str,
        not_before: OffsetDateTime,
        not_after: OffsetDateTime,
    ) -> Result<ClientKey, Error> {
        self.control.issue_client_key(access_point, Some((not_before, not_after)))
    }

    /// Takes in a ClientKey that was issued elsewhere; gives its KeyId.
    pub fn import_client_key(&self, json: &str, password: &str, access_point: &str) -> Result<String, Error> {
        self.control.import_client_key(json, password, access_point)
    }

    /// All ClientKeys that were issued or taken in, the revoked ones too.
    pub fn client_keys(&self) -> Vec<RegisteredClientKey> {
        self.control.world.read(|state, _| state.client_keys.values().cloned().collect())
    }

    /// Revokes a ClientKey: both gateways refuse it from now on.
    pub fn revoke_client_key(&self, key_id: &str) -> Result<(), Error> {
        self.control.revoke_client_key(key_id)
    }
}

/// Faults.
impl Emulator {
    /// Injects a fault; it hits requests and connections that arrive from now on.
    pub fn inject(&self, fault: Fault) -> Result<FaultId, Error> {
        self.control.inject(fault)
    }

    /// Ends a fault; requests that hang in it have their connections closed. False if it had ended already.
    pub fn clear_fault(&self, id: FaultId) -> bool {
        self.control.world.faults.clear(id)
    }

    /// Ends all faults.
    pub fn clear_faults(&self) {
        self.control.world.faults.clear_all();
    }

    /// The faults that stand.
    pub fn faults(&self) -> Vec<ActiveFault> {
        self.control.world.faults.list()
    }
}

/// What has happened.
impl Emulator {
    /// The sequence number of the latest event: give it to [`wait_for`](Self::wait_for) after doing something.
    pub fn mark(&self) -> u64 {
        self.control.world.journal.last()
    }

    /// The events after `mark`, oldest first. The latest 4096 are kept of KMS requests, of requests to
    /// STS and OSS, and of all else.
    pub fn events_since(&self, mark: u64) -> Vec<Event> {
        self.control.world.journal.since(mark).0
    }

    /// Waits until an event after `mark` satisfies `condition` and gives the first that does; none if
    /// `timeout` passes before.
    pub fn wait_for(
        &self,
        mark: u64,
        timeout: Duration,
        condition: impl FnMut(&Event) -> bool,
    ) -> Option<Event> {
        self.control.world.journal.wait(mark, timeout, condition)
    }

    /// What has been counted since the start or the last reset.
    pub fn counters(&self) -> Counters {
        self.control.world.journal.counters()
    }

    /// Starts counting from zero.
    pub fn reset_counters(&self) {
        self.control.world.journal.reset_counters();
    }
}
