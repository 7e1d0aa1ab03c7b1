use std::fs::{self, File};
use std::path::Path;

use super::*;
use crate::secret::Secret;

const HOUR: Duration = Duration::from_secs(3600);

fn client_key() -> Arc<Lasting> {
    Arc::new(Lasting { id: "KAAP.1".to_owned(), secret: ProtectedBytes::copy_from(b"a private key") })
}

fn open(folder: &Path, lasting: &Lasting) -> CacheFile {
    CacheFile::open(folder.join("secrets.cache"), lasting, &Handle::current())
}

fn snapshot(name: &str, version: &str, fetched: SystemTime) -> Arc<Snapshot> {
    let secret = Secret {
        name: name.into(),
        secret_type: "Generic".into(),
        value: ProtectedBytes::copy_from(b"value"),
        binary: false,
        version_id: version.into(),
        version_stages: Vec::new().into(),
        create_time: None,
        request_id: "".into(),
        last_rotation_date: None,
        next_rotation_date: None,
        rotation_interval: None,
        automatic_rotation: None,
        extended_config: None,
    };
    let fetched_at = tokio::time::Instant::now();
    Arc::new(Snapshot::new(Arc::new(secret), fetched, fetched_at).expect("a generic secret"))
}

fn version(file: &CacheFile, name: &str, lasting: &Lasting) -> Option<String> {
    let kept = file.load(name, lasting, None, SystemTime::now())?;
    Some(kept.secret.version_id().to_owned())
}

#[tokio::test]
async fn a_thousand_secrets_are_written_together() {
    let (folder, key) = (tempfile::tempdir().expect("a folder"), client_key());
    let file = open(folder.path(), &key);
    file.is_read().await;
    let now = SystemTime::now();
    for number in 0..1000 {
        file.store(snapshot(&format!("secret/{number}"), "1", now), key.clone());
    }
    file.settle();
    let writings = file.desk.work.lock().writings;
    assert!((1..100).contains(&writings), "{writings}");
    let again = open(folder.path(), &key);
    again.is_read().await;
    assert!((0..1000).all(|number| again.may_hold(&format!("secret/{number}"), &key)));
    assert_eq!(version(&again, "secret/999", &key).as_deref(), Some("1"));
    assert!(!again.may_hold("secret/1000", &key));
}

#[tokio::test]
async fn the_later_entry_stays_unless_it_is_dated_in_the_future() {
    let (folder, key) = (tempfile::tempdir().expect("a folder"), client_key());
    let (ours, theirs) = (open(folder.path(), &key), open(folder.path(), &key));
    let now = SystemTime::now();
    for (ahead, stays) in [(HOUR / 6, true), (HOUR * 24 * 365, false)] {
        theirs.store(snapshot("secret", "theirs", now + ahead), key.clone());
        theirs.settle();
        ours.store(snapshot("secret", "ours", now), key.clone());
        ours.settle();
        let stayed = version(&ours, "secret", &key);
        assert_eq!(stayed.as_deref(), Some(if stays { "theirs" } else { "ours" }), "{ahead:?}");
    }
}

#[tokio::test]
async fn what_is_dated_in_the_future_has_no_age_that_max_stale_could_allow() {
    let (folder, key) = (tempfile::tempdir().expect("a folder"), client_key());
    let file = open(folder.path(), &key);
    let now = SystemTime::now();
    file.store(snapshot("secret", "1", now + HOUR * 24), key.clone());
    file.settle();
    assert!(file.load("secret", &key, None, now).is_some());
    assert!(file.load("secret", &key, Some(HOUR), now).is_none());
}

#[tokio::test]
async fn what_was_sealed_for_a_replaced_client_key_goes() {
    let (folder, key) = (tempfile::tempdir().expect("a folder"), client_key());
    let file = open(folder.path(), &key);
    file.store(snapshot("secret", "1", SystemTime::now()), key.clone());
    file.settle();
    file.forget("another");
    file.settle();
    assert!(version(&file, "secret", &key).is_some());
    file.forget(&key.id);
    file.settle();
    assert!(version(&file, "secret", &key).is_none());
    let text = fs::read_to_string(folder.path().join("secrets.cache")).expect("the file");
    assert!(!text.contains(&key.id), "{text}");
}

#[tokio::test]
async fn what_could_not_be_written_is_written_with_the_next() {
    let (folder, key) = (tempfile::tempdir().expect("a folder"), client_key());
    let inside = folder.path().join("inside");
    let file = open(&inside, &key);
    let now = SystemTime::now();
    file.store(snapshot("one", "1", now), key.clone());
    file.settle();
    fs::create_dir(&inside).expect("a folder");
    file.store(snapshot("two", "2", now), key.clone());
    file.settle();
    let again = open(&inside, &key);
    again.is_read().await;
    assert_eq!(version(&again, "one", &key).as_deref(), Some("1"));
    assert_eq!(version(&again, "two", &key).as_deref(), Some("2"));
}

#[tokio::test]
async fn what_a_newer_version_wrote_is_left_alone() {
    let (folder, key) = (tempfile::tempdir().expect("a folder"), client_key());
    let path = folder.path().join("secrets.cache");
    let newer = r#"{"format":3,"entries":["of another shape"]}"#;
    fs::write(&path, newer).expect("a writable folder");
    let file = open(folder.path(), &key);
    for version in ["1", "2"] {
        file.store(snapshot("secret", version, SystemTime::now()), key.clone());
        file.settle();
        assert_eq!(fs::read_to_string(&path).expect("the file"), newer);
    }
    // From it nobody learns what KMS answered to another process.
    let another = open(folder.path(), &key);
    let right = another.look_again().await;
    assert!(right.is_some() && file.look_again().await.is_some(), "there is nothing to wait for");
    drop(right);
    // Of an older one nobody needs anything.
    fs::write(&path, newer.replace('3', "1")).expect("a writable folder");
    file.store(snapshot("another", "1", SystemTime::now()), key.clone());
    file.settle();
    let again = open(folder.path(), &key);
    again.is_read().await;
    assert_eq!(version(&again, "secret", &key).as_deref(), Some("2"), "written with the next one");
    assert_eq!(version(&again, "another", &key).as_deref(), Some("1"));
}

/// The kernel's file, of which nobody can read the beginning.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn what_cannot_be_read_for_a_moment_loses_nothing() {
    let (folder, key) = (tempfile::tempdir().expect("a folder"), client_key());
    let (path, aside) = (folder.path().join("secrets.cache"), folder.path().join("aside"));
    let store = |file: &CacheFile, name: &str| {
        file.store(snapshot(name, "1", SystemTime::now()), key.clone());
        file.settle();
    };
    store(&open(folder.path(), &key), "theirs");
    let ours = open(folder.path(), &key);
    ours.is_read().await;
    fs::rename(&path, &aside).expect("it is there");
    std::os::unix::fs::symlink("/proc/self/mem", &path).expect("a link");
    store(&ours, "one");
    assert!(fs::symlink_metadata(&path).expect("it is there").is_symlink(), "nothing was written");
    fs::rename(&aside, &path).expect("it is there");
    store(&ours, "two");
    let again = open(folder.path(), &key);
    again.is_read().await;
    for name in ["theirs", "one", "two"] {
        assert_eq!(version(&again, name, &key).as_deref(), Some("1"), "{name}");
    }
}

#[tokio::test]
async fn a_lock_that_is_never_given_back_stops_nobody() {
    let (folder, key) = (tempfile::tempdir().expect("a folder"), client_key());
    let lock = File::create(folder.path().join("secrets.cache.lock")).expect("a file");
    lock.lock().expect("nobody else has it");
    let file = open(folder.path(), &key);
    file.store(snapshot("secret", "1", SystemTime::now()), key.clone());
    file.settle();
    assert_eq!(version(&file, "secret", &key).as_deref(), Some("1"));
}

#[cfg(unix)]
#[tokio::test]
async fn what_is_no_file_is_neither_read_nor_replaced() {
    let (folder, key) = (tempfile::tempdir().expect("a folder"), client_key());
    let path = folder.path().join("secrets.cache");
    let name = std::ffi::CString::new(path.as_os_str().as_encoded_bytes()).expect("no NUL");
    // SAFETY: the name is a string that ends in NUL.
    assert_eq!(unsafe { libc::mkfifo(name.as_ptr(), 0o600) }, 0);
    let file = open(folder.path(), &key);
    file.is_read().await;
    assert!(!file.may_hold("secret", &key));
    file.store(snapshot("secret", "1", SystemTime::now()), key.clone());
    file.settle();
    assert!(!fs::metadata(&path).expect("it is there").is_file());
    assert_eq!(fs::read_dir(folder.path()).expect("the folder").count(), 1);
}
