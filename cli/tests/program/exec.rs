//! `kmsak exec`

use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use kmsak_emulator::Fault;

use crate::support::{Kms, Running, SECRET, Terminal, kmsak, stderr, stdout};

fn exec(kms: &Kms, more: &[&str], script: &str) -> Command {
    let mut command = kmsak(&["exec", "--secret", SECRET, "--config"]);
    command.arg(kms.eager_config()).args(more).args(["--", "sh", "-c", script]);
    command
}

#[test]
fn the_command_has_the_access_key_and_no_foreign_token() {
    let kms = Kms::start();
    let script =
        "echo $ALIBABA_CLOUD_ACCESS_KEY_ID $ALICLOUD_SECRET_KEY ${ALIBABA_CLOUD_SECURITY_TOKEN-none} $OTHER";
    let output = exec(&kms, &[], script)
        .env("ALIBABA_CLOUD_SECURITY_TOKEN", "left over")
        .env("OTHER", "kept")
        .output()
        .unwrap();
    let key = kms.emulator.access_key_of(SECRET).unwrap();
    assert_eq!(stdout(&output).trim(), format!("{} {} none kept", key.id, key.secret), "{}", stderr(&output));
    // The aliyun CLI would prefer a profile otherwise.
    let output =
        exec(&kms, &[], "echo $ALIBABA_CLOUD_IGNORE_PROFILE $ALIBABACLOUD_IGNORE_PROFILE").output().unwrap();
    assert_eq!(stdout(&output).trim(), "TRUE TRUE");
}

#[test]
fn the_command_starts_with_no_signal_blocked() {
    let kms = Kms::start();
    for more in [&[][..], &["--restart-on-rotation"]] {
        let output = exec(&kms, more, "exec grep SigBlk /proc/self/status").output().unwrap();
        assert_eq!(
            stdout(&output).split_whitespace().nth(1),
            Some("0000000000000000"),
            "{}",
            stderr(&output)
        );
    }
}

#[test]
fn exit_codes_pass_through() {
    let kms = Kms::start();
    for more in [&[][..], &["--restart-on-rotation"]] {
        assert_eq!(exec(&kms, more, "exit 42").status().unwrap().code(), Some(42));
    }
    let code = |arguments: &[&str]| {
        let output =
            kmsak(arguments).arg("-c").arg(kms.config()).args(["--", "/no/such/command"]).output().unwrap();
        output.status.code()
    };
    assert_eq!(code(&["exec", "--secret", SECRET]), Some(127));
    assert_eq!(code(&["exec", "--secret", "nope"]), Some(125));
    assert_eq!(code(&["exec"]), Some(125));
    assert_eq!(code(&["--log-level", "off", "exec", "--no-such-option"]), Some(125));
    let output = kmsak(&["exec", "--secret", SECRET]).output().unwrap();
    assert_eq!(output.status.code(), Some(125), "there is no command");
    assert!(stderr(&output).contains("kmsak exec [OPTIONS] -- <COMMAND>..."), "{}", stderr(&output));
}

#[test]
fn signals_pass_through() {
    let kms = Kms::start();
    for more in [&[][..], &["--restart-on-rotation"]] {
        let script = "trap 'echo told; exit 5' TERM; echo ready; while :; do sleep 0.05; done";
        let mut running = Running::start(&mut exec(&kms, more, script));
        assert_eq!(running.line(), "ready");
        running.signal("TERM");
        assert_eq!(running.line(), "told");
        assert_eq!(running.child.wait().unwrap().code(), Some(5));
    }
}

#[test]
fn a_rotation_starts_the_command_anew() {
    let kms = Kms::start();
    let script =
        "trap 'echo ending; exit 0' TERM; echo $ALIBABA_CLOUD_ACCESS_KEY_ID; while :; do sleep 0.05; done";
    let mut running = Running::start(&mut exec(&kms, &["--restart-on-rotation"], script));
    assert_eq!(running.line(), kms.access_key_id());
    let new = kms.rotate();
    assert_eq!(running.line(), "ending");
    assert_eq!(running.line(), new);
    running.signal("TERM");
    assert_eq!(running.line(), "ending");
    assert_eq!(running.child.wait().unwrap().code(), Some(0));
}

#[test]
fn a_rotation_while_nothing_is_at_hand_starts_the_command_anew() {
    let kms = Kms::start();
    let config = kms.path("forgetful.properties");
    let text = fs::read_to_string(kms.eager_config()).unwrap();
    fs::write(&config, text + "max_stale=5000\n").unwrap();
    let mut command =
        kmsak(&["exec", "--secret", SECRET, "--restart-on-rotation", "--log-level", "warn", "--config"]);
    command.arg(config).args(["--", "sh", "-c", SHOW_AND_WAIT]).stderr(Stdio::piped());
    let mut running = Running::start(&mut command);
    assert_eq!(running.line(), kms.access_key_id());
    let mut log = BufReader::new(running.child.stderr.take().unwrap()).lines();
    let fault = kms.emulator.inject(Fault::error(503, "ServiceUnavailableTemporary")).unwrap();
    log.find(|line| line.as_ref().unwrap().contains("is not handed out any more")).unwrap().unwrap();
    let new = kms.rotate();
    kms.emulator.clear_fault(fault);
    assert_eq!(running.line(), new);
}

#[test]
fn a_command_that_will_not_end_is_killed() {
    let kms = Kms::start();
    let script = "trap '' TERM; echo $ALIBABA_CLOUD_ACCESS_KEY_ID; while :; do sleep 0.05; done";
    let mut running = Running::start(&mut exec(&kms, &["--restart-on-rotation", "--grace", "0"], script));
    assert_eq!(running.line(), kms.access_key_id());
    let new = kms.rotate();
    assert_eq!(running.line(), new);
}

/// Shows its AccessKey, then waits.
const SHOW_AND_WAIT: &str = "echo $ALIBABA_CLOUD_ACCESS_KEY_ID; while :; do sleep 0.05; done";

#[test]
fn whoever_is_told_to_end_does_not_start_the_command() {
    let kms = Kms::start();
    for more in [&[][..], &["--restart-on-rotation"]] {
        kms.emulator.inject(Fault::hang()).unwrap();
        let mut running = Running::start(&mut exec(&kms, more, "echo started"));
        kms.wait_for_fault();
        running.signal("TERM");
        assert_eq!(running.line(), "", "the command was started");
        assert_eq!(running.child.wait().unwrap().signal(), Some(15), "as the shell wants to see it");
        kms.emulator.clear_faults();
    }
}

#[test]
fn whoever_is_told_to_end_while_the_command_restarts_does_not_start_it_again() {
    let kms = Kms::start();
    let script =
        "trap '' INT; trap 'echo ending; read line < fifo; exit 3' TERM; ".to_owned() + SHOW_AND_WAIT;
    assert!(Command::new("mkfifo").arg(kms.path("fifo")).status().unwrap().success());
    let mut command = exec(&kms, &["--restart-on-rotation", "--grace", "60"], &script);
    let mut running = Running::start(command.current_dir(kms.folder.path()));
    assert_eq!(running.line(), kms.access_key_id());
    kms.rotate();
    assert_eq!(running.line(), "ending");
    running.signal("INT");
    fs::write(kms.path("fifo"), "go\n").unwrap();
    assert_eq!(running.child.wait().unwrap().code(), Some(3));
    assert_eq!(running.line(), "");
}

#[test]
fn a_rotation_does_not_start_a_command_that_is_ending() {
    let kms = Kms::start();
    let script = "trap 'echo ending; read line < fifo; exit 4' TERM; ".to_owned() + SHOW_AND_WAIT;
    assert!(Command::new("mkfifo").arg(kms.path("fifo")).status().unwrap().success());
    let mut command = exec(&kms, &["--restart-on-rotation"], &script);
    let mut running = Running::start(command.current_dir(kms.folder.path()));
    assert_eq!(running.line(), kms.access_key_id());
    running.signal("TERM");
    assert_eq!(running.line(), "ending");
    kms.rotate();
    let fetches = || kms.emulator.counters().secret_values_of(SECRET);
    let before = fetches();
    // The second one begins after the first one was taken in.
    while fetches() < before + 2 {
        std::thread::sleep(Duration::from_millis(5));
    }
    fs::write(kms.path("fifo"), "go\n").unwrap();
    assert_eq!(running.child.wait().unwrap().code(), Some(4));
    assert_eq!(running.line(), "");
}

fn is_there(pid: &str) -> bool {
    Path::new("/proc").join(pid).exists()
}

#[test]
fn a_restart_leaves_nobody_behind() {
    let kms = Kms::start();
    // One that ends when it is told, and one that has to be killed; both lose their parents.
    let script = "sh -c 'echo one $$ $ALIBABA_CLOUD_ACCESS_KEY_ID; while :; do sleep 0.05; done' & \
                  (sh -c 'trap \"\" TERM; echo two $$; while :; do sleep 0.05; done' &) ; wait";
    let mut running = Running::start(&mut exec(&kms, &["--restart-on-rotation", "--grace", "1"], script));
    let mut shown = || {
        let mut lines = [running.line(), running.line()];
        lines.sort();
        let [one, two] = lines.map(|line| line.split(' ').map(str::to_owned).collect::<Vec<_>>());
        assert_eq!((one[0].as_str(), two[0].as_str()), ("one", "two"));
        (one[1].clone(), two[1].clone(), one[2].clone())
    };
    let (one, two, old) = shown();
    assert_eq!(old, kms.access_key_id());
    let rotated = kms.rotate();
    let (_, _, new) = shown();
    assert_eq!(new, rotated);
    assert!(!is_there(&one) && !is_there(&two));
}

#[test]
fn orphans_that_ended_are_not_kept() {
    let kms = Kms::start();
    let script = "(true & echo $!); echo; while :; do sleep 0.05; done";
    let mut running = Running::start(&mut exec(&kms, &["--restart-on-rotation"], script));
    let orphan = running.line();
    let deadline = Instant::now() + Duration::from_secs(30);
    while is_there(&orphan) {
        assert!(Instant::now() < deadline, "{orphan} is a zombie");
    }
}

#[test]
fn a_terminal_interrupts_the_command_once() {
    let kms = Kms::start();
    let script =
        "trap 'echo interrupted' INT; trap 'echo end; exit 7' TERM; echo ready; while :; do sleep 0.05; done";
    for stdin in ["", "</dev/null"] {
        let kmsak = format!("exec \"$@\" {stdin}");
        let inner = exec(&kms, &["--restart-on-rotation"], script);
        let mut command = Command::new("sh");
        command.args(["-c", &kmsak, "sh"]).arg(inner.get_program()).args(inner.get_args());
        let mut terminal = Terminal::start(&command);
        terminal.wait_for("ready");
        terminal.type_in("\x03");
        terminal.wait_for("interrupted");
        // What kill sends to kmsak is passed on, wherever standard input comes from.
        terminal.signal("INT");
        terminal.wait_for("interrupted");
        terminal.signal("TERM");
        assert!(!terminal.wait_for("end").contains("interrupted"));
        assert_eq!(terminal.child.wait().unwrap().code(), Some(7));
    }
}

#[test]
fn a_job_stops_and_goes_on_with_its_command() {
    let kms = Kms::start();
    for more in [&[][..], &["--restart-on-rotation"]] {
        let job = exec(&kms, more, "echo ready; read line; echo got $line; exit 9");
        let script = "set -m; \"$@\"; echo stopped $?; fg >/dev/null; echo ended $?";
        let mut command = Command::new("bash");
        command.args(["-c", script, "bash"]).arg(job.get_program()).args(job.get_args());
        let mut terminal = Terminal::start(&command);
        terminal.wait_for("ready");
        terminal.type_in("\x1a");
        terminal.wait_for("stopped 148");
        terminal.type_in("hello\n");
        terminal.wait_for("got hello");
        terminal.wait_for("ended 9");
    }
}

#[test]
fn a_refresh_that_fails_is_told_while_the_command_runs() {
    let kms = Kms::start();
    let mut command = exec(&kms, &["--restart-on-rotation"], SHOW_AND_WAIT);
    let mut running = Running::start(command.stderr(Stdio::piped()));
    let mut errors = std::io::BufReader::new(running.child.stderr.take().unwrap());
    assert_eq!(running.line(), kms.access_key_id());
    kms.emulator.inject(Fault::error(403, "Forbidden.NoPermission")).unwrap();
    let mut line = String::new();
    std::io::BufRead::read_line(&mut errors, &mut line).unwrap();
    assert!(line.starts_with("kmsak: warning: ") && line.contains(SECRET), "{line}");
}
