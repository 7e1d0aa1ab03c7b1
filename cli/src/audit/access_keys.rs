//! An account's AccessKeys: from the credential report where it can be had, else from RAM.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;

use super::findings::AuditedKey;
use super::{credential_report, from_ram};
use crate::admin::run::{Run, every_part};
use crate::cloud::ims;
use crate::failure::Failure;

/// An account's report is made in seconds; one with thousands of users takes longer.
const PATIENCE: Duration = Duration::from_secs(120);

pub(super) fn all(run: &Run, account: &str) -> Result<Vec<AuditedKey>, Failure> {
    // Who may not have it, or whose account has too many users, is left with RAM.
    let why = match report(run) {
        Ok(Some(text)) => return credential_report::read(&text, account),
        Ok(None) => "it is not made yet".to_owned(),
        Err(failure) => failure.message().to_owned(),
    };
    run.note(&format!("RAM is asked user by user, as there is no credential report: {why}"));
    from_ram::all(run, account)
}

fn report(run: &Run) -> Result<Option<String>, Failure> {
    let done = run.wait("waiting for the credential report", Duration::from_secs(1), PATIENCE, || {
        let state = run.look(&ims::generate_report())?.state;
        Ok((state == "COMPLETED").then_some(()))
    })?;
    if done.is_none() {
        return Ok(None);
    }
    let mut made = String::new();
    let parts = every_part(|next| {
        let report = run.look(&ims::get_report(next))?;
        made.clone_from(&report.generated_time);
        let bytes =
            BASE64.decode(report.content.as_bytes()).map_err(Failure::doing("the report is no base64"))?;
        let text = String::from_utf8(bytes).map_err(Failure::doing("the report is no text"))?;
        Ok((vec![text], report.next()))
    })?;
    run.note(&format!(
        "the AccessKeys are those of the credential report of {made}, and IMS makes another one only four hours later"
    ));
    Ok(Some(join(&parts)))
}

/// Each part may begin with the head again.
fn join(parts: &[String]) -> String {
    let head = parts.first().and_then(|part| part.lines().next()).unwrap_or_default();
    let mut joined = String::new();
    for (index, part) in parts.iter().enumerate() {
        let mut lines = part.lines().peekable();
        if index > 0 && lines.peek() == Some(&head) {
            lines.next();
        }
        for line in lines {
            joined.push_str(line);
            joined.push('\n');
        }
    }
    joined
}

#[cfg(test)]
mod tests {
    #[test]
    fn parts_with_and_without_a_head_are_joined() {
        let parts = ["user,x\na,1\n".to_owned(), "user,x\nb,2".to_owned(), "c,3\n".to_owned()];
        assert_eq!(super::join(&parts), "user,x\na,1\nb,2\nc,3\n");
    }
}
