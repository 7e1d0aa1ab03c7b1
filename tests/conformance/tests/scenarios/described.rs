//! What each language has, compared with what the core describes.

use std::collections::{BTreeMap, BTreeSet};

use kmsak::description::{self, Described};
use kmsak::{FieldDescription, SettingKind};
use serde_json::{Value, json};

use crate::{Stage, header};

/// What a language has by another name: language (`*` for all), group, the core's name, its own.
const RENAMED: &[(&str, &str, &str, &str)] = &[
    ("rust", "secret", "text", "as_text"),
    ("rust", "secret", "bytes", "as_bytes"),
    ("c", "secret", "secret_type", "type"),
    ("c", "error", "kind", "status"),
    ("c", "provider", "builder", "open"),
    ("c", "provider", "fixed", "fixed_open"),
    ("python", "provider", "builder", "__new__"),
    ("python", "provider", "is_closed", "closed"),
    ("python", "error", "cause", "__cause__"),
    ("node", "secret", "is_binary", "binary"),
    ("node", "provider", "builder", "constructor"),
    ("node", "provider", "is_closed", "closed"),
    ("node", "provider", "subscribe", "on"),
    ("node", "stats", "clock_skew_milliseconds", "clock_skew"),
    ("c", "stats", "clock_skew_milliseconds", "clock_skew"),
    ("java", "options", "properties_text", "properties"),
    ("java", "error", "message", "get_message"),
    ("java", "error", "cause", "get_cause"),
    ("java", "error", "retryable", "is_retryable"),
];

/// What a language has not: language, group, the core's name, and why.
const MISSING: &[(&str, &str, &str, &str)] = &[
    ("rust", "error", "cause", "it is the source() of std::error::Error"),
    ("c", "secret", "text", "bytes are followed by a NUL, so that they can be read as text"),
    (
        "c",
        "provider",
        "call",
        "C has no closures: kmsak_provider_is_rejection and kmsak_provider_renew, as docs/c.md shows; C++ has it",
    ),
    ("python", "error", "os_code", "the cause is an OSError, whose errno it is"),
    ("node", "error", "os_code", "the cause has Node's own errno and code"),
    ("java", "error", "os_code", "no exception of the JDK has a number; the cause's message ends with it"),
    ("python", "provider", "start_warnings", "they are logged, to the language's own logging"),
    ("node", "provider", "start_warnings", "they are logged, to who asked for log lines"),
    ("java", "provider", "start_warnings", "they are logged, to the language's own logging"),
    ("node", "provider", "secret_at_stage", "an option of secret, versionStage"),
    ("node", "credentials", "secret", "secretName; provider.secret(name) has the rest from the cache"),
    ("java", "credentials", "secret", "secretName; provider.secret(name) has the rest from the cache"),
];

/// What a language has besides: language, group, its name, and why the core does not describe it.
const BESIDES: &[(&str, &str, &str, &str)] = &[
    ("*", "options", "gateways", "objects with options of their own"),
    ("*", "options", "gateway", "an object with options of its own"),
    ("*", "options", "properties", "settings of a properties file by their names there"),
    ("*", "options", "property", "a setting of a properties file by its name there"),
    ("rust", "options", "new", "the builder itself"),
    ("rust", "options", "build", "checks all of it"),
    ("rust", "options", "resources", "for bindings"),
    ("rust", "options", "language", "for bindings"),
    ("rust", "options", "fallback_proxy", "for bindings"),
    ("rust", "options", "more_public_cas", "for bindings"),
    ("rust", "gateway_options", "instance", "what sort of gateway it is"),
    ("rust", "gateway_options", "shared", "what sort of gateway it is"),
    ("python", "options", "_fixed", "a way in for Provider.fixed"),
    ("node", "gateway_options", "type", "what sort of gateway it is"),
    ("java", "options", "open", "checks all of it"),
    ("java", "gateway_options", "instance", "what sort of gateway it is"),
    ("java", "gateway_options", "shared", "what sort of gateway it is"),
    ("c", "options", "new", "the configuration itself"),
    ("c", "options", "free", "the configuration itself"),
    ("c", "gateway_options", "instance", "what sort of gateway it is"),
    ("c", "gateway_options", "shared", "what sort of gateway it is"),
    ("c", "gateway_options", "free", "the gateway itself"),
];

#[test]
fn every_language_has_what_the_core_describes() {
    let stage = Stage::set();
    let mut told = stage.ok(json!({ "op": "describe" }));
    if told["language"] == "c" {
        told = header::described(&told);
    }
    let language = told["language"].as_str().expect("a name").to_owned();
    let mut comparison = Comparison { language: &language, wrong: Vec::new(), used: BTreeSet::new() };
    let settings = |options: Vec<(&'static str, SettingKind)>| -> Vec<&'static str> {
        options.into_iter().map(|(name, _)| name).collect()
    };
    comparison.compare("options", &settings(description::options()), &told["options"], true);
    comparison.compare(
        "gateway_options",
        &settings(description::gateway_options()),
        &told["gateway_options"],
        true,
    );
    comparison.compare("error_kinds", &description::error_kinds(), &told["error_kinds"], true);
    comparison.compare("error", &names(description::ERROR), &told["error"], false);
    comparison.compare("secret", &names(description::SECRET), &told["secret"], false);
    comparison.compare("credentials", &names(description::CREDENTIALS), &told["credentials"], false);
    comparison.compare("provider", description::PROVIDER, &told["provider"], false);
    comparison.compare_each("events", &description::events(), &told["events"]);
    comparison.compare_each("stats", &description::stats(), &told["stats"]);
    comparison.tell_of_what_is_not_needed();
    assert!(comparison.wrong.is_empty(), "{}", comparison.wrong.join("\n"));
}

fn names(fields: &[FieldDescription]) -> Vec<&'static str> {
    fields.iter().map(|field| field.name).collect()
}

struct Comparison<'a> {
    language: &'a str,
    wrong: Vec<String>,
    used: BTreeSet<(&'static str, &'static str, &'static str)>,
}

impl Comparison<'_> {
    fn listed(
        &mut self,
        list: impl Iterator<Item = (&'static str, &'static str, &'static str)>,
        group: &str,
        name: &str,
    ) -> bool {
        let language = self.language;
        let found: Vec<_> = list
            .filter(|entry| (entry.0 == "*" || entry.0 == language) && entry.1 == group && entry.2 == name)
            .collect();
        self.used.extend(&found);
        !found.is_empty()
    }

    fn compare(&mut self, group: &str, expected: &[&str], told: &Value, alone: bool) {
        let Some(told) = told.as_array() else {
            self.wrong.push(format!("{} does not tell its {group}", self.language));
            return;
        };
        let mut has: BTreeSet<String> =
            told.iter().map(|name| snake_case(name.as_str().expect("a name"))).collect();
        for (language, of, name, own) in RENAMED {
            if *language == self.language && *of == group && has.remove(*own) {
                has.insert((*name).to_owned());
                self.used.insert((language, of, name));
            }
        }
        for name in expected {
            let missing = MISSING.iter().map(|(language, group, name, _)| (*language, *group, *name));
            if !has.remove(*name) && !self.listed(missing, group, name) {
                self.wrong.push(format!("{} has no {name} among its {group}", self.language));
            }
        }
        for name in has.iter().filter(|_| alone) {
            let besides = BESIDES.iter().map(|(language, group, name, _)| (*language, *group, *name));
            if !self.listed(besides, group, name) {
                self.wrong
                    .push(format!("{} has {name} among its {group}, and the core has not", self.language));
            }
        }
    }

    fn compare_each(&mut self, group: &str, expected: &[Described], told: &Value) {
        let Some(told) = told.as_object() else {
            self.wrong.push(format!("{} does not tell its {group}", self.language));
            return;
        };
        let mut told: BTreeMap<String, &Value> =
            told.iter().map(|(name, fields)| (snake_case(name), fields)).collect();
        for (name, fields) in expected {
            match told.remove(*name) {
                Some(has) => self.compare(group, &names(fields), has, true),
                None => self.wrong.push(format!("{} has no {name} among its {group}", self.language)),
            }
        }
        for name in told.keys() {
            self.wrong.push(format!("{} has {name} among its {group}, and the core has not", self.language));
        }
    }

    /// A reason that is not needed any more hides the next thing that is forgotten.
    fn tell_of_what_is_not_needed(&mut self) {
        let all = RENAMED.iter().chain(MISSING).chain(BESIDES);
        let mine = all.filter(|entry| entry.0 == self.language);
        for (language, group, name, _) in mine {
            if !self.used.contains(&(*language, *group, *name)) {
                self.wrong.push(format!("{language}, {group}, {name} is listed in described.rs for nothing"));
            }
        }
    }
}

/// `refreshFailed` and `RefreshFailed` are `refresh_failed` in the core.
fn snake_case(name: &str) -> String {
    let mut snake = String::new();
    for (index, letter) in name.chars().enumerate() {
        if letter.is_ascii_uppercase() && index > 0 && !snake.ends_with('_') {
            snake.push('_');
        }
        snake.push(letter.to_ascii_lowercase());
    }
    snake
}
