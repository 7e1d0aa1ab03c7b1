//! How many credentials the agent hands out: `cargo bench -p kmsak-cli --bench agent_load -- [REQUESTS]`.
//!
//! 64 kept-alive connections ask as fast as they are answered, first alone, then beside 10,000 connections that say
//! nothing. The load comes from one thread of this process, on the same machine.

use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use std::io::{BufRead, BufReader};

use kmsak_emulator::Emulator;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const CONNECTIONS: usize = 64;
const IDLE: usize = 10_000;

fn main() {
    let requests: usize =
        std::env::args().skip(1).find_map(|argument| argument.parse().ok()).unwrap_or(1_000_000);
    let emulator = Emulator::start().expect("the emulator starts");
    let folder = tempfile::tempdir().expect("a folder");
    emulator.write_folder(folder.path()).expect("the folder is written");
    let mut agent = Command::new(env!("CARGO_BIN_EXE_kmsak"))
        .args(["serve", "--secret", "acs/ram/user/app", "--listen", "127.0.0.1:0", "--config"])
        .arg(folder.path().join("on_the_cloud.properties"))
        .arg("--token-file")
        .arg(folder.path().join("token"))
        .stdout(Stdio::piped())
        .spawn()
        .expect("the agent starts");
    let mut line = String::new();
    BufReader::new(agent.stdout.take().expect("piped")).read_line(&mut line).expect("a line");
    let address =
        line.split('"').nth(3).and_then(|url| url.strip_prefix("http://")).expect("an address").to_owned();
    let token = std::fs::read_to_string(folder.path().join("token")).expect("a token");
    let request = format!(
        "GET /credentials/acs/ram/user/app HTTP/1.1\r\nHost: {address}\r\nX-Kmsak-Token: {}\r\n\r\n",
        token.trim()
    );
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        measure("warm-up", &address, &request, requests / 10).await;
        let before = resident_kilobytes(&agent);
        measure("64 connections", &address, &request, requests).await;
        let after = resident_kilobytes(&agent);
        println!("memory: {before} kB before, {after} kB after {requests} requests");
        let mut idle = Vec::new();
        for _ in 0..IDLE {
            idle.push(TcpStream::connect(&address).await);
        }
        let refused = idle.iter().filter(|stream| stream.is_err()).count();
        println!("{IDLE} idle connections opened, {refused} refused");
        measure("64 connections beside them", &address, &request, requests / 10).await;
        println!("memory: {} kB", resident_kilobytes(&agent));
    });
    agent.kill().expect("it runs");
    agent.wait().expect("it ends");
}

async fn measure(name: &str, address: &str, request: &str, requests: usize) {
    let started = Instant::now();
    let each = requests / CONNECTIONS;
    let tasks: Vec<_> =
        (0..CONNECTIONS).map(|_| tokio::spawn(ask(address.to_owned(), request.to_owned(), each))).collect();
    let mut latencies = Vec::with_capacity(requests);
    for task in tasks {
        latencies.extend(task.await.expect("no panic"));
    }
    let took = started.elapsed();
    latencies.sort_unstable();
    let at = |share: f64| latencies[((latencies.len() - 1) as f64 * share) as usize];
    println!(
        "{name}: {:.0} a second; median {:?}, 99th percentile {:?}, longest {:?}",
        latencies.len() as f64 / took.as_secs_f64(),
        at(0.5),
        at(0.99),
        at(1.0)
    );
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
            // The body is one JSON object, and the only braces are its own.
            if buffer[..length].ends_with(b"\"}") {
                break;
            }
        }
        assert!(buffer.starts_with(b"HTTP/1.1 200 "));
        latencies.push(started.elapsed());
    }
    latencies
}

fn resident_kilobytes(child: &Child) -> u64 {
    // In pages of 4 kB.
    let statm = std::fs::read_to_string(format!("/proc/{}/statm", child.id())).expect("it runs");
    statm.split(' ').nth(1).and_then(|pages| pages.parse::<u64>().ok()).unwrap_or(0) * 4
}
