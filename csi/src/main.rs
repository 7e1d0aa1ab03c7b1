//! `kmsak-csi`

#[cfg(target_os = "linux")]
mod program;

use std::process::ExitCode;

/// Secrets pass through many buffers on their way: all of them are wiped when freed.
#[global_allocator]
static ALLOCATOR: zeroizing_alloc::ZeroAlloc<std::alloc::System> =
    zeroizing_alloc::ZeroAlloc(std::alloc::System);

#[cfg(target_os = "linux")]
fn main() -> ExitCode {
    program::main()
}

/// The driver's socket is one of Linux.
#[cfg(not(target_os = "linux"))]
fn main() -> ExitCode {
    eprintln!("kmsak-csi: error: it runs on Linux, as the nodes do");
    ExitCode::FAILURE
}
