//! What becomes of requests that nobody answers in time.

use super::*;

#[test]
fn a_peer_that_does_not_take_part_is_given_up() {
    let hung = TransportConfig { connect_timeout: SHORT, ..config() };
    let silent = listen(|mut stream| drop(stream.read_to_end(&mut Vec::new())));
    let started = Instant::now();
    fails(
        ask(&hung, &local(silent)),
        Kind::Network,
        true,
        "within 0.2 s: check the endpoint and the firewall",
    );
    assert!(started.elapsed() >= SHORT);
}

/// The connect time-out must play no part in the wait for an answer.
fn impatient() -> TransportConfig {
    TransportConfig { read_timeout: SHORT, ..config() }
}

#[test]
fn an_answer_that_does_not_come_is_given_up() {
    let silent = serve(&GOOD, |stream| while request(stream).is_some() {});
    fails(ask(&impatient(), &local(silent)), Kind::Network, true, "did not answer within 0.2 s: try again");
}

#[test]
fn an_answer_that_trickles_is_given_up() {
    let trickle = serve(&GOOD, |stream| {
        request(stream);
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n");
        while stream.write_all(b"x").and_then(|()| stream.flush()).is_ok() {
            thread::sleep(Duration::from_millis(20));
        }
    });
    fails(ask(&impatient(), &local(trickle)), Kind::Network, true, "did not answer within 0.2 s: try again");
}

#[test]
fn an_answer_on_a_kept_connection_is_given_up_as_well() {
    let once = serve(&GOOD, |stream| {
        request(stream);
        let _ = stream.write_all(OK).and_then(|()| stream.flush());
        while request(stream).is_some() {}
    });
    let patient = TransportConfig { read_timeout: SHORT * 5, ..config() };
    // A busy machine may not give the first answer in time either.
    let asked = || ask_often(&transport(&patient, &local(once)), &local(once), 2);
    let mut answers =
        (0..10).map(|_| asked()).find(|answers| answers[0].is_ok()).expect("an answer in a second");
    fails(answers.remove(1), Kind::Network, true, "did not answer within 1 s: try again");
    assert_eq!(answers.remove(0).unwrap().status, 200);
}

#[test]
fn the_wait_for_an_answer_begins_when_the_connection_is_open() {
    let wait = SHORT * 5;
    let config = server_config(&GOOD);
    let slow_to_shake_hands = listen(move |stream| {
        thread::sleep(wait + SHORT);
        let connection = ServerConnection::new(Arc::clone(&config)).unwrap();
        reply(OK)(&mut StreamOwned::new(connection, stream));
    });
    let patient = TransportConfig { read_timeout: wait, ..self::config() };
    let asked = (0..10).map(|_| ask(&patient, &local(slow_to_shake_hands))).find(Result::is_ok);
    assert_eq!(asked.expect("an answer in a second").unwrap().status, 200);
}

#[test]
fn a_request_without_a_body_is_given_up_as_well() {
    let silent = serve(&GOOD, |stream| while request(stream).is_some() {});
    let url = local(silent);
    let transport = transport(&impatient(), &url);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let answer = runtime.block_on(transport.send(HttpRequest { body: Vec::new(), ..post(&url) }));
    fails(answer, Kind::Network, true, "did not answer within 0.2 s: try again");
}
