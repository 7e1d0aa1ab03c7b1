//! Python's keywords to the core's builder.

/// Sets each option that was given.
macro_rules! set {
    ($target:ident, $($name:ident),+ $(,)?) => {
        $(if let Some(value) = $name { $target = $target.$name(value); })+
    };
}

/// Sets each length of time that was given.
macro_rules! set_lengths {
    ($target:ident, $($name:ident),+ $(,)?) => {
        $(if let Some(value) = $name { $target = $target.$name(value.0); })+
    };
}
