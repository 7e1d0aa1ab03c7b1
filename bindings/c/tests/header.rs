//! `include/kmsak.h` is committed, so that nobody needs a generator to use it. This is the generator, and the check that it was
//! run: `KMSAK_WRITE_HEADER=1 cargo test -p kmsak-c --test header` writes the file.

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
