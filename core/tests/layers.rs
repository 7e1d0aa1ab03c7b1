//! The core's layers: a file imports only from its own layer and from those under it, as docs/design.md draws them.

use std::fs;
use std::path::{Path, PathBuf};

/// From the bottom to the top. Each is a file or a folder of `src`.
const LAYERS: [&[&str]; 10] = [
    &["error", "field", "shown", "lenient_json", "date", "asn1", "certificate", "rejection"],
    &["process"],
    &["pending", "event"],
    &["secret"],
    &["transport"],
    &["identity"],
    &["kms"],
    &["config"],
    &["upkeep"],
    &["stats", "provider", "fixed", "openapi", "description", "lib"],
];

/// Stands beside the layers and is not shipped.
const SIMULATION: &str = "simulation";

fn layer_of(module: &str) -> Option<usize> {
    LAYERS.iter().position(|layer| layer.contains(&module))
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).expect("a folder of the core") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            found.extend(files(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
    found
}

/// The modules of the crate that a line of code names, as `crate::module`.
fn named(line: &str) -> impl Iterator<Item = &str> {
    line.split("crate::").skip(1).filter_map(|rest| {
        let end = rest.find(|character: char| !character.is_alphanumeric() && character != '_')?;
        Some(&rest[..end])
    })
}

#[test]
fn imports_run_one_way() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let files = files(&src);
    assert!(files.len() > 50, "the core's files are elsewhere: {files:?}");
    let mut wrong = Vec::new();
    for path in files {
        let inside = path.strip_prefix(&src).expect("a file of the core");
        let first = inside.iter().next().expect("a name").to_string_lossy();
        let module = first.trim_end_matches(".rs");
        if module == SIMULATION {
            continue;
        }
        let own = layer_of(module).unwrap_or_else(|| panic!("{module} stands in no layer: give it one"));
        let text = fs::read_to_string(&path).expect("text");
        let code = text.lines().enumerate().filter(|(_, line)| !line.trim_start().starts_with("//"));
        for (number, line) in code {
            if line.contains("crate::{") {
                wrong.push(format!("{}:{}: name each import from its module", inside.display(), number + 1));
            }
            for name in named(line) {
                // What lib.rs gives out, such as `crate::Kind`, stands for the public face.
                let named = layer_of(name).unwrap_or(LAYERS.len() - 1);
                if named > own {
                    wrong.push(format!("{}:{}: {name} is above {module}", inside.display(), number + 1));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "imports that run upwards:\n{}", wrong.join("\n"));
}

/// What panics, or lets the application's panic in, has a form in `process` that does not.
#[test]
fn log_lines_and_threads_go_through_process() {
    const INSTEAD: [(&str, &str); 6] = [
        ("tracing::error!", "logs::error!"),
        ("tracing::warn!", "logs::warn!"),
        ("tracing::info!", "logs::info!"),
        ("tracing::debug!", "logs::debug!"),
        ("spawn_blocking(", "threads::start_in_time"),
        ("thread::spawn(", "threads::start"),
    ];
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let shipped = |path: &PathBuf| {
        let text = path.to_string_lossy();
        let is_the_place =
            ["process/threads.rs", "process/logs.rs"].iter().any(|place| path.ends_with(place));
        !text.contains("tests") && !text.contains(SIMULATION) && !is_the_place
    };
    let mut wrong = Vec::new();
    for path in files(&src).into_iter().filter(shipped) {
        let text = fs::read_to_string(&path).expect("text");
        let code = text.split("#[cfg(test)]\nmod tests").next().unwrap_or_default();
        for (used, instead) in INSTEAD.iter().filter(|(used, _)| code.contains(used)) {
            wrong.push(format!("{}: {used}: use {instead}", path.display()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
