//! A program that Windows' service control manager has started: what that is told, and what it wishes.
//!
//! The source of the protocol: "Services" in Microsoft's documentation of Win32, by way of the crate `windows-service`.

use std::error::Error as _;
use std::ffi::OsString;
use std::process::ExitCode;
use std::sync::OnceLock;
use std::time::Duration;

use kmsak::LogLevel;
use parking_lot::Mutex;
use tokio::sync::Notify;
use windows_service::service::{
    ServiceControl, ServiceControlAccept, ServiceExitCode, ServiceState, ServiceStatus, ServiceType,
};
use windows_service::service_control_handler::{self, ServiceControlHandlerResult, ServiceStatusHandle};
use windows_service::{define_windows_service, service_dispatcher};

use crate::failure::Failure;
use crate::log;

/// How long the manager waits for what is pending, such as the answers that are under way when it stops.
const PENDS_FOR: Duration = Duration::from_secs(30);

type Work = Box<dyn FnOnce() -> Result<(), Failure> + Send>;

/// For the thread that the manager's library begins, which can be given nothing.
static WORK: Mutex<Option<Work>> = Mutex::new(None);
static CODE: Mutex<u8> = Mutex::new(0);
static MANAGER: OnceLock<ServiceStatusHandle> = OnceLock::new();
static STOP: Notify = Notify::const_new();
static CHANGED: Notify = Notify::const_new();

/// Does the work as the service that this process was started for, and tells what keeps it from it. Fails where nobody has
/// started it as one.
pub(crate) fn run(work: impl FnOnce() -> Result<(), Failure> + Send + 'static) -> Result<ExitCode, Failure> {
    *WORK.lock() = Some(Box::new(work));
    // A service that has its process to itself goes by any name here.
    service_dispatcher::start("kmsak", service_main).map_err(|error| {
        Failure::usage(format!(
            "--service is for a program that Windows' service control manager starts ({}): leave it out, or make a service of it with sc.exe create",
            cause(&error)
        ))
    })?;
    Ok(ExitCode::from(*CODE.lock()))
}

define_windows_service!(service_main, serve);

fn serve(_: Vec<OsString>) {
    let done = service_control_handler::register("kmsak", wished)
        .map_err(|error| Failure::new(format!("Windows takes no service: {}", cause(&error))))
        .and_then(|handle| {
            MANAGER.get_or_init(|| handle);
            tell(ServiceState::StartPending, 0);
            let work = WORK.lock().take();
            work.map_or(Ok(()), |work| work())
        });
    let code = match done {
        Ok(()) => 0,
        Err(failure) => {
            let code = failure.code();
            failure.report();
            code
        }
    };
    *CODE.lock() = code;
    // Whoever hears of it may look into the log at once, and Windows may end the process.
    tell(ServiceState::Stopped, code);
}

fn wished(control: ServiceControl) -> ServiceControlHandlerResult {
    match control {
        ServiceControl::Stop | ServiceControl::Shutdown => {
            tell(ServiceState::StopPending, 0);
            STOP.notify_one();
        }
        ServiceControl::ParamChange => CHANGED.notify_one(),
        ServiceControl::Interrogate => {}
        _ => return ServiceControlHandlerResult::NotImplemented,
    }
    ServiceControlHandlerResult::NoError
}

/// That the work has begun, and can be stopped. Nothing where this is no service.
pub(crate) fn started() {
    tell(ServiceState::Running, 0);
}

/// Returns when the service is to stop; never where this is none.
pub(crate) async fn stop_wished() {
    STOP.notified().await;
}

/// Returns each time that the service is told of a change of its parameters; never where this is none.
pub(crate) async fn change_told() {
    CHANGED.notified().await;
}

/// `code` is one of the program's own, which stand in `kmsak --help`.
fn tell(state: ServiceState, code: u8) {
    let Some(manager) = MANAGER.get() else { return };
    let (controls_accepted, wait_hint) = match state {
        ServiceState::Running => {
            let accepted = ServiceControlAccept::STOP | ServiceControlAccept::SHUTDOWN;
            (accepted | ServiceControlAccept::PARAM_CHANGE, Duration::ZERO)
        }
        ServiceState::Stopped => (ServiceControlAccept::empty(), Duration::ZERO),
        _ => (ServiceControlAccept::empty(), PENDS_FOR),
    };
    let exit_code = match code {
        0 => ServiceExitCode::NO_ERROR,
        code => ServiceExitCode::ServiceSpecific(code.into()),
    };
    let sent = manager.set_service_status(ServiceStatus {
        service_type: ServiceType::OWN_PROCESS,
        current_state: state,
        controls_accepted,
        exit_code,
        checkpoint: 0,
        wait_hint,
        process_id: None,
    });
    if let Err(error) = sent {
        log::write(
            LogLevel::Warn,
            &format!("Windows cannot be told that the service is {state:?}: {}", cause(&error)),
        );
    }
}

/// What Windows says; the error itself says only that it does.
fn cause(error: &windows_service::Error) -> String {
    error.source().map_or_else(|| error.to_string(), ToString::to_string)
}
