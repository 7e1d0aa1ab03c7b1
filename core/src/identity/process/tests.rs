use std::time::Instant;

use super::*;

fn run(line: &str, longest: Duration) -> Result<AccessKey> {
    let source = ProcessSource { line: line.to_owned(), longest };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let output = source.run().await?;
        answer::of_process(&output, "process_command")
    })
}

const LONG: Duration = Duration::from_secs(30);

#[test]
fn what_a_program_writes_is_taken() {
    let key = run(
        r#"printf '{"mode":"StsToken","access_key_id":"STS.1","access_key_secret":"s","sts_token":"t","expiration":"2026-11-29T12:00:00Z"}'"#,
        LONG,
    )
    .expect("an AccessKey");
    assert_eq!((key.id(), key.token()), ("STS.1", Some("t")));
    assert!(key.expires.is_some());
    let key = run(r#"printf '{"mode":"AK","access_key_id":"LTAI1","access_key_secret":"s"}'"#, LONG);
    assert_eq!(key.expect("an AccessKey").expires, None);
}

#[test]
fn no_shell_is_asked() {
    let error = run(r#"echo '{}' | cat $HOME"#, LONG).expect_err("echo writes it all");
    assert!(error.message().contains("not JSON"), "{error}");
}

#[test]
fn whatever_goes_wrong_is_told_without_its_arguments_and_output() {
    for (line, what) in [
        ("/no/such/program hunter2", "cannot be started"),
        ("sh -c 'echo hunter2; exit 3'", "ended with exit status: 3"),
        ("sh -c 'kill -9 $$'", "ended with signal: 9"),
        ("head -c 100000 /dev/zero", "writes more than 64 KiB"),
        ("echo hunter2", "not JSON"),
        (r#"echo '{"access_key_id":"hunter2"}'"#, "without access_key_id or access_key_secret"),
        (
            r#"echo '{"mode":"StsToken","access_key_id":"a","access_key_secret":"hunter2"}'"#,
            "without the sts_token",
        ),
        ("'hunter2", "a quote in it stays open"),
    ] {
        let error = run(line, LONG).expect_err(line);
        assert!(error.message().contains(what), "{line}: {error}");
        assert!(!error.message().contains("hunter2"), "{error}");
    }
}

#[test]
fn a_program_that_does_not_end_is_ended_with_all_that_it_started() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("pid");
    let line = format!("sh -c 'sleep 1000 & echo $! > {}; wait'", file.display());
    let started = Instant::now();
    let error = run(&line, Duration::from_millis(500)).expect_err("it sleeps");
    assert!(error.message().contains("did not end within 0.5 s"), "{error}");
    assert!(started.elapsed() < LONG);
    let sleeper: i32 =
        std::fs::read_to_string(&file).expect("it was started").trim().parse().expect("a number");
    // The system takes it away in its own time.
    while std::path::Path::new(&format!("/proc/{sleeper}")).exists()
        && !std::fs::read_to_string(format!("/proc/{sleeper}/stat")).is_ok_and(|stat| stat.contains(") Z "))
    {
        assert!(started.elapsed() < LONG, "it lives on");
        std::thread::sleep(Duration::from_millis(20));
    }
}
