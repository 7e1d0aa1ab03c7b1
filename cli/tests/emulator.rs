//! `kmsak emulator` as a process: its line of JSON, its folder, its end.

#![allow(missing_docs)]

use std::io::{BufRead as _, BufReader, Read as _};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};

struct Emulator {
    process: Child,
    ready: String,
}

impl Emulator {
    fn start(dir: &Path) -> Self {
        Self::start_with(dir, Stdio::piped())
    }

    fn start_with(dir: &Path, error: Stdio) -> Self {
        let mut process = Command::new(env!("CARGO_BIN_EXE_kmsak"))
            .args(["emulator", "--test-keys", "--dir"])
            .arg(dir)
            .stdout(Stdio::piped())
            .stderr(error)
            .spawn()
            .unwrap();
        let mut ready = String::new();
        BufReader::new(process.stdout.as_mut().unwrap()).read_line(&mut ready).unwrap();
        Self { process, ready }
    }

    fn stop(mut self, signal: &str) -> (ExitStatus, String) {
        let id = self.process.id().to_string();
        assert!(Command::new("kill").args([signal, &id]).status().unwrap().success());
        let status = self.process.wait().unwrap();
        let mut said = String::new();
        if let Some(mut error) = self.process.stderr {
            error.read_to_string(&mut said).unwrap();
        }
        (status, said)
    }
}

#[test]
fn it_says_when_it_is_ready_and_ends_in_good_order() {
    let root = tempfile::tempdir().unwrap();
    let dir = root.path().join("kms");
    let first = Emulator::start(&dir);
    assert!(first.ready.starts_with('{') && first.ready.ends_with("}\n"), "{}", first.ready);
    assert!(first.ready.contains("\"admin\":\"http://127.0.0.1:"));
    let ready = first.ready.clone();
    let (status, said) = first.stop("-TERM");
    assert_eq!(status.code(), Some(0));
    assert!(said.contains("on_the_cloud.properties acs/ram/user/app"), "{said}");
    let password = std::fs::read_to_string(dir.join("clientKey_Password.txt")).unwrap();
    assert!(!said.contains(&password) && !ready.contains(&password));

    // The same folder, the same ports.
    let second = Emulator::start(&dir);
    assert_eq!(second.ready, ready);
    assert_eq!(second.stop("-INT").0.code(), Some(0));
}

#[test]
fn it_runs_where_nothing_can_be_written_on_standard_error() {
    let dir = tempfile::tempdir().unwrap();
    let full = || std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap().into();
    let emulator = Emulator::start_with(dir.path(), full());
    assert!(emulator.ready.starts_with('{'), "{}", emulator.ready);
    assert_eq!(emulator.stop("-TERM").0.code(), Some(0));

    let mut failing = Command::new(env!("CARGO_BIN_EXE_kmsak"));
    failing.args(["emulator", "--dir", env!("CARGO_BIN_EXE_kmsak")]);
    assert_eq!(failing.stderr(full()).status().unwrap().code(), Some(1));
}

#[test]
fn what_it_suggests_can_be_pasted_into_a_shell() {
    let root = tempfile::tempdir().unwrap();
    let (_, said) = Emulator::start(&root.path().join("it's a kms")).stop("-TERM");
    let line = said.lines().find(|line| line.contains("on_the_cloud")).unwrap();
    let arguments = line.trim().strip_prefix("kmsak").unwrap();
    let script = format!("for one in {arguments}; do echo \"$one\"; done");
    let output = Command::new("sh").args(["-c", &script]).output().unwrap();
    let path = root.path().join("it's a kms/on_the_cloud.properties");
    let expected = format!("get\n--config\n{}\nacs/ram/user/app\n", path.display());
    assert_eq!(String::from_utf8(output.stdout).unwrap(), expected);
}

#[test]
fn what_is_wrong_is_said_in_a_sentence() {
    let root = tempfile::tempdir().unwrap();
    let file = root.path().join("file");
    std::fs::write(&file, "").unwrap();
    let run = |arguments: &[&str]| {
        let output =
            Command::new(env!("CARGO_BIN_EXE_kmsak")).arg("emulator").args(arguments).output().unwrap();
        assert!(output.stdout.is_empty());
        (output.status.code(), String::from_utf8(output.stderr).unwrap())
    };
    let (status, said) = run(&["--dir", file.to_str().unwrap()]);
    assert_eq!(status, Some(1));
    assert!(said.starts_with("kmsak emulator: ") && said.lines().count() == 1, "{said}");
    assert!(said.contains("file cannot be created, as a file is in its place: "), "{said}");
    let dir = root.path().join("kms");
    let dir = dir.to_str().unwrap();
    // An address of no machine, which the sentence names.
    let (status, said) = run(&["--dir", dir, "--listen", "192.0.2.1"]);
    assert!(status == Some(1) && said.contains("192.0.2.1"), "{said}");
    assert!(said.contains("(--listen)"), "{said}");
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    // That of the shared gateway.
    let first = (taken.local_addr().unwrap().port() - 1).to_string();
    let (status, said) = run(&["--dir", dir, "--port", &first]);
    assert!(status == Some(1) && said.contains("(--port)"), "{said}");
    assert_eq!(run(&["--dir", dir, "--name", "no name"]).0, Some(1));
    for wrong in [
        ["--port", "0"],
        ["--port", "x"],
        ["--client-key-days", "0"],
        ["--region", "x y"],
        ["--region", ""],
        ["--instance-gateways", "0"],
        ["--shared-gateways", "11"],
    ] {
        assert_eq!(run(&["--dir", dir, wrong[0], wrong[1]]).0, Some(2), "{wrong:?}");
    }
}
