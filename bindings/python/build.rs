//! Tells the linker that the interpreter provides its own functions.

fn main() {
    pyo3_build_config::add_extension_module_link_args();
    // Else its name for the loader is the path at which it was built.
    if std::env::var("CARGO_CFG_TARGET_OS").is_ok_and(|os| os == "macos") {
        println!("cargo:rustc-cdylib-link-arg=-Wl,-install_name,@rpath/_kmsak.abi3.so");
    }
}
