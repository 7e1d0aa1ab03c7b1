//! What a user is told of a configuration that cannot work, or that looks odd.

mod forms;
mod identities;
mod passwords;
mod values;
mod warned;

use std::path::{Path, PathBuf};

use kmsak::{Builder, Kind};

const CLIENT_KEY: &str = "client_key_private_key_path=clientKey.json\n\
                          client_key_password_from_file_path=clientKey_Password.txt\n";
const REGION: &str = "cache_client_region_id=[{\"regionId\":\"cn-hangzhou\"}]\n";

/// A folder that is not there, by a whole path: without a drive it would be none on Windows.
const NOWHERE: &str = if cfg!(windows) { "C:/nowhere" } else { "/nowhere" };

fn vectors() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/vectors").canonicalize().unwrap()
}

fn builder(text: &str) -> Builder {
    Builder::new().properties_text(text, Some(vectors()))
}

fn refusal(builder: Builder) -> String {
    let error = builder.build().unwrap_err();
    assert_eq!(error.kind(), Kind::Configuration);
    assert!(!error.retryable());
    error.message().to_owned()
}

/// The refusal of `text` beside a ClientKey and a region.
fn refused(text: &str) -> String {
    refusal(builder(&format!("{CLIENT_KEY}{REGION}{text}")))
}

/// The refusal of one element of `cache_client_region_id`.
fn element_refused(element: &str) -> String {
    refusal(builder(&format!("{CLIENT_KEY}cache_client_region_id=[{element}]")))
}

fn warnings(text: &str) -> Vec<String> {
    builder(&format!("{CLIENT_KEY}{REGION}{text}")).build().unwrap().warnings().to_vec()
}
