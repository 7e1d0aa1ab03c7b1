//! Help, completions and manual pages.

use crate::support::{kmsak, stdout};

const COMMANDS: [&str; 11] = [
    "get",
    "exec",
    "credential-process",
    "serve",
    "status",
    "doctor",
    "admin",
    "audit",
    "emulator",
    "completions",
    "man",
];

#[test]
fn help_names_every_command_and_the_exit_codes() {
    let help = stdout(&kmsak(&["--help"]).output().unwrap());
    for command in COMMANDS {
        assert!(help.contains(command), "{command}");
    }
    assert!(help.contains("Exit codes:"));
    for command in COMMANDS {
        let help = stdout(&kmsak(&[command, "--help"]).output().unwrap());
        assert!(help.contains("Examples:") || help.contains("config.json"), "{command}");
    }
}

#[test]
fn completions_for_each_shell() {
    for shell in ["bash", "zsh", "fish"] {
        let output = kmsak(&["completions", shell]).output().unwrap();
        assert!(output.status.success());
        assert!(stdout(&output).contains("credential-process"), "{shell}");
    }
}

#[test]
fn a_manual_page_for_each_command() {
    let page = stdout(&kmsak(&["man"]).output().unwrap());
    assert!(page.contains(".TH kmsak 1"));
    let folder = tempfile::tempdir().unwrap();
    assert!(kmsak(&["man", "--dir"]).arg(folder.path()).status().unwrap().success());
    for command in COMMANDS {
        assert!(folder.path().join(format!("kmsak-{command}.1")).exists(), "{command}");
    }
    let exec = std::fs::read_to_string(folder.path().join("kmsak-exec.1")).unwrap();
    assert!(exec.contains("[OPTIONS] \\-\\- <COMMAND>..."), "{exec}");
}
