//! The calls of Alibaba Cloud's services that the operator's commands make: one file a product, each call with its parameters,
//! whether it changes anything, and what RAM calls it.

pub(crate) mod actiontrail;
pub(crate) mod answers;
pub(crate) mod client;
pub(crate) mod config;
pub(crate) mod ims;
pub(crate) mod kms;
pub(crate) mod kms_instance;
pub(crate) mod kms_secret;
pub(crate) mod pvtz;
pub(crate) mod ram;
pub(crate) mod refused;
mod refused_codes;
pub(crate) mod resource_directory;
pub(crate) mod resource_sharing;
pub(crate) mod sts;

use std::fmt;
use std::marker::PhantomData;

/// A service with an OpenAPI in the RPC style.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Product {
    Kms,
    Ram,
    Ims,
    ResourceSharing,
    Pvtz,
    Config,
    ActionTrail,
    ResourceDirectory,
    Sts,
}

impl Product {
    /// As its SDKs call it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Product::Kms => "kms",
            Product::Ram => "ram",
            Product::Ims => "ims",
            Product::ResourceSharing => "resourcesharing",
            Product::Pvtz => "pvtz",
            Product::Config => "config",
            Product::ActionTrail => "actiontrail",
            Product::ResourceDirectory => "resourcedirectorymaster",
            Product::Sts => "sts",
        }
    }

    pub(crate) fn version(self) -> &'static str {
        match self {
            Product::Kms => "2016-01-20",
            Product::Ram => "2015-05-01",
            Product::Ims => "2019-08-15",
            Product::ResourceSharing => "2020-01-10",
            Product::Pvtz => "2018-01-01",
            Product::Config => "2020-09-07",
            Product::ActionTrail => "2020-07-06",
            Product::ResourceDirectory => "2022-04-19",
            Product::Sts => "2015-04-01",
        }
    }

    /// As the actions in RAM policies begin.
    fn in_ram(self) -> &'static str {
        match self {
            Product::Ims => "ram",
            Product::ResourceDirectory => "resourcemanager",
            other => other.name(),
        }
    }

    /// The official host. Those that have one for each region need `region`.
    pub(crate) fn host(self, region: Option<&str>) -> Option<String> {
        Some(match self {
            Product::Ram => "ram.aliyuncs.com".to_owned(),
            Product::Ims => "ims.aliyuncs.com".to_owned(),
            Product::Pvtz => "pvtz.aliyuncs.com".to_owned(),
            Product::ResourceDirectory => "resourcedirectory.aliyuncs.com".to_owned(),
            Product::Sts => "sts.aliyuncs.com".to_owned(),
            // Config has these two.
            Product::Config if region.is_some_and(|region| !region.starts_with("cn-")) => {
                "config.ap-southeast-1.aliyuncs.com".to_owned()
            }
            Product::Config => "config.cn-shanghai.aliyuncs.com".to_owned(),
            Product::Kms | Product::ResourceSharing | Product::ActionTrail => {
                format!("{}.{}.aliyuncs.com", self.name(), region?)
            }
        })
    }
}

/// A call as its API describes it.
#[derive(Debug)]
pub(crate) struct Action {
    pub(crate) product: Product,
    pub(crate) name: &'static str,
    /// Whether it changes anything.
    pub(crate) changes: bool,
    /// Whether it takes GET and nothing else.
    pub(crate) get: bool,
    /// Whether it replaces a list that was read before: then it is not sent again before that is read again, or what others have
    /// added meanwhile would be gone.
    pub(crate) whole_list: bool,
    /// What is ever sent. `*` after a name: it always is. `!`: its value is a secret. `&`: it stands in the body, and not in the
    /// query. A list is written `Targets.N`.
    pub(crate) parameters: &'static [&'static str],
}

impl Action {
    pub(crate) const fn read(
        product: Product,
        name: &'static str,
        parameters: &'static [&'static str],
    ) -> Self {
        Action { product, name, changes: false, get: false, whole_list: false, parameters }
    }

    pub(crate) const fn change(
        product: Product,
        name: &'static str,
        parameters: &'static [&'static str],
    ) -> Self {
        Action { product, name, changes: true, get: false, whole_list: false, parameters }
    }

    pub(crate) const fn by_get(self) -> Self {
        Action { get: true, ..self }
    }

    pub(crate) const fn of_a_whole_list(self) -> Self {
        Action { whole_list: true, ..self }
    }

    /// As a RAM policy names it.
    pub(crate) fn permission(&self) -> String {
        format!("{}:{}", self.product.in_ram(), self.name)
    }

    fn parameter(&self, sent: &str) -> Option<&'static str> {
        self.parameters.iter().copied().find(|described| is_like(described, sent))
    }

    fn is_secret(&self, sent: &str) -> bool {
        self.parameter(sent).is_some_and(|described| described.contains('!'))
    }

    pub(crate) fn is_in_body(&self, sent: &str) -> bool {
        self.parameter(sent).is_some_and(|described| described.contains('&'))
    }

    /// Whether a call that was lost may be sent again just so.
    pub(crate) fn has_token(&self) -> bool {
        self.parameters.iter().any(|described| bare(described) == "ClientToken")
    }
}

/// The name alone, without what is said of it.
pub(crate) fn bare(described: &str) -> &str {
    described.trim_end_matches(['*', '!', '&'])
}

/// Whether `sent`, such as `Targets.2`, is what `described`, such as `Targets.N`, means.
fn is_like(described: &str, sent: &str) -> bool {
    let (described, sent) = (bare(described).split('.'), sent.split('.'));
    let is_number = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    described.clone().count() == sent.clone().count()
        && described.zip(sent).all(|(ours, theirs)| ours == theirs || (ours == "N" && is_number(theirs)))
}

/// A call with its values, answered by a `T`.
pub(crate) struct Request<T> {
    pub(crate) action: &'static Action,
    pub(crate) parameters: Vec<(String, String)>,
    answer: PhantomData<fn() -> T>,
}

impl<T> Request<T> {
    pub(crate) fn of(action: &'static Action) -> Self {
        Request { action, parameters: Vec::new(), answer: PhantomData }
    }

    pub(crate) fn with(mut self, name: &str, value: impl ToString) -> Self {
        debug_assert!(
            self.action.parameter(name).is_some(),
            "{} does not say that it sends {name}",
            self.action.name
        );
        self.parameters.push((name.to_owned(), value.to_string()));
        self
    }

    pub(crate) fn maybe(self, name: &str, value: Option<impl ToString>) -> Self {
        match value {
            Some(value) => self.with(name, value),
            None => self,
        }
    }

    /// A list from 1: `Targets.1`, or with a field `Vpcs.1.VpcId`.
    pub(crate) fn list<S: AsRef<str>>(self, name: &str, field: Option<&str>, values: &[S]) -> Self {
        values.iter().enumerate().fold(self, |request, (index, value)| {
            let field = field.map(|field| format!(".{field}")).unwrap_or_default();
            request.with(&format!("{name}.{}{field}", index + 1), value.as_ref())
        })
    }

    /// Whether all is there that the call says it always sends.
    pub(crate) fn is_whole(&self) -> bool {
        self.action
            .parameters
            .iter()
            .filter(|described| described.contains('*'))
            .all(|described| self.parameters.iter().any(|(sent, _)| is_like(described, sent)))
    }

    /// The parameters, fit to be shown.
    pub(crate) fn shown(&self) -> Vec<(&str, &str)> {
        self.parameters
            .iter()
            .map(|(name, value)| {
                (name.as_str(), if self.action.is_secret(name) { "(not shown)" } else { value.as_str() })
            })
            .collect()
    }
}

impl<T> fmt::Display for Request<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.action.product.name(), self.action.name)?;
        for (name, value) in self.shown() {
            write!(f, " {name}={}", shell_word(value))?;
        }
        Ok(())
    }
}

fn shell_word(value: &str) -> String {
    let is_plain = |character: char| character.is_ascii_alphanumeric() || "-_./:@,+=".contains(character);
    if !value.is_empty() && value.chars().all(is_plain) {
        value.to_owned()
    } else {
        format!("'{}'", value.replace('\'', r"'\''"))
    }
}

/// An RFC 4122 random id, for `ClientToken` and the version of a secret.
pub(crate) fn random_id() -> String {
    let mut bytes = [0_u8; 16];
    ring::rand::SecureRandom::fill(&ring::rand::SystemRandom::new(), &mut bytes)
        .expect("the system gives random bytes");
    bytes[6] = bytes[6] & 0x0f | 0x40;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
}

/// Every call that the program knows.
pub(crate) fn all_actions() -> impl Iterator<Item = &'static Action> {
    [
        kms::ALL,
        kms_instance::ALL,
        kms_secret::ALL,
        ram::ALL,
        ims::ALL,
        resource_sharing::ALL,
        pvtz::ALL,
        config::ALL,
        actiontrail::ALL,
        resource_directory::ALL,
        sts::ALL,
    ]
    .into_iter()
    .flatten()
    .copied()
}

/// Names calls, and lists them.
macro_rules! actions {
    ($($name:ident = $action:expr;)*) => {
        $(pub(crate) static $name: $crate::cloud::Action = $action;)*
        /// All of this file.
        pub(crate) static ALL: &[&$crate::cloud::Action] = &[$(&$name),*];
    };
}
pub(crate) use actions;

#[cfg(test)]
mod tests {
    use super::*;

    static CALL: Action =
        Action::change(Product::Kms, "CreateSecret", &["SecretName*", "SecretData*!", "Tags.N.Key"]);

    #[test]
    fn a_secret_is_not_shown() {
        let request = Request::<()>::of(&CALL).with("SecretName", "a b").with("SecretData", "hush");
        assert_eq!(request.to_string(), "kms CreateSecret SecretName='a b' SecretData='(not shown)'");
        assert!(request.is_whole());
        assert!(!Request::<()>::of(&CALL).with("SecretName", "a").is_whole());
    }

    #[test]
    fn lists_are_numbered_from_one() {
        let request = Request::<()>::of(&CALL).list("Tags", Some("Key"), &["a", "b"]);
        assert_eq!(request.to_string(), "kms CreateSecret Tags.1.Key=a Tags.2.Key=b");
        assert!(!is_like("Tags.N.Key", "Tags.x.Key") && !is_like("Tags.N", "Tags.1.Key"));
    }

    #[test]
    fn no_call_is_there_twice() {
        let mut names: Vec<String> = all_actions().map(Action::permission).collect();
        let count = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), count);
    }

    #[test]
    fn ids_look_like_ids() {
        let id = random_id();
        assert_eq!(id.split('-').map(str::len).collect::<Vec<_>>(), [8, 4, 4, 4, 12]);
        assert_ne!(id, random_id());
    }
}
