//! The messages of the driver's `v1alpha1.CSIDriverProvider`.
//!
//! Source: `provider/v1alpha1/service.proto` of the Secrets Store CSI Driver.

/// What the driver says of itself.
#[derive(Clone, PartialEq, prost::Message)]
pub struct VersionRequest {
    /// The interface's version, `v1alpha1`.
    #[prost(string, tag = "1")]
    pub version: String,
}

/// What the provider says of itself.
#[derive(Clone, PartialEq, prost::Message)]
pub struct VersionResponse {
    /// The interface's version, `v1alpha1`.
    #[prost(string, tag = "1")]
    pub version: String,
    /// The provider's name.
    #[prost(string, tag = "2")]
    pub runtime_name: String,
    /// The provider's version.
    #[prost(string, tag = "3")]
    pub runtime_version: String,
}

/// A volume that wants its files, for the first time or again.
#[derive(Clone, PartialEq, prost::Message)]
pub struct MountRequest {
    /// A JSON object: the SecretProviderClass's parameters, and what the driver knows of the pod.
    #[prost(string, tag = "1")]
    pub attributes: String,
    /// A JSON object: the content of the Secret in `nodePublishSecretRef`.
    #[prost(string, tag = "2")]
    pub secrets: String,
    /// Where the driver writes the files.
    #[prost(string, tag = "3")]
    pub target_path: String,
    /// The mode of the files, as a JSON number.
    #[prost(string, tag = "4")]
    pub permission: String,
    /// What is in the volume.
    #[prost(message, repeated, tag = "5")]
    pub current_object_version: Vec<ObjectVersion>,
}

/// The whole volume.
#[derive(Clone, PartialEq, prost::Message)]
pub struct MountResponse {
    /// Which version of each secret is in it.
    #[prost(message, repeated, tag = "1")]
    pub object_version: Vec<ObjectVersion>,
    /// Its files.
    #[prost(message, repeated, tag = "3")]
    pub files: Vec<File>,
}

/// A file for the driver to write.
#[derive(Clone, PartialEq, prost::Message)]
pub struct File {
    /// Below the volume's folder.
    #[prost(string, tag = "1")]
    pub path: String,
    /// Permission bits.
    #[prost(int32, tag = "2")]
    pub mode: i32,
    /// What is in it.
    #[prost(bytes = "vec", tag = "3")]
    pub contents: Vec<u8>,
}

/// A version of a secret.
#[derive(Clone, PartialEq, prost::Message)]
pub struct ObjectVersion {
    /// The secret.
    #[prost(string, tag = "1")]
    pub id: String,
    /// The version's id in KMS.
    #[prost(string, tag = "2")]
    pub version: String,
}
