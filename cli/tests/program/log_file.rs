//! `--log-file`

use std::io::Read;
use std::process::Stdio;

use serde_json::Value;

use crate::support::{Kms, Notified, Running, SECRET, kmsak, stderr, stdout};

#[test]
fn an_agent_logs_to_a_file_and_begins_a_new_one_where_it_was_moved_away() {
    let kms = Kms::start();
    let systemd = Notified::bind(&kms);
    let (log, moved) = (kms.path("kmsak.log"), kms.path("kmsak.log.1"));
    std::fs::write(&log, "what another run logged\n").unwrap();
    let mut command = kmsak(&["serve", "--secret", SECRET, "--listen", "127.0.0.1:0", "--config"]);
    command.arg(kms.config()).arg("--token-file").arg(kms.path("token")).arg("--log-file").arg(&log);
    command.stderr(Stdio::piped());
    systemd.by(&mut command);
    let mut running = Running::start(&mut command);
    assert!(running.line().contains("listening"));
    assert_eq!(systemd.told(), "READY=1\n");
    let logged = std::fs::read_to_string(&log).unwrap();
    let (before, line) = logged.split_once('\n').unwrap();
    assert_eq!(before, "what another run logged");
    let (time, message) = line.split_once(' ').unwrap();
    assert!(time.starts_with("20") && time.ends_with('Z'), "{line}");
    assert!(message.starts_with("kmsak: info: listening on http://127.0.0.1:"), "{line}");

    std::fs::rename(&log, &moved).unwrap();
    systemd.reload(&running);
    assert!(std::fs::read_to_string(&log).unwrap().contains("the configuration was read anew"));
    assert_eq!(std::fs::read_to_string(&moved).unwrap(), logged);
    running.signal("TERM");
    let mut told = String::new();
    running.child.stderr.take().unwrap().read_to_string(&mut told).unwrap();
    assert_eq!(told, "");
    assert!(std::fs::read_to_string(&log).unwrap().contains("kmsak: info: stopping\n"));
}

#[test]
fn what_fails_is_told_in_the_file_and_to_whoever_ran_it() {
    let kms = Kms::start();
    let log = kms.path("kmsak.log");
    let mut command = kmsak(&["get", "nothing", "--log-format", "json", "--config"]);
    let output = command.arg(kms.config()).env("KMSAK_LOG_FILE", &log).output().unwrap();
    assert_eq!(output.status.code(), Some(8), "{}", stderr(&output));
    let told = stderr(&output);
    let logged: Value = serde_json::from_str(&std::fs::read_to_string(&log).unwrap()).unwrap();
    assert_eq!(told.trim_end(), format!("kmsak: {}", logged["message"].as_str().unwrap()));
    assert_eq!(logged["level"], "error");
}

#[test]
fn a_file_that_cannot_be_written_is_told_before_anything_is_done() {
    let kms = Kms::start();
    let nowhere = kms.path("no/such/folder/kmsak.log");
    for (arguments, code) in [(["get", SECRET], 3), (["exec", "--secret=app"], 125)] {
        let mut command = kmsak(&arguments);
        command.arg("--config").arg(kms.config()).arg("--log-file").arg(&nowhere);
        if code == 125 {
            command.args(["--", "echo", "started"]);
        }
        let output = command.output().unwrap();
        assert_eq!(output.status.code(), Some(code), "{}", stderr(&output));
        assert_eq!(stdout(&output), "");
        assert!(
            stderr(&output).starts_with(&format!("kmsak: nothing can be logged to {}", nowhere.display())),
            "{}",
            stderr(&output)
        );
    }
}
