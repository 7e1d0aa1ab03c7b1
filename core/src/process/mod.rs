//! This process: its thread for kmsak, its forks, locks, memory, files and logs, its time and chance, how far its clock
//! is off.

mod answering;
pub(crate) mod clock_and_chance;
pub(crate) mod descriptors;
pub(crate) mod disk;
pub(crate) mod engine;
pub(crate) mod file_notices;
pub(crate) mod fork;
pub(crate) mod lock;
pub(crate) mod lock_file;
pub(crate) mod log_backlog;
pub(crate) mod logs;
pub(crate) mod places;
pub(crate) mod protected;
mod signals;
pub(crate) mod skew;
pub(crate) mod source;
pub(crate) mod supervision;
pub(crate) mod threads;
