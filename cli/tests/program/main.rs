//! The `kmsak` program as its users meet it: real processes, against the emulator.

mod clients;
mod deployment;
mod doctor;
mod exec;
mod get;
mod kms_agent;
mod kubernetes;
mod pages;
mod serve;
mod support;
