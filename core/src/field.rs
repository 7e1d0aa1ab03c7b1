//! Named values: what events and statistics consist of, for those who pass them on without knowing each.

use std::time::{Duration, SystemTime};

use crate::error::Error;

/// The value of a field.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum FieldValue<'a> {
    /// A text; never a secret.
    Text(&'a str),
    /// How many.
    Count(u64),
    /// Yes or no.
    Flag(bool),
    /// A length of time.
    Duration(Duration),
    /// A length of time that may be negative.
    Milliseconds(i64),
    /// A point in time.
    Time(SystemTime),
    /// A failure.
    Error(&'a Error),
    /// A list of things with fields of their own.
    Rows(Vec<Fields<'a>>),
}

/// Fields by name, each with its value where it has one.
pub type Fields<'a> = Vec<(&'static str, Option<FieldValue<'a>>)>;

/// What sort of value a field has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum FieldKind {
    /// A text.
    Text,
    /// Several texts.
    Texts,
    /// Bytes.
    Bytes,
    /// How many.
    Count,
    /// Yes or no.
    Flag,
    /// A length of time.
    Duration,
    /// A length of time that may be negative.
    Milliseconds,
    /// A point in time.
    Time,
    /// A failure.
    Error,
    /// A list of things with fields of their own.
    Rows,
}

/// A field that something has in every language.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct FieldDescription {
    /// Its name.
    pub name: &'static str,
    /// What sort of value it has.
    pub kind: FieldKind,
    /// Whether it may have none.
    pub optional: bool,
}

impl FieldDescription {
    pub(crate) const fn always(name: &'static str, kind: FieldKind) -> Self {
        FieldDescription { name, kind, optional: false }
    }

    pub(crate) const fn maybe(name: &'static str, kind: FieldKind) -> Self {
        FieldDescription { name, kind, optional: true }
    }
}

/// A name as languages write it that join words by capitals: `refresh_failed` is `refreshFailed` there.
#[doc(hidden)]
#[must_use]
pub fn camel_case(name: &str) -> String {
    let mut camel = String::with_capacity(name.len());
    let mut begins = false;
    for letter in name.chars() {
        match letter {
            '_' => begins = true,
            letter if std::mem::take(&mut begins) => camel.push(letter.to_ascii_uppercase()),
            letter => camel.push(letter),
        }
    }
    camel
}

/// What a field can be.
pub(crate) trait Field {
    const KIND: FieldKind;
    const OPTIONAL: bool = false;

    fn value(&self) -> Option<FieldValue<'_>>;
}

/// What has fields.
pub(crate) trait Row {
    fn row(&self) -> Fields<'_>;
    fn described() -> Vec<FieldDescription>;
}

macro_rules! fields {
    ($($type:ty: $kind:ident, $value:ident => $made:expr;)*) => {
        $(impl Field for $type {
            const KIND: FieldKind = FieldKind::$kind;

            fn value(&self) -> Option<FieldValue<'_>> {
                let $value = self;
                Some(FieldValue::$kind($made))
            }
        })*
    };
}

fields! {
    String: Text, text => text;
    &'static str: Text, text => text;
    u64: Count, number => *number;
    bool: Flag, flag => *flag;
    Duration: Duration, duration => *duration;
    i64: Milliseconds, milliseconds => *milliseconds;
    SystemTime: Time, time => *time;
    Error: Error, error => error;
}

impl<T: Field> Field for Option<T> {
    const KIND: FieldKind = T::KIND;
    const OPTIONAL: bool = true;

    fn value(&self) -> Option<FieldValue<'_>> {
        self.as_ref()?.value()
    }
}

impl<T: Row> Field for Vec<T> {
    const KIND: FieldKind = FieldKind::Rows;

    fn value(&self) -> Option<FieldValue<'_>> {
        Some(FieldValue::Rows(self.iter().map(Row::row).collect()))
    }
}

pub(crate) const fn describe<T: Field>(name: &'static str) -> FieldDescription {
    FieldDescription { name, kind: T::KIND, optional: T::OPTIONAL }
}

/// A struct whose public fields are [`Row`]s' fields.
macro_rules! row {
    ($(#[$about:meta])* pub struct $name:ident { $($(#[$doc:meta])* pub $field:ident: $type:ty,)* }) => {
        $(#[$about])*
        pub struct $name {
            $($(#[$doc])* pub $field: $type,)*
        }

        impl $crate::field::Row for $name {
            fn row(&self) -> $crate::field::Fields<'_> {
                vec![$((stringify!($field), $crate::field::Field::value(&self.$field)),)*]
            }

            fn described() -> Vec<$crate::field::FieldDescription> {
                vec![$($crate::field::describe::<$type>(stringify!($field)),)*]
            }
        }
    };
}
pub(crate) use row;
