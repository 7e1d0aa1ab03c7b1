//! How many credentials the agent hands out: `cargo bench -p kmsak-cli --bench agent_load -- [REQUESTS] [FORM]`. The form is
//! `credentials`, unless it is one of KMS Agent's, `kms`, `aws` or `vault`: then the whole secret is asked for.
//!
//! 64 kept-alive connections ask as fast as they are answered, first alone, then beside 10,000 connections that each send
//! part of a head and stop. The load comes from one thread of this process, on the same machine. Prints one JSON object, and
//! ends with 1 when the agent is slower, or grows more, than it may, and with 2 for arguments that it does not know.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use kmsak_emulator::Emulator;
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// The agent's own.
const OWN_FORM: &str = "credentials";
/// By KMS Agent's numbers.
const FORMS: [&str; 3] = ["kms", "aws", "vault"];
const CONNECTIONS: usize = 64;
const SLOW: usize = 10_000;
/// What two cores must do.
const LEAST_A_SECOND: f64 = 20_000.0;
const LONGEST_P99: Duration = Duration::from_millis(10);
/// Growth of the memory that still counts as none: two bytes a request over a million of them.
const MOST_GROWTH_KB: u64 = 2048;
/// No answer may take as long as a client would wait before it gives up.
const LONGEST_BESIDE_SLOW: Duration = Duration::from_secs(1);

fn main() -> ExitCode {
    // Cargo adds `--bench`.
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    match what_is_asked(&arguments) {
        Ok((requests, form)) => measure(requests, form),
        Err(why) => {
            eprintln!("agent_load: {why}");
            ExitCode::from(2)
        }
    }
}

/// How many requests, and in which of KMS Agent's forms, if in any.
fn what_is_asked(arguments: &[String]) -> Result<(usize, Option<&str>), String> {
    let (mut requests, mut form) = (1_000_000, None);
    for argument in arguments {
        match argument.parse() {
            Ok(0) => return Err("0 requests measure nothing: ask for some".to_owned()),
            Ok(number) => requests = number,
            Err(_) if argument == OWN_FORM => form = None,
            Err(_) if FORMS.contains(&argument.as_str()) => form = Some(argument.as_str()),
            Err(_) => {
                let forms = FORMS.join(", ");
                return Err(format!(
                    "{argument} is neither a number of requests nor a form: {OWN_FORM}, {forms}"
                ));
            }
        }
    }
    Ok((requests, form))
}

fn measure(requests: usize, form: Option<&str>) -> ExitCode {
    allow_many_files();
    let emulator = Emulator::start().expect("the emulator starts");
    let folder = tempfile::tempdir().expect("a folder");
    emulator.write_folder(folder.path()).expect("the folder is written");
    let mut command = Command::new(env!("CARGO_BIN_EXE_kmsak"));
    if let Some(form) = form {
        let number = FORMS.iter().position(|one| *one == form).expect("one of them");
        let file = folder.path().join("kms-agent.toml");
        std::fs::write(&file, format!("[Server]\nResponseType = {number}\n")).expect("the file is written");
        command.args(["serve", "--kms-agent", "--kms-agent-config"]).arg(file);
    } else {
        command.arg("serve");
    }
    let mut agent = command
        .args(["--secret", "acs/ram/user/app", "--listen", "127.0.0.1:0", "--config"])
        .arg(folder.path().join("on_the_cloud.properties"))
        .arg("--token-file")
        .arg(folder.path().join("token"))
        .args(["--log-level", "warn"])
        .stdout(Stdio::piped())
        .spawn()
        .expect("the agent starts");
    let mut line = String::new();
    BufReader::new(agent.stdout.take().expect("piped")).read_line(&mut line).expect("a line");
    let address =
        line.split('"').nth(3).and_then(|url| url.strip_prefix("http://")).expect("an address").to_owned();
    let token = std::fs::read_to_string(folder.path().join("token")).expect("a token");
    let folder_of_form = if form.is_some() { "v1" } else { "credentials" };
    let request = format!(
        "GET /{folder_of_form}/acs/ram/user/app HTTP/1.1\r\nHost: {address}\r\nX-Kmsak-Token: {}\r\n\r\n",
        token.trim()
    );
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let (alone, before, after, refused, beside) = runtime.block_on(async {
        load(&address, &request, requests / 10).await;
        let before = resident_kilobytes(&agent);
        let alone = load(&address, &request, requests).await;
        let after = resident_kilobytes(&agent);
        let mut slow = Vec::new();
        for _ in 0..SLOW {
            slow.push(say_little(&address).await);
        }
        let refused = slow.iter().filter(|stream| stream.is_err()).count();
        (alone, before, after, refused, load(&address, &request, requests / 10).await)
    });
    agent.kill().expect("it runs");
    agent.wait().expect("it ends");

    let checks = [
        ("requests_per_second", alone.per_second >= LEAST_A_SECOND),
        ("p99_ms", alone.at(0.99) < LONGEST_P99),
        ("memory", after.saturating_sub(before) <= MOST_GROWTH_KB),
        ("slow_refused", refused == 0),
        ("worst_beside_slow_ms", beside.at(1.0) < LONGEST_BESIDE_SLOW),
    ];
    let missed: Vec<&str> = checks.iter().filter(|(_, kept)| !kept).map(|(name, _)| *name).collect();
    println!(
        "{}",
        json!({
            "form": form.unwrap_or(OWN_FORM),
            "requests": requests,
            "connections": CONNECTIONS,
            "requests_per_second": alone.per_second.round(),
            "p50_ms": milliseconds(alone.at(0.5)),
            "p99_ms": milliseconds(alone.at(0.99)),
            "worst_ms": milliseconds(alone.at(1.0)),
            "rss_before_kb": before,
            "rss_after_kb": after,
            "slow_connections": SLOW,
            "slow_refused": refused,
            "requests_per_second_beside_slow": beside.per_second.round(),
            "p99_beside_slow_ms": milliseconds(beside.at(0.99)),
            "worst_beside_slow_ms": milliseconds(beside.at(1.0)),
            "missed": missed,
        })
    );
    if missed.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Each connection is a file of this process.
fn allow_many_files() {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let limit = getrlimit(Resource::Nofile);
    setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, ..limit }).expect("up to the hard limit");
}

/// One run of the 64 connections.
struct Measured {
    per_second: f64,
    /// Sorted.
    latencies: Vec<Duration>,
}

impl Measured {
    fn at(&self, share: f64) -> Duration {
        self.latencies[((self.latencies.len() - 1) as f64 * share) as usize]
    }
}

async fn load(address: &str, request: &str, requests: usize) -> Measured {
    let started = Instant::now();
    let each = (requests / CONNECTIONS).max(1);
    let tasks: Vec<_> =
        (0..CONNECTIONS).map(|_| tokio::spawn(ask(address.to_owned(), request.to_owned(), each))).collect();
    let mut latencies = Vec::with_capacity(each * CONNECTIONS);
    for task in tasks {
        latencies.extend(task.await.expect("no panic"));
    }
    let per_second = latencies.len() as f64 / started.elapsed().as_secs_f64();
    latencies.sort_unstable();
    Measured { per_second, latencies }
}

async fn ask(address: String, request: String, times: usize) -> Vec<Duration> {
    let mut stream = TcpStream::connect(address).await.expect("the agent takes connections");
    stream.set_nodelay(true).expect("a socket");
    let mut latencies = Vec::with_capacity(times);
    let mut buffer = vec![0; 4096];
    for _ in 0..times {
        let started = Instant::now();
        stream.write_all(request.as_bytes()).await.expect("the agent reads");
        let mut length = 0;
        loop {
            let read = stream.read(&mut buffer[length..]).await.expect("the agent answers");
            assert!(read > 0, "the agent closed the connection");
            length += read;
            if is_whole(&buffer[..length]) {
                break;
            }
        }
        assert!(buffer.starts_with(b"HTTP/1.1 200 "));
        latencies.push(started.elapsed());
    }
    latencies
}

/// Whether the head is there, and as much of a body as it says.
fn is_whole(answer: &[u8]) -> bool {
    let text = std::str::from_utf8(answer).unwrap_or_default();
    let Some((head, body)) = text.split_once("\r\n\r\n") else { return false };
    let length = head.split("content-length: ").nth(1).and_then(|rest| rest.lines().next());
    length.and_then(|length| length.parse().ok()) == Some(body.len())
}

/// A connection that keeps the agent waiting for the rest.
async fn say_little(address: &str) -> std::io::Result<TcpStream> {
    let mut stream = TcpStream::connect(address).await?;
    // The agent may have closed it for the next one already, which is its right.
    let _ = stream.write_all(b"GET /credentials/acs/ram/user/app HTTP/1.1\r\nHost: loc").await;
    Ok(stream)
}

fn milliseconds(duration: Duration) -> f64 {
    (duration.as_secs_f64() * 1e5).round() / 100.0
}

fn resident_kilobytes(child: &Child) -> u64 {
    // In pages of 4 kB.
    let statm = std::fs::read_to_string(format!("/proc/{}/statm", child.id())).expect("it runs");
    statm.split(' ').nth(1).and_then(|pages| pages.parse::<u64>().ok()).unwrap_or(0) * 4
}
