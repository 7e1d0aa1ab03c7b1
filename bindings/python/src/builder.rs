//! Python's keywords to the core's builder.

/// Sets each option that was given.
macro_rules! set {
    ($py:ident, $target:ident, $($name:ident),+ $(,)?) => {
        $(if let Some(value) = $name { $target = $target.$name(value.by($py, stringify!($name))?); })+
    };
}

/// Sets each option that was given as a wrapper of what the core takes.
macro_rules! set_inner {
    ($py:ident, $target:ident, $($name:ident),+ $(,)?) => {
        $(if let Some(value) = $name { $target = $target.$name(value.by($py, stringify!($name))?.0); })+
    };
}
