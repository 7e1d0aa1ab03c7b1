//! A provider for the Secrets Store CSI Driver: managed Alibaba Cloud AccessKeys, and KMS's other secrets, as files of a pod.

#![cfg(target_os = "linux")]

mod authority;
pub mod grpc;
pub mod messages;
mod mount;
pub mod parameters;
mod providers;
mod server;

pub use providers::Providers;
pub use server::{listen, serve};
