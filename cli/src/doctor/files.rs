//! The files of a configuration: who may read them.

use std::fs;
use std::path::{Path, PathBuf};

use kmsak::{Config, EndpointDescription};

use super::report::Report;
use crate::mode::mode;

pub(super) fn check(report: &mut Report, config: &Config, properties: Option<&Path>) {
    let endpoints = config.endpoints();
    if let Some(path) = properties {
        let inline = |endpoint: &EndpointDescription| match endpoint.credentials_type {
            "client_key" => {
                endpoint.client_key_file.is_none()
                    || (endpoint.password_file.is_none() && endpoint.password_variable.is_none())
            }
            kind => matches!(kind, "ak" | "sts" | "ram_role"),
        };
        if endpoints.iter().any(inline) {
            private(report, path, "holds the ClientKey or its password, or an AccessKey");
        } else {
            unchangeable(report, path, "decides where secrets come from");
        }
    }
    let mut seen: Vec<PathBuf> = Vec::new();
    let mut first = |path: &Path| {
        let new = !seen.iter().any(|one| one == path);
        if new {
            seen.push(path.to_owned());
        }
        new
    };
    for endpoint in endpoints {
        for path in [&endpoint.client_key_file, &endpoint.password_file].into_iter().flatten() {
            if first(path) {
                private(report, path, "is secret");
            }
        }
        if let Some(path) = endpoint.ca_file.as_deref().filter(|path| first(path)) {
            unchangeable(report, path, "decides whom to trust");
        }
        if let Some(name) = endpoint.password_variable.filter(|name| std::env::var_os(name).is_none()) {
            report.failed(
                "files",
                &format!("the environment variable {name}, which is to hold the password, is not set"),
            );
        }
    }
    if let Some(path) = config.cache_file() {
        cache_file(report, path);
    }
}

/// A group may read, as Kubernetes mounts Secrets so for a user who is not root.
fn private(report: &mut Report, path: &Path, why: &str) {
    let shown = path.display();
    match fs::metadata(path).map(|metadata| mode(&metadata)) {
        Ok(Some(mode)) if mode & 0o027 != 0 => {
            report.warning(
                "files",
                &format!("{shown} {why} and has mode {mode:04o}, so that others can read or change it: chmod 600 it"),
            );
        }
        Ok(Some(mode)) if mode & 0o040 != 0 => {
            report.good("files", &format!("{shown}, for its owner and group alone"));
        }
        Ok(Some(_)) => report.good("files", &format!("{shown}, for its owner alone")),
        Ok(None) => report
            .good("files", &format!("{shown} can be read; who else may is not looked at on this system")),
        Err(error) => report.failed("files", &format!("{shown} cannot be read: {error}")),
    }
}

fn unchangeable(report: &mut Report, path: &Path, why: &str) {
    let shown = path.display();
    match fs::metadata(path).map(|metadata| mode(&metadata)) {
        Ok(Some(mode)) if mode & 0o022 != 0 => {
            report.warning("files", &format!("{shown} {why} and others may change it: chmod 644 it"));
        }
        Ok(_) => report.good("files", &shown.to_string()),
        Err(error) => report.failed("files", &format!("{shown} cannot be read: {error}")),
    }
}

/// It is encrypted, but with a key that can be derived from the ClientKey.
fn cache_file(report: &mut Report, path: &Path) {
    if path.exists() {
        private(report, path, "holds encrypted secrets");
        return;
    }
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    match may_make_files_in(folder) {
        Ok(()) => report.good("files", &format!("{}, the cache file, is made at the first fetch", path.display())),
        Err(error) => report.warning(
            "files",
            &format!("{} cannot be made ({error}), so that nothing bridges an outage at the start: let this user write to its folder", path.display()),
        ),
    }
}

#[cfg(unix)]
fn may_make_files_in(folder: &Path) -> std::io::Result<()> {
    use rustix::fs::{Access, access};
    Ok(access(folder, Access::WRITE_OK | Access::EXEC_OK)?)
}

/// That it is there: what its list of rights says shows when a file is made.
#[cfg(not(unix))]
fn may_make_files_in(folder: &Path) -> std::io::Result<()> {
    fs::metadata(folder).map(drop)
}
