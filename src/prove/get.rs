//! A plain question to an engine: its JSON as it is, whichever engine and version.
//!
//! The client's types know the newest Docker; an older one, or Podman, leaves fields out and has other values. HTTP/1.0 (RFC 1945) is asked
//! for, so that an answer ends with the connection and is never in chunks.

use std::io::{Error, ErrorKind};
use std::path::Path;
use std::time::Duration;

use serde_json::Value;
use tokio::net::UnixStream;
use tokio::time::timeout;

use super::ProveError;

/// Bytes of an answer at most: a list of thousands of containers is below that.
const LARGEST: usize = 32 << 20;
/// How long an answer may take.
const PATIENCE: Duration = Duration::from_mins(1);

/// An answer.
pub(super) struct Answer {
    /// HTTP status.
    pub(super) status: u16,
    /// Its body.
    pub(super) body: Vec<u8>,
}

impl Answer {
    /// The body as JSON.
    pub(super) fn json(&self, what: &'static str) -> Result<Value, ProveError> {
        if self.status != 200 {
            return Err(ProveError::Refused {
                what,
                message: self.message(),
            });
        }
        serde_json::from_slice(&self.body).map_err(|error| ProveError::Unanswered {
            what,
            reason: format!("its answer is no JSON ({error})"),
        })
    }

    fn message(&self) -> String {
        let body: Option<Value> = serde_json::from_slice(&self.body).ok();
        let message = body.as_ref().and_then(|body| body.get("message")?.as_str());
        super::shown(message.unwrap_or("no reason was given"))
    }
}

/// Asks for `path`, which has to be safe in a request line.
pub(super) async fn get(
    socket: &Path,
    path: &str,
    what: &'static str,
) -> Result<Answer, ProveError> {
    let unanswered = |reason: String| ProveError::Unanswered { what, reason };
    if path.bytes().any(|byte| !byte.is_ascii_graphic()) {
        return Err(unanswered(
            "the name has characters that no name has".to_owned(),
        ));
    }
    let bytes = match timeout(PATIENCE, exchange(socket, path)).await {
        Ok(Ok(bytes)) => bytes,
        Ok(Err(error)) => return Err(unanswered(error.to_string())),
        Err(_) => return Err(unanswered(format!("no answer in {} s", PATIENCE.as_secs()))),
    };
    parse(&bytes).ok_or_else(|| unanswered("its answer is no HTTP".to_owned()))
}

async fn exchange(socket: &Path, path: &str) -> Result<Vec<u8>, Error> {
    let stream = UnixStream::connect(socket).await?;
    let request =
        format!("GET {path} HTTP/1.0\r\nHost: engine\r\nAccept: application/json\r\n\r\n");
    let mut rest = request.as_bytes();
    while !rest.is_empty() {
        stream.writable().await?;
        match stream.try_write(rest) {
            Ok(count) => rest = rest.get(count..).unwrap_or_default(),
            Err(error) if error.kind() == ErrorKind::WouldBlock => {}
            Err(error) => return Err(error),
        }
    }
    let mut bytes = Vec::new();
    let mut chunk = vec![0; 64 << 10];
    loop {
        stream.readable().await?;
        match stream.try_read(&mut chunk) {
            Ok(0) => return Ok(bytes),
            Ok(count) => bytes.extend_from_slice(chunk.get(..count).unwrap_or_default()),
            Err(error) if error.kind() == ErrorKind::WouldBlock => {}
            Err(error) => return Err(error),
        }
        if bytes.len() > LARGEST {
            return Err(Error::new(
                ErrorKind::FileTooLarge,
                "the answer is larger than any real one",
            ));
        }
    }
}

fn parse(bytes: &[u8]) -> Option<Answer> {
    let end = bytes.windows(4).position(|window| window == b"\r\n\r\n")?;
    let head = std::str::from_utf8(bytes.get(..end)?).ok()?;
    let status = head.lines().next()?.split(' ').nth(1)?.parse().ok()?;
    Some(Answer {
        status,
        body: bytes.get(end + 4..)?.to_vec(),
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn an_answer_is_split_into_status_and_body() {
        let answer = parse(b"HTTP/1.0 404 Not Found\r\nContent-Type: application/json\r\n\r\n{\"message\":\"No such container: x\"}");
        let answer = answer.expect("an answer");
        assert_eq!(answer.status, 404);
        let error = answer.json("tell the container").expect_err("refused");
        assert!(
            error.to_string().contains("No such container: x"),
            "{error}"
        );
    }

    #[test]
    fn an_answer_that_is_cut_off_is_none() {
        assert!(parse(b"HTTP/1.0 200 OK\r\nContent-").is_none());
        assert!(parse(b"").is_none());
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            parse(&bytes);
        }
    }
}
