//! Who asks KMS, said in code.

use std::fs;
use std::path::Path;

use serde_json::{Map, Value, json};

use crate::Stage;

/// The keys of a properties file by the names of the options.
const OPTIONS: [(&str, &str); 11] = [
    ("credentials_type", "credentials_type"),
    ("credentials_access_key_id", "access_key_id"),
    ("credentials_access_secret", "access_key_secret"),
    ("credentials_security_token", "security_token"),
    ("credentials_role_name", "role_name"),
    ("credentials_role_arn", "role_arn"),
    ("credentials_oidc_provider_arn", "oidc_provider_arn"),
    ("credentials_oidc_token_file_path", "oidc_token_file"),
    ("ecs_metadata_endpoint", "ecs_metadata_endpoint"),
    ("sts_endpoint", "sts_endpoint"),
    ("sts_ca_file_path", "sts_ca_file"),
];

impl Stage {
    /// What the emulator's file says, in code.
    fn in_code(&self, file: &Path) -> Value {
        let mut options = Map::new();
        for line in fs::read_to_string(file).expect("the properties file").lines() {
            let Some((key, value)) = line.split_once('=').filter(|_| !line.starts_with('#')) else {
                continue;
            };
            if let Some((_, name)) = OPTIONS.iter().find(|(known, _)| *known == key) {
                let path = self.folder.path().join(value);
                let value =
                    if name.ends_with("_file") { path.to_str().expect("text").into() } else { value.into() };
                options.insert((*name).to_owned(), value);
            }
        }
        let gateway = json!({
            "region_id": self.emulator.region(),
            "endpoint": self.emulator.shared_endpoint(),
            "ca_file": self.files.ca,
        });
        json!({ "op": "open_code", "gateway": gateway, "options": options })
    }
}

#[test]
fn every_identity_can_be_named_in_code() {
    let stage = Stage::set();
    let files = &stage.files;
    let (id, _) = stage.access_key();
    for (kind, file) in [
        ("ak", &files.with_access_key),
        ("sts", &files.with_sts_token),
        ("ram_role", &files.with_ram_role),
        ("oidc_role_arn", &files.with_oidc_role),
        ("ecs_ram_role", &files.with_ecs_ram_role),
    ] {
        stage.ok(stage.in_code(file));
        assert_eq!(stage.credentials()["access_key_id"], id.as_str(), "{kind}");
        let stats = stage.ok(json!({ "op": "stats" }));
        let identity = &stats["identities"][0];
        assert_eq!(identity["kind"], kind, "{stats}");
        assert!(identity["access_key_id"].is_string() && identity["origin"].is_string(), "{identity}");
        assert!(identity["last_error"].is_null(), "{identity}");
    }
    let renewed = stage.ok(json!({ "op": "wait_event", "name": "identity_renewed" }));
    assert!(renewed["identity"].as_str().expect("who").starts_with("ecs_ram_role "), "{renewed}");
    assert!(renewed["access_key_id"].as_str().expect("an id").starts_with("STS."), "{renewed}");
    assert!(!renewed["expires"].is_null(), "{renewed}");
}

#[test]
fn what_is_missing_in_code_is_called_as_it_is_there() {
    let stage = Stage::set();
    let mut request = stage.in_code(&stage.files.with_access_key);
    request["options"].as_object_mut().expect("options").remove("access_key_secret");
    let error = stage.error(request);
    assert_eq!(error["kind"], "configuration");
    assert_eq!(
        error["message"],
        "credentials_type set in code is ak and access_key_secret is missing: set it as well"
    );
}
