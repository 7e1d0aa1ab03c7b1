//! Bytes that must not be seen: zeroized on drop, kept out of core dumps and, where the limit allows, out of swap.
//!
//! Each value has memory pages of its own, so that `MADV_DONTDUMP` and `mlock` (on Windows `VirtualLock`), which work on whole pages,
//! cover it and nothing else. A page a secret is a fair price: a process holds tens of secrets, not millions. A forked child
//! inherits the advice but not the locks, and locks the pages again.

use std::fmt;

use zeroize::Zeroize;

/// Secret bytes, immutable once made. `Debug` shows nothing of them.
pub(crate) struct ProtectedBytes {
    pages: Pages,
    length: usize,
}

impl ProtectedBytes {
    /// Copies `bytes` into protected memory; the caller wipes its own copy.
    pub(crate) fn copy_from(bytes: &[u8]) -> Self {
        // One byte more stays zero: see `as_bytes_with_nul`.
        let mut pages = Pages::new(bytes.len() + 1);
        pages.as_mut_slice()[..bytes.len()].copy_from_slice(bytes);
        ProtectedBytes { pages, length: bytes.len() }
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.pages.as_slice()[..self.length]
    }

    /// The bytes and the NUL that always follows them, so that C can read a text where it lies.
    pub(crate) fn as_bytes_with_nul(&self) -> &[u8] {
        &self.pages.as_slice()[..=self.length]
    }
}

impl Drop for ProtectedBytes {
    fn drop(&mut self) {
        self.pages.as_mut_slice().zeroize();
    }
}

impl fmt::Debug for ProtectedBytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[protected]")
    }
}

#[cfg(unix)]
use mapped::Pages;
#[cfg(unix)]
pub(super) use mapped::{Held, hold, in_the_child};

#[cfg(windows)]
use virtual_memory::Pages;

#[cfg(unix)]
mod mapped {
    use std::collections::BTreeMap;
    use std::ptr::NonNull;
    use std::slice;
    use std::sync::MutexGuard;

    use crate::process::fork;
    use crate::process::lock::Mutex;

    type Lengths = BTreeMap<usize, usize>;

    /// The length of each mapping, by its address.
    static ALL: Mutex<Lengths> = Mutex::new(BTreeMap::new());

    /// What whoever forks holds.
    pub(in crate::process) type Held = MutexGuard<'static, Lengths>;

    pub(in crate::process) fn hold() -> Held {
        ALL.lock()
    }

    pub(in crate::process) fn in_the_child(all: Held) {
        all.iter().for_each(|(start, length)| lock(*start as *const libc::c_void, *length));
    }

    /// Keeps it out of swap, where `RLIMIT_MEMLOCK` allows.
    fn lock(start: *const libc::c_void, length: usize) {
        // SAFETY: locking changes no contents; a range that is not mapped is an error.
        unsafe { libc::mlock(start, length) };
    }

    /// Private anonymous memory, zeroed, at least one page long.
    pub(super) struct Pages {
        start: NonNull<u8>,
        length: usize,
    }

    // SAFETY: the mapping belongs to this value alone and is reached only through its borrows.
    unsafe impl Send for Pages {}
    // SAFETY: a shared borrow gives only reading access.
    unsafe impl Sync for Pages {}

    impl Pages {
        pub(super) fn new(length: usize) -> Self {
            fork::watch();
            // SAFETY: an anonymous mapping at an address that the kernel chooses touches no existing memory.
            let start = unsafe {
                libc::mmap(
                    std::ptr::null_mut(),
                    length,
                    libc::PROT_READ | libc::PROT_WRITE,
                    libc::MAP_PRIVATE | libc::MAP_ANONYMOUS,
                    -1,
                    0,
                )
            };
            if start == libc::MAP_FAILED {
                std::alloc::handle_alloc_error(
                    std::alloc::Layout::array::<u8>(length).expect("a secret's size"),
                );
            }
            // Both are best effort: RLIMIT_MEMLOCK may be spent, and an old kernel may not know the advice.
            lock(start, length);
            #[cfg(target_os = "linux")]
            // SAFETY: the range is the mapping just made; the advice changes no contents.
            unsafe {
                libc::madvise(start, length, libc::MADV_DONTDUMP)
            };
            #[cfg(target_vendor = "apple")]
            // SAFETY: as above; it is wiped when it is unmapped, even if that comes by the end of the process.
            unsafe {
                libc::madvise(start, length, libc::MADV_ZERO_WIRED_PAGES)
            };
            ALL.lock().insert(start as usize, length);
            Pages {
                start: NonNull::new(start.cast()).expect("mmap answers an address or MAP_FAILED"),
                length,
            }
        }

        pub(super) fn as_slice(&self) -> &[u8] {
            // SAFETY: `start` is the mapping of `length` zeroed or written bytes that this value owns.
            unsafe { slice::from_raw_parts(self.start.as_ptr(), self.length) }
        }

        pub(super) fn as_mut_slice(&mut self) -> &mut [u8] {
            // SAFETY: as above, and the exclusive borrow of `self` keeps everybody else out.
            unsafe { slice::from_raw_parts_mut(self.start.as_ptr(), self.length) }
        }
    }

    impl Drop for Pages {
        fn drop(&mut self) {
            ALL.lock().remove(&(self.start.as_ptr() as usize));
            // SAFETY: unmaps exactly the mapping made in `new`, once.
            unsafe { libc::munmap(self.start.as_ptr().cast(), self.length) };
        }
    }
}

#[cfg(windows)]
mod virtual_memory {
    use std::ptr::NonNull;
    use std::slice;

    use windows_sys::Win32::System::Memory::{
        MEM_COMMIT, MEM_RELEASE, MEM_RESERVE, PAGE_READWRITE, VirtualAlloc, VirtualFree, VirtualLock,
    };

    /// Memory of its own, zeroed, at least one page long.
    pub(super) struct Pages {
        start: NonNull<u8>,
        length: usize,
    }

    // SAFETY: the memory belongs to this value alone and is reached only through its borrows.
    unsafe impl Send for Pages {}
    // SAFETY: a shared borrow gives only reading access.
    unsafe impl Sync for Pages {}

    impl Pages {
        pub(super) fn new(length: usize) -> Self {
            // SAFETY: memory at an address that the system chooses touches none that exists.
            let start =
                unsafe { VirtualAlloc(std::ptr::null(), length, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE) };
            let Some(start) = NonNull::<u8>::new(start.cast()) else {
                std::alloc::handle_alloc_error(
                    std::alloc::Layout::array::<u8>(length).expect("a secret's size"),
                );
            };
            // Best effort: the process's least working set limits what may be locked.
            // SAFETY: the range is the memory just made; locking changes no contents.
            unsafe { VirtualLock(start.as_ptr().cast(), length) };
            Pages { start, length }
        }

        pub(super) fn as_slice(&self) -> &[u8] {
            // SAFETY: `start` is the memory of `length` zeroed or written bytes that this value owns.
            unsafe { slice::from_raw_parts(self.start.as_ptr(), self.length) }
        }

        pub(super) fn as_mut_slice(&mut self) -> &mut [u8] {
            // SAFETY: as above, and the exclusive borrow of `self` keeps everybody else out.
            unsafe { slice::from_raw_parts_mut(self.start.as_ptr(), self.length) }
        }
    }

    impl Drop for Pages {
        fn drop(&mut self) {
            // SAFETY: frees exactly the memory made in `new`, once, which unlocks it.
            unsafe { VirtualFree(self.start.as_ptr().cast(), 0, MEM_RELEASE) };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn holds_what_was_copied_in() {
        for length in [0, 1, 4095, 4096, 4097, 70_000] {
            let bytes: Vec<u8> = (0..length).map(|i| (i % 251) as u8).collect();
            let value = ProtectedBytes::copy_from(&bytes);
            assert_eq!(value.as_bytes(), bytes);
            assert_eq!(value.as_bytes_with_nul().split_last(), Some((&0, &bytes[..])));
        }
    }

    #[test]
    fn debug_shows_nothing() {
        assert_eq!(format!("{:?}", ProtectedBytes::copy_from(b"s3cret")), "[protected]");
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn its_pages_are_marked_not_to_be_dumped() {
        let value = ProtectedBytes::copy_from(b"s3cret");
        let address = value.as_bytes().as_ptr() as usize;
        let maps = std::fs::read_to_string("/proc/self/smaps").expect("smaps");
        let mut inside = false;
        for line in maps.lines() {
            if let Some((range, _)) = line.split_once(' ')
                && let Some((low, high)) = range.split_once('-')
                && let (Ok(low), Ok(high)) = (usize::from_str_radix(low, 16), usize::from_str_radix(high, 16))
            {
                inside = (low..high).contains(&address);
            } else if inside && line.starts_with("VmFlags:") {
                assert!(line.split_whitespace().any(|flag| flag == "dd"), "{line}");
                return;
            }
        }
        panic!("the mapping is not in smaps");
    }
}
