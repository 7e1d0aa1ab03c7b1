//! The codes that the services' APIs describe, each with a sentence for the operator.

type Sentence = (&'static str, &'static str);

pub(super) const EXACT: &[Sentence] = &[
    // All of KMS.
    (
        "InvalidParameter",
        "a parameter is not as the service wants it: check names, ids and intervals on the command line",
    ),
    ("MissingParameter", "a parameter is missing: this kmsak may be older than the API, so update it"),
    ("UnsupportedOperation", "this kind of secret, key or instance does not take that: check its type"),
    (
        "Rejected.LimitExceeded",
        "a quota is used up, or a rotation is under way: wait for it to end, or raise the quota in the KMS console",
    ),
    ("IllegalTimestamp", "this machine's clock is too far off: set it by NTP"),
    ("IncompleteSignature", "the signature was changed on the way: look for a proxy that rewrites requests"),
    ("InvalidAccessKeyId.Inactive", "the operator's AccessKey is disabled: enable it in RAM, or use another"),
    (
        "InvalidAccessKeyId.NotFound",
        "the operator's AccessKey is not known: check ALIBABA_CLOUD_ACCESS_KEY_ID or the profile",
    ),
    (
        "SignatureDoesNotMatch",
        "the operator's AccessKey secret is wrong: check ALIBABA_CLOUD_ACCESS_KEY_SECRET or the profile",
    ),
    (
        "Forbidden.NoPermission",
        "RAM does not allow it: kmsak admin permissions prints the policy that a command needs",
    ),
    ("NoPermission", "RAM does not allow it: kmsak admin permissions prints the policy that a command needs"),
    (
        "NoPermission.ResourceDirectoryMember",
        "only the management account of the resource directory may do that: run it there, or without --all-accounts",
    ),
    ("Forbidden.AccessKey", "the operator's AccessKey may not be used: enable it in RAM, or use another"),
    ("Forbidden.KmsServiceNotEnabled", "KMS is not switched on in this account: open it in the KMS console"),
    ("Forbidden.Opened", "KMS is open already"),
    (
        "Forbidden.NoRealNameAuthentication",
        "the account has no verified owner: verify it in the account's console",
    ),
    ("CreateLXOrderFailed", "the order was not taken: try it in the KMS console"),
    ("Forbidden.InDebt", "the account owes money: settle the bill"),
    ("Forbidden.InDebtOverdue", "the account has owed money for too long: settle the bill"),
    ("Forbidden.ProhibitedByRiskControl", "Alibaba Cloud's risk control stopped the account: open a ticket"),
    ("Forbidden.ResourceNotFound", "there is no such thing: check the name, the region and the account"),
    ("Forbidden.KeyNotFound", "there is no such key: check its id, the region and the account"),
    ("Forbidden.AliasNotFound", "there is no such alias of a key: name the key by its id"),
    ("Rejected.Disabled", "the key is disabled: enable it, or name another with --key"),
    ("Rejected.PendingDeletion", "the key is about to be deleted: cancel that, or name another with --key"),
    ("Rejected.PendingImport", "the key has no material yet: import it, or name another with --key"),
    ("Rejected.Unavailable", "the key cannot be used now: look at its state in the KMS console"),
    ("Rejected.StateModifiedFailed", "something else changes the key at this moment: run it again"),
    ("Rejected.Throttling", "too many requests: wait a moment and run it again"),
    ("InternalFailure", "KMS failed: run it again"),
    ("DryRunOperationError", "all checks passed, and nothing was done since DryRun is set"),
    ("ValidationError", "KMS's check of the parameters failed"),
    ("AccessDeniedError", "KMS's check of the permission failed"),
    // Instances.
    (
        "Forbidden.DKMSInstanceNotFound",
        "there is no such KMS instance: check the id, the region and the account (kmsak admin instance list)",
    ),
    (
        "Forbidden.DKMSInstanceStateInvalid",
        "the KMS instance is not connected: look at it with kmsak admin instance show",
    ),
    (
        "Rejected.ShareQuotaExceedLimit",
        "the account's part of the shared KMS instance is used up: its owner has to raise the quota",
    ),
    (
        "Rejected.Uninitialized",
        "the KMS instance was bought and not connected yet: connect it to a VPC in the KMS console",
    ),
    (
        "Forbidden.KMSInstanceInUpgrade",
        "the KMS instance is being changed: wait some minutes and run it again",
    ),
    (
        "Forbidden.RamRoleNotFound",
        "the service role is not known everywhere yet: wait a minute and run it again",
    ),
    // Access and secrets.
    ("Rejected.ResourceExist", "the name is taken: choose another, or delete what has it"),
    (
        "Rejected.ResourceInDeleteWindow",
        "a secret of that name waits for its deletion: kmsak admin secret restore takes it back",
    ),
    (
        "Rejected.ResourceInUse",
        "it is in use: by a rotation, which has to end first, or by something else, from which it has to be taken first",
    ),
    ("Rejected.InvalidRequest", "the versions and stages do not go together"),
    ("Rejected.UnsupportedOperation", "this kind of secret does not take that: only generic ones do"),
    ("ResourceNotExists", "there is no such thing: check the name, the region and the account"),
    ("Duplicate.TagKey", "a tag is named twice"),
    ("InvalidParameter.TagKey", "a tag's name is not allowed: it may not begin with aliyun or acs:"),
    ("InvalidResourceId.NotFound", "there is nothing of that id to tag"),
    ("Unauthorized", "the ClientKey is not known: it was deleted, or belongs to another instance"),
    // RAM.
    (
        "InvalidParameter.UserName.InvalidChars",
        "the user's name has letters that RAM does not take: name it as RAM shows it",
    ),
    ("InvalidParameter.UserName.Length", "the user's name is too long: 64 letters at most"),
    ("InvalidParameter.PolicyType", "a policy is either System or Custom"),
    ("MalformedPolicyDocument", "the policy is not RAM's JSON"),
    (
        "EntityNotExist.User",
        "there is no such RAM user in this account: make it in RAM first, or have secret host make it with --make-user",
    ),
    ("EntityNotExist.User.AccessKey", "the RAM user has no such AccessKey"),
    ("EntityNotExist.User.Policy", "the RAM user does not have that policy"),
    ("EntityNotExist.Role", "there is no such RAM role"),
    ("EntityNotExist.Role.Policy", "the RAM role does not have that policy"),
    ("EntityNotExist.Policy", "there is no such policy in RAM"),
    ("EntityNotExist.Policy.Version", "the policy has no such version"),
    ("EntityNotExist.Group", "there is no such RAM group"),
    ("EntityNotExist.AccessKeyPolicy", "the AccessKey has no network policy of its own"),
    ("LimitExceeded.User", "the account has as many RAM users as it may"),
    (
        "LimitExceeded.User.AccessKey",
        "the RAM user has two AccessKeys already, as many as it may: delete the one that nobody uses (kmsak audit usage tells)",
    ),
    // Sharing.
    ("InvalidTarget", "that is no account, folder or resource directory: check the id"),
    ("ResourceAndTargetBothEmpty", "neither a resource nor an account is named"),
    ("DisassociateInvalid", "it is not part of the share"),
    ("ConflictedAssociationType", "it is asked for resources and accounts at once"),
    (
        "NotEnableSharingWithResourceDirectory",
        "sharing in the resource directory is not switched on: its management account runs kmsak admin share enable, or share with --external",
    ),
    (
        "AccountNotInResourceDirectory",
        "the account is not in the resource directory: invite it, or share with --external",
    ),
    ("ActionNotPermitted", "only the management account of the resource directory may do that"),
    ("AlreadyEnabled", "sharing in the resource directory is switched on already"),
    ("EntityNotExists.ResourceShare", "there is no such share"),
    ("EntityNotExists.Permission", "there is no such permission for a share"),
    ("EntityNotExists.ResourceShareInvitation", "there is no such invitation to a share"),
    (
        "EntityAlreadyExists.ResourceShare",
        "a share of that name is there already: choose another with --name",
    ),
    (
        "QuotaExceeded.ResourceShare.Count",
        "the account has as many shares as it may: delete one, or use one again with --name",
    ),
    (
        "QuotaExceeded.SharedResource.Count",
        "the share has as many resources as it may: choose another with --name",
    ),
    ("ShareWithYourself", "the account owns it already: name another with --with"),
    ("NotManagementAccount", "only the management account of the resource directory may do that"),
    (
        "ExternalTargetsNotAllowed.ResourceType",
        "this kind of resource can be shared in a resource directory only",
    ),
    ("InvalidTarget.LegalEntityMismatch", "the accounts belong to different owners, who cannot share this"),
    (
        "InvalidTarget.SiteMismatch",
        "one account is of the China site, the other of the international one, and they cannot share",
    ),
    (
        "ResourceShareStatusMismatchAction",
        "the share is being made or deleted: wait a moment and run it again",
    ),
    ("AssociateConflict", "the share is being changed by something else: wait a moment and run it again"),
    ("DisassociateConflict", "the share is being changed by something else: wait a moment and run it again"),
    ("DeleteResourceShareConflict", "the share is in use: take its resources out first"),
    ("OperationNotPermitted", "the share does not take that now: look at it in the Resource Sharing console"),
    ("InvitationStatus.Expired", "the invitation to the share has expired: its owner has to invite again"),
    ("InvitationStatus.AlreadyAccepted", "the invitation to the share was accepted already"),
    (
        "InvitationStatus.AlreadyRejected",
        "the invitation to the share was rejected: its owner has to invite again",
    ),
    // PrivateZone.
    ("Zone.NotExists", "there is no such zone"),
    ("Zone.Invalid.Id", "there is no such zone"),
    ("Zone.Invalid.Name", "PrivateZone does not take that name: check the instance's id"),
    ("Zone.Invalid.UserId", "the zone belongs to another account"),
    ("Zone.VpcExists", "the zone is still bound to a VPC: unbind it first"),
    ("ZoneVpc.NotExists.VpcId", "there is no such VPC in that region: check the id and the region"),
    ("ZoneVpc.Zone.Repeated", "the VPC is bound to another zone of this name already: unbind that one first"),
    (
        "ZoneVpc.Auth.NotExists",
        "the VPC belongs to an account that has not authorised this one in PrivateZone",
    ),
    ("Record.Invalid.Conflict", "the same record is there already"),
    ("IllegalUser", "PrivateZone is not switched on in this account: open it in its console"),
    ("System.Busy", "PrivateZone is busy: run it again"),
    // Config.
    ("ExceedMaxRuleCount", "the account has as many rules in Cloud Config as it may: delete one"),
    ("ConfigRuleExists", "a rule of that name is there already"),
    ("ConfigRuleNotExists", "there is no such rule"),
    ("ConfigRuleCanNotDelete", "the rule belongs to a compliance package: delete it there"),
    ("Invalid.AggregatorId.Value", "there is no such account group: check --aggregator"),
    ("Invalid.AggregatorAccounts.Empty", "the account group names no account"),
    ("Invalid.AggregatorAccounts.Value", "the account group names an account that it cannot have"),
    ("AggregatorNameDuplicated", "an account group of that name is there already"),
    ("AggregatorExceedMaxCount", "there are as many account groups as there may be"),
    (
        "AggregatorMemberNoPermission",
        "only the management account or a delegated administrator may use the account group",
    ),
    (
        "NoPermissionCreateAggregator",
        "only the management account or a delegated administrator may make an account group",
    ),
    ("AccountNotExisted", "Cloud Config is not switched on in this account: open it in its console"),
    (
        "CloudConfigServiceRoleNotExisted",
        "Cloud Config has no service role in this account: open its console once",
    ),
    // ActionTrail.
    ("InvalidQueryParameter", "ActionTrail knows nothing of that AccessKey in this account"),
    ("InvalidParameterCombination", "ActionTrail takes one condition at a time"),
    ("InvalidParameterStartTime", "ActionTrail does not go back that far"),
    ("InvalidParameterEndTime", "the end lies before the beginning"),
    // STS.
    ("InternalError", "the service failed: run it again"),
];

pub(super) const BEGINNINGS: &[Sentence] = &[
    ("SerivceUn", "KMS is not available for the moment: run it again"),
    ("ServiceUnavailable", "the service is not available for the moment: run it again"),
    ("Throttling", "too many requests: wait a moment and run it again"),
    ("InvalidSecurityToken", "the operator's security token is wrong or has ended: log in again"),
    (
        "MissingSecurityToken",
        "the operator's AccessKey is a temporary one without its token: set ALIBABA_CLOUD_SECURITY_TOKEN",
    ),
    ("InvalidTimeStamp", "this machine's clock is too far off: set it by NTP"),
    ("EntityAlreadyExists.", "it is there already"),
    ("DeleteConflict.", "something is still attached to it: take that away first"),
    (
        "InvalidParameter.",
        "a parameter is not as the service wants it: check names and ids on the command line",
    ),
    ("MissingParameter.", "a parameter is missing: this kmsak may be older than the API, so update it"),
    ("InvalidRegionId", "there is no such region: check --region"),
    ("InvalidAction.NotFound", "this endpoint does not know the call: check --api-endpoint and --region"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_code_is_there_twice_and_each_sentence_fits_a_line() {
        let all: Vec<_> = EXACT.iter().chain(BEGINNINGS).collect();
        for (index, (code, sentence)) in all.iter().enumerate() {
            assert!(!all[..index].iter().any(|(earlier, _)| earlier == code), "{code}");
            assert!(!sentence.ends_with('.') && sentence.len() > 10, "{code}: {sentence}");
        }
    }
}
