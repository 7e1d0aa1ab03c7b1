//! The `kmsak` program as its users meet it: real processes, against the emulator.

mod admin_app;
mod admin_haste;
mod admin_permissions;
mod admin_resume;
mod admin_secret;
mod admin_share;
mod audit;
mod clients;
mod deployment;
mod doctor;
mod exec;
mod get;
mod kms_agent;
mod kubernetes;
mod log_file;
mod operator;
mod pages;
mod serve;
mod support;
