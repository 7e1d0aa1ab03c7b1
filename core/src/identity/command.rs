//! A command line taken apart as a POSIX shell would, and nothing of it carried out: no variables, no patterns, no pipes.

/// The program and its arguments; none where a quote stays open or nothing is there.
pub(super) fn split(line: &str) -> Option<Vec<String>> {
    let mut words = Vec::new();
    // A quoted word may be empty, so a word is there before it has a character.
    let mut word: Option<String> = None;
    let mut characters = line.chars();
    while let Some(character) = characters.next() {
        match character {
            '\'' => {
                let word = word.get_or_insert_default();
                loop {
                    match characters.next()? {
                        '\'' => break,
                        inside => word.push(inside),
                    }
                }
            }
            '"' => {
                let word = word.get_or_insert_default();
                loop {
                    match characters.next()? {
                        '"' => break,
                        '\\' if !cfg!(windows) => match characters.next()? {
                            '\n' => {}
                            escaped @ ('"' | '\\' | '$' | '`') => word.push(escaped),
                            other => word.extend(['\\', other]),
                        },
                        inside => word.push(inside),
                    }
                }
            }
            // Where it separates folders it stays.
            '\\' if !cfg!(windows) => match characters.next()? {
                '\n' => {}
                escaped => word.get_or_insert_default().push(escaped),
            },
            blank if blank.is_whitespace() => words.extend(word.take()),
            other => word.get_or_insert_default().push(other),
        }
    }
    words.extend(word);
    words.first().is_some_and(|program| !program.is_empty()).then_some(words)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn lines_are_taken_apart_as_the_shell_does() {
        for (line, words) in [
            ("tool", &["tool"][..]),
            ("  tool --a  b ", &["tool", "--a", "b"]),
            ("'/opt/my tool' \"a b\" ''", &["/opt/my tool", "a b", ""]),
            ("tool $(id) `id` | id; id > x", &["tool", "$(id)", "`id`", "|", "id;", "id", ">", "x"]),
        ] {
            assert_eq!(split(line).unwrap(), words, "{line}");
        }
        for line in ["", "   ", "'open", "\"open", "'' tool"] {
            assert_eq!(split(line), None, "{line}");
        }
    }

    #[cfg(not(windows))]
    #[test]
    fn a_backslash_escapes() {
        for (line, words) in [
            (r"tool a\ b \\", &["tool", "a b", "\\"][..]),
            (r#"tool "a\"b" "\$x" "\n" 'c\d'"#, &["tool", "a\"b", "$x", "\\n", "c\\d"]),
            ("tool a\\\nb", &["tool", "ab"]),
        ] {
            assert_eq!(split(line).unwrap(), words, "{line}");
        }
        assert_eq!(split("tool \\"), None);
    }

    #[cfg(windows)]
    #[test]
    fn a_backslash_separates_folders() {
        for (line, words) in [
            (r"C:\tools\get.exe --to C:\", &[r"C:\tools\get.exe", "--to", r"C:\"][..]),
            (r#""C:\Program Files\get.exe" 'a\b'"#, &[r"C:\Program Files\get.exe", r"a\b"]),
        ] {
            assert_eq!(split(line).unwrap(), words, "{line}");
        }
    }

    proptest! {
        #[test]
        fn what_is_quoted_comes_back(words in prop::collection::vec("[^']{0,12}", 1..5)) {
            prop_assume!(!words[0].is_empty());
            let line: Vec<_> = words.iter().map(|word| format!("'{word}'")).collect();
            prop_assert_eq!(split(&line.join(" ")), Some(words));
        }

        #[test]
        fn no_line_makes_it_panic(line in any::<String>()) {
            let _ = split(&line);
        }
    }
}
