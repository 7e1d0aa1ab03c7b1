//! `kmsak get` and `kmsak credential-process`

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use kmsak_emulator::{Fault, SecretValue};
use serde_json::Value;

use crate::support::{Kms, Running, SECRET, Terminal, kmsak, stderr, stdout};

#[test]
fn json_through_both_gateways() {
    let kms = Kms::start();
    let key = kms.emulator.access_key_of(SECRET).unwrap();
    for config in ["on_the_cloud.properties", "off_the_cloud.properties"] {
        let output =
            kmsak(&["get", SECRET, "--format", "json", "--config"]).arg(kms.path(config)).output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
        let fields: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(fields["AccessKeyId"], key.id.as_str());
        assert_eq!(fields["AccessKeySecret"], key.secret.as_str());
        assert_eq!(fields["SecretName"], SECRET);
        assert_eq!(fields["VersionStages"][0], "ACSCurrent");
        assert!(fields["VersionId"].is_string());
        assert_eq!(stderr(&output), "");
    }
}

#[test]
fn an_expired_client_key_is_warned_about_once() {
    let kms = Kms::start();
    let (now, day) = (kms.emulator.now(), std::time::Duration::from_secs(86_400));
    let expired = kms.emulator.issue_client_key_between("app", now - 9 * day, now - day).unwrap();
    let folder = kms.emulator.write_folder(kms.folder.path()).unwrap();
    std::fs::write(&folder.client_key, &expired.json).unwrap();
    std::fs::write(&folder.password, &expired.password).unwrap();
    for (level, warnings) in [(None, 1), (Some("warn"), 1), (Some("off"), 0)] {
        let mut command = kmsak(&["get", SECRET, "-c"]);
        command.arg(kms.config());
        command.args(level.map(|level| format!("--log-level={level}")));
        let output = command.output().unwrap();
        let told = stderr(&output);
        let warning = format!("kmsak: warning: the ClientKey {} expired at ", expired.key_id);
        assert_eq!(told.matches(&warning).count(), warnings, "{told}");
    }
}

#[test]
fn a_shell_reads_the_env_format() {
    let kms = Kms::start();
    let value = r#"{"PASSWORD": "it's \"$HOME\" `x`\nand more", "PORT": 5432}"#;
    kms.emulator.create_secret("db", "Generic", SecretValue::text(value)).unwrap();
    let output = kmsak(&["get", "db", "-f", "env", "-c"]).arg(kms.config()).output().unwrap();
    assert!(output.status.success(), "{}", stderr(&output));
    let script = format!("{}\nprintf '%s|%s' \"$PASSWORD\" \"$PORT\"", stdout(&output));
    let shell = Command::new("sh").args(["-c", &script]).output().unwrap();
    assert_eq!(stdout(&shell), "it's \"$HOME\" `x`\nand more|5432");

    let output = kmsak(&["get", SECRET, "-f", "env", "-c"]).arg(kms.config()).output().unwrap();
    let id = kms.access_key_id();
    for name in ["ALIBABA_CLOUD_ACCESS_KEY_ID", "ALICLOUD_ACCESS_KEY", "OSS_ACCESS_KEY_ID"] {
        assert!(stdout(&output).contains(&format!("export {name}='{id}'\n")));
    }
}

#[test]
fn numbers_stay_as_they_are_written() {
    let kms = Kms::start();
    let value = r#"{"VERSION": 1.10, "BIG": 123456789012345678901234567890, "ON": true, "NONE": null}"#;
    kms.emulator.create_secret("numbers", "Generic", SecretValue::text(value)).unwrap();
    let output = kmsak(&["get", "numbers", "-f", "dotenv", "-c"]).arg(kms.config()).output().unwrap();
    assert_eq!(stdout(&output), "BIG='123456789012345678901234567890'\nNONE=''\nON='true'\nVERSION='1.10'\n");
}

#[test]
fn values_byte_for_byte() {
    let kms = Kms::start();
    kms.emulator.create_secret("text", "Generic", SecretValue::text("no line end")).unwrap();
    kms.emulator.create_secret("bytes", "Generic", SecretValue::binary([0, 255, 10])).unwrap();
    let value =
        |name: &str| kmsak(&["get", name, "-f", "value", "-c"]).arg(kms.config()).output().unwrap().stdout;
    assert_eq!(value("text"), b"no line end");
    assert_eq!(value("bytes"), [0, 255, 10]);
    let output = kmsak(&["get", "bytes", "-c"]).arg(kms.config()).output().unwrap();
    let fields: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(fields["SecretData"], "AP8K");
    assert_eq!(fields["SecretDataType"], "binary");
}

#[test]
fn the_previous_version() {
    let kms = Kms::start();
    let old = kms.access_key_id();
    kms.rotate();
    let output =
        kmsak(&["get", SECRET, "--version-stage", "ACSPrevious", "-c"]).arg(kms.config()).output().unwrap();
    let fields: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(fields["AccessKeyId"], old.as_str());
}

#[test]
fn watching_prints_each_change() {
    let kms = Kms::start();
    let mut running = Running::start(kmsak(&["get", SECRET, "--watch", "-c"]).arg(kms.eager_config()));
    let id =
        |line: &str| serde_json::from_str::<Value>(line).unwrap()["AccessKeyId"].as_str().unwrap().to_owned();
    assert_eq!(id(&running.line()), kms.access_key_id());
    let new = kms.rotate();
    assert_eq!(id(&running.line()), new);
}

#[test]
fn whoever_watches_hears_of_failures() {
    let kms = Kms::start();
    let mut command = kmsak(&["get", SECRET, "--watch", "-c"]);
    let mut running = Running::start(command.arg(kms.eager_config()).stderr(Stdio::piped()));
    let mut errors = BufReader::new(running.child.stderr.take().unwrap());
    assert!(running.line().contains(&kms.access_key_id()));
    kms.emulator.inject(Fault::error(403, "Forbidden.NoPermission")).unwrap();
    let mut line = String::new();
    errors.read_line(&mut line).unwrap();
    assert!(line.starts_with("kmsak: warning: ") && line.contains(SECRET), "{line}");
}

#[test]
fn a_terminal_shows_what_takes_its_time() {
    let kms = Kms::start();
    let config = kms.config();
    let config = config.to_str().unwrap();
    for (arguments, before, last) in [
        (&["get", SECRET, "-c", config][..], "{", "}"),
        (&["credential-process", SECRET, "-c", config], "{", "}"),
        (&["exec", "--secret", SECRET, "-c", config, "--", "echo", "done"], "done", "done"),
    ] {
        let hang = kms.emulator.inject(Fault::hang()).unwrap();
        let mut terminal = Terminal::start(&kmsak(arguments));
        let shown = terminal.wait_for("fetching");
        kms.emulator.clear_fault(hang);
        let shown = shown + &terminal.wait_for(before);
        assert!(
            shown.starts_with(&format!("kmsak: fetching {SECRET} ...\r\x1b[K")),
            "{arguments:?}: {shown:?}"
        );
        if before != last {
            terminal.wait_for(last);
        }
        assert!(terminal.child.wait().unwrap().success());
    }
    // Not where nobody looks.
    let output = kmsak(&["get", SECRET, "-c", config]).output().unwrap();
    assert_eq!(stderr(&output), "");
}

#[test]
fn a_standard_error_that_broke_changes_no_exit_code() {
    let kms = Kms::start();
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let mut command = kmsak(&["get", "nope", "-c"]);
    let status = command.arg(kms.config()).stderr(writer).status().unwrap();
    assert_eq!(status.code(), Some(8));
}

#[test]
fn the_log_level_is_that_of_our_own_lines_too() {
    let kms = Kms::start();
    let path = kms.path("odd.properties");
    let text = std::fs::read_to_string(kms.config()).unwrap();
    std::fs::write(&path, text + "no_such_key=1\n").unwrap();
    let said = |level: &[&str]| {
        let output = kmsak(&["get", SECRET, "-c"]).arg(&path).args(level).output().unwrap();
        stderr(&output)
    };
    assert!(said(&[]).contains("no_such_key"), "unasked");
    assert_eq!(said(&["--log-level", "warn"]).matches("no_such_key").count(), 1);
    assert_eq!(said(&["--log-level", "off"]), "");
}

#[test]
fn each_failure_has_its_exit_code_and_one_sentence() {
    let kms = Kms::start();
    let fails = |arguments: &[&str], code: i32, sentence: &str| {
        let output = kmsak(arguments).current_dir(kms.folder.path()).output().unwrap();
        let said = stderr(&output);
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {said}");
        assert!(said.contains(sentence), "{arguments:?}: {said}");
        assert_eq!(stdout(&output), "");
    };
    let config = "on_the_cloud.properties";
    fails(&["get"], 2, "SECRET");
    fails(&["get", SECRET, "--format", "xml", "-c", config], 2, "possible values");
    fails(&["get", SECRET, "-c", "nowhere.properties"], 3, "nowhere.properties");
    fails(&["get", "nope", "-c", config], 8, "KMS has no secret nope");
    kms.emulator.create_secret("plain", "Generic", SecretValue::text("not JSON")).unwrap();
    fails(&["get", "plain", "-f", "env", "-c", config], 2, "--format value");
    fails(&["credential-process", "plain", "-c", config], 3, "holds no AccessKey: name a managed RAM secret");
    fails(
        &["get", SECRET, "--version-stage", "ACSPrevious", "-c", config],
        8,
        "no version of acs/ram/user/app with the stage label ACSPrevious",
    );
    std::fs::write(kms.path("clientKey_Password.txt"), "wrong-Passw0rd").unwrap();
    fails(&["get", SECRET, "-c", config], 4, "password");
}

#[test]
fn what_an_external_profile_expects() {
    let kms = Kms::start();
    let key = kms.emulator.access_key_of(SECRET).unwrap();
    let output = kmsak(&["credential-process", SECRET, "-c"]).arg(kms.config()).output().unwrap();
    let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(
        answer,
        serde_json::json!({"mode": "AK", "access_key_id": key.id, "access_key_secret": key.secret})
    );
    let output =
        kmsak(&["credential-process", SECRET, "--lifetime", "600", "-c"]).arg(kms.config()).output().unwrap();
    let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert!(answer["expiration"].as_str().unwrap().ends_with('Z'));
}
