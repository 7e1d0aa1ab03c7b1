//! One secret: signature, permission, rotation and age.

use std::time::SystemTime;

use kmsak::{Kind, Provider, Secret};

use super::counted;
use super::report::Report;
use crate::failure::exit_code;
use crate::secret_json;

/// Answers the exit code that this secret deserves.
pub(super) fn check(report: &mut Report, provider: &Provider, name: &str) -> u8 {
    report.begin("secret");
    let secret = match provider.secret(name) {
        Ok(secret) => secret,
        Err(error) => {
            let check = match error.kind() {
                Kind::Denied if error.code().is_some_and(refuses_the_client_key) => "signature",
                Kind::Denied => "permission",
                Kind::Network => "network",
                Kind::Tls => "TLS",
                _ => "secret",
            };
            let code = error.code().map(|code| format!(" [{code}]")).unwrap_or_default();
            report.failed(check, &format!("{}{code}", error.message()));
            return exit_code(error.kind());
        }
    };
    report.good("signature", "KMS accepts it");
    report.good("permission", &format!("{name} may be read, version {}", secret.version_id()));
    fleet(report, provider, name);
    rotation(report, &secret);
    if secret_json::is_ram(&secret)
        && let Err(failure) = secret_json::access_key(&secret)
    {
        report.failed("secret", failure.message());
        return failure.code();
    }
    0
}

/// What a rejected AccessKey would lead to, if all processes that use it noticed at the same moment.
fn fleet(report: &mut Report, provider: &Provider, name: &str) {
    let told = match provider.fleet(name) {
        Some((size, spread)) => format!(
            "told as {}: should {name} be rejected, the last of them has the new AccessKey after {} s",
            if size == 1 { "1 process".to_owned() } else { format!("{size} processes") },
            spread.as_secs() + 1
        ),
        None => "size not told: where more than 4,000 processes share the account's quota, say fleet_size in the configuration or in \
                 the secret's CustomData"
            .to_owned(),
    };
    report.good("fleet", &told);
}

fn refuses_the_client_key(code: &str) -> bool {
    code.contains("Signature") || code.starts_with("InvalidAccessKeyId") || code == "Unauthorized"
}

/// How old the version is, by KMS's word: its CreateTime may be the secret's.
fn age(secret: &Secret, now: SystemTime) -> String {
    let generated = secret_json::generated(secret);
    let Some(made) = generated.or_else(|| secret.last_rotation_date()) else {
        return "KMS does not tell the age of this version".to_owned();
    };
    let seconds = now.duration_since(made).unwrap_or_default().as_secs();
    let (count, unit) = match seconds {
        0..60 => (seconds, "second"),
        60..3_600 => (seconds / 60, "minute"),
        3_600..172_800 => (seconds / 3_600, "hour"),
        _ => (seconds / 86_400, "day"),
    };
    format!("this version is {} old", counted(count as usize, unit))
}

fn rotation(report: &mut Report, secret: &Secret) {
    let now = SystemTime::now();
    let age = age(secret, now);
    let on = secret.automatic_rotation().is_some_and(|state| state.eq_ignore_ascii_case("Enabled"));
    if secret.automatic_rotation().is_some_and(|state| state.eq_ignore_ascii_case("Invalid")) {
        report.warning(
            "rotation",
            &format!(
                "on, but KMS cannot carry it out; {age}: KMS's service role is missing, or the RAM user has an AccessKey besides the \
                 managed one: kmsak admin secret show says which"
            ),
        );
    } else if let Some(next) = secret.next_rotation_date() {
        let next_shown = secret_json::moment(next);
        if next < now {
            report.warning(
                "rotation",
                &format!("overdue since {next_shown}; {age}: look at the secret in the KMS console"),
            );
        } else {
            report.good("rotation", &format!("next on {next_shown}; {age}"));
        }
    } else if on {
        report.good("rotation", &format!("on; {age}"));
    } else if secret_json::is_ram(secret) {
        report.warning(
            "rotation",
            &format!(
                "off; {age}: have whoever runs KMS switch it on (kmsak admin secret rotation), so that a leaked AccessKey ends by itself"
            ),
        );
    } else {
        report.good("rotation", &format!("off; {age}"));
    }
}
