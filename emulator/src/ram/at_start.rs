//! The identities that every emulator begins with: one of each kind that can read secrets.

use std::time::Duration;

use time::OffsetDateTime;

use crate::error::Error;
use crate::ram::oidc_provider::OidcIssuer;
use crate::ram::system_policies::ROTATION_POLICY;
use crate::ram::trust::TrustPolicy;
use crate::rotation::{KMS, ROTATION_ROLE};
use crate::state::State;

/// A RAM user who may read secrets.
pub(crate) const READER: &str = "reader";
/// A RAM user who may do nothing but assume roles.
pub(crate) const ASSUMER: &str = "assumer";
/// A RAM user who may do everything, in each account.
pub(crate) const ADMINISTRATOR: &str = "administrator";
/// The role in each member of a resource directory that its managing account may assume.
const MEMBER_ROLE: &str = "ResourceDirectoryAccountAccessRole";
/// A role that ECS instances may have.
pub(crate) const ECS_ROLE: &str = "ecs-reader";
/// A role that the account's users may assume.
pub(crate) const RAM_ROLE: &str = "ram-reader";
/// A role for who comes with an OIDC token.
pub(crate) const OIDC_ROLE: &str = "oidc-reader";
pub(crate) const OIDC_PROVIDER: &str = "emulator";
/// The policy of all who may read secrets.
const READ_SECRETS: &str = "ReadSecrets";

/// The longest session that a role may allow, for tokens that are handed out in a file.
pub(crate) const LONG_SESSION: Duration = Duration::from_secs(12 * 60 * 60);

impl State {
    /// Makes the user who may do everything and, where KMS manages AccessKeys from the start, the role that it needs for
    /// this; once.
    pub(crate) fn add_administrator(&mut self, now: OffsetDateTime) -> Result<(), Error> {
        if !self.users.contains_key(ADMINISTRATOR) {
            self.create_user(ADMINISTRATOR, &["AdministratorAccess".to_owned()], now)?;
            self.create_access_key(ADMINISTRATOR, now)?;
        }
        if !self.secrets.is_empty() && self.role_called(ROTATION_ROLE).is_none() {
            self.create_role(
                ROTATION_ROLE,
                &TrustPolicy::service(KMS),
                &[ROTATION_POLICY.to_owned()],
                None,
                now,
            )?;
        }
        Ok(())
    }

    /// Makes the role by which the account that manages the resource directory may do everything in a member.
    pub(crate) fn let_manage(&mut self, account: &str, now: OffsetDateTime) -> Result<(), Error> {
        let trust = TrustPolicy::ram(&format!("acs:ram::{account}:root"));
        self.create_role(MEMBER_ROLE, &trust, &["AdministratorAccess".to_owned()], None, now).map(|_| ())
    }

    /// Makes them, once; whatever has such a name already stays as it is.
    pub(crate) fn add_identities(&mut self, now: OffsetDateTime) -> Result<(), Error> {
        if self.has_identities {
            return Ok(());
        }
        if !self.policies.contains_key(READ_SECRETS) {
            let account = &self.account_id;
            let document = serde_json::json!({
                "Version": "1",
                "Statement": [
                    {
                        "Effect": "Allow",
                        "Action": ["kms:GetSecretValue", "kms:DescribeSecret", "kms:ListSecretVersionIds"],
                        "Resource": format!("acs:kms:*:{account}:secret/*"),
                    },
                    {
                        "Effect": "Allow",
                        "Action": "kms:Decrypt",
                        "Resource": format!("acs:kms:*:{account}:key/*"),
                    },
                ],
            });
            self.put_policy(READ_SECRETS, &document.to_string())?;
        }
        for (name, policy) in [(READER, READ_SECRETS), (ASSUMER, "AliyunSTSAssumeRoleAccess")] {
            if !self.users.contains_key(name) {
                self.create_user(name, &[policy.to_owned()], now)?;
                self.create_access_key(name, now)?;
            }
        }
        if self.oidc.is_none() {
            self.oidc = Some(OidcIssuer::create(OIDC_PROVIDER)?);
        }
        let provider = self.oidc_provider_arn(OIDC_PROVIDER);
        let account = format!("acs:ram::{}:root", self.account_id);
        for (name, trust, longest) in [
            (ECS_ROLE, TrustPolicy::service("ecs.aliyuncs.com"), None),
            (RAM_ROLE, TrustPolicy::ram(&account), Some(LONG_SESSION)),
            (OIDC_ROLE, TrustPolicy::oidc(&provider, "sts.aliyuncs.com", "system:serviceaccount:*"), None),
        ] {
            if self.role_called(name).is_none() {
                self.create_role(name, &trust, &[READ_SECRETS.to_owned()], longest, now)?;
            }
        }
        self.metadata.role = Some(ECS_ROLE.to_owned());
        self.has_identities = true;
        Ok(())
    }
}
