//! Under which names the environment holds an AccessKey.

/// What the SDKs' default credential chains, the aliyun CLI, ossutil and the OSS SDKs, and Terraform's alicloud provider
/// read: the names of the id and of the secret.
pub(crate) const NAMES: [(&str, &str); 4] = [
    ("ALIBABA_CLOUD_ACCESS_KEY_ID", "ALIBABA_CLOUD_ACCESS_KEY_SECRET"),
    ("ALIBABACLOUD_ACCESS_KEY_ID", "ALIBABACLOUD_ACCESS_KEY_SECRET"),
    ("ALICLOUD_ACCESS_KEY", "ALICLOUD_SECRET_KEY"),
    ("OSS_ACCESS_KEY_ID", "OSS_ACCESS_KEY_SECRET"),
];

/// A token left over from other credentials would be sent along and spoil every call.
pub(crate) const TO_REMOVE: [&str; 5] = [
    "ALIBABA_CLOUD_SECURITY_TOKEN",
    "ALIBABACLOUD_SECURITY_TOKEN",
    "ALICLOUD_SECURITY_TOKEN",
    "SECURITY_TOKEN",
    "OSS_SESSION_TOKEN",
];

/// So that the aliyun CLI takes the environment's AccessKey even where ~/.aliyun/config.json holds a profile.
pub(crate) const TO_SET: [(&str, &str); 2] =
    [("ALIBABA_CLOUD_IGNORE_PROFILE", "TRUE"), ("ALIBABACLOUD_IGNORE_PROFILE", "TRUE")];

/// Every name with its value.
pub(crate) fn of<'a>(id: &'a str, secret: &'a str) -> impl Iterator<Item = (&'static str, &'a str)> {
    NAMES.into_iter().flat_map(move |(id_name, secret_name)| [(id_name, id), (secret_name, secret)])
}

/// Whether a shell can have a variable of this name.
pub(crate) fn is_name(text: &str) -> bool {
    text.bytes().enumerate().all(|(index, byte)| {
        byte == b'_' || byte.is_ascii_alphabetic() || (index > 0 && byte.is_ascii_digit())
    }) && !text.is_empty()
}
