//! Who asks, where it is not a ClientKey.

use std::time::SystemTime;

use kmsak::Config;

use super::report::Report;
use crate::failure::exit_code;

/// Whether there is an AccessKey to ask with; if not, the exit code that this deserves.
pub(super) fn check(report: &mut Report, config: &Config, endpoint: usize, kind: &str) -> Result<(), u8> {
    report.begin("identity");
    let info = config.ask_identity(endpoint).map_err(|error| {
        report.failed("identity", error.message());
        exit_code(error.kind())
    })?;
    let mut facts = kind.to_owned();
    let name = if info.access_key_id.as_deref() == Some(&info.name) { "" } else { &info.name };
    if !name.is_empty() {
        facts.push(' ');
        facts.push_str(name);
    }
    if let Some(id) = &info.access_key_id {
        facts.push_str(&format!(", with the AccessKey {id}"));
    }
    if let Some(origin) = &info.origin {
        facts.push_str(&format!(" ({origin})"));
    }
    match info.expires {
        Some(end) => {
            let left = end.duration_since(SystemTime::now()).unwrap_or_default().as_secs() / 60;
            report.good("identity", &format!("{facts}, which ends in {left} min and is renewed before"));
        }
        None => report.good("identity", &facts),
    }
    Ok(())
}
