//! A KMS, a folder that leads to it, and the program.

use std::fs::File;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixDatagram;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Output, Stdio};
use std::time::{Duration, Instant};

use kmsak_emulator::Emulator;
use serde_json::Value;
use tempfile::TempDir;

pub(crate) const SECRET: &str = "acs/ram/user/app";

pub(crate) struct Kms {
    pub(crate) emulator: Emulator,
    pub(crate) folder: TempDir,
}

impl Kms {
    pub(crate) fn start() -> Self {
        let emulator = Emulator::start().unwrap();
        let folder = tempfile::tempdir().unwrap();
        emulator.write_folder(folder.path()).unwrap();
        Kms { emulator, folder }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn config(&self) -> PathBuf {
        self.path("on_the_cloud.properties")
    }

    /// A configuration that asks KMS every 100 ms.
    pub(crate) fn eager_config(&self) -> PathBuf {
        let path = self.path("eager.properties");
        let text = std::fs::read_to_string(self.config()).unwrap();
        std::fs::write(&path, text + "rotation_interval=100\njitter_interval=0\n").unwrap();
        path
    }

    /// Until the fault that was injected has struck.
    pub(crate) fn wait_for_fault(&self) {
        let deadline = Instant::now() + Duration::from_secs(30);
        while self.emulator.faults().iter().all(|fault| fault.struck == 0) {
            assert!(Instant::now() < deadline, "KMS was not asked");
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    pub(crate) fn access_key_id(&self) -> String {
        self.emulator.access_key_of(SECRET).unwrap().id
    }

    /// The old AccessKey is deleted at once.
    pub(crate) fn rotate(&self) -> String {
        self.emulator.rotate(SECRET, Duration::ZERO).unwrap();
        self.access_key_id()
    }
}

/// The program without anything that the environment of the tests might tell it.
pub(crate) fn kmsak(arguments: &[&str]) -> Command {
    program(Path::new(env!("CARGO_BIN_EXE_kmsak")), arguments)
}

/// Where every user can start the program, and reach what lies beside it: the working copy may be its owner's alone.
pub(crate) fn open_to_all(kms: &Kms) -> PathBuf {
    std::fs::set_permissions(kms.folder.path(), std::fs::Permissions::from_mode(0o711)).unwrap();
    let path = kms.path("kmsak");
    std::fs::copy(env!("CARGO_BIN_EXE_kmsak"), &path).unwrap();
    path
}

/// As [`kmsak`], from another place.
pub(crate) fn program(path: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(path);
    command
        .args(arguments)
        .env_remove("KMSAK_CONFIG")
        .env_remove("KMSAK_LOG_LEVEL")
        .env_remove("KMSAK_LOG_FORMAT")
        .env_remove("KMSAK_LOG_FILE")
        .env_remove("NOTIFY_SOCKET");
    command
}

pub(crate) fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

pub(crate) fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

/// A program that stays, killed when the test ends; in a process group of its own.
pub(crate) struct Running {
    pub(crate) child: Child,
    output: BufReader<ChildStdout>,
}

impl Running {
    pub(crate) fn start(command: &mut Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).process_group(0).spawn().unwrap();
        let output = BufReader::new(child.stdout.take().unwrap());
        Running { child, output }
    }

    /// The next line; empty at the end.
    pub(crate) fn line(&mut self) -> String {
        let mut line = String::new();
        self.output.read_line(&mut line).unwrap();
        line.trim_end().to_owned()
    }

    pub(crate) fn signal(&self, name: &str) {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args(["-s", name, &pid]).status().unwrap().success());
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // With all that it started, for a command that nobody ends would outlive the test. They may have ended already.
        let group = format!("-{}", self.child.id());
        let _ = Command::new("kill").args(["-s", "KILL", "--", &group]).stderr(Stdio::null()).status();
        let _ = self.child.wait();
    }
}

/// What a program tells systemd.
pub(crate) struct Notified {
    path: PathBuf,
    socket: UnixDatagram,
}

impl Notified {
    pub(crate) fn bind(kms: &Kms) -> Self {
        let path = kms.path("notify.sock");
        let socket = UnixDatagram::bind(&path).unwrap();
        Notified { path, socket }
    }

    pub(crate) fn by(&self, command: &mut Command) {
        command.env("NOTIFY_SOCKET", &self.path);
    }

    pub(crate) fn told(&self) -> String {
        let mut bytes = [0; 256];
        let length = self.socket.recv(&mut bytes).unwrap();
        String::from_utf8(bytes[..length].to_vec()).unwrap()
    }

    /// Sends SIGHUP, and waits until all is read anew or nothing is.
    pub(crate) fn reload(&self, running: &Running) {
        running.signal("HUP");
        assert!(self.told().starts_with("RELOADING=1\nMONOTONIC_USEC="));
        assert_eq!(self.told(), "READY=1\n");
    }
}

/// A program on a terminal of its own.
pub(crate) struct Terminal {
    pub(crate) child: Child,
    keyboard: File,
    screen: String,
}

impl Terminal {
    /// `command` is what setsid is to run; its standard input, output and error are the terminal unless they are set.
    pub(crate) fn start(command: &Command) -> Self {
        let pty = nix::pty::openpty(None, None).unwrap();
        let keyboard = File::from(pty.master);
        let terminal = File::from(pty.slave);
        let mut on_terminal = Command::new("setsid");
        on_terminal.arg("--ctty").arg(command.get_program()).args(command.get_args());
        for (name, value) in command.get_envs() {
            match value {
                Some(value) => on_terminal.env(name, value),
                None => on_terminal.env_remove(name),
            };
        }
        let child = on_terminal
            .stdin(terminal.try_clone().unwrap())
            .stdout(terminal.try_clone().unwrap())
            .stderr(terminal)
            .spawn()
            .unwrap();
        Terminal { child, keyboard, screen: String::new() }
    }

    pub(crate) fn type_in(&mut self, keys: &str) {
        self.keyboard.write_all(keys.as_bytes()).unwrap();
    }

    /// All that was written until `text` is there; what comes after it is for the next call.
    pub(crate) fn wait_for(&mut self, text: &str) -> String {
        let mut buffer = [0; 4096];
        loop {
            if let Some(place) = self.screen.find(text) {
                let rest = self.screen.split_off(place + text.len());
                return std::mem::replace(&mut self.screen, rest);
            }
            let read = self.keyboard.read(&mut buffer).unwrap_or(0);
            assert!(read > 0, "no {text:?} in {:?}", self.screen);
            self.screen.push_str(std::str::from_utf8(&buffer[..read]).unwrap());
        }
    }

    pub(crate) fn signal(&self, name: &str) {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args(["-s", name, &pid]).status().unwrap().success());
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        // Whoever is still there loses the terminal with it, and ends; those that have ended do not mind.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A running agent.
pub(crate) struct Agent {
    pub(crate) running: Running,
    pub(crate) address: String,
    pub(crate) token: String,
}

impl Agent {
    pub(crate) fn start(kms: &Kms, config: &std::path::Path, more: &[&str]) -> Self {
        Agent::start_with(kms, config, more, |_| {})
    }

    pub(crate) fn start_with(
        kms: &Kms,
        config: &std::path::Path,
        more: &[&str],
        change: impl FnOnce(&mut Command),
    ) -> Self {
        let token_file = kms.path("token");
        let mut command = kmsak(&["serve", "--listen", "127.0.0.1:0", "--secret", SECRET]);
        command.arg("--config").arg(config).arg("--token-file").arg(&token_file).args(more);
        change(&mut command);
        let mut running = Running::start(&mut command);
        let line: Value = serde_json::from_str(&running.line()).expect("the agent says where it listens");
        let address = line["listening"].as_str().unwrap().strip_prefix("http://").unwrap().to_owned();
        let token = std::fs::read_to_string(token_file).unwrap().trim().to_owned();
        Agent { running, address, token }
    }

    pub(crate) fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(&self.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        stream
    }

    /// What is answered to these bytes, until the agent closes the connection.
    pub(crate) fn raw(&self, request: &[u8]) -> String {
        let mut stream = self.connect();
        // The agent may refuse before it has read all.
        let _ = stream.write_all(request);
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
        String::from_utf8(answer).unwrap()
    }

    pub(crate) fn get(&self, path: &str, headers: &[&str]) -> (u16, String) {
        let mut request = format!("GET {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n", self.address);
        for header in headers {
            request.push_str(header);
            request.push_str("\r\n");
        }
        request.push_str("\r\n");
        let answer = self.raw(request.as_bytes());
        let status = answer.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0);
        let body = answer.split_once("\r\n\r\n").map_or("", |(_, body)| body).to_owned();
        (status, body)
    }

    pub(crate) fn get_with_token(&self, path: &str) -> (u16, String) {
        self.get(path, &[&format!("X-Kmsak-Token: {}", self.token)])
    }

    pub(crate) fn served_id(&self) -> String {
        let (status, body) = self.get_with_token(&format!("/credentials/{SECRET}"));
        assert_eq!(status, 200, "{body}");
        serde_json::from_str::<Value>(&body).unwrap()["AccessKeyId"].as_str().unwrap().to_owned()
    }

    /// Asks until the agent hands out `id`; the test's own timeout is the bound.
    pub(crate) fn wait_for_id(&self, id: &str) {
        while self.served_id() != id {}
    }
}
