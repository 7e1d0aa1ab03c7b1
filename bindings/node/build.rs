//! Tells the linker that Node provides the Node-API.

fn main() {
    napi_build::setup();
    // Else its name for the loader is the path at which it was built.
    if std::env::var("CARGO_CFG_TARGET_OS").is_ok_and(|os| os == "macos") {
        println!("cargo:rustc-cdylib-link-arg=-Wl,-install_name,@rpath/kmsak.node");
    }
}
