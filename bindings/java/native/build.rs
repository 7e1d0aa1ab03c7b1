//! Linker settings.

fn main() {
    match std::env::var("CARGO_CFG_TARGET_OS").as_deref() {
        // A class loader that goes away unloads the library, while a thread of ours may still be on its way out of it.
        Ok("linux") => println!("cargo:rustc-cdylib-link-arg=-Wl,-z,nodelete"),
        // Else its name for the loader is the path at which it was built.
        Ok("macos") => {
            println!("cargo:rustc-cdylib-link-arg=-Wl,-install_name,@rpath/libkmsak_jni.dylib");
        }
        _ => {}
    }
    println!("cargo:rerun-if-changed=build.rs");
}
