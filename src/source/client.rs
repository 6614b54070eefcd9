//! The HTTP client: which certificates it trusts, when plain HTTP is allowed, how long it waits.

use std::error::Error;
use std::net::IpAddr;
use std::sync::Once;
use std::time::Duration;

use reqwest::Client;

use super::SourceError;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// Between two reads, not for the whole answer: a blob may take hours.
pub(super) const READ_TIMEOUT: Duration = Duration::from_mins(1);
/// Makes ring rustls' provider of cryptography, for every HTTPS client of this process. Calling it again does nothing.
pub fn install_cryptography() {
    static INSTALL: Once = Once::new();
    INSTALL.call_once(|| {
        // The error means that somebody installed one before, which serves as well.
        let _ = rustls::crypto::ring::default_provider().install_default();
    });
}

/// A client for one registry. `loopback`: it is on this machine. `waits`: for how long without an answer; for what is sent, the
/// answer comes after all of it.
pub(super) fn build(
    insecure: bool,
    loopback: bool,
    waits: Option<Duration>,
) -> Result<Client, SourceError> {
    install_cryptography();
    let builder = || {
        let builder = Client::builder()
            .user_agent(concat!("plimsoll/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(CONNECT_TIMEOUT);
        let builder = match waits {
            Some(waits) => builder.read_timeout(waits),
            None => builder,
        };
        let builder = builder
            .tls_danger_accept_invalid_certs(insecure)
            // A redirect from HTTPS to HTTP would hand the blob to whoever listens.
            .https_only(!insecure && !loopback);
        if loopback {
            builder.no_proxy()
        } else {
            builder
        }
    };
    match builder().build() {
        // A machine without CA certificates can still talk plain HTTP to itself.
        Err(_) if loopback => builder().tls_certs_only([]).build(),
        built => built,
    }
    .map_err(SourceError::Tls)
}

/// Whether a registry is on this machine, where plain HTTP is expected.
pub(super) fn is_loopback(host: &str) -> bool {
    let name = match host.rsplit_once(':') {
        Some((name, port)) if !port.ends_with(']') => name,
        _ => host,
    };
    let name = name.trim_matches(['[', ']']);
    name == "localhost"
        || name
            .parse::<IpAddr>()
            .is_ok_and(|address| address.is_loopback())
}

/// What TLS itself objects to: a certificate that is refused, or a server that speaks no TLS. Asking again does not help.
pub(super) fn tls_error<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a rustls::Error> {
    if let Some(found) = error.downcast_ref() {
        return Some(found);
    }
    // The TLS error sits inside two `io::Error`s, whose `source` passes over what they hold.
    match error.downcast_ref::<std::io::Error>() {
        Some(error) => tls_error(error.get_ref()?),
        None => tls_error(error.source()?),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_http_is_for_this_machine_only() {
        for host in [
            "localhost",
            "localhost:5000",
            "127.0.0.1:80",
            "127.8.8.8",
            "[::1]",
            "[::1]:5000",
        ] {
            assert!(is_loopback(host), "{host}");
        }
        for host in [
            "localhost.example",
            "10.0.0.1:5000",
            "127.0.0.1.example",
            "docker.io",
        ] {
            assert!(!is_loopback(host), "{host}");
        }
    }
}
