//! What a region's id looks like.

/// Lower-case letters and digits in parts joined by hyphens, like `cn-hangzhou` or `ap-southeast-1`.
pub(crate) fn is_region_id(text: &str) -> bool {
    let plausible =
        |part: &str| !part.is_empty() && part.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit());
    text.len() <= 40 && text.contains('-') && text.split('-').all(plausible)
}

#[cfg(test)]
mod tests {
    use super::is_region_id;

    #[test]
    fn region_ids_are_told_from_other_text() {
        for id in ["cn-hangzhou", "ap-southeast-1", "cn-shanghai-finance-1", "us-east-1"] {
            assert!(is_region_id(id), "{id}");
        }
        for other in ["", "-", "hangzhou", "cn-", "cn--x", "Cn-hangzhou", "cn hangzhou", "cn-hangzhou\"}]"] {
            assert!(!is_region_id(other), "{other}");
        }
        assert!(!is_region_id(&"a-".repeat(30)));
    }
}
