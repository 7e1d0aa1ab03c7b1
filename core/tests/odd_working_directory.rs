//! Working directories that are gone, or that the user may not enter.

#![cfg(unix)]

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use kmsak::Config;

const CHILD: &str = "KMSAK_TEST_CHILD_IN";

/// A folder with a configuration that everybody may read.
fn configuration(folder: &Path) -> PathBuf {
    let vectors = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/vectors");
    for name in ["clientKey.json", "clientKey_Password.txt"] {
        fs::copy(vectors.join(name), folder.join(name)).unwrap();
        fs::set_permissions(folder.join(name), fs::Permissions::from_mode(0o644)).unwrap();
    }
    fs::set_permissions(folder, fs::Permissions::from_mode(0o755)).unwrap();
    let file = folder.join("app.properties");
    fs::write(
        &file,
        "client_key_private_key_path=clientKey.json\nclient_key_password_from_file_path=clientKey_Password.txt\n\
         cache_client_region_id=[{\"regionId\":\"cn-hangzhou\"}]\n",
    )
    .unwrap();
    file
}

/// Runs the test `name` again in a process of its own, which a working directory belongs to.
fn in_a_child(name: &str) {
    let folder = tempfile::tempdir().unwrap();
    let file = configuration(folder.path());
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", name])
        .env(CHILD, &file)
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
}

fn file_of_a_child() -> Option<PathBuf> {
    std::env::var_os(CHILD).map(PathBuf::from)
}

#[test]
fn one_that_is_gone_matters_to_relative_paths_alone() {
    let Some(file) = file_of_a_child() else {
        return in_a_child("one_that_is_gone_matters_to_relative_paths_alone");
    };
    let gone = tempfile::tempdir().unwrap();
    std::env::set_current_dir(gone.path()).unwrap();
    drop(gone);
    assert!(Config::from_file(&file).unwrap().read_client_key(0).is_ok());
    let refusal = Config::from_file("app.properties").unwrap_err();
    assert!(
        refusal
            .message()
            .starts_with("the properties file is a relative path, and the working directory cannot be told"),
        "{refusal}"
    );
    let refusal = Config::from_usual_places().unwrap_err();
    assert!(
        refusal.message().contains("(looked for in the working directory, which cannot be told)"),
        "{refusal}"
    );
}

#[test]
fn one_that_may_not_be_entered_does_not_hide_the_files_beside_the_configuration() {
    let Some(file) = file_of_a_child() else {
        return in_a_child("one_that_may_not_be_entered_does_not_hide_the_files_beside_the_configuration");
    };
    let closed = file.parent().unwrap().join("closed");
    fs::create_dir(&closed).unwrap();
    std::env::set_current_dir(&closed).unwrap();
    fs::set_permissions(&closed, fs::Permissions::from_mode(0o000)).unwrap();
    // SAFETY: geteuid has no preconditions.
    let user = unsafe { libc::geteuid() };
    // Root may enter any folder.
    if user == 0 {
        // SAFETY: seteuid has no preconditions.
        assert_eq!(unsafe { libc::seteuid(65_534) }, 0);
    }
    let beside = Config::from_file(&file).map(|config| config.read_client_key(0).is_ok());
    let refusal = Config::from_file("app.properties").unwrap_err();
    // SAFETY: seteuid has no preconditions.
    assert_eq!(unsafe { libc::seteuid(user) }, 0);
    fs::set_permissions(&closed, fs::Permissions::from_mode(0o700)).unwrap();
    assert!(beside.unwrap());
    assert!(refusal.message().contains("may not be read by this process"), "{refusal}");
}
