//! The emulator, seen from outside: real sockets, real TLS, requests signed by the tests' own code.

#![allow(missing_docs)]

mod admin;
mod client;
mod faults;
mod folder;
mod garbage;
mod instance_gateway;
mod metadata;
mod oidc;
mod operator;
mod oss;
mod permissions;
mod roles;
mod rotation;
mod shared_gateway;
mod sts;
