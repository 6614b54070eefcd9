//! A server on this machine that answers like a registry, or like none.

use std::fmt::Display;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use plimsoll::model::limits::read_at_most;
use plimsoll::source::{Image, Reference, SourceError, SourceOptions, open};

/// A request as the server saw it: path with query, the headers' lines in lower case, and the body.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) headers: Vec<String>,
    pub(crate) body: String,
}

impl Request {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut lines = self.headers.iter().filter_map(|line| line.split_once(": "));
        lines
            .find(|(key, _)| key.eq_ignore_ascii_case(name))
            .map(|(_, value)| value)
    }
}

/// An answer. `cut` sends only so many bytes of the body, then drops the connection.
#[derive(Clone, Default)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
    pub(crate) cut: Option<usize>,
}

impl Reply {
    pub(crate) fn status(status: u16) -> Self {
        Self {
            status,
            ..Self::default()
        }
    }

    pub(crate) fn body(body: impl Into<Vec<u8>>) -> Self {
        Self {
            status: 200,
            body: body.into(),
            ..Self::default()
        }
    }

    pub(crate) fn header(mut self, name: &str, value: impl Display) -> Self {
        self.headers.push((name.to_owned(), value.to_string()));
        self
    }
}

/// Answers each request with what `answer` makes of it and of the requests before.
pub(crate) struct FakeRegistry {
    pub(crate) host: String,
    seen: Arc<Mutex<Vec<Request>>>,
}

impl FakeRegistry {
    pub(crate) fn start(answer: impl Fn(&Request, usize) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let host = listener.local_addr().expect("an address").to_string();
        let seen = Arc::new(Mutex::new(Vec::new()));
        let (log, answer) = (Arc::clone(&seen), Arc::new(answer));
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let (log, answer) = (Arc::clone(&log), Arc::clone(&answer));
                std::thread::spawn(move || serve(stream, &log, &*answer));
            }
        });
        Self { host, seen }
    }

    pub(crate) fn paths(&self) -> Vec<String> {
        self.seen
            .lock()
            .expect("the log")
            .iter()
            .map(|request| request.path.clone())
            .collect()
    }

    pub(crate) fn requests(&self) -> Vec<Request> {
        self.seen.lock().expect("the log").clone()
    }

    pub(crate) fn open(&self, name: &str, options: &SourceOptions) -> Result<Image, SourceError> {
        let reference: Reference = format!("{}/{name}", self.host).parse()?;
        open(&reference, options)
    }

    pub(crate) fn refuses(&self, name: &str, options: &SourceOptions) -> SourceError {
        self.open(name, options).err().expect("an error")
    }
}

fn serve(
    mut stream: TcpStream,
    log: &Mutex<Vec<Request>>,
    answer: &(dyn Fn(&Request, usize) -> Reply + Send + Sync),
) {
    let mut reader = BufReader::new(stream.try_clone().expect("a stream"));
    let mut lines = Vec::new();
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).unwrap_or(0) == 0 {
            return;
        }
        match line.trim_end() {
            "" => break,
            line => lines.push(line.to_owned()),
        }
    }
    let mut first = lines
        .first()
        .expect("a request line")
        .split(' ')
        .map(str::to_owned);
    let mut request = Request {
        method: first.next().unwrap_or_default(),
        path: first.next().unwrap_or_default(),
        headers: lines.get(1..).unwrap_or_default().to_vec(),
        body: String::new(),
    };
    let length: u64 = request
        .header("content-length")
        .map_or(0, |length| length.parse().expect("a length"));
    let body = read_at_most(reader.take(length), 1 << 20).expect("a body");
    request.body = String::from_utf8(body).expect("text");
    let earlier = {
        let mut log = log.lock().expect("the log");
        let same = log.iter().filter(|seen| seen.path == request.path).count();
        log.push(request.clone());
        same
    };
    let reply = answer(&request, earlier);
    let mut head = format!("HTTP/1.1 {} -\r\nConnection: close\r\n", reply.status);
    for (name, value) in &reply.headers {
        head.extend([name, ": ", value, "\r\n"]);
    }
    if !reply
        .headers
        .iter()
        .any(|(name, _)| name == "Transfer-Encoding")
    {
        head.extend(["Content-Length: ", &reply.body.len().to_string(), "\r\n"]);
    }
    let sent = reply.cut.unwrap_or(reply.body.len());
    // The client may be gone already: that is what some tests are about.
    let _ = stream.write_all(head.as_bytes());
    let _ = stream.write_all(b"\r\n");
    let _ = stream.write_all(&reply.body[..sent]);
}
