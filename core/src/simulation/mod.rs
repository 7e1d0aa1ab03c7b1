//! KMS, its users and their years in virtual time: for tests and benchmarks, not in what is shipped.

#[cfg(test)]
mod defect_tests;
#[cfg(test)]
mod expiry_tests;
pub mod fleet;
#[cfg(test)]
mod limits_tests;
#[cfg(test)]
mod shared_file_tests;
#[cfg(test)]
mod throttling_tests;
#[cfg(test)]
mod virtual_kms;
#[cfg(test)]
mod year_tests;
