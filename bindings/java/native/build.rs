//! Linker settings.

fn main() {
    // A class loader that goes away unloads the library, while a thread of ours may still be on its way out of it.
    if std::env::var("CARGO_CFG_TARGET_OS").is_ok_and(|os| os == "linux") {
        println!("cargo:rustc-cdylib-link-arg=-Wl,-z,nodelete");
    }
    // Else its name for the loader is the path at which it was built.
    if std::env::var("CARGO_CFG_TARGET_OS").is_ok_and(|os| os == "macos") {
        println!("cargo:rustc-cdylib-link-arg=-Wl,-install_name,@rpath/libkmsak_jni.dylib");
    }
    println!("cargo:rerun-if-changed=build.rs");
}
