//! What the Rust API and the admin interface both drive.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use time::OffsetDateTime;

use crate::client_key::{self, ClientKey, KeySource};
use crate::endpoint::Endpoint;
use crate::error::Error;
use crate::faults::{Fault, FaultId, FaultKind};
use crate::journal::What;
use crate::ram::oidc_provider::OidcProvider;
use crate::ram::sts_token::StsToken;
use crate::rotation::Rotation;
use crate::secrets::{NewVersion, Secret, SecretValue};
use crate::world::World;

pub(crate) const LOOPBACK: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Listener {
    Service(Endpoint),
    Admin,
}

impl std::fmt::Display for Listener {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Service(endpoint) => endpoint.fmt(f),
            Self::Admin => f.write_str("admin"),
        }
    }
}

/// Where ClientKeys' RSA keys come from.
pub(crate) struct Keys {
    generated: bool,
    used: AtomicUsize,
}

impl Keys {
    /// As many keys of the pool as there are ClientKeys already are taken.
    pub(crate) fn new(generated: bool, used: usize) -> Self {
        Self { generated, used: AtomicUsize::new(used) }
    }

    pub(crate) fn next(&self) -> KeySource {
        if self.generated {
            KeySource::Generated
        } else {
            KeySource::Pool(self.used.fetch_add(1, Ordering::Relaxed))
        }
    }
}

/// What the Rust API and the admin interface both drive.
pub(crate) struct Control {
    pub(crate) world: Arc<World>,
    pub(crate) region: String,
    pub(crate) instance_id: String,
    pub(crate) ca_pem: String,
    /// Where clients find the services; the admin interface is on loopback always.
    pub(crate) host: IpAddr,
    pub(crate) ports: BTreeMap<Listener, u16>,
    pub(crate) client_key_validity: Duration,
}

impl Control {
    /// `<address>:<port>` of a listener.
    pub(crate) fn authority(&self, listener: Listener) -> Option<String> {
        let host = match listener {
            Listener::Service(_) => self.host,
            Listener::Admin => LOOPBACK,
        };
        self.ports.get(&listener).map(|port| SocketAddr::new(host, *port).to_string())
    }

    pub(crate) fn issue_client_key(
        &self,
        access_point: &str,
        validity: Option<(OffsetDateTime, OffsetDateTime)>,
    ) -> Result<ClientKey, Error> {
        let exists = self.world.read(|state, _| state.access_points.contains_key(access_point));
        if !exists {
            return Err(Error::not_found("application access point", access_point));
        }
        let (not_before, not_after) = validity.unwrap_or_else(|| {
            let now = self.world.clock.now();
            (now, now + self.client_key_validity)
        });
        if not_after <= not_before {
            return Err(Error::new("a ClientKey must end after it begins"));
        }
        if not_before.year() < 1970 || not_after.year() > 9000 {
            return Err(Error::new("a ClientKey lies between the years 1970 and 9000"));
        }
        let private_key = self.world.keys.next().private_key()?;
        let (files, mut registered) =
            client_key::issue(&self.instance_id, access_point, (not_before, not_after), &private_key, None)?;
        registered.created = Some(self.world.clock.now());
        self.register(registered)?;
        Ok(files)
    }

    pub(crate) fn import_client_key(
        &self,
        json: &str,
        password: &str,
        access_point: &str,
    ) -> Result<String, Error> {
        let registered = client_key::import(json, password, access_point)?;
        let key_id = registered.key_id.clone();
        self.register(registered)?;
        Ok(key_id)
    }

    fn register(&self, key: client_key::RegisteredClientKey) -> Result<(), Error> {
        self.world.change(|state, now, happened| {
            let key_id = key.key_id.clone();
            state.register_client_key(key)?;
            happened.push((now, What::ClientKeyIssued { key_id }));
            Ok(())
        })
    }

    pub(crate) fn revoke_client_key(&self, key_id: &str) -> Result<(), Error> {
        self.world.change(|state, now, happened| {
            let key =
                state.client_keys.get_mut(key_id).ok_or_else(|| Error::not_found("ClientKey", key_id))?;
            key.revoked = true;
            let key_id = key_id.to_owned();
            happened.push((now, What::ClientKeyRevoked { key_id }));
            Ok(())
        })
    }

    pub(crate) fn rotate(&self, secret: &str, overlap: Duration) -> Result<Rotation, Error> {
        let overlap = overlap_of(overlap)?;
        self.world.change(|state, now, happened| state.rotate(secret, None, overlap, false, now, happened))
    }

    pub(crate) fn delete_access_key(&self, id: &str) -> Result<(), Error> {
        self.world.change(|state, now, happened| {
            let user = state.delete_access_key(id)?;
            let access_key_id = id.to_owned();
            happened.push((now, What::AccessKeyDeleted { user, access_key_id }));
            Ok(())
        })
    }

    pub(crate) fn delete_user(&self, name: &str) -> Result<(), Error> {
        self.world.change(|state, now, happened| {
            for access_key_id in state.delete_user(name)? {
                let user = name.to_owned();
                happened.push((now, What::AccessKeyDeleted { user, access_key_id }));
            }
            Ok(())
        })
    }

    pub(crate) fn issue_sts_token(
        &self,
        role: &str,
        session_name: &str,
        duration: Duration,
    ) -> Result<StsToken, Error> {
        let duration = time::Duration::try_from(duration)
            .ok()
            .filter(|duration| *duration <= time::Duration::days(3650))
            .ok_or_else(|| Error::new("a token is valid for ten years at most"))?;
        self.world.change(|state, now, happened| {
            state.issue_sts_token(role, session_name, None, duration, now, happened)
        })
    }

    pub(crate) fn expire_sts_tokens(&self, role: Option<&str>) -> Result<(), Error> {
        self.world.change(|state, now, _| {
            if let Some(role) = role
                && !state.roles.contains_key(role)
            {
                return Err(Error::not_found("RAM role", role));
            }
            state.expire_sts_tokens(role, now);
            Ok(())
        })
    }

    pub(crate) fn oidc_provider_arn(&self) -> Result<String, Error> {
        self.world.read(|state, _| {
            let issuer = state.oidc_issuer()?;
            Ok(state.oidc_provider_arn(&issuer.provider.name))
        })
    }

    pub(crate) fn edit_oidc_provider(&self, edit: impl FnOnce(&mut OidcProvider)) -> Result<(), Error> {
        self.world.change(|state, _, _| {
            let issuer =
                state.oidc.as_mut().ok_or_else(|| Error::new("this emulator has no OIDC provider"))?;
            edit(&mut issuer.provider);
            Ok(())
        })
    }

    pub(crate) fn delete_access_point(&self, name: &str) -> Result<(), Error> {
        self.world.change(|state, now, happened| {
            if !state.access_points.contains_key(name) {
                return Err(Error::not_found("application access point", name));
            }
            let revoked = state.delete_access_point(name);
            happened.extend(revoked.into_iter().map(|key_id| (now, What::ClientKeyRevoked { key_id })));
            Ok(())
        })
    }

    pub(crate) fn delete_secret(&self, name: &str) -> Result<(), Error> {
        self.world.change(|state, _, _| {
            state.secrets.remove(name).map(|_| ()).ok_or_else(|| Error::not_found("secret", name))
        })
    }

    pub(crate) fn put_secret_value(
        &self,
        name: &str,
        value: SecretValue,
        new: NewVersion,
    ) -> Result<String, Error> {
        self.world.change(|state, now, _| state.secret_mut(name)?.put_new(new, value, now))
    }

    pub(crate) fn secret(&self, name: &str) -> Result<Secret, Error> {
        self.world
            .read(|state, _| state.secrets.get(name).cloned().ok_or_else(|| Error::not_found("secret", name)))
    }

    pub(crate) fn set_overlaps(&self, scheduled: Duration, immediate: Duration) -> Result<(), Error> {
        let (scheduled, immediate) = (overlap_of(scheduled)?, overlap_of(immediate)?);
        self.world.change(|state, _, _| {
            state.scheduled_overlap = scheduled.whole_seconds();
            state.immediate_overlap = immediate.whole_seconds();
            Ok(())
        })
    }

    pub(crate) fn delete_key(&self, id: &str) -> Result<(), Error> {
        self.world.change(|state, _, _| {
            let before = state.keys.len();
            state.keys.retain(|key| key.id != id);
            if state.keys.len() == before {
                return Err(Error::not_found("key", id));
            }
            Ok(())
        })
    }

    pub(crate) fn inject(&self, fault: Fault) -> Result<FaultId, Error> {
        for endpoint in &fault.endpoints {
            if !self.ports.contains_key(&Listener::Service(*endpoint)) {
                return Err(Error::new(format!("this emulator has no endpoint {endpoint}")));
            }
        }
        if let FaultKind::Error { status, .. } = fault.kind
            && !(400..=599).contains(&status)
        {
            return Err(Error::new(format!("an error has a status from 400 to 599, not {status}")));
        }
        if let FaultKind::WrongCertificate { .. } = fault.kind
            && let Some(plain) = fault.endpoints.iter().find(|endpoint| !endpoint.is_tls())
        {
            return Err(Error::new(format!("{plain} shows no certificate")));
        }
        if fault.kind.is_for_connections() && (fault.action.is_some() || fault.secret.is_some()) {
            let kind = fault.kind.name();
            return Err(Error::new(format!(
                "{kind} strikes before there is a request: it takes neither action nor secret"
            )));
        }
        if fault.times == Some(0) {
            return Err(Error::new("a fault strikes once at least, so times is not 0"));
        }
        Ok(self.world.faults.inject(fault))
    }
}

fn overlap_of(duration: Duration) -> Result<time::Duration, Error> {
    time::Duration::try_from(duration)
        .ok()
        .filter(|overlap| *overlap <= time::Duration::days(3650))
        .ok_or_else(|| Error::new("an overlap lasts ten years at most"))
}
