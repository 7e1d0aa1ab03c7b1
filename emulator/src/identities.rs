//! The part of the emulator's Rust API about RAM, STS and the metadata service.

use std::time::Duration;

use crate::emulator::Emulator;
use crate::error::Error;
use crate::metadata::MetadataMode;
use crate::ram::oidc_provider::{OidcClaims, OidcProvider};
use crate::ram::policy::RamPolicy;
use crate::ram::role::RamRole;
use crate::ram::sts_token::StsToken;
use crate::ram::trust::TrustPolicy;
use crate::ram::user::{AccessKey, AccessKeyStatus, User};
use crate::state::OPERATOR;

pub(crate) fn owned(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

/// RAM users, their AccessKeys and policies.
impl Emulator {
    /// The id of the Alibaba Cloud account, 16 digits.
    pub fn account_id(&self) -> String {
        self.control.world.read(|state, _| state.account_id.clone())
    }

    /// Makes a RAM user without AccessKeys. `policies` are names of system policies, as `AliyunKMSSecretUserAccess`,
    /// or of [one's own](Self::put_policy).
    pub fn create_user(&self, name: &str, policies: &[&str]) -> Result<User, Error> {
        self.control.world.change(|state, now, _| state.create_user(name, &owned(policies), now).cloned())
    }

    /// Gives a RAM user these policies and no others.
    pub fn set_user_policies(&self, name: &str, policies: &[&str]) -> Result<(), Error> {
        self.control.world.change(|state, _, _| state.set_user_policies(name, &owned(policies)))
    }

    /// Deletes a RAM user with its AccessKeys.
    pub fn delete_user(&self, name: &str) -> Result<(), Error> {
        self.control.delete_user(name)
    }

    /// All RAM users.
    pub fn users(&self) -> Vec<User> {
        self.control.world.read(|state, _| state.users.values().cloned().collect())
    }

    /// Makes an AccessKey; a RAM user holds two at most.
    pub fn create_access_key(&self, user: &str) -> Result<AccessKey, Error> {
        self.control.world.change(|state, now, _| state.create_access_key(user, now))
    }

    /// Makes an AccessKey of the account itself: everything is allowed to it, but to assume roles.
    pub fn create_root_access_key(&self) -> Result<AccessKey, Error> {
        self.control.world.change(|state, now, _| Ok(state.create_root_access_key(now)))
    }

    /// Deletes an AccessKey of a RAM user at once.
    pub fn delete_access_key(&self, id: &str) -> Result<(), Error> {
        self.control.delete_access_key(id)
    }

    /// Enables or disables an AccessKey of a RAM user.
    pub fn set_access_key_status(&self, id: &str, status: AccessKeyStatus) -> Result<(), Error> {
        self.control.world.change(|state, _, _| state.set_access_key_status(id, status))
    }

    /// The newest AccessKey of a RAM user: of `reader`, for one, who may read every secret.
    pub fn user_access_key(&self, user: &str) -> Result<AccessKey, Error> {
        self.control.world.read(|state, _| state.access_key_of_user(user))
    }

    /// The AccessKey of the RAM user `operator`, who may do everything in KMS.
    pub fn operator(&self) -> Result<AccessKey, Error> {
        self.user_access_key(OPERATOR)
    }

    /// Makes or replaces a policy of one's own: `{"Version": "1", "Statement": [...]}`. Conditions that the emulator does
    /// not know are refused.
    pub fn put_policy(&self, name: &str, document: &str) -> Result<(), Error> {
        self.control.world.change(|state, _, _| state.put_policy(name, document))
    }

    /// Deletes a policy that no user and no role has.
    pub fn delete_policy(&self, name: &str) -> Result<(), Error> {
        self.control.world.change(|state, _, _| state.delete_policy(name))
    }

    /// The policies that were made here.
    pub fn policies(&self) -> Vec<RamPolicy> {
        self.control.world.read(|state, _| state.policies.values().cloned().collect())
    }
}

/// RAM roles and the tokens of STS.
impl Emulator {
    /// Makes a RAM role whose sessions last an hour at most; see [`edit_role`](Self::edit_role) for longer ones.
    pub fn create_role(&self, name: &str, trust: &TrustPolicy, policies: &[&str]) -> Result<RamRole, Error> {
        self.control
            .world
            .change(|state, now, _| state.create_role(name, trust, &owned(policies), None, now).cloned())
    }

    /// Changes anything about a RAM role but its name.
    pub fn edit_role(&self, name: &str, edit: impl FnOnce(&mut RamRole)) -> Result<(), Error> {
        self.control.world.change(|state, _, _| state.edit_role(name, edit))
    }

    /// Deletes a RAM role; the tokens that were given out for it are worth nothing any more.
    pub fn delete_role(&self, name: &str) -> Result<(), Error> {
        self.control.world.change(|state, _, _| state.delete_role(name))
    }

    /// All RAM roles.
    pub fn roles(&self) -> Vec<RamRole> {
        self.control.world.read(|state, _| state.roles.values().cloned().collect())
    }

    /// `acs:ram::<account>:role/<name>`, whether the role is there or not.
    pub fn role_arn(&self, name: &str) -> String {
        self.control.world.read(|state, _| state.role_arn(name))
    }

    /// Gives out a token for a role, as `AssumeRole` does for who may have it; any duration will do here.
    pub fn issue_sts_token(&self, role: &str, duration: Duration) -> Result<StsToken, Error> {
        self.control.issue_sts_token(role, "emulator", duration)
    }

    /// All tokens that were given out in the last day, whoever asked for them.
    pub fn sts_tokens(&self) -> Vec<StsToken> {
        self.control.world.read(|state, _| state.sts_tokens.values().cloned().collect())
    }

    /// Ends all tokens of a role now; services answer `InvalidSecurityToken.Expired`. Who asks for a token gets a new one.
    pub fn expire_sts_tokens(&self, role: &str) -> Result<(), Error> {
        self.control.expire_sts_tokens(Some(role))
    }
}

/// The OIDC provider of the account and its issuer.
impl Emulator {
    /// The provider, as RAM knows it.
    pub fn oidc_provider(&self) -> Result<OidcProvider, Error> {
        self.control.world.read(|state, _| state.oidc_issuer().map(|issuer| issuer.provider.clone()))
    }

    /// The provider's ARN, which goes with `AssumeRoleWithOIDC`.
    pub fn oidc_provider_arn(&self) -> Result<String, Error> {
        self.control.oidc_provider_arn()
    }

    /// Changes anything about the provider: other fingerprints, for one, are those of another issuer.
    pub fn edit_oidc_provider(&self, edit: impl FnOnce(&mut OidcProvider)) -> Result<(), Error> {
        self.control.edit_oidc_provider(edit)
    }

    /// What a token says that the role `oidc-reader` trusts, valid for an hour from now.
    pub fn oidc_claims(&self) -> Result<OidcClaims, Error> {
        self.control.world.read(|state, now| state.oidc_claims(now))
    }

    /// A token that says anything, signed by the emulator's own issuer.
    pub fn sign_oidc_token(&self, claims: &OidcClaims) -> Result<String, Error> {
        self.control.world.read(|state, _| state.oidc_issuer()?.sign(claims))
    }

    /// A token that the role `oidc-reader` trusts, valid for an hour from now: the content of an OIDC token file.
    pub fn oidc_token(&self) -> Result<String, Error> {
        self.sign_oidc_token(&self.oidc_claims()?)
    }
}

/// The metadata service of an ECS instance.
impl Emulator {
    /// Binds another RAM role to the instance, or none.
    pub fn set_metadata_role(&self, role: Option<&str>) -> Result<(), Error> {
        self.control.world.change(|state, _, _| state.bind_instance_role(role))
    }

    /// Sets how the service lets itself be asked.
    pub fn set_metadata_mode(&self, mode: MetadataMode) -> Result<(), Error> {
        self.control.world.change(|state, _, _| {
            state.metadata.mode = mode;
            Ok(())
        })
    }

    /// For how long the tokens of the role are valid from now on: six hours by default, which is the most. All who ask
    /// get the same token; the next is there half an hour before it ends, or at half its time if that is later.
    pub fn set_metadata_session(&self, duration: Duration) -> Result<(), Error> {
        self.control.world.change(|state, _, _| state.set_instance_session(duration))
    }
}
