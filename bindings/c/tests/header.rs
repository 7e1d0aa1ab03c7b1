//! `include/kmsak.h` is committed, so that nobody needs a generator to use it. This is the generator, and the check that it was
//! run: `KMSAK_WRITE_HEADER=1 cargo test --test header` writes the file.

use std::fs;
use std::path::Path;

const ABOUT: &str = r"/*
 * libkmsak: managed Alibaba Cloud AccessKeys for applications.
 *
 * Generated from bindings/c/src: do not edit. docs/c.md is the user's guide.
 *
 *   kmsak_provider *provider = NULL;
 *   kmsak_credentials *credentials = NULL;
 *   kmsak_error *error = NULL;
 *   if (kmsak_provider_from_file(path, &provider, &error) != KMSAK_OK ||
 *       kmsak_provider_credentials(provider, name, &credentials, &error) != KMSAK_OK) {
 *     fprintf(stderr, ..., kmsak_error_message(error));
 *     kmsak_error_free(error);
 *   }
 *
 * Rules that hold for every function:
 *
 * - Texts are UTF-8 and end with a NUL. What can hold arbitrary bytes has its length beside it.
 * - What a function takes it copies or only reads: it stays yours. What a function hands out through a pointer to a pointer,
 *   or returns as a pointer without const, is yours to free. What it returns as a pointer to const belongs to the object
 *   that was asked.
 * - Pointers to pointers are always written: with NULL where there is nothing to hand out. Whatever they held before
 *   is not freed. An `error` that is NULL is not written; the status is answered all the same.
 * - NULL and text that is not UTF-8 are answered with KMSAK_INVALID_ARGUMENT where there is a status, else with NULL, 0, -1
 *   or false. Functions that free take NULL and do nothing.
 * - Functions may be called from any thread, from callbacks, with signals arriving, and in a child after fork(). They are
 *   not async-signal-safe. An object must not be freed while another thread uses it.
 * - kmsak reads environment variables when a provider is opened, and later on its own thread when a ClientKey or CA file has
 *   changed, and in a child after fork(). As for whatever reads it, no thread may change the environment (setenv, putenv,
 *   unsetenv) meanwhile: set it before the first provider is opened.
 * - A number's unit ends its function's name: `_ms` milliseconds, `_us` microseconds, `_days_left` whole days, `_unix` seconds
 *   since 1970-01-01 UTC. -1 says that there is none.
 * - No function changes signal handlers, the locale or the environment, and none writes to standard output.
 *
 * The ABI is stable: as long as the soname stays libkmsak.so.@MAJOR@, no function is removed or changed, no number gets another
 * meaning, and a program keeps running with every newer library. New functions, statuses and kinds of events may be added.
 */";

fn generated() -> String {
    let crate_folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut config = cbindgen::Config::from_file(crate_folder.join("cbindgen.toml")).expect("cbindgen.toml");
    let major = env!("CARGO_PKG_VERSION_MAJOR");
    let minor = env!("CARGO_PKG_VERSION_MINOR");
    let patch = env!("CARGO_PKG_VERSION_PATCH");
    let version = env!("CARGO_PKG_VERSION");
    config.header = Some(ABOUT.replace("@MAJOR@", major));
    config.after_includes = Some(format!(
        "/* The version of this header; kmsak_version() is the library's. */\n\
         #define KMSAK_VERSION_MAJOR {major}\n\
         #define KMSAK_VERSION_MINOR {minor}\n\
         #define KMSAK_VERSION_PATCH {patch}\n\
         #define KMSAK_VERSION_STRING \"{version}\"\n\
         /* As a number to compare: 1.2.3 is 1002003. */\n\
         #define KMSAK_VERSION (KMSAK_VERSION_MAJOR * 1000000 + KMSAK_VERSION_MINOR * 1000 + KMSAK_VERSION_PATCH)"
    ));
    let bindings =
        cbindgen::Builder::new().with_crate(crate_folder).with_config(config).generate().expect("cbindgen");
    let mut header = Vec::new();
    bindings.write(&mut header);
    String::from_utf8(header).expect("UTF-8")
}

#[test]
fn is_current() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../include/kmsak.h");
    let generated = generated();
    if std::env::var_os("KMSAK_WRITE_HEADER").is_some() {
        fs::write(&path, generated).expect("written");
        return;
    }
    let committed = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        committed == generated,
        "include/kmsak.h is not what bindings/c/src says: run `make header` and commit the outcome"
    );
}

/// Every duration and point in time is 64 bits wide, and signed where it is an answer; nothing else is.
#[test]
fn names_tell_units() {
    let header = generated();
    let code: Vec<&str> = header
        .lines()
        .filter(|line| !["*", "/*", "#"].iter().any(|start| line.trim_start().starts_with(start)))
        .collect();
    let mut checked = 0;
    for declaration in code.join(" ").split(';') {
        let Some((before, parameters)) = declaration.split_once('(') else { continue };
        let name = before.split_whitespace().next_back().unwrap_or_default();
        let name = name.trim_start_matches('*');
        if !name.starts_with("kmsak_") {
            continue;
        }
        let of_answer = before.trim_start().starts_with("int64_t ").then_some(name);
        let of_parameters =
            parameters.split(',').filter(|parameter| parameter.contains("int64_t ")).map(|parameter| {
                let parameter =
                    parameter.split_whitespace().next_back().unwrap_or_default().trim_end_matches(')');
                // A setter has one.
                if parameter == "milliseconds" { name } else { parameter }
            });
        for name in of_answer.into_iter().chain(of_parameters) {
            let told = ["_ms", "_us", "_unix", "_days_left"].iter().any(|unit| name.ends_with(unit));
            assert!(told, "{name} does not tell its unit: end it with _ms, _us or _unix");
            checked += 1;
        }
    }
    assert!(checked > 30, "only {checked} names with a unit were found");
}
