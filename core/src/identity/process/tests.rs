use super::*;

fn run(line: &str, longest: Duration) -> Result<AccessKey> {
    let source = ProcessSource { line: line.to_owned(), longest };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let key = runtime.block_on(async {
        let output = source.run().await?;
        answer::of_process(&output, "process_command")
    });
    // It may have left a thread to wait for the program.
    runtime.shutdown_background();
    key
}

const LONG: Duration = Duration::from_secs(30);

/// What a program that writes `text` gives.
fn given(text: impl AsRef<[u8]>) -> Result<AccessKey> {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("its output");
    std::fs::write(&file, text).expect("a writable folder");
    let program = if cfg!(windows) { "cmd /c type" } else { "cat" };
    run(&format!("{program} '{}'", file.display()), LONG)
}

#[test]
fn what_a_program_writes_is_taken() {
    let key = given(
        r#"{"mode":"StsToken","access_key_id":"STS.1","access_key_secret":"s","sts_token":"t","expiration":"2026-11-29T12:00:00Z"}"#,
    )
    .expect("an AccessKey");
    assert_eq!((key.id(), key.token()), ("STS.1", Some("t")));
    assert!(key.expires.is_some());
    let key = given(r#"{"mode":"AK","access_key_id":"LTAI1","access_key_secret":"s"}"#);
    assert_eq!(key.expect("an AccessKey").expires, None);
}

#[test]
fn what_it_writes_wrongly_is_told_and_not_shown() {
    for (text, what) in [
        (vec![b'x'; 100_000], "writes more than 64 KiB"),
        (b"hunter2".to_vec(), "not JSON"),
        (br#"{"access_key_id":"hunter2"}"#.to_vec(), "without access_key_id or access_key_secret"),
        (
            br#"{"mode":"StsToken","access_key_id":"a","access_key_secret":"hunter2"}"#.to_vec(),
            "without the sts_token",
        ),
    ] {
        let error = given(text).expect_err(what);
        assert!(error.message().contains(what), "{what}: {error}");
        assert!(!error.message().contains("hunter2"), "{error}");
    }
}

#[cfg(unix)]
#[test]
fn no_shell_is_asked() {
    let error = run(r#"echo '{}' | cat $HOME"#, LONG).expect_err("echo writes it all");
    assert!(error.message().contains("not JSON"), "{error}");
}

#[test]
fn a_program_that_fails_is_told_without_its_arguments_and_output() {
    let cases: &[(&str, &str)] = if cfg!(windows) {
        &[("cmd /c echo hunter2& exit 3", "ended with exit code: 3")]
    } else {
        &[
            ("sh -c 'echo hunter2; exit 3'", "ended with exit status: 3"),
            ("sh -c 'kill -9 $$'", "ended with signal: 9"),
            // It goes on writing to nobody.
            ("head -c 100000000 /dev/zero", "writes more than 64 KiB"),
        ]
    };
    for (line, what) in
        [("/no/such/program hunter2", "cannot be started"), ("'hunter2", "a quote in it stays open")]
            .iter()
            .chain(cases)
    {
        let error = run(line, LONG).expect_err(line);
        assert!(error.message().contains(what), "{line}: {error}");
        assert!(!error.message().contains("hunter2"), "{error}");
    }
}

#[test]
fn a_program_that_does_not_end_is_given_up() {
    let line = if cfg!(windows) { "ping -n 1000 127.0.0.1" } else { "sleep 1000" };
    let error = run(line, Duration::from_millis(500)).expect_err("it goes on");
    assert!(error.message().contains("did not end within 0.5 s"), "{error}");
}

/// Gives up waiting for it once `has_begun`.
fn run_until(line: &str, has_begun: impl Fn() -> bool) {
    let source = ProcessSource { line: line.to_owned(), longest: LONG };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let begun = async {
            while !has_begun() {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        tokio::select! {
            ended = source.run() => panic!("it goes on: {ended:?}"),
            () = begun => (),
        }
    });
    runtime.shutdown_background();
}

#[cfg(windows)]
#[test]
fn whoever_gives_a_program_up_ends_it_with_all_that_it_started() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("said");
    // What ping writes may stay with it for a while.
    let line = format!("cmd /c \"cmd /c echo begun ^& ping -n 1000 127.0.0.1 >{}\"", file.display());
    run_until(&line, || std::fs::metadata(&file).is_ok_and(|file| file.len() > 0));
    // For oneself alone it can be opened when nobody else has it open.
    let mut alone = std::fs::OpenOptions::new();
    std::os::windows::fs::OpenOptionsExt::share_mode(alone.read(true), 0);
    let started = std::time::Instant::now();
    while let Err(error) = alone.open(&file) {
        assert!(started.elapsed() < LONG, "it lives on: {error}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[cfg(unix)]
fn lives(process: i32) -> bool {
    if cfg!(target_os = "linux") {
        // Who has ended and was not waited for yet does not.
        std::fs::read_to_string(format!("/proc/{process}/stat")).is_ok_and(|stat| !stat.contains(") Z "))
    } else {
        let mut kill = std::process::Command::new("kill");
        kill.args(["-0", &process.to_string()]).stderr(std::process::Stdio::null());
        kill.status().expect("there is kill").success()
    }
}

#[cfg(unix)]
#[test]
fn whoever_gives_a_program_up_ends_it_with_all_that_it_started() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("pid");
    let line = format!("sh -c 'sleep 1000 & echo $! > {}; wait'", file.display());
    let sleeper = || std::fs::read_to_string(&file).ok()?.strip_suffix('\n')?.parse::<i32>().ok();
    run_until(&line, || sleeper().is_some());
    let sleeper = sleeper().expect("it was started");
    let started = std::time::Instant::now();
    // The system takes it away in its own time.
    while lives(sleeper) {
        assert!(started.elapsed() < LONG, "it lives on");
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[cfg(unix)]
#[test]
fn nobody_waits_for_a_program_that_cannot_be_ended() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("goes with the test");
    std::fs::write(&file, "").expect("a writable folder");
    let line = format!(
        "sh -c 'i=0; while [ -e \"{}\" ] && [ $((i += 1)) -le 60 ]; do sleep 1; done'",
        file.display()
    );
    program::IN_VAIN.set(true);
    let started = std::time::Instant::now();
    let error = run(&line, Duration::from_millis(500)).expect_err("it goes on");
    assert!(error.message().contains("did not end within 0.5 s"), "{error}");
    assert!(started.elapsed() < LONG, "it was waited for");
}
