//! The RPC style's signature: over the sorted parameters, in a parameter of its own.

use crate::call::Call;
use crate::encoding::{canonical_query, percent_encode};

/// What a client signs: every parameter but the signature itself.
pub(crate) fn string_to_sign(call: &Call) -> String {
    let parameters = call.parameters().filter(|(name, _)| *name != "Signature");
    format!("{}&%2F&{}", call.method, percent_encode(&canonical_query(parameters)))
}
