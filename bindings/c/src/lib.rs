//! libkmsak: the C ABI of kmsak. `include/kmsak.h` is generated from these files; what stands above a function here is what
//! C programmers read there.

// The C comments say what a caller must keep to, in C's words.
#![allow(clippy::missing_safety_doc)]
// These are C's names.
#![allow(non_camel_case_types)]

mod arguments;
mod boundary;
mod c_string;
mod field;
mod options;

pub mod config;
pub mod credentials;
pub mod error;
pub mod event;
pub mod fixed;
pub mod gateway;
pub mod identity;
pub mod log;
pub mod pending;
pub mod provider;
pub mod secret;
pub mod stats;
pub mod status;
pub mod subscription;
pub mod user_data;
pub mod version;

/// Wipes what is freed: the transport's buffers have held secrets in plain text.
#[global_allocator]
static ALLOCATOR: zeroizing_alloc::ZeroAlloc<std::alloc::System> =
    zeroizing_alloc::ZeroAlloc(std::alloc::System);
