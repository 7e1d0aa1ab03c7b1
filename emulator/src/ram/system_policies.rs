//! The system policies that matter here, as RAM's reference gives them; of those about several services the part about
//! KMS.

/// What the role has by which KMS rotates AccessKeys.
pub(crate) const ROTATION_POLICY: &str = "AliyunKMSManagedRAMCrendentialsRolePolicy";

pub(crate) const ALL: [(&str, &str); 13] = [
    (
        "AdministratorAccess",
        r#"{"Version": "1", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}"#,
    ),
    (
        "AliyunKMSFullAccess",
        r#"{"Version": "1", "Statement": [{"Effect": "Allow", "Action": "kms:*", "Resource": "*"}]}"#,
    ),
    (
        "AliyunKMSReadOnlyAccess",
        r#"{"Version": "1", "Statement": [{"Effect": "Allow", "Resource": "*", "Action": [
            "kms:List*", "kms:Describe*", "kms:GetPublicKey", "kms:GetUploadBackupDataInfo",
            "kms:GetKmsInstanceSharedAccounts", "kms:GetKmsInstanceQuotaInfos",
            "kms:GetCheckAssociateResourceTaskResults", "kms:GetKeyPolicy", "kms:GetKeyDefaultPolicy",
            "kms:GetSecretPolicy", "kms:GetSecretDefaultPolicy", "kms:GetKmsInstance", "kms:GetDefaultKmsInstance"]}]}"#,
    ),
    (
        "AliyunKMSCryptoUserAccess",
        r#"{"Version": "1", "Statement": [{"Effect": "Allow", "Resource": "*", "Action": [
            "kms:Encrypt", "kms:Decrypt", "kms:GenerateDataKey", "kms:GenerateDataKeyWithoutPlaintext",
            "kms:AsymmetricDecrypt", "kms:AsymmetricEncrypt", "kms:AsymmetricSign", "kms:AsymmetricVerify",
            "kms:GetPublicKey", "kms:GenerateMac", "kms:VerifyMac"]}]}"#,
    ),
    (
        "AliyunKMSSecretUserAccess",
        r#"{"Version": "1", "Statement": [
            {"Effect": "Allow", "Action": ["kms:GetSecretValue"], "Resource": "*"},
            {"Effect": "Allow", "Action": ["kms:DescribeSecret", "kms:ListSecretVersionIds"], "Resource": "*"}]}"#,
    ),
    (
        "AliyunKMSSecretAdminAccess",
        r#"{"Version": "1", "Statement": [
            {"Effect": "Allow", "Action": "kms:*", "Resource": "acs:kms:*:*:secret*"},
            {"Effect": "Allow", "Action": "kms:GetRandomPassword", "Resource": "*"}]}"#,
    ),
    (
        ROTATION_POLICY,
        r#"{"Version": "1", "Statement": [{"Effect": "Allow", "Resource": "*", "Action": [
            "ram:ListAccessKeys", "ram:CreateAccessKey", "ram:DeleteAccessKey", "ram:UpdateAccessKey"]}]}"#,
    ),
    (
        "AliyunKMSManageRAMCredentialsRolePolicy",
        r#"{"Version": "1", "Statement": [{"Effect": "Allow", "Resource": "*", "Action": [
            "ram:ListAccessKeys", "ram:CreateAccessKey", "ram:DeleteAccessKey", "ram:UpdateAccessKey"]}]}"#,
    ),
    (
        "AliyunRAMFullAccess",
        r#"{"Version": "1", "Statement": [{"Effect": "Allow", "Action": ["ram:*", "ims:*"], "Resource": "*"}]}"#,
    ),
    (
        "AliyunRAMReadOnlyAccess",
        r#"{"Version": "1", "Statement": [{"Effect": "Allow", "Resource": "*", "Action": [
            "ram:Get*", "ram:List*", "ims:Get*", "ims:List*", "ram:GenerateCredentialReport",
            "ims:GenerateCredentialReport"]}]}"#,
    ),
    (
        "AliyunOSSReadOnlyAccess",
        r#"{"Version": "1", "Statement": [{"Effect": "Allow", "Action": ["oss:Get*", "oss:List*"], "Resource": "*"}]}"#,
    ),
    (
        "AliyunOSSFullAccess",
        r#"{"Version": "1", "Statement": [{"Effect": "Allow", "Action": "oss:*", "Resource": "*"}]}"#,
    ),
    (
        "AliyunSTSAssumeRoleAccess",
        r#"{"Version": "1", "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": "*"}]}"#,
    ),
];

pub(crate) fn document(name: &str) -> Option<&'static str> {
    ALL.iter().find(|(one, _)| *one == name).map(|(_, document)| *document)
}
