//! Fetches the secret as the application will.

use std::time::Duration;

use kmsak::{Builder, Kind};

use super::app_folder::{Folder, OFF_THE_CLOUD, ON_THE_CLOUD};
use super::run::Run;
use crate::failure::Failure;
use crate::secret_json;

/// Off the cloud the instance is not there, and nobody waits for long to learn it.
const PATIENCE: Duration = Duration::from_secs(6);

/// Policies take effect within minutes; usually at once.
const FOR_POLICIES: Duration = Duration::from_secs(20);

/// Through each gateway for which there is a file; through the shared one where there is `public_rule`. One that cannot be reached
/// from here is no failure.
pub(super) fn fetch(
    run: &Run,
    folder: &Folder,
    secret: &str,
    public_rule: Option<&String>,
) -> Result<(), Failure> {
    if run.is_dry() {
        return Ok(());
    }
    through(run, folder, secret, "the instance's gateway", ON_THE_CLOUD, "")?;
    let Some(rule) = public_rule else { return Ok(()) };
    // KMS's API makes rules for private networks only.
    let or = format!(
        ", and if it stays so, make the network rule {rule} in the KMS console, of the type public network"
    );
    through(run, folder, secret, "the shared gateway", OFF_THE_CLOUD, &or)
}

/// `or` says what else may mend a refusal.
fn through(
    run: &Run,
    folder: &Folder,
    secret: &str,
    gateway: &str,
    file: &str,
    or: &str,
) -> Result<(), Failure> {
    let mut last: Option<kmsak::Error> = None;
    let fetched = run.wait("fetching the secret", Duration::from_secs(2), FOR_POLICIES, || {
        let provider = Builder::new()
            .properties_file(folder.path(file))
            .secret_names([""; 0])
            .fetch_deadline(PATIENCE)
            .language("cli")
            .open()?;
        match provider.secret(secret) {
            Ok(secret) => Ok(Some(Some(secret))),
            // It will not be there in two seconds either.
            Err(error) if matches!(error.kind(), Kind::Network) => {
                last = Some(error);
                Ok(Some(None))
            }
            Err(error) => {
                last = Some(error);
                Ok(None)
            }
        }
    })?;
    match fetched.flatten() {
        Some(secret) => {
            let id = secret_json::access_key(&secret).map(|(id, _)| id).unwrap_or_default();
            run.note(format!("fetched {} through {gateway} {id}", secret.name()).trim_end());
            Ok(())
        }
        None => {
            let error = last.ok_or_else(|| Failure::new("KMS did not answer"))?;
            if error.kind() == Kind::Network {
                run.note(&format!(
                    "{gateway} cannot be reached from here, so nothing was fetched through it: try kmsak doctor --config {} where the application runs",
                    folder.path(file).display()
                ));
                return Ok(());
            }
            let or = if error.kind() == Kind::Denied { or } else { "" };
            let failure = Failure::from(error);
            Err(Failure::new(format!(
                "all is made, but {gateway} does not give the secret: {}; policies take effect within 5 minutes, so run it again then{or}",
                failure.message()
            ))
            .with_code(failure.code()))
        }
    }
}
