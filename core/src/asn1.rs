//! ASN.1 in DER, element by element.

pub(crate) use der::{AnyRef as Element, Tag};
use der::{Decode as _, Reader as _, SliceReader, Tagged as _};

/// The content octets of an object identifier.
macro_rules! oid {
    ($dotted:literal) => {
        const { &der::asn1::ObjectIdentifier::new_unwrap($dotted) }.as_bytes()
    };
}
pub(crate) use oid;

pub(crate) const RSA_ENCRYPTION: &[u8] = oid!("1.2.840.113549.1.1.1");

/// The elements that stand side by side in `der`; none where it is damaged.
pub(crate) fn elements(der: &[u8]) -> Option<Vec<Element<'_>>> {
    let mut reader = SliceReader::new(der).ok()?;
    let mut found = Vec::new();
    while !reader.is_finished() {
        found.push(Element::decode(&mut reader).ok()?);
    }
    Some(found)
}

/// What stands in the SEQUENCE `element`.
pub(crate) fn members<'a>(element: Element<'a>) -> Option<Vec<Element<'a>>> {
    if element.tag() == Tag::Sequence { elements(element.value()) } else { None }
}

/// What stands in the SEQUENCE that `der` is.
pub(crate) fn sequence(der: &[u8]) -> Option<Vec<Element<'_>>> {
    members(only(der)?)
}

/// The one element that `der` is.
pub(crate) fn only(der: &[u8]) -> Option<Element<'_>> {
    let [element] = elements(der)?.try_into().ok()?;
    Some(element)
}

/// Whether `element` has the tag `[number]`.
pub(crate) fn is_tagged(element: Element<'_>, number: u32) -> bool {
    matches!(element.tag(), Tag::ContextSpecific { number: tag, .. } if tag.value() == number)
}

/// The content octets of an INTEGER without a sign as a number; the largest one for what is larger.
pub(crate) fn magnitude(integer: &[u8]) -> u64 {
    integer.iter().fold(0_u64, |sum, byte| sum.saturating_mul(256).saturating_add(u64::from(*byte)))
}
