//! `kmsak exec`

use crate::support::{Kms, Running, SECRET, kmsak, stderr, stdout};

fn exec(kms: &Kms, more: &[&str], script: &str) -> std::process::Command {
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
fn a_command_that_will_not_end_is_killed() {
    let kms = Kms::start();
    let script = "trap '' TERM; echo $ALIBABA_CLOUD_ACCESS_KEY_ID; while :; do sleep 0.05; done";
    let mut running = Running::start(&mut exec(&kms, &["--restart-on-rotation", "--grace", "0"], script));
    assert_eq!(running.line(), kms.access_key_id());
    let new = kms.rotate();
    assert_eq!(running.line(), new);
}
