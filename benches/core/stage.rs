//! What every benchmark of the core needs: an emulator and a provider with a cached AccessKey.

use std::net::SocketAddr;
use std::path::PathBuf;

use kmsak::Provider;
use kmsak_emulator::Emulator;

/// The secret that is read.
pub const APP: &str = "acs/ram/user/app";

/// An emulator and a provider that has fetched [`APP`].
pub struct Stage {
    /// The KMS.
    pub emulator: Emulator,
    /// The provider.
    pub provider: Provider,
    /// The instance gateway.
    pub address: SocketAddr,
    /// The PEM file of the CA that its certificate chains to.
    pub ca: PathBuf,
    _folder: tempfile::TempDir,
}

impl Stage {
    /// Sets it.
    ///
    /// # Panics
    /// When anything fails: there is nothing to measure then.
    #[must_use]
    pub fn set() -> Self {
        let emulator = Emulator::start().expect("the emulator starts");
        let folder = tempfile::tempdir().expect("a folder");
        let files = emulator.write_folder(folder.path()).expect("the folder is written");
        let provider = Provider::from_file(&files.on_the_cloud).expect("the properties file is good");
        provider.credentials(APP).expect("KMS answers");
        let address = emulator.instance_endpoint().parse().expect("an address and a port");
        Stage { emulator, provider, address, ca: folder.path().join("ca.pem"), _folder: folder }
    }
}
