//! A program and all that it starts, to be ended together.

#[cfg(windows)]
pub(super) use job::Together;
#[cfg(unix)]
pub(super) use process_group::Together;

#[cfg(unix)]
mod process_group {
    use std::io;
    use std::os::unix::process::CommandExt as _;
    use std::process::{Child, Command};

    /// A process group that the program leads.
    pub(in super::super) struct Together;

    impl Together {
        pub(in super::super) fn start(command: &mut Command) -> io::Result<(Child, Self)> {
            command.process_group(0).spawn().map(|child| (child, Together))
        }

        /// Ends all of it. `program` has not been waited for: then its number may be another's by now.
        pub(in super::super) fn end(&self, program: &Child) {
            if let Ok(group) = libc::pid_t::try_from(program.id()) {
                // SAFETY: a system call without pointers; the program leads its group and has not been waited for.
                unsafe { libc::kill(-group, libc::SIGKILL) };
            }
        }
    }
}

#[cfg(windows)]
mod job {
    use std::io;
    use std::os::windows::io::{AsRawHandle as _, FromRawHandle as _, OwnedHandle};
    use std::process::{Child, Command};
    use std::ptr;

    use windows_sys::Win32::System::JobObjects::{
        AssignProcessToJobObject, CreateJobObjectW, TerminateJobObject,
    };

    /// A job that the program belongs to; none where the system gives none.
    pub(in super::super) struct Together(Option<OwnedHandle>);

    impl Together {
        pub(in super::super) fn start(command: &mut Command) -> io::Result<(Child, Self)> {
            // Before the program, which runs at once: what it starts until it belongs to the job does not, and outlives it. The
            // standard library could start it suspended, but does not give away the thread that would have to be resumed.
            let job = new();
            let child = command.spawn()?;
            let job = job.filter(|job| {
                // SAFETY: both handles are open.
                unsafe { AssignProcessToJobObject(job.as_raw_handle(), child.as_raw_handle()) != 0 }
            });
            Ok((child, Together(job)))
        }

        /// Ends all of it.
        pub(in super::super) fn end(&self, _: &Child) {
            if let Some(job) = &self.0 {
                // SAFETY: the handle is open.
                unsafe { TerminateJobObject(job.as_raw_handle(), 1) };
            }
        }
    }

    fn new() -> Option<OwnedHandle> {
        // SAFETY: neither attributes nor a name are given.
        let job = unsafe { CreateJobObjectW(ptr::null(), ptr::null()) };
        // SAFETY: if it is one, it was just made, and nobody else closes it.
        (!job.is_null()).then(|| unsafe { OwnedHandle::from_raw_handle(job) })
    }
}
