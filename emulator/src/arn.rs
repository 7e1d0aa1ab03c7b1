//! Names of secrets in the long form `acs:kms:<region>:<account>:secret/<name>`.

/// The parts of an ARN: region, account and name.
pub(crate) fn parse(text: &str) -> Option<(&str, &str, &str)> {
    let (region, rest) = text.strip_prefix("acs:kms:")?.split_once(':')?;
    let (account, secret) = rest.split_once(':')?;
    Some((region, account, secret.strip_prefix("secret/")?))
}

/// The bare name, whichever form was given.
pub(crate) fn bare_name(text: &str) -> &str {
    parse(text).map_or(text, |(_, _, name)| name)
}
