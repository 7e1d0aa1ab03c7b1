//! Another library in Rust, which has the standard library, its allocator and its unwinding to itself.

/// 1 where a panic in it ends in it.
#[no_mangle]
pub extern "C" fn another_survives_a_panic() -> i32 {
    std::panic::set_hook(Box::new(|_| {}));
    let text = vec!["on", "purpose"].join(" ");
    i32::from(std::panic::catch_unwind(|| panic!("{text}")).is_err())
}
