//! The keys of a properties file, and the environment variables of the same settings.

pub(super) const REGIONS: &str = "cache_client_region_id";
pub(super) const INSTANCES: &str = "cache_client_dkms_config_info";
pub(super) const CREDENTIALS_TYPE: &str = "credentials_type";
pub(super) const CLIENT_KEY_PATH: &str = "client_key_private_key_path";
pub(super) const CLIENT_KEY_CONTENT: &str = "client_key_content";
pub(super) const PASSWORD: &str = "client_key_password";
pub(super) const PASSWORD_ENV: &str = "client_key_password_from_env_variable";
pub(super) const PASSWORD_PATH: &str = "client_key_password_from_file_path";
pub(super) const SECRET_NAMES: &str = "secret_names";
pub(super) const ROTATION_INTERVAL: &str = "rotation_interval";
pub(super) const REFRESH_SECRET_TTL: &str = "refresh_secret_ttl";
pub(super) const DELAY_INTERVAL: &str = "delay_interval";
pub(super) const JITTER_INTERVAL: &str = "jitter_interval";
pub(super) const MONITOR_PERIOD: &str = "monitor_period_milliseconds";
pub(super) const MONITOR_CUSTOMER: &str = "monitor_customer_milliseconds";
pub(super) const CONNECT_TIMEOUT: &str = "connect_timeout";
pub(super) const READ_TIMEOUT: &str = "read_timeout";
pub(super) const HTTP_PROXY: &str = "http_proxy";
pub(super) const HTTPS_PROXY: &str = "https_proxy";
pub(super) const NO_PROXY: &str = "no_proxy";
pub(super) const FETCH_DEADLINE: &str = "fetch_deadline";
pub(super) const RENEW_DEADLINE: &str = "renew_deadline";
pub(super) const RENEW_TOKENS: &str = "renew_tokens";
pub(super) const RENEW_REFILL_INTERVAL: &str = "renew_refill_interval";
pub(super) const FLEET_SIZE: &str = "fleet_size";
pub(super) const REJECTION_CODES: &str = "rejection_codes";
pub(super) const MAX_STALE: &str = "max_stale";
pub(super) const CACHE_FILE: &str = "cache_file";
pub(super) const ACCESS_KEY_ID: &str = "credentials_access_key_id";
pub(super) const ACCESS_SECRET: &str = "credentials_access_secret";
pub(super) const ACCESS_TOKEN_ID: &str = "credentials_access_token_id";
pub(super) const ACCESS_TOKEN: &str = "credentials_access_token";
pub(super) const SECURITY_TOKEN: &str = "credentials_security_token";
pub(super) const ROLE_NAME: &str = "credentials_role_name";
pub(super) const ROLE_ARN: &str = "credentials_role_arn";
pub(super) const ROLE_SESSION_NAME: &str = "credentials_role_session_name";
pub(super) const POLICY: &str = "credentials_policy";
pub(super) const EXTERNAL_ID: &str = "credentials_external_id";
pub(super) const DURATION_SECONDS: &str = "credentials_duration_seconds";
pub(super) const SOURCE_TYPE: &str = "credentials_source_type";
pub(super) const OIDC_PROVIDER_ARN: &str = "credentials_oidc_provider_arn";
pub(super) const OIDC_TOKEN_FILE_PATH: &str = "credentials_oidc_token_file_path";
pub(super) const STS_REGION_ID: &str = "credentials_sts_region_id";
pub(super) const CREDENTIALS_STS_ENDPOINT: &str = "credentials_sts_endpoint";
pub(super) const OIDC_DURATION_SECONDS: &str = "credentials_oidc_duration_seconds";
pub(super) const OIDC_STS_REGION_ID: &str = "credentials_oidc_sts_region_id";
pub(super) const OIDC_STS_ENDPOINT: &str = "credentials_oidc_sts_endpoint";
pub(super) const ECS_METADATA_ENDPOINT: &str = "ecs_metadata_endpoint";
pub(super) const STS_ENDPOINT: &str = "sts_endpoint";
pub(super) const STS_CA_FILE_PATH: &str = "sts_ca_file_path";

/// All that kmsak understands.
pub(super) const ALL: &[&str] = &[
    REGIONS,
    INSTANCES,
    CREDENTIALS_TYPE,
    CLIENT_KEY_PATH,
    CLIENT_KEY_CONTENT,
    PASSWORD,
    PASSWORD_ENV,
    PASSWORD_PATH,
    SECRET_NAMES,
    ROTATION_INTERVAL,
    REFRESH_SECRET_TTL,
    DELAY_INTERVAL,
    JITTER_INTERVAL,
    MONITOR_PERIOD,
    MONITOR_CUSTOMER,
    CONNECT_TIMEOUT,
    READ_TIMEOUT,
    HTTP_PROXY,
    HTTPS_PROXY,
    NO_PROXY,
    FETCH_DEADLINE,
    RENEW_DEADLINE,
    RENEW_TOKENS,
    RENEW_REFILL_INTERVAL,
    FLEET_SIZE,
    REJECTION_CODES,
    MAX_STALE,
    CACHE_FILE,
    ACCESS_KEY_ID,
    ACCESS_SECRET,
    ACCESS_TOKEN_ID,
    ACCESS_TOKEN,
    SECURITY_TOKEN,
    ROLE_NAME,
    ROLE_ARN,
    ROLE_SESSION_NAME,
    POLICY,
    EXTERNAL_ID,
    DURATION_SECONDS,
    SOURCE_TYPE,
    OIDC_PROVIDER_ARN,
    OIDC_TOKEN_FILE_PATH,
    STS_REGION_ID,
    CREDENTIALS_STS_ENDPOINT,
    OIDC_DURATION_SECONDS,
    OIDC_STS_REGION_ID,
    OIDC_STS_ENDPOINT,
    ECS_METADATA_ENDPOINT,
    STS_ENDPOINT,
    STS_CA_FILE_PATH,
];

/// Kmsak's own keys. Their names are so general that a variable of the same name may be meant for any program: only the one with
/// [`PREFIX`] is read, but for the proxies, which the transport looks up as every HTTP client does. The other keys are the
/// official clients' and are read as those do.
const OWN: &[&str] = &[
    CLIENT_KEY_CONTENT,
    JITTER_INTERVAL,
    CONNECT_TIMEOUT,
    READ_TIMEOUT,
    HTTP_PROXY,
    HTTPS_PROXY,
    NO_PROXY,
    FETCH_DEADLINE,
    RENEW_DEADLINE,
    RENEW_TOKENS,
    RENEW_REFILL_INTERVAL,
    FLEET_SIZE,
    REJECTION_CODES,
    MAX_STALE,
    CACHE_FILE,
    ECS_METADATA_ENDPOINT,
    STS_ENDPOINT,
    STS_CA_FILE_PATH,
];

const PREFIX: &str = "KMSAK_";

/// The variable that every key has.
pub(super) fn prefixed(key: &str) -> String {
    format!("{PREFIX}{}", key.to_ascii_uppercase())
}

/// Whether a variable that is named as `key` itself wins over the files. The password's is the last resort instead.
pub(super) fn is_read_bare(key: &str) -> bool {
    !OWN.contains(&key) && key != PASSWORD
}

/// The fields of one element of `cache_client_dkms_config_info` or `cache_client_region_id`: the Java, Python and Go
/// clients' and the V2 client's.
pub(super) const FIELDS: &[&str] = &[
    "regionId",
    "endpoint",
    "vpc",
    "credentialsType",
    "clientKeyFile",
    "clientKeyContent",
    "passwordFromFilePath",
    "passwordFromFilePathName",
    "passwordFromEnvVariable",
    "password",
    "caFilePath",
    "ca",
    "caCert",
    "ignoreSslCerts",
    "connectTimeout",
    "readTimeout",
    "httpProxy",
    "httpsProxy",
    "noProxy",
];

/// No known name is longer.
const LONGEST_KEY: usize = 64;

/// The known name that `unknown` was probably meant to be.
pub(super) fn nearest(unknown: &str, known: &[&'static str]) -> Option<&'static str> {
    if unknown.len() > 2 * LONGEST_KEY {
        return None;
    }
    let bare = |name: &str| name.replace(['_', '-', '.'], "").to_ascii_lowercase();
    let unknown = bare(unknown);
    let distance = |name: &str| match bare(name) {
        name if unknown.len() >= 6 && name.starts_with(&unknown) => 1,
        name => strsim::levenshtein(&name, &unknown),
    };
    known
        .iter()
        .map(|name| (distance(name), *name))
        .min()
        .filter(|(distance, name)| *distance <= 3 && distance * 4 <= name.len())
        .map(|(_, name)| name)
}
