//! Requests that take the detour which the environment asks for. What it says is set for a child, so that no thread of
//! this process sees it change.

mod fake;

use fake::{Fake, LONG, ok};
use hyperlog_core::{Json, Logger, Output, info};
use hyperlog_delivery::{Limits, Retry};
use hyperlog_webhook::{Transport, Webhook};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// Where a child sends to. Without it there is nothing to do for a child.
const TARGET: &str = "HYPERLOG_TEST_TARGET";

/// A proxy that knows where every name leads, or lets nobody through. It keeps what it was asked.
fn proxy(to: Option<SocketAddr>) -> (SocketAddr, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let asked = Arc::new(Mutex::new(Vec::new()));
    let keeps = Arc::clone(&asked);
    std::thread::spawn(move || {
        for mut client in listener.incoming().flatten() {
            let mut head = Vec::new();
            let mut byte = [0];
            while !head.ends_with(b"\r\n\r\n") && client.read(&mut byte).is_ok_and(|read| read > 0) {
                head.extend_from_slice(&byte);
            }
            keeps.lock().unwrap().push(String::from_utf8_lossy(&head).into_owned());
            let Some(server) = to.and_then(|to| TcpStream::connect(to).ok()) else {
                drop(client.write_all(b"HTTP/1.1 403 Forbidden\r\nx: canary\r\n\r\n"));
                continue;
            };
            drop(client.write_all(b"HTTP/1.1 200 Connected\r\n\r\n"));
            let (mut there, mut back) = (client.try_clone().unwrap(), server.try_clone().unwrap());
            std::thread::spawn(move || std::io::copy(&mut there, &mut &server));
            std::thread::spawn(move || std::io::copy(&mut back, &mut client));
        }
    });
    (address, asked)
}

/// What a child says that sends a record to this address with these variables set.
fn send(target: &str, variables: &[(&str, String)]) -> String {
    let mut child = Command::new(std::env::current_exe().unwrap());
    child.args(["--exact", "a_child_sends_a_record", "--nocapture"]).env(TARGET, target);
    for name in ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"] {
        child.env_remove(name).env_remove(name.to_lowercase());
    }
    let output = child.envs(variables.iter().cloned()).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let both = [output.stdout, output.stderr].concat();
    String::from_utf8_lossy(&both).into_owned()
}

#[test]
fn a_child_sends_a_record() {
    let Ok(target) = std::env::var(TARGET) else { return };
    let short = Duration::from_millis(2);
    let retry = Retry::new().first(short).longest(short).give_up_after(Duration::from_millis(50));
    let exporter = Webhook::new(&target)
        .transport(Transport::PlainAllowed)
        .limits(Limits::default().linger(Duration::ZERO))
        .exporter()
        .unwrap();
    let sink = exporter.retry(retry).start().unwrap();
    let handle = sink.handle();
    let logger = Logger::builder().output(Output::new(Json::new(), sink)).build().unwrap();
    info!(logger: logger, "one");
    drop(handle.flush(LONG));
    let account = handle.close(LONG);
    let told = format!("left {} lost {} {:?}", account.left.total(), account.dropped_total(), handle.health());
    std::io::stdout().write_all(told.as_bytes()).unwrap();
}

#[test]
fn a_request_goes_through_the_proxy_which_resolves_the_name_and_may_be_private() {
    let fake = Fake::start(|_| ok());
    let (proxy, asked) = proxy(Some(fake.address));
    let variables = [("HTTP_PROXY", format!("http://user:canary@{proxy}"))];
    let told = send("http://hook.invalid/path", &variables);
    assert!(told.contains("left 1 lost 0"), "{told}");
    assert!(!told.contains("canary"), "{told}");
    let asked = asked.lock().unwrap().concat();
    assert!(asked.starts_with("CONNECT hook.invalid:80 HTTP/1.1\r\n"), "{asked}");
    assert!(asked.contains("Proxy-Authorization: Basic dXNlcjpjYW5hcnk=\r\n"), "{asked}");
    let seen = &fake.seen()[0];
    assert_eq!((&*seen.path, seen.header("host"), seen.header("proxy-authorization")), ("/path", "hook.invalid", ""));
}

#[test]
fn a_proxy_that_lets_nobody_through_is_told_without_secrets() {
    let (proxy, asked) = proxy(None);
    let told = send("http://hook.invalid/canary", &[("http_proxy", format!("http://user:canary@{proxy}"))]);
    assert!(told.contains("left 0 lost 1") && told.contains("cannot be reached through the proxy"), "{told}");
    assert!(!told.contains("canary"), "{told}");
    assert!(!asked.lock().unwrap().is_empty());
}

#[test]
fn a_host_that_is_exempt_is_reached_without_the_proxy_and_has_to_be_of_the_internet() {
    let fake = Fake::start(|_| ok());
    let (proxy, asked) = proxy(Some(fake.address));
    let variables = [("HTTP_PROXY", format!("http://{proxy}")), ("NO_PROXY", "localhost".to_owned())];
    let told = send(&format!("http://localhost:{}/canary", fake.address.port()), &variables);
    assert!(told.contains("left 0 lost 1") && told.contains("not on the internet"), "{told}");
    assert!(asked.lock().unwrap().is_empty());
    assert!(fake.seen().is_empty());
}
