//! In virtual time, with a source that does as the test wants.

use std::sync::Mutex as StdMutex;
use std::sync::atomic::{AtomicU64, AtomicUsize};

use super::*;
use crate::event::Subscribers;
use crate::process::clock_and_chance::{Clock, Random};

const MINUTE: Duration = Duration::from_secs(60);

struct Virtual {
    start: Instant,
    ahead: AtomicU64,
}

impl Virtual {
    fn epoch() -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(20_800 * 86_400)
    }
}

impl Clock for Virtual {
    fn now(&self) -> SystemTime {
        Virtual::epoch() + self.start.elapsed() + Duration::from_secs(self.ahead.load(Ordering::Relaxed))
    }
}

struct Half;

impl Random for Half {
    fn draw(&self) -> f64 {
        0.5
    }

    fn nonce(&self) -> String {
        "n".to_owned()
    }
}

type Script = dyn Fn(usize) -> Result<(u32, Option<SystemTime>)> + Send + Sync;

struct Scripted {
    script: Box<Script>,
    asked: Arc<AtomicUsize>,
    takes: Duration,
}

impl Source for Scripted {
    fn kind(&self) -> &'static str {
        "ecs_ram_role"
    }

    fn name(&self) -> String {
        "app".to_owned()
    }

    fn ask<'a>(&'a self, _: &'a World) -> Asking<'a, Result<AccessKey>> {
        Box::pin(async move {
            let number = self.asked.fetch_add(1, Ordering::Relaxed);
            sleep(self.takes).await;
            let (id, until) = (self.script)(number)?;
            Ok(AccessKey::new(&format!("STS.{id}"), "secret", "token", "a test")?.until(until))
        })
    }
}

struct Test {
    kept: Kept,
    clock: Arc<Virtual>,
    asked: Arc<AtomicUsize>,
    events: Arc<StdMutex<Vec<Event>>>,
    _subscription: crate::event::Subscription,
}

impl Test {
    fn new(script: impl Fn(usize) -> Result<(u32, Option<SystemTime>)> + Send + Sync + 'static) -> Self {
        let clock = Arc::new(Virtual { start: Instant::now(), ahead: AtomicU64::new(0) });
        let asked = Arc::new(AtomicUsize::new(0));
        let subscribers = Subscribers::new();
        let events = Arc::new(StdMutex::new(Vec::new()));
        let subscription = subscribers.add(Box::new({
            let events = events.clone();
            move |event: &Event| events.lock().expect("no panic").push(event.clone())
        }));
        let world = World {
            clock: clock.clone(),
            random: Arc::new(Half),
            skew: Arc::default(),
            subscribers,
            user_agent: "test".into(),
        };
        let source =
            Scripted { script: Box::new(script), asked: asked.clone(), takes: Duration::from_secs(1) };
        let kept = Kept::new(Box::new(source), world);
        Test { kept, clock, asked, events, _subscription: subscription }
    }

    async fn id(&self) -> String {
        self.kept.key().await.expect("an AccessKey").id().to_owned()
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::Relaxed)
    }
}

fn at(minutes: u32) -> Option<SystemTime> {
    Some(Virtual::epoch() + MINUTE * minutes)
}

fn away() -> Error {
    Error::new(Kind::Network, "it is away").with_retryable(true)
}

fn refused(key: &Arc<AccessKey>, code: &str) -> [Refusal; 1] {
    [(Signer::AccessKey(key.clone()), Error::new(Kind::Denied, "refused").with_code(code))]
}

#[tokio::test(start_paused = true)]
async fn many_who_ask_wait_for_one_answer() {
    let test = Test::new(|number| Ok((number as u32, at(60))));
    let waiting: Vec<_> = (0..50)
        .map(|_| {
            let kept = test.kept.clone();
            tokio::spawn(async move { kept.key().await.expect("an AccessKey").id().to_owned() })
        })
        .collect();
    for one in waiting {
        assert_eq!(one.await.expect("no panic"), "STS.0");
    }
    assert_eq!(test.asked(), 1);
}

#[tokio::test(start_paused = true)]
async fn who_stops_waiting_does_not_stop_the_question() {
    let test = Test::new(|number| Ok((number as u32, at(60))));
    assert!(tokio::time::timeout(Duration::from_millis(10), test.kept.key()).await.is_err());
    assert!(!test.kept.is_waited_for());
    sleep(Duration::from_secs(2)).await;
    assert_eq!(test.id().await, "STS.0");
    assert_eq!(test.asked(), 1);
}

#[tokio::test(start_paused = true)]
async fn the_next_one_is_there_before_the_end_and_nobody_waits_for_it() {
    let test = Test::new(|number| Ok((number as u32, at(60 * (number as u32 + 1)))));
    assert_eq!(test.id().await, "STS.0");
    let kept = test.kept.clone();
    tokio::spawn(async move { kept.keep_fresh().await });
    sleep(MINUTE * 42).await;
    assert_eq!((test.id().await.as_str(), test.asked()), ("STS.0", 1));
    // 17.5 minutes before the end: 15, and half of 5.
    sleep(MINUTE).await;
    assert_eq!((test.id().await.as_str(), test.asked()), ("STS.1", 2));
    sleep(MINUTE * 60 * 3).await;
    assert_eq!(test.asked(), 5);
}

#[tokio::test(start_paused = true)]
async fn without_anybody_who_renews_whoever_asks_begins_it() {
    let test = Test::new(|number| Ok((number as u32, at(60 * (number as u32 + 1)))));
    test.id().await;
    sleep(MINUTE * 50).await;
    assert_eq!(test.id().await, "STS.0", "nobody waits");
    sleep(Duration::from_secs(2)).await;
    assert_eq!(test.id().await, "STS.1");
}

#[tokio::test(start_paused = true)]
async fn it_is_used_to_its_last_second_while_the_source_is_away() {
    let test = Test::new(|number| if number == 0 { Ok((0, at(60))) } else { Err(away()) });
    test.id().await;
    let kept = test.kept.clone();
    tokio::spawn(async move { kept.keep_fresh().await });
    sleep(Duration::from_secs(60 * 60 - 2)).await;
    assert_eq!(test.id().await, "STS.0");
    assert!(test.asked() > 10, "it is asked again and again: {}", test.asked());
    assert!(test.asked() < 40, "but not without a pause: {}", test.asked());
    // This machine's clock may be wrong: KMS knows.
    sleep(MINUTE).await;
    assert_eq!(test.id().await, "STS.0");
    assert!(test.kept.who().last_error.is_some());
    let told = test.events.lock().expect("no panic");
    assert!(told.iter().any(|event| event.name() == "identity_unavailable"));
}

#[tokio::test(start_paused = true)]
async fn a_role_that_was_taken_away_is_an_error_when_its_token_has_ended() {
    let test = Test::new(|number| match number {
        0 => Ok((0, at(60))),
        _ => Err(Error::new(Kind::Denied, "no such role")),
    });
    test.id().await;
    sleep(MINUTE * 59).await;
    assert_eq!(test.id().await, "STS.0");
    sleep(MINUTE * 2).await;
    assert_eq!(test.kept.key().await.expect_err("it has ended").message(), "no such role");
}

#[tokio::test(start_paused = true)]
async fn when_kms_says_that_a_token_has_ended_another_is_fetched_at_once() {
    let test = Test::new(|number| Ok((number as u32, at(60))));
    let first = test.kept.key().await.expect("an AccessKey");
    let (other, _) = test.kept.other_than(&refused(&first, "InvalidSecurityToken.Expired")).await;
    let Some(Signer::AccessKey(other)) = other else { panic!("there is another") };
    assert_eq!(other.id(), "STS.1");
    // Whoever comes late with the same complaint gets that one, without a further question.
    let (late, _) = test.kept.other_than(&refused(&first, "InvalidSecurityToken.Expired")).await;
    assert!(late.is_some_and(|late| late.is(&Signer::AccessKey(other))));
    assert_eq!(test.asked(), 2);
    let (none, _) = test.kept.other_than(&refused(&first, "Forbidden.NoPermission")).await;
    assert!(none.is_none(), "another token may do no more");
}

#[tokio::test(start_paused = true)]
async fn a_source_that_gives_the_same_again_is_not_asked_in_a_circle() {
    let test = Test::new(|_| Ok((0, at(10))));
    let first = test.kept.key().await.expect("an AccessKey");
    let (none, _) = test.kept.other_than(&refused(&first, "InvalidSecurityToken.Expired")).await;
    assert!(none.is_none());
    let kept = test.kept.clone();
    tokio::spawn(async move { kept.keep_fresh().await });
    sleep(MINUTE * 20).await;
    assert!(test.asked() < 60, "{}", test.asked());
}

#[tokio::test(start_paused = true)]
async fn after_a_failure_nobody_asks_before_the_pause_is_over() {
    let test = Test::new(|_| Err(away()));
    for _ in 0..20 {
        assert!(test.kept.key().await.is_err());
    }
    assert_eq!(test.asked(), 1);
    sleep(Duration::from_secs(1)).await;
    assert!(test.kept.key().await.is_err());
    assert_eq!(test.asked(), 2);
}

#[tokio::test(start_paused = true)]
async fn what_is_missing_is_believed_to_be_so_after_some_seconds() {
    let missing = || Error::new(Kind::Denied, "no such role").with_http_status(NOT_FOUND);
    let test = Test::new(move |_| Err(missing()));
    let began = Instant::now();
    while test.kept.key().await.expect_err("it is missing").retryable() {
        sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(test.asked(), MISSING_IS_BELIEVED as usize);
    assert!(began.elapsed() < Duration::from_secs(7), "{:?}", began.elapsed());
    for _ in 0..3 {
        sleep(MINUTE).await;
        assert!(!test.kept.key().await.expect_err("it is missing").retryable());
    }
}

#[tokio::test(start_paused = true)]
async fn not_all_that_sts_calls_not_found_may_come() {
    for (code, may_come) in [
        ("EntityNotExist.Role", true),
        ("EntityNotExist.OIDCProvider", true),
        ("InvalidAccessKeyId.NotFound", false),
        ("InvalidAction.NotFound", false),
    ] {
        let refused = move || Error::new(Kind::Denied, "refused").with_http_status(NOT_FOUND).with_code(code);
        let test = Test::new(move |_| Err(refused()));
        assert_eq!(test.kept.key().await.expect_err("it is refused").retryable(), may_come, "{code}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_source_that_is_back_after_a_long_time_is_asked_soon_by_whoever_waits() {
    let back = Instant::now() + MINUTE * 60;
    let test = Test::new(move |number| match number {
        0 => Ok((0, at(60))),
        _ if Instant::now() < back => Err(away()),
        _ => Ok((1, at(120))),
    });
    test.id().await;
    let kept = test.kept.clone();
    tokio::spawn(async move { kept.keep_fresh().await });
    // It has been away for a quarter of an hour, and is asked once a minute.
    sleep(MINUTE * 60 - Duration::from_secs(2)).await;
    let asked = test.asked();
    // As renewals would, while the token has ended.
    while test.id().await != "STS.1" {
        assert!(back.elapsed() < Duration::from_secs(8), "{:?}", back.elapsed());
        sleep(Duration::from_millis(100)).await;
    }
    assert!(test.asked() - asked <= 4, "{}", test.asked() - asked);
}

#[tokio::test(start_paused = true)]
async fn a_token_that_ended_while_its_source_is_away_is_no_last_word() {
    let test = Test::new(|number| if number == 0 { Ok((0, at(60))) } else { Err(away()) });
    let ended = test.kept.key().await.expect("an AccessKey");
    let [(signer, error)] = refused(&ended, "InvalidSecurityToken.Expired");
    let remarked =
        |error: &Error| test.kept.remark(error.clone(), &signer, SystemTime::now(), &Skew::default());
    assert!(!remarked(&error).retryable(), "no other was asked for");
    assert!(test.kept.other_than(&[(signer.clone(), error.clone())]).await.0.is_none());
    let remarked = remarked(&error);
    assert!(remarked.retryable() && remarked.message().contains("it is away"), "{remarked}");
}

#[tokio::test(start_paused = true)]
async fn a_clock_that_is_ahead_costs_a_question_and_no_call() {
    let test = Test::new(|number| Ok((number as u32, at(30))));
    test.clock.ahead.store(20 * 60, Ordering::Relaxed);
    assert_eq!(test.id().await, "STS.0");
    sleep(MINUTE * 15).await;
    // By this clock it ended five minutes ago.
    assert_eq!(test.id().await, "STS.1");
}

#[tokio::test(start_paused = true)]
async fn one_without_an_end_is_kept() {
    let test = Test::new(|number| Ok((number as u32, None)));
    test.id().await;
    let kept = test.kept.clone();
    tokio::spawn(async move { kept.keep_fresh().await });
    sleep(MINUTE * 60 * 24 * 30).await;
    assert_eq!((test.id().await.as_str(), test.asked()), ("STS.0", 1));
}
