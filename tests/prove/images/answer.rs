//! A service in an image of its own, without anything else: answers on port 8080. `answer check` asks it.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::ExitCode;

fn serve() -> std::io::Result<()> {
    for connection in TcpListener::bind("0.0.0.0:8080")?.incoming() {
        connection?.write_all(b"afloat\n")?;
    }
    Ok(())
}

fn check() -> std::io::Result<bool> {
    let mut answer = String::new();
    TcpStream::connect("127.0.0.1:8080")?.read_to_string(&mut answer)?;
    Ok(answer == "afloat\n")
}

fn main() -> ExitCode {
    let is_check = std::env::args().nth(1).as_deref() == Some("check");
    let result = if is_check { check() } else { serve().map(|()| true) };
    match result {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("answer: {error}");
            ExitCode::FAILURE
        }
    }
}
