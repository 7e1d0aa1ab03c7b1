//! The protobuf messages of the instance gateway.

/// What `GetSecretValue` takes.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct GetSecretValueRequest {
    #[prost(string, tag = "1")]
    pub(crate) secret_name: String,
    #[prost(string, tag = "2")]
    pub(crate) version_stage: String,
    #[prost(string, tag = "3")]
    pub(crate) version_id: String,
    #[prost(bool, tag = "4")]
    pub(crate) fetch_extended_config: bool,
}

/// What `GetSecretValue` gives.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct GetSecretValueResponse {
    #[prost(string, tag = "1")]
    pub(crate) secret_name: String,
    #[prost(string, tag = "2")]
    pub(crate) secret_type: String,
    #[prost(string, tag = "3")]
    pub(crate) secret_data: String,
    #[prost(string, tag = "4")]
    pub(crate) secret_data_type: String,
    #[prost(string, repeated, tag = "5")]
    pub(crate) version_stages: Vec<String>,
    #[prost(string, tag = "6")]
    pub(crate) version_id: String,
    #[prost(string, tag = "7")]
    pub(crate) create_time: String,
    #[prost(string, tag = "8")]
    pub(crate) request_id: String,
    #[prost(string, tag = "9")]
    pub(crate) last_rotation_date: String,
    #[prost(string, tag = "10")]
    pub(crate) next_rotation_date: String,
    #[prost(string, tag = "11")]
    pub(crate) extended_config: String,
    #[prost(string, tag = "12")]
    pub(crate) automatic_rotation: String,
    #[prost(string, tag = "13")]
    pub(crate) rotation_interval: String,
}

/// What comes with any status from 400 on.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct Error {
    #[prost(int32, tag = "1")]
    pub(crate) status_code: i32,
    #[prost(string, tag = "2")]
    pub(crate) error_code: String,
    #[prost(string, tag = "3")]
    pub(crate) error_message: String,
    #[prost(string, tag = "4")]
    pub(crate) request_id: String,
}
