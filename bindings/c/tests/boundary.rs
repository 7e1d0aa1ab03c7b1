//! Every exported function does its work inside `src/boundary.rs`, where panics end. One that does not would be found by nobody
//! before it panics.

use std::fs;
use std::path::Path;

/// The helpers of `src/boundary.rs`, and what is made of them: `set` and the like of src/options.rs, `read_field` and the like of
/// src/field.rs, `change`, and `begin` of asynchronous calls.
const HELPERS: [&str; 8] = ["guard(", "answer(", "status(", "read(", "read_", "set", "change(", "begin("];

#[test]
fn every_exported_function_stays_inside() {
    let crate_folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut names = Vec::new();
    for file in fs::read_dir(crate_folder.join("src")).expect("the sources") {
        let path = file.expect("a source").path();
        let source = fs::read_to_string(&path).expect("UTF-8");
        for exported in source.split("#[unsafe(no_mangle)]").skip(1) {
            let (signature, rest) = exported.split_once(" {\n").expect("a function has a body");
            let name = signature.split_once("extern \"C\" fn ").expect("for C").1;
            let name = name.split_once('(').expect("a function").0;
            let (body, _) = rest.split_once("\n}\n").expect("a body ends");
            let inside = body.split(|c: char| c.is_whitespace() || c == '{').any(|word| {
                HELPERS.iter().any(|helper| word.strip_prefix("self::").unwrap_or(word).starts_with(helper))
            });
            assert!(inside, "{name} in {} can let a panic out to C", path.display());
            names.push(name.to_owned());
        }
    }
    names.sort();
    let exported = fs::read_to_string(crate_folder.join("exported-symbols.txt")).expect("the list");
    assert_eq!(names, exported.lines().collect::<Vec<_>>(), "what is exported and what was looked at");
}
