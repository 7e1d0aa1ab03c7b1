//! The `kmsak emulator` program: its arguments, and its run until it is told to end.

use std::io::Write as _;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;
use clap::builder::RangedI64ValueParser;

use crate::builder::MOST_GATEWAYS;
use crate::emulator::Emulator;
use crate::error::{Error, doing};
use crate::region::is_region_id;

/// Run an Alibaba Cloud KMS for development and tests on this machine.
///
/// Once it is ready it prints one line of JSON on standard output with the URLs of everything.
#[derive(Debug, Clone, Args)]
pub struct Arguments {
    /// Folder for the ClientKey, CA and properties files and for the state; made if need be
    #[arg(long, value_name = "DIR", default_value = "kmsak-emulator")]
    dir: PathBuf,
    /// Address on which the services listen, for clients elsewhere; the admin interface stays on 127.0.0.1
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1")]
    listen: IpAddr,
    /// One more host name or address in the services' certificates; may be repeated
    #[arg(long = "name", value_name = "NAME")]
    names: Vec<String>,
    /// First of the ports: N instance gateway, N+1 shared gateway, N+2 and N+3 STS (HTTP, HTTPS), N+4 and
    /// N+5 OSS (HTTP, HTTPS), N+6 admin interface, N+7 metadata service [default: those of the last start, else free ones]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=65500))]
    port: Option<u16>,
    /// Number of instance gateways; further ones listen on N+11, N+12, ...
    #[arg(long, value_name = "COUNT", default_value_t = 1, value_parser = gateways())]
    instance_gateways: u8,
    /// Number of shared gateways; further ones listen on N+21, N+22, ...
    #[arg(long, value_name = "COUNT", default_value_t = 1, value_parser = gateways())]
    shared_gateways: u8,
    /// Region, for a folder without a state
    #[arg(long, value_name = "REGION", default_value = "cn-hangzhou", value_parser = region)]
    region: String,
    /// GetSecretValue requests a second on the shared gateways
    #[arg(long, value_name = "PER_SECOND", default_value_t = 450)]
    shared_quota: u32,
    /// Days that new ClientKeys are valid
    #[arg(long, value_name = "DAYS", default_value_t = 5 * 365, value_parser = clap::value_parser!(u32).range(1..=36500))]
    client_key_days: u32,
    /// Instances of an image before 3.0.0, which know nothing but ClientKeys and protobuf
    #[arg(long)]
    without_instance_openapi: bool,
    /// Use a well-known test key for the first ClientKey, which starts faster
    #[arg(long)]
    test_keys: bool,
}

fn gateways() -> RangedI64ValueParser<u8> {
    RangedI64ValueParser::new().range(1..=i64::from(MOST_GATEWAYS))
}

fn region(text: &str) -> Result<String, &'static str> {
    if is_region_id(text) { Ok(text.to_owned()) } else { Err("use a region id like cn-hangzhou") }
}

/// Runs the emulator until what `until_told` makes is ready. It is made on the runtime, before anything starts: so a signal ends
/// the program in good order from the first moment.
pub fn run<F: Future<Output = ()>>(
    arguments: &Arguments,
    until_told: impl FnOnce() -> std::io::Result<F>,
) -> Result<(), Error> {
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(doing("starting"))?;
    runtime.block_on(async {
        let told = until_told().map_err(doing("starting"))?;
        let mut builder = Emulator::builder()
            .dir(&arguments.dir)
            .listen(arguments.listen)
            .instance_gateways(arguments.instance_gateways.into())
            .shared_gateways(arguments.shared_gateways.into())
            .region(&arguments.region)
            .shared_quota(arguments.shared_quota)
            .client_key_validity(Duration::from_secs(u64::from(arguments.client_key_days) * 24 * 60 * 60))
            .threads(2);
        for name in &arguments.names {
            builder = builder.name(name);
        }
        if !arguments.test_keys {
            builder = builder.generated_keys();
        }
        if arguments.without_instance_openapi {
            builder = builder.without_instance_openapi();
        }
        if let Some(port) = arguments.port {
            builder = builder.port(port);
        }
        let emulator = builder.start()?;
        announce(arguments, &emulator).map_err(doing("writing to standard output"))?;
        told.await;
        drop(emulator);
        Ok(())
    })
}

/// A path as it can be pasted into a shell.
fn shell_word(path: &Path) -> String {
    let text = path.to_string_lossy();
    if text.chars().all(|c| c.is_ascii_alphanumeric() || "/._-+,:@%".contains(c)) {
        return text.into_owned();
    }
    format!("'{}'", text.replace('\'', r"'\''"))
}

fn announce(arguments: &Arguments, emulator: &Emulator) -> std::io::Result<()> {
    let dir = shell_word(&arguments.dir);
    let on = shell_word(&arguments.dir.join("on_the_cloud.properties"));
    let off = shell_word(&arguments.dir.join("off_the_cloud.properties"));
    let admin = emulator.admin_url();
    let hints = format!(
        "A KMS is running on this machine, with the secret acs/ram/user/app. Its files are in {dir}.\n\
         Fetch the AccessKey through the instance gateway, then through the shared gateway:\n  \
           kmsak get --config {on} acs/ram/user/app\n  \
           kmsak get --config {off} acs/ram/user/app\n\
         Rotate it; the old AccessKey is deleted at once:\n  \
           curl {admin}/rotations -d '{{\"secret\": \"acs/ram/user/app\"}}'\n\
         Refuse the next request, and see what happened:\n  \
           curl {admin}/faults -d '{{\"kind\": \"error\", \"status\": 403, \"code\": \"Forbidden.NoPermission\", \"times\": 1}}'\n  \
           curl {admin}/events\n\
         Stop it with Ctrl-C; started again with the same folder it goes on where it was.\n"
    );
    // The line on standard output says all that is needed, whether or not anybody can read this.
    let _ = std::io::stderr().write_all(hints.as_bytes());
    let mut line = emulator.summary();
    let dir = arguments.dir.canonicalize().unwrap_or_else(|_| arguments.dir.clone());
    line["dir"] = dir.to_string_lossy().into();
    let mut output = std::io::stdout().lock();
    writeln!(output, "{line}")?;
    output.flush()
}
