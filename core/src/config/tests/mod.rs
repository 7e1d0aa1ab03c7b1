//! What cannot be seen from outside: the values inside a [`Config`](super::Config).

mod properties;
mod values;
