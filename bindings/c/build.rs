//! How the shared library is linked.
//!
//! The version script comes from rustc: it exports what is `no_mangle` and hides all else. A second one of our own would
//! stop GNU ld ("anonymous version tag cannot be combined"), so that tests/check_library.sh checks the outcome instead.

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    let major = std::env::var("CARGO_PKG_VERSION_MAJOR").expect("cargo sets it");
    match std::env::var("CARGO_CFG_TARGET_OS").as_deref() {
        Ok("linux") => {
            println!("cargo:rustc-cdylib-link-arg=-Wl,-soname,libkmsak.so.{major}");
            // A thread of kmsak's may still run when the host program lets go of the library: its code must stay.
            println!("cargo:rustc-cdylib-link-arg=-Wl,-z,nodelete");
        }
        // Else it is the path at which it was built.
        Ok("macos") => {
            println!("cargo:rustc-cdylib-link-arg=-Wl,-install_name,@rpath/libkmsak.{major}.dylib");
        }
        _ => {}
    }
}
