//! The ways through a proxy, and around one.

use super::*;

/// A proxy that reports each CONNECT it gets and then answers `verdict`, or leads to `port` when there is none.
fn proxy(port: u16, verdict: Option<&'static str>) -> (String, mpsc::Receiver<String>) {
    let (told, heard) = mpsc::channel();
    let own = listen(move |mut stream| {
        let head = request(&mut stream).unwrap_or_default();
        told.send(head).unwrap();
        if let Some(verdict) = verdict {
            let _ = stream.write_all(verdict.as_bytes());
            return;
        }
        let mut upstream = TcpStream::connect(("127.0.0.1", port)).unwrap();
        stream.write_all(b"HTTP/1.1 200 Connected\r\n\r\n").unwrap();
        let (mut from, mut to) = (stream.try_clone().unwrap(), upstream.try_clone().unwrap());
        thread::spawn(move || std::io::copy(&mut from, &mut to));
        let _ = std::io::copy(&mut upstream, &mut stream);
    });
    (format!("http://user:s3cr3t@localhost:{own}"), heard)
}

#[test]
fn a_configured_proxy_is_used_and_only_where_it_should_be() {
    let port = serve(&GOOD, reply(OK));
    let (url, heard) = proxy(port, None);
    let through = TransportConfig { https_proxy: Some(url.clone()), ..config() };
    assert_eq!(ask(&through, &local(port)).unwrap().status, 200);
    let head = heard.try_recv().unwrap();
    assert!(head.starts_with(&format!("CONNECT localhost:{port} HTTP/1.1\r\n")), "{head}");
    // user:s3cr3t
    assert!(head.contains("Basic dXNlcjpzM2NyM3Q="), "{head}");
    let beside =
        TransportConfig { https_proxy: Some(url.clone()), no_proxy: Some("localhost".into()), ..config() };
    assert_eq!(ask(&beside, &local(port)).unwrap().status, 200);
    let plain = TransportConfig { http_proxy: Some(url), ..config() };
    assert_eq!(ask(&plain, &local(port)).unwrap().status, 200);
    assert!(heard.try_recv().is_err(), "the proxy was used where it should not be");
}

#[test]
fn a_proxy_of_the_environment_is_used_but_never_for_this_machine() {
    let port = serve(&Certificate { name: "kms.example", ..GOOD }, reply(OK));
    let (url, heard) = proxy(port, None);
    let environment = |name: &str| (name == "HTTPS_PROXY").then(|| url.clone());
    let ask = |url: &str| ask_often(&transport_in(&config(), url, environment), url, 1).remove(0);
    assert_eq!(ask("https://kms.example/").unwrap().status, 200);
    assert!(heard.try_recv().unwrap().starts_with("CONNECT kms.example:443 "));
    for url in [local(port), format!("https://127.0.0.1:{port}/")] {
        fails(ask(&url), Kind::Tls, false, "is for another name");
    }
    assert!(heard.try_recv().is_err(), "the proxy was used for loopback");
}

#[test]
fn a_proxy_that_does_not_lead_there_is_told_without_its_login() {
    for (verdict, retryable, sentence) in [
        ("HTTP/1.1 407 Login\r\ncontent-length: 0\r\n\r\n", false, "wants a login: write httpsProxy as"),
        ("HTTP/1.1 403 No\r\ncontent-length: 0\r\n\r\n", true, "does not connect to kms.example"),
    ] {
        let (url, _heard) = proxy(0, Some(verdict));
        let through = TransportConfig { https_proxy: Some(url), ..config() };
        let answer = ask(&through, "https://kms.example/");
        assert!(!format!("{:?}", answer.as_ref().err()).contains("s3cr3t"));
        fails(answer, Kind::Network, retryable, sentence);
    }
    let refusing = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let through = TransportConfig { https_proxy: Some(format!("u:s3cr3t@127.0.0.1:{refusing}")), ..config() };
    let answer = ask(&through, "https://kms.example/");
    assert!(!format!("{:?}", answer.as_ref().err()).contains("s3cr3t"));
    fails(answer, Kind::Network, true, "by way of the proxy 127.0.0.1:");
}

#[test]
fn a_proxy_that_is_passed_by_is_not_blamed() {
    let environment = |name: &str| match name {
        "HTTPS_PROXY" => Some("http://proxy.invalid:3128".to_owned()),
        "NO_PROXY" => Some("kms.invalid".to_owned()),
        _ => None,
    };
    let refusing = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    for (url, sentence) in [
        ("https://kms.invalid/".to_owned(), "no such host kms.invalid: check the endpoint"),
        (local(refusing), "refused the connection: check the endpoint and its port"),
    ] {
        let answer = ask_often(&transport_in(&config(), &url, environment), &url, 1).remove(0);
        assert!(!format!("{:?}", answer.as_ref().err()).contains("roxy"), "{:?}", answer.err());
        fails(answer, Kind::Network, true, sentence);
    }
}
