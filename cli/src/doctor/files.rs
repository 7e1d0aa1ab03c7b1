//! The files of a configuration: who may read them.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use kmsak::Config;

use super::report::Report;

pub(super) fn check(report: &mut Report, config: &Config) {
    let mut seen: Vec<PathBuf> = Vec::new();
    let mut first = |path: &Path| {
        let new = !seen.iter().any(|one| one == path);
        if new {
            seen.push(path.to_owned());
        }
        new
    };
    for endpoint in config.endpoints() {
        for path in [&endpoint.client_key_file, &endpoint.password_file].into_iter().flatten() {
            if first(path) {
                private(report, path);
            }
        }
        if let Some(path) = endpoint.ca_file.as_deref().filter(|path| first(path)) {
            match fs::metadata(path) {
                Ok(metadata) if metadata.mode() & 0o022 != 0 => report.warning(
                    "files",
                    &format!(
                        "{} decides whom to trust and others may change it: chmod 644 it",
                        path.display()
                    ),
                ),
                Ok(_) => report.good("files", &path.display().to_string()),
                Err(error) => report.failed("files", &format!("{} cannot be read: {error}", path.display())),
            }
        }
        if let Some(name) = endpoint.password_variable {
            match std::env::var_os(&name) {
                Some(_) => {
                    report.good("files", &format!("the password is in the environment variable {name}"))
                }
                None => report.failed(
                    "files",
                    &format!("the environment variable {name}, which is to hold the password, is not set"),
                ),
            }
        }
    }
}

fn private(report: &mut Report, path: &Path) {
    let shown = path.display();
    match fs::metadata(path) {
        Ok(metadata) if metadata.mode() & 0o077 != 0 => {
            let mode = metadata.mode() & 0o777;
            report.warning(
                "files",
                &format!("{shown} has mode {mode:04o}, so that others can read it: chmod 600 it"),
            );
        }
        Ok(_) => report.good("files", &format!("{shown}, for its owner alone")),
        Err(error) => report.failed("files", &format!("{shown} cannot be read: {error}")),
    }
}
