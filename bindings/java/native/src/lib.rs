//! The native half of kmsak for the JVM; `io.kmsak.NativeProvider` declares its entry points.
//!
//! Every entry point runs inside [`boundary::enter`], which turns a panic into a `KmsakException`. Answers and failures travel
//! through methods of the Java objects that are passed in, so that no class is looked up from a thread that knows no class
//! loader, and no reference is kept that would hold a class loader after a redeployment.

mod answer;
mod attach;
mod boundary;
mod event;
mod fields;
mod forgotten;
mod handle;
mod logs;
mod provider;
mod settings;

/// Wipes what is freed: buffers and strings may hold a secret on its way to Java.
#[global_allocator]
static ALLOCATOR: zeroizing_alloc::ZeroAlloc<std::alloc::System> =
    zeroizing_alloc::ZeroAlloc(std::alloc::System);
