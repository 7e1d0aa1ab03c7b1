//! The main job: an AccessKey arrives through both gateways, and a rotation is followed.

use kmsak::Provider;
use kmsak_emulator::Emulator;

#[test]
fn an_access_key_arrives_through_both_gateways() {
    let emulator = Emulator::start().expect("the emulator starts");
    let folder = tempfile::tempdir().expect("a folder");
    let written = emulator.write_folder(folder.path()).expect("the folder is written");
    let now = emulator.access_key_of("acs/ram/user/app").expect("the secret holds an AccessKey");
    for properties in [&written.on_the_cloud, &written.off_the_cloud] {
        let provider = Provider::from_file(properties).expect("the properties file is good");
        let credentials = provider.credentials("acs/ram/user/app").expect("KMS answers");
        assert_eq!(credentials.access_key_id(), now.id);
        assert_eq!(credentials.access_key_secret(), now.secret);
    }
}
