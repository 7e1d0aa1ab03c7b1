//! `kmsak serve --clients`, TLS and `kmsak status`: who may have what, and who sees what.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixDatagram;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use kmsak_emulator::SecretValue;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use serde_json::Value;

use crate::support::{Agent, Kms, Running, SECRET, kmsak, open_to_all, program, stderr, stdout};

const BILLING: &str = "billing-0123456789abcdef";

fn write(path: &Path, text: &str, mode: u32) {
    std::fs::write(path, text).unwrap();
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
}

fn with_second_secret() -> Kms {
    let kms = Kms::start();
    kms.emulator.create_secret("billing/database", "Generic", SecretValue::text("two")).unwrap();
    write(&kms.path("billing"), BILLING, 0o600);
    kms
}

#[test]
fn a_client_gets_its_own_secrets_and_no_others() {
    let kms = with_second_secret();
    let clients = kms.path("clients.toml");
    let entry = |secrets: &str| {
        format!("[[client]]\nname = \"billing\"\ntoken_file = \"billing\"\nsecrets = [{secrets}]\n")
    };
    write(&clients, &entry("\"billing/database\""), 0o600);
    let agent = Agent::start(&kms, &kms.config(), &["--clients", clients.to_str().unwrap()]);
    let ask = |path: &str, token: &str| agent.get(path, &[&format!("X-Kmsak-Token: {token}")]);
    assert_eq!(ask("/secrets/billing/database", BILLING).0, 200);
    let (status, body) = ask(&format!("/credentials/{SECRET}"), BILLING);
    assert_eq!(status, 403, "{body}");
    assert!(body.contains("NotYours"), "{body}");
    assert_eq!(ask(&format!("/credentials/{SECRET}"), &agent.token).0, 200);
    assert_eq!(ask("/secrets/billing/database", "neither-0123456789").0, 401);
    let (_, status) = ask("/status", BILLING);
    assert!(status.contains("billing/database") && !status.contains(SECRET), "{status}");

    // A file that changes counts without a signal; a wrong one changes nothing.
    kms.emulator.create_secret("new", "Generic", SecretValue::text("three")).unwrap();
    write(&clients, &entry("\"acs/*\", \"new\""), 0o600);
    let deadline = Instant::now() + Duration::from_secs(60);
    while ask(&format!("/credentials/{SECRET}"), BILLING).0 != 200 {
        assert!(Instant::now() < deadline, "the file was not read anew");
        std::thread::sleep(Duration::from_millis(50));
    }
    assert_eq!(ask("/secrets/billing/database", BILLING).0, 403);
}

#[test]
fn bad_clients_files_are_told() {
    let kms = with_second_secret();
    write(&kms.path("open"), BILLING, 0o644);
    let path = kms.path("clients.toml");
    for (text, sentence) in [
        ("", "missing field `client`"),
        ("client = []", "no client stands there"),
        ("[[client]]\nname = \"a\"\nsecrets = [\"s\"]", "client a: nothing tells who it is: add uids"),
        (
            "[[client]]\nname = \"a\"\nuids = [1]\nsecrets = []",
            "client a: it may ask for nothing: add secrets",
        ),
        ("[[client]]\nname = \"a\"\nuid = [1]\nsecrets = [\"s\"]", "line 3: unknown field `uid`"),
        ("[[client]]\nname = \"a\"\nuids = [1]\nsecrets = [\"a*b\"]", "\"a*b\": a * stands at the end alone"),
        ("[[client]]\nname = \"a\"\ntoken_file = \"open\"\nsecrets = [\"s\"]", "chmod 600"),
        ("[[client]]\nname = \"a\"\ntoken_file = \"gone\"\nsecrets = [\"s\"]", "gone"),
        (
            "[[client]]\nname = \"a\"\nuids = [1]\nsecrets = [\"s\"]\n[[client]]\nname = \"a\"\nuids = [2]\nsecrets = [\"s\"]",
            "two clients are called \"a\"",
        ),
    ] {
        write(&path, text, 0o600);
        let mut command = kmsak(&["serve", "--listen", "127.0.0.1:0", "--secret", SECRET, "--clients"]);
        let output = command.arg(&path).arg("--config").arg(kms.config()).output().unwrap();
        assert_eq!(output.status.code(), Some(3), "{text}");
        assert!(stderr(&output).contains(sentence), "{text}: {}", stderr(&output));
    }
}

#[test]
fn peers_of_a_socket_are_told_by_user() {
    if !rustix::process::geteuid().is_root() {
        eprintln!("only root can become another user, so that this cannot be tried");
        return;
    }
    use std::os::unix::process::CommandExt;
    let kms = with_second_secret();
    let everybodys = open_to_all(&kms);
    let clients = kms.path("clients.toml");
    let text = "[[client]]\nname = \"nobody\"\nuids = [65534]\nsecrets = [\"billing/*\", \"billing/database\"]\n\
                [[client]]\nname = \"group\"\ngids = [12345]\nsecrets = [\"acs/ram/user/app\"]\n";
    write(&clients, text, 0o600);
    let socket = kms.path("agent.sock");
    let mut command = kmsak(&["serve", "--clients"]);
    command.arg(&clients).arg("--config").arg(kms.config()).arg("--unix").arg(&socket);
    let mut running = Running::start(&mut command);
    assert!(running.line().contains("agent.sock"));
    let status = |user: u32, group: u32| {
        let mut command = program(&everybodys, &["status", "--json", "--unix"]);
        command.arg(&socket).uid(user).gid(group).output().unwrap()
    };
    while !stdout(&status(0, 0)).contains("\"ready\":true") {}
    let all = stdout(&status(0, 0));
    assert!(all.contains(SECRET) && all.contains("billing/database"), "{all}");
    let some = stdout(&status(65_534, 65_534));
    assert!(!some.contains(SECRET) && some.contains("billing/database"), "{some}");
    let some = stdout(&status(4242, 12345));
    assert!(some.contains(SECRET) && !some.contains("billing/database"), "{some}");
    let refused = status(4242, 4242);
    assert!(
        stderr(&refused).contains("admit this user with the agent's --allow-uid"),
        "{}",
        stderr(&refused)
    );
}

#[test]
fn on_a_shared_socket_root_is_nobody_special() {
    let kms = with_second_secret();
    let own = rustix::process::geteuid().as_raw();
    let clients = kms.path("clients.toml");
    write(
        &clients,
        &format!("[[client]]\nname = \"other\"\nuids = [{}]\nsecrets = [\"billing/database\"]\n", own + 1),
        0o600,
    );
    let socket = kms.path("agent.sock");
    let mut command = kmsak(&["serve", "--clients-only", "--clients"]);
    command.arg(&clients).arg("--config").arg(kms.config()).arg("--unix").arg(&socket);
    let mut running = Running::start(&mut command);
    assert!(running.line().contains("agent.sock"));
    let unix = |arguments: &[&str]| kmsak(arguments).arg("--unix").arg(&socket).output().unwrap();
    while !unix(&["serve", "--probe"]).status.success() {}
    let refused = stderr(&unix(&["status"]));
    assert!(
        refused.contains("the agent answered 401: The agent's clients file knows neither this user"),
        "{refused}"
    );
}

/// A CA, and what it signs.
struct Ca(CertifiedIssuer<'static, KeyPair>);

impl Ca {
    fn new() -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        Ca(CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap())
    }

    fn issue(&self, kms: &Kms, file: &str, name: &str) {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new([name.to_owned(), "127.0.0.1".to_owned()]).unwrap();
        let certificate = params.signed_by(&key, &self.0).unwrap();
        write(&kms.path(&format!("{file}.pem")), &certificate.pem(), 0o600);
        write(&kms.path(&format!("{file}.key")), &key.serialize_pem(), 0o600);
        write(&kms.path("ca.crt"), &self.0.pem(), 0o644);
    }
}

/// The answer over TLS, with or without a client certificate.
fn get_tls(
    kms: &Kms,
    address: &str,
    path: &str,
    certificate: Option<&str>,
    token: &str,
) -> Result<String, std::io::Error> {
    let mut roots = rustls::RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(kms.path("ca.crt")).unwrap()).unwrap();
    let builder =
        rustls::ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots);
    let config = match certificate {
        None => builder.with_no_client_auth(),
        Some(file) => builder
            .with_client_auth_cert(
                vec![CertificateDer::from_pem_file(kms.path(&format!("{file}.pem"))).unwrap()],
                PrivateKeyDer::from_pem_file(kms.path(&format!("{file}.key"))).unwrap(),
            )
            .unwrap(),
    };
    let name = ServerName::try_from("127.0.0.1").unwrap();
    let connection = rustls::ClientConnection::new(Arc::new(config), name).unwrap();
    let mut stream = rustls::StreamOwned::new(connection, TcpStream::connect(address)?);
    let token = if token.is_empty() { String::new() } else { format!("X-Kmsak-Token: {token}\r\n") };
    write!(stream, "GET {path} HTTP/1.1\r\nHost: kmsak.apps.svc\r\n{token}Connection: close\r\n\r\n")?;
    let mut answer = String::new();
    match stream.read_to_string(&mut answer) {
        Err(error) if answer.is_empty() => Err(error),
        _ => Ok(answer),
    }
}

#[test]
fn certificates_tell_clients_and_renew_themselves() {
    let kms = with_second_secret();
    let ca = Ca::new();
    ca.issue(&kms, "server", "kmsak.apps.svc");
    ca.issue(&kms, "billing-client", "billing.apps.svc");
    ca.issue(&kms, "other-client", "other.apps.svc");
    let stranger = Ca::new();
    let trusted = std::fs::read_to_string(kms.path("ca.crt")).unwrap();
    stranger.issue(&kms, "stranger", "billing.apps.svc");
    write(&kms.path("ca.crt"), &trusted, 0o644);
    let clients = kms.path("clients.toml");
    write(
        &clients,
        "[[client]]\nname = \"billing\"\ncertificates = [\"billing.apps.svc\"]\nsecrets = [\"billing/database\"]\n",
        0o600,
    );
    let mut command = kmsak(&["serve", "--listen", "127.0.0.1:0", "--secret", SECRET]);
    command.arg("--config").arg(kms.config()).arg("--clients").arg(&clients);
    command.arg("--token-file").arg(kms.path("token"));
    for (option, file) in
        [("--tls-cert", "server.pem"), ("--tls-key", "server.key"), ("--tls-client-ca", "ca.crt")]
    {
        command.arg(option).arg(kms.path(file));
    }
    let mut running = Running::start(&mut command);
    let line: Value = serde_json::from_str(&running.line()).unwrap();
    let address = line["listening"].as_str().unwrap().strip_prefix("https://").unwrap().to_owned();
    let token = std::fs::read_to_string(kms.path("token")).unwrap().trim().to_owned();
    let status = |path: &str, certificate: Option<&str>, token: &str| {
        let answer = get_tls(&kms, &address, path, certificate, token).unwrap_or_default();
        answer.split(' ').nth(1).and_then(|status| status.parse::<u16>().ok()).unwrap_or(0)
    };
    let own = "/secrets/billing/database";
    let other = format!("/credentials/{SECRET}");
    assert_eq!(status(own, Some("billing-client"), ""), 200);
    assert_eq!(status(&other, Some("billing-client"), ""), 403);
    assert_eq!(status(own, Some("other-client"), ""), 401);
    assert_eq!(status(own, None, ""), 401);
    assert_eq!(status(&other, None, &token), 200);
    assert_eq!(status("/health", None, ""), 200);
    assert_eq!(status(own, Some("stranger"), ""), 0, "another CA signed it");
    // Plain HTTP is not answered.
    let mut plain = TcpStream::connect(&address).unwrap();
    plain.write_all(b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n").unwrap();
    let mut answer = Vec::new();
    let _ = plain.read_to_end(&mut answer);
    assert!(!answer.starts_with(b"HTTP"), "{answer:?}");

    let probe = |certificate: &str| {
        let mut command = kmsak(&["serve", "--probe", "--listen", &address, "--tls-cert"]);
        command.arg(kms.path(certificate)).output().unwrap()
    };
    while !probe("server.pem").status.success() {}
    assert!(stderr(&probe("other-client.pem")).contains("another certificate than the one in --tls-cert"));
    let mut command = kmsak(&["status", "--url", &format!("https://{address}"), "--ca"]);
    let output = command.arg(kms.path("ca.crt")).arg("--token-file").arg(kms.path("token")).output().unwrap();
    assert!(stdout(&output).contains("SECRET"), "{}", stderr(&output));
    let mut command = kmsak(&["status", "--url", &format!("https://{address}"), "--ca"]);
    command.arg(kms.path("ca.crt")).arg("--tls-cert").arg(kms.path("billing-client.pem"));
    let output = command.arg("--tls-key").arg(kms.path("billing-client.key")).output().unwrap();
    assert!(stdout(&output).contains("billing/database"), "{}", stderr(&output));

    // As cert-manager renews it.
    ca.issue(&kms, "server", "renewed.apps.svc");
    let renewed = kms.path("server.pem");
    let deadline = Instant::now() + Duration::from_secs(60);
    while !probe(renewed.file_name().unwrap().to_str().unwrap()).status.success() {
        assert!(Instant::now() < deadline, "the certificate was not read anew");
        std::thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn a_reload_takes_over_all_or_nothing() {
    let kms = with_second_secret();
    Ca::new().issue(&kms, "server", "kmsak.apps.svc");
    let config = kms.path("served.properties");
    let text = std::fs::read_to_string(kms.config()).unwrap();
    write(&config, &text, 0o600);
    let notified = kms.path("notify.sock");
    let socket = UnixDatagram::bind(&notified).unwrap();
    let told = || {
        let mut bytes = [0; 256];
        let length = socket.recv(&mut bytes).unwrap();
        String::from_utf8(bytes[..length].to_vec()).unwrap()
    };
    let mut command = kmsak(&["serve", "--listen", "127.0.0.1:0", "--secret", SECRET]);
    command.env("NOTIFY_SOCKET", &notified).arg("--config").arg(&config);
    command.arg("--token-file").arg(kms.path("token"));
    command.arg("--tls-cert").arg(kms.path("server.pem")).arg("--tls-key").arg(kms.path("server.key"));
    let mut running = Running::start(&mut command);
    let line: Value = serde_json::from_str(&running.line()).unwrap();
    let address = line["listening"].as_str().unwrap().strip_prefix("https://").unwrap().to_owned();
    assert_eq!(told(), "READY=1\n");
    let token = std::fs::read_to_string(kms.path("token")).unwrap().trim().to_owned();
    let answer = || get_tls(&kms, &address, "/secrets/billing/database", None, &token).unwrap();
    assert!(answer().contains(" 404 "), "{}", answer());

    // The configuration is good, and the certificate is not.
    let certificate = std::fs::read_to_string(kms.path("server.pem")).unwrap();
    write(&kms.path("server.pem"), "nonsense", 0o644);
    write(&config, &format!("{text}secret_names=billing/database\n"), 0o600);
    running.signal("HUP");
    assert!(told().starts_with("RELOADING=1"));
    assert_eq!(told(), "READY=1\n");
    assert!(answer().contains(" 404 "), "{}", answer());

    write(&kms.path("server.pem"), &certificate, 0o644);
    running.signal("HUP");
    assert!(told().starts_with("RELOADING=1"));
    assert_eq!(told(), "READY=1\n");
    assert!(answer().contains(" 200 "), "{}", answer());
}

#[test]
fn tls_that_cannot_work_is_told_at_the_start() {
    let kms = Kms::start();
    let ca = Ca::new();
    ca.issue(&kms, "server", "kmsak.apps.svc");
    ca.issue(&kms, "other", "kmsak.apps.svc");
    write(&kms.path("open.key"), &std::fs::read_to_string(kms.path("server.key")).unwrap(), 0o644);
    write(&kms.path("empty.pem"), "", 0o600);
    let refused = |files: &[(&str, &str)], sentence: &str| {
        let mut command = kmsak(&["serve", "--listen", "127.0.0.1:0", "--secret", SECRET, "--config"]);
        command.arg(kms.config()).arg("--token-file").arg(kms.path("token"));
        for (option, file) in files {
            command.arg(option).arg(kms.path(file));
        }
        let output = command.output().unwrap();
        assert!(
            !output.status.success() && stderr(&output).contains(sentence),
            "{files:?}: {}",
            stderr(&output)
        );
    };
    refused(&[("--tls-cert", "server.pem")], "add --tls-key");
    refused(&[("--tls-cert", "server.pem"), ("--tls-key", "other.key")], "cannot be used with the key in");
    refused(&[("--tls-cert", "server.pem"), ("--tls-key", "open.key")], "anybody can read this private key");
    refused(&[("--tls-cert", "empty.pem"), ("--tls-key", "server.key")], "expected certificates in PEM");
    refused(&[("--tls-cert", "server.key"), ("--tls-key", "server.key")], "expected certificates in PEM");
    refused(&[("--tls-cert", "server.pem"), ("--tls-key", "server.pem")], "expected a private key in PEM");
    refused(&[("--tls-cert", "gone.pem"), ("--tls-key", "server.key")], "gone.pem: put it there or correct");
    refused(&[("--tls-cert", "server.pem"), ("--tls-key", "gone.key")], "gone.key: put it there or correct");
    refused(&[("--clients", "gone.toml")], "there is no file");
    refused(&[("--tls-cert", "server.pem"), ("--tls-key", "server.key"), ("--clients", "")], "is a folder");
    refused(
        &[("--tls-cert", "server.pem"), ("--tls-key", "server.key"), ("--tls-client-ca", "empty.pem")],
        "expected certificates in PEM",
    );
}

#[test]
fn status_says_what_is_wrong_with_the_agents_certificate() {
    let kms = Kms::start();
    let ca = Ca::new();
    ca.issue(&kms, "server", "kmsak.apps.svc");
    let mut params = CertificateParams::new(["127.0.0.1".to_owned()]).unwrap();
    params.not_before = rcgen::date_time_ymd(2024, 1, 1);
    params.not_after = rcgen::date_time_ymd(2024, 2, 1);
    let key = KeyPair::generate().unwrap();
    write(&kms.path("ended.pem"), &params.signed_by(&key, &ca.0).unwrap().pem(), 0o600);
    write(&kms.path("ended.key"), &key.serialize_pem(), 0o600);
    let log = kms.path("log");
    let start = |files: &[&str]| {
        let mut command = kmsak(&["serve", "--listen", "127.0.0.1:0", "--secret", SECRET, "--config"]);
        command.arg(kms.config()).arg("--token-file").arg(kms.path("token"));
        for (option, file) in ["--tls-cert", "--tls-key"].iter().zip(files) {
            command.arg(option).arg(kms.path(file));
        }
        let mut running = Running::start(command.stderr(std::fs::File::create(&log).unwrap()));
        let line: Value = serde_json::from_str(&running.line()).unwrap();
        let (_, address) = line["listening"].as_str().unwrap().split_once("://").unwrap();
        let (_, port) = address.rsplit_once(':').unwrap();
        (running, port.to_owned())
    };
    let asked = |url: String| {
        let mut command = kmsak(&["status", "--url", &url, "--ca"]);
        let output = command.arg(kms.path("ca.crt")).arg("--token-file").arg(kms.path("token")).output();
        stderr(&output.unwrap())
    };
    let (_ended, port) = start(&["ended.pem", "ended.key"]);
    let warned = std::fs::read_to_string(&log).unwrap();
    assert!(warned.contains("ended.pem: the certificate ended on 2024-02-01T00:00:00Z"), "{warned}");
    let said = asked(format!("https://127.0.0.1:{port}"));
    assert!(said.contains("renew its certificate"), "{said}");

    let (_good, port) = start(&["server.pem", "server.key"]);
    assert_eq!(asked(format!("https://127.0.0.1:{port}")), "");
    let said = asked(format!("https://localhost:{port}"));
    assert!(said.contains("call it by a name that stands in its certificate"), "{said}");

    let (_plain, port) = start(&[]);
    let said = asked(format!("https://127.0.0.1:{port}"));
    assert!(said.contains("it speaks no TLS there: say http://"), "{said}");
}

#[test]
fn status_shows_what_the_agent_holds() {
    let kms = with_second_secret();
    let agent = Agent::start(&kms, &kms.config(), &["--secret", "billing/database", "--secret", "missing"]);
    let url = format!("http://{}", agent.address);
    let ask = |more: &[&str]| {
        let mut command = kmsak(&["status", "--url", &url, "--token-file"]);
        command.arg(kms.path("token")).args(more).output().unwrap()
    };
    // Every first fetch has ended, well or not.
    while stdout(&ask(&["--json"])).matches("\"lastError\":null").count() != 2
        || !stdout(&ask(&["--json"])).contains("not_found")
    {
        std::thread::sleep(Duration::from_millis(20));
    }
    let shown: Value = serde_json::from_str(&stdout(&ask(&["--json"]))).unwrap();
    assert_eq!(shown["ready"], false);
    assert_eq!(shown["listening"], url.as_str());
    let secrets = shown["secrets"].as_array().unwrap();
    let app = secrets.iter().find(|one| one["name"] == SECRET).unwrap();
    assert!(
        app["ageSeconds"].as_f64().unwrap() >= 0.0 && app["nextRefreshInSeconds"].as_f64().unwrap() > 60.0
    );
    assert!(shown["clientKeys"][0]["daysLeft"].as_u64().is_some());
    let table = stdout(&ask(&[]));
    for part in [
        "not ready: some secret was never fetched",
        "SECRET",
        "RENEWS IN",
        "current",
        "ENDPOINT",
        "CLIENTKEY",
        "missing",
    ] {
        assert!(table.contains(part), "{part} in {table}");
    }
    let key = kms.emulator.access_key_of(SECRET).unwrap();
    assert!(!table.contains(&key.secret) && !shown.to_string().contains(&key.secret));
    let output = kmsak(&["status", "--url", &url]).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr(&output).contains("the agent answered 401: Send the token"), "{}", stderr(&output));
    for (url, sentence) in [
        ("localhost", "expected http://HOST:PORT"),
        ("ftp://localhost:1", "expected http://HOST:PORT"),
        ("https://localhost:1", "Name its PEM file with --ca"),
        ("http://127.0.0.1:1", "the agent does not answer on 127.0.0.1:1"),
    ] {
        let output = kmsak(&["status", "--url", url]).output().unwrap();
        assert!(!output.status.success() && stderr(&output).contains(sentence), "{}", stderr(&output));
    }
}

#[test]
fn log_lines_are_json_if_asked_for() {
    let kms = Kms::start();
    let mut command =
        kmsak(&["serve", "--log-format", "json", "--secret", SECRET, "--listen", "127.0.0.1:0", "--config"]);
    command.arg(kms.config()).arg("--token-file").arg(kms.path("token")).stderr(std::process::Stdio::piped());
    let mut running = Running::start(&mut command);
    assert!(running.line().contains("listening"));
    running.signal("TERM");
    let mut lines = String::new();
    running.child.stderr.take().unwrap().read_to_string(&mut lines).unwrap();
    assert!(lines.lines().count() >= 2, "{lines}");
    for line in lines.lines() {
        let line: Value = serde_json::from_str(line).unwrap_or_else(|_| panic!("{line}"));
        assert!(
            line["time"].as_str().unwrap().ends_with('Z')
                && line["message"].is_string()
                && line["level"].is_string()
        );
    }
    assert!(lines.contains("listening on http://127.0.0.1:"));
}
