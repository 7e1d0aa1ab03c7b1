//! What C and C++ have, as their headers say: C cannot look at itself.

use std::collections::HashSet;

use serde_json::{Map, Value, json};

/// Of C++, which is made of the functions of C: those that it needs no more, and why.
const NOT_IN_CPP: &[(&str, &str)] = &[
    ("kmsak_error_kind", "the name of the status, by kmsak_status_name"),
    ("kmsak_credentials_clone", "by Credentials::clone"),
];

/// What a driver in another language answers of itself.
pub(crate) fn described(told: &Value) -> Value {
    let header = told["header"].as_str().expect("kmsak.h");
    let cpp = told["cpp_header"].as_str().expect("kmsak.hpp");
    let functions = functions(header);
    assert!(functions.len() > 100, "only {} functions were found in kmsak.h", functions.len());
    let words: HashSet<&str> = cpp.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').collect();
    let forgotten: Vec<_> = functions
        .iter()
        .filter(|name| !words.contains(*name) && !NOT_IN_CPP.iter().any(|(known, _)| known == *name))
        .collect();
    assert!(forgotten.is_empty(), "kmsak.hpp does not use {forgotten:?}");
    let of = |prefix: &str| -> Vec<String> {
        functions.iter().filter_map(|name| name.strip_prefix(prefix)).map(without_unit).collect()
    };
    let provider: Vec<String> = of("kmsak_provider_")
        .into_iter()
        .chain(of("kmsak_fixed_").into_iter().map(|name| format!("fixed_{name}")))
        .map(|name| if name == "start_warning" { "start_warnings".to_owned() } else { name })
        .collect();
    json!({
        "language": "c",
        "options": of("kmsak_config_"),
        "gateway_options": of("kmsak_gateway_"),
        "events": events(header, &of("kmsak_event_")),
        "stats": {
            "stats": of("kmsak_stats_").into_iter().filter_map(|name| list_of(&name)).collect::<Vec<_>>(),
            "secret_stats": of("kmsak_secret_stats_"),
            "endpoint_stats": of("kmsak_endpoint_stats_"),
            "client_key_stats": of("kmsak_client_key_stats_"),
            "identity_info": of("kmsak_identity_info_"),
        },
        "error_kinds": constants(header, "KMSAK_", "kmsak_status")
            .into_iter()
            .map(|(name, _)| name)
            .filter(|name| !["ok", "invalid_argument", "internal", "cancelled"].contains(&name.as_str()))
            .collect::<Vec<_>>(),
        "error": of("kmsak_error_"),
        "secret": of("kmsak_secret_").into_iter().map(|name| name.replace("version_stage_count", "version_stages")).collect::<Vec<_>>(),
        "credentials": of("kmsak_credentials_"),
        "provider": provider,
    })
}

fn functions(header: &str) -> Vec<&str> {
    let mut names: Vec<&str> = Vec::new();
    for line in header.lines().filter(|line| !line.trim_start().starts_with(['*', '/'])) {
        let Some((before, _)) = line.split_once('(') else { continue };
        let name = before.rsplit([' ', '*']).next().unwrap_or_default();
        if name.starts_with("kmsak_") && !names.contains(&name) {
            names.push(name);
        }
    }
    names
}

fn without_unit(name: &str) -> String {
    let unit = ["_ms", "_us", "_unix"].iter().find(|unit| name.ends_with(*unit));
    name.strip_suffix(unit.unwrap_or(&"")).unwrap_or(name).to_owned()
}

/// `secret_count` says that there are secrets.
fn list_of(function: &str) -> Option<String> {
    match function.strip_suffix("_count") {
        Some("identity") => Some("identities".to_owned()),
        Some(one) => Some(format!("{one}s")),
        None if function == "clock_skew" => Some(function.to_owned()),
        None => None,
    }
}

/// The constants of an enum, in lower case without their prefix, with what is said of each.
fn constants(header: &str, prefix: &str, of: &str) -> Vec<(String, String)> {
    let start = header.find(&format!("enum {of}")).expect("an enum");
    let body = &header[start..];
    let body = &body[..body.find('}').expect("its end")];
    let mut found = Vec::new();
    let mut said = String::new();
    for line in body.lines().skip(1) {
        let line = line.trim();
        match line.split_once(" = ") {
            Some((name, _)) if name.starts_with(prefix) => {
                found.push((name[prefix.len()..].to_ascii_lowercase(), std::mem::take(&mut said)));
            }
            _ => {
                said.push_str(line.trim_start_matches(['/', '*', ' ']));
                said.push(' ');
            }
        }
    }
    found
}

/// The fields of an event are those that stand behind the colon of what is said of its kind; each has a function.
fn events(header: &str, functions: &[String]) -> Value {
    let mut events = Map::new();
    for (name, said) in constants(header, "KMSAK_EVENT_", "kmsak_event_kind") {
        if name == "other" {
            continue;
        }
        let fields = said.rsplit_once(": ").expect("a list of fields").1;
        let fields: Vec<&str> =
            fields.split(',').map(|field| field.trim_matches([' ', '.', '/', '*'])).collect();
        for field in &fields {
            assert!(
                functions.iter().any(|function| function == field),
                "{name}: kmsak_event_{field} is missing"
            );
        }
        events.insert(name, json!(fields));
    }
    Value::Object(events)
}
