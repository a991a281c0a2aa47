//! A server in a process of its own, so that its processor time is nobody else's.

use crate::case::Case;
use crate::mode::{FLAG, MARK, Mode};
use std::fs;
use std::io::{BufRead, BufReader, Read, Write, stdin, stdout};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

/// The server as the conductor sees it. It ends when this is dropped.
pub struct Server {
    process: Child,
    pub port: u16,
}

impl Server {
    /// Starts the server of a peer and waits until it listens.
    pub fn start(peer: &str, case: Case, program: &Path) -> Result<Self, String> {
        let mut command = Command::new(program);
        command.args([FLAG, peer, case.name(), Mode::Serve.name(), "0"]);
        let process =
            command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().map_err(|error| error.to_string())?;
        let mut server = Self { process, port: 0 };
        server.port = server.said().ok_or("the server never listened")?;
        Ok(server)
    }

    fn said(&mut self) -> Option<u16> {
        let said = BufReader::new(self.process.stdout.take()?);
        said.lines().map_while(Result::ok).find_map(|line| line.strip_prefix(MARK)?.parse().ok())
    }

    /// The physical memory that it holds, in bytes.
    pub fn memory(&self) -> Result<u64, String> {
        let path = format!("/proc/{}/status", self.process.id());
        let status = fs::read_to_string(path).map_err(|error| error.to_string())?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kibibytes = line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
        Ok(kibibytes.ok_or("the kernel does not tell how much memory a process holds")? << 10)
    }

    /// The processor time of all its threads, which must all be there still.
    pub fn busy(&self) -> Result<Duration, String> {
        let threads = fs::read_dir(format!("/proc/{}/task", self.process.id())).map_err(|error| error.to_string())?;
        let mut nanoseconds = 0;
        for thread in threads.flatten() {
            let figures = fs::read_to_string(thread.path().join("schedstat")).map_err(|error| error.to_string())?;
            let first = figures.split_whitespace().next().and_then(|first| first.parse::<u64>().ok());
            nanoseconds += first.ok_or("the kernel does not tell the processor time of threads")?;
        }
        Ok(Duration::from_nanos(nanoseconds))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Within the server: tells the port, and ends this process when the conductor is gone.
pub fn announce(port: u16) {
    println!("\n{MARK}{port}");
    let _ = stdout().flush();
    thread::spawn(|| {
        let _ = stdin().read_to_end(&mut Vec::new());
        std::process::exit(0);
    });
}
