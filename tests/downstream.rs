//! The README's quick start, as a reader would begin: a new crate of its own, with the one line that names hyperlog. And
//! crates that want less in their program.
//!
//! Inside of our workspace a feature that is missing would go unseen, since another package asks for it. Out there it does
//! not. The crates stand beside each other below the system's temporary folder, are built without any network from our own
//! lock file, and keep what they compile below our `target`, so that only the first run takes long.

use std::collections::hash_map::DefaultHasher;
use std::fs;
use std::hash::{Hash, Hasher};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::time::{Duration, Instant};

use serde_json::Value;

/// How long a program may take to listen and to answer on a machine that has much to do.
const LIMIT: Duration = Duration::from_secs(60);

#[test]
fn a_new_crate_with_axum_needs_one_line_for_each_of_dependency_set_up_and_layer() {
    check("axum", "axum = \"0.8\"\ntokio = { version = \"1\", features = [\"macros\", \"rt-multi-thread\"] }\n");
}

/// Without the default features of actix-web: those that compress take long to compile, and are not in our lock file.
#[test]
fn a_new_crate_with_actix_needs_one_line_for_each_of_dependency_set_up_and_layer() {
    check("actix", "actix-web = { version = \"4\", default-features = false, features = [\"macros\"] }\n");
}

/// The texts of calls can be looked for in a program: those that are left out are not there.
#[test]
fn calls_below_the_level_that_is_built_in_are_not_in_the_program() {
    let of_level = |name: &str, features: &str, release: bool| {
        let program = Crate { name, features, others: "", code: LEVELS, is_release: release }.build();
        let bytes = fs::read(&program).expect("it was just built");
        let has = |text: &str| bytes.windows(text.len()).any(|part| part == text.as_bytes());
        let output = Command::new(&program).output().expect("it can be run");
        assert!(output.status.success(), "{output:?}");
        let told = String::from_utf8(output.stdout).expect("records are text");
        ["traced by nobody", "looked into", "told to all"].map(|text| (has(text), told.contains(text)))
    };
    let (there, left_out) = ((true, true), (false, false));
    assert_eq!(of_level("levels-all", "", false), [there, there, there]);
    assert_eq!(of_level("levels-info", "\"max_level_info\"", false), [left_out, left_out, there]);
    let several = "\"max_level_error\", \"max_level_debug\"";
    assert_eq!(of_level("levels-several", several, false), [left_out, there, there], "the most verbose counts");
    let of_release = "\"max_level_trace\", \"release_max_level_info\"";
    assert_eq!(of_level("levels-release-build", of_release, true), [left_out, left_out, there]);
}

/// A program that wants to see every level, and says so by an argument that it counts.
const LEVELS: &str = r#"
use hyperlog::{BUILT_IN, Level, Logger, debug, info, trace};
use std::cell::Cell;

fn main() {
    let _logger = Logger::builder().level(Level::TRACE).install();
    let evaluated = Cell::new(0);
    let count = || evaluated.replace(evaluated.get() + 1);
    trace!(count = count(), "traced by nobody");
    debug!(count = count(), "looked into");
    info!(count = count(), "told to all");
    let built_in = [Level::TRACE, Level::DEBUG, Level::INFO].iter().filter(|level| BUILT_IN.allows(**level)).count();
    assert_eq!(evaluated.get(), built_in, "of what is left out no argument is evaluated");
}
"#;

/// Builds the crate, asks it for one page, and looks at all that it writes.
#[track_caller]
fn check(framework: &str, others: &str) {
    let code = quick_start(framework);
    let lines = |what: &str| code.lines().filter(|line| line.contains(what)).count();
    assert_eq!((lines("hyperlog::init()"), lines(&format!("hyperlog::{framework}::"))), (1, 1), "{code}");

    assert!(include_str!("../README.md").lines().any(|shown| shown == LINE), "the README says {LINE}");
    let (name, features) = (format!("begins-with-{framework}"), format!("{framework:?}"));
    let begins = Crate { name: &name, features: &features, others, code: &code, is_release: false };
    let mut service = Service::start(&begins.build());
    let answer = service.ask("GET /hello/world HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n");
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n") && answer.ends_with("\r\n\r\nHello, world!\n"), "{answer}");
    let records = service.end_after(2);

    let [greeting, access] = &records[..] else { panic!("two records and no more: {records:#?}") };
    assert_eq!((&greeting["message"], &greeting["name"]), (&"greeting".into(), &"world".into()));
    assert_eq!(greeting["request_id"], access["request_id"], "a plain `info!` belongs to the request");
    let expected = [
        ("kind", Value::from("access")),
        ("level", "INFO".into()),
        ("message", "request served".into()),
        ("request_id_source", "generated".into()),
        ("method", "GET".into()),
        ("route", "/hello/{name}".into()),
        ("path", "/hello/world".into()),
        ("status", 200.into()),
        ("outcome", "ok".into()),
        ("request_bytes", 0.into()),
        ("response_bytes", 14.into()),
    ];
    for (key, value) in expected {
        assert_eq!(access[key], value, "{key} of {access}");
    }
    let id = access["request_id"].as_str().expect("it has an id");
    assert!(answer.to_lowercase().contains(&format!("x-request-id: {id}")), "{answer}");
}

/// The code that the README shows for a framework; where it listens is said from outside.
fn quick_start(framework: &str) -> String {
    let address = "\"127.0.0.1:3000\"";
    let blocks = include_str!("../README.md").split("```rust,no_run\n").skip(1);
    let code = blocks
        .filter_map(|rest| rest.split("```").next())
        .find(|code| code.contains(&format!("hyperlog::{framework}::")))
        .expect("the README shows how to begin");
    assert!(code.contains(address), "it listens at {address}: {code}");
    code.replace(address, "std::env::args().nth(1).expect(\"an address\")")
}

/// A crate of somebody else.
struct Crate<'a> {
    name: &'a str,
    /// What it wants of hyperlog.
    features: &'a str,
    /// The lines of other dependencies.
    others: &'a str,
    code: &'a str,
    is_release: bool,
}

impl Crate<'_> {
    /// Writes it and builds it, which prints how far that is. The program that comes of it.
    fn build(&self) -> PathBuf {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let Crate { name, features, others, code, is_release } = self;
        let place = place(root).join(name);
        let line = LINE.replace("version = \"0.1\"", &format!("path = {root:?}")).replace("\"axum\"", features);
        let manifest = format!(
            "[package]\nname = {name:?}\nedition = \"2024\"\n\n[workspace]\n\n[dependencies]\n{line}\n{others}"
        );
        fs::create_dir_all(place.join("src")).expect("there is room");
        fs::copy(root.join("Cargo.lock"), place.join("Cargo.lock")).expect("our lock file is here");
        for (file, text) in [("Cargo.toml", &manifest[..]), ("src/main.rs", code)] {
            fs::write(place.join(file), text).expect("there is room");
        }

        let target = Path::new(env!("CARGO_TARGET_TMPDIR")).join("downstream");
        let started = Instant::now();
        let mut cargo = Command::new(env!("CARGO"));
        cargo.args(["build", "--offline", "--target-dir"]).arg(&target).current_dir(&place);
        // Nobody debugs it, and half of the time goes there.
        cargo.env("CARGO_PROFILE_DEV_DEBUG", "0");
        if *is_release {
            // What makes a release build one here, and compiles as fast as any other.
            cargo.env("CARGO_PROFILE_DEV_DEBUG_ASSERTIONS", "false");
        }
        let built = cargo.status().expect("cargo built this test as well");
        assert!(built.success(), "{name} does not compile; it stands in {}", place.display());
        writeln!(std::io::stderr(), "{name} was built in {:.1} s", started.elapsed().as_secs_f64())
            .expect("it is open");
        target.join("debug").join(name).with_extension(std::env::consts::EXE_EXTENSION)
    }
}

/// The README says it for axum; of hyperlog, nothing else is said.
const LINE: &str = "hyperlog = { version = \"0.1\", features = [\"axum\"] }";

/// Outside of the workspace, the same on each run, and another for each copy of the repository.
fn place(root: &Path) -> PathBuf {
    let mut hasher = DefaultHasher::new();
    root.hash(&mut hasher);
    std::env::temp_dir().join(format!("hyperlog-downstream-{:016x}", hasher.finish()))
}

/// A program that serves, and is ended when this is dropped.
struct Service {
    child: Child,
    address: std::net::SocketAddr,
    lines: Receiver<String>,
}

impl Service {
    fn start(program: &Path) -> Service {
        let free = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a port is free");
        let mut command = Command::new(program);
        command.arg(free.to_string()).stdin(Stdio::null()).stdout(Stdio::piped());
        for variable in ["FORCE_COLOR", "CLICOLOR_FORCE", "RUST_LOG"] {
            command.env_remove(variable);
        }
        let mut child = command.spawn().unwrap_or_else(|error| panic!("{}: {error}", program.display()));
        let out = child.stdout.take().expect("it was asked for");
        let (tell, lines) = mpsc::channel();
        std::thread::spawn(move || {
            BufReader::new(out).lines().map_while(Result::ok).for_each(|line| drop(tell.send(line)));
        });
        Service { child, address: free, lines }
    }

    fn ask(&mut self, request: &str) -> String {
        let started = Instant::now();
        let mut connection = loop {
            match TcpStream::connect(self.address) {
                Ok(connection) => break connection,
                Err(error) => assert!(started.elapsed() < LIMIT, "it does not listen: {error}"),
            }
            // Seldom: who tries a port that nobody has yet may be given it for its own end.
            std::thread::sleep(Duration::from_millis(50));
        };
        connection.set_read_timeout(Some(LIMIT)).expect("a limit can be set");
        connection.write_all(request.as_bytes()).expect("it reads");
        let mut answer = String::new();
        connection.read_to_string(&mut answer).expect("it answers");
        answer
    }

    /// Ends it once it has written so much, and gives whatever it wrote.
    fn end_after(mut self, count: usize) -> Vec<Value> {
        let mut lines: Vec<String> =
            (0..count).map(|_| self.lines.recv_timeout(LIMIT).expect("a record comes")).collect();
        let _ = self.child.kill();
        lines.extend(self.lines.iter());
        let record = |line: &String| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
        lines.iter().map(record).collect()
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
