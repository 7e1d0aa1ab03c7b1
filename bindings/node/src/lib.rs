//! The native half of the npm package `kmsak`. It is private to `lib/` beside it, which gives Node its API: here are only
//! conversions of types and the way back to the event loop.

mod failure;
mod fields;
mod fixed;
mod logs;
mod mailbox;
mod options;
mod provider;
mod values;

/// Wipes the buffers in which answers of KMS, strings from JavaScript and protobuf messages passed by.
#[global_allocator]
static ALLOCATOR: zeroizing_alloc::ZeroAlloc<std::alloc::System> =
    zeroizing_alloc::ZeroAlloc(std::alloc::System);
