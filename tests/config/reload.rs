//! Configurations that change while others log.

use crate::stage::{Folder, SOON, Stage};
use hyperlog::config::{Config, Live, Opened, Registry, Reload, Secret};
use hyperlog::{Condition, Hook, debug, error, info};
use serde_json::Value;
use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

fn build(stage: &Stage, path: &Path) -> Live {
    Config::new().without_environment().registry(stage.registry()).file(path).build().unwrap()
}

/// Waits until something is so, and fails if it never is.
#[track_caller]
fn wait_until(what: &str, is_so: impl Fn() -> bool) {
    let begun = Instant::now();
    while !is_so() {
        assert!(begun.elapsed() < SOON, "{what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// What was logged, without what a stage notes of itself.
fn records(text: &str) -> Vec<Value> {
    let is_own = |line: &&str| line.starts_with("flushed within") || *line == "synced";
    text.lines()
        .filter(|line| !is_own(line))
        .map(|line| serde_json::from_str(line).unwrap_or_else(|_| panic!("{line}")))
        .collect()
}

#[test]
fn what_changed_is_done_and_told_and_what_did_not_stays_open() {
    let (stage, folder) = (Stage::new(), Folder::new());
    let first = "level = \"info\"\nidentity.service = \"shop\"\n[outputs]\nmemory = { kind = \"memory\" }\n\
                 disk = { kind = \"file\", path = \"a.log\" }\n";
    let path = folder.write("shop.toml", first);
    let live = build(&stage, &path);
    let logger = live.logger().clone();
    debug!(logger: logger, "unheard");
    info!(logger: logger, "one");
    assert_eq!(live.reload().unwrap(), Reload::Unchanged);
    // The same in other words.
    folder.write("shop.toml", &format!("# in other words\n{}", first.replace("= { kind", "={kind")));
    assert_eq!(live.reload().unwrap(), Reload::Unchanged);
    // A file that is kept open is written to under its new name.
    fs::rename(folder.0.join("a.log"), folder.0.join("moved.log")).unwrap();
    folder.write(
        "shop.toml",
        "level = \"debug\"\n[outputs]\nmemory = { kind = \"memory\", level = \"warn\" }\n\
         disk = { kind = \"file\", path = \"a.log\" }\nmore = { kind = \"file\", path = \"b.log\" }\n",
    );
    let changed = ["identity.service", "level", "outputs.memory.level", "outputs.more.kind", "outputs.more.path"];
    assert_eq!(live.reload().unwrap(), Reload::Applied(changed.map(str::to_owned).to_vec()));
    debug!(logger: logger, "two");
    error!(logger: logger, "three");
    logger.close(SOON).unwrap();
    let read = |name: &str| fs::read_to_string(folder.0.join(name)).unwrap_or_default();
    let text = read("b.log");
    let seen: Vec<_> = records(&text).iter().map(|record| record["message"].clone()).collect();
    assert_eq!(seen, ["the configuration was read anew", "two", "three"]);
    let told = &records(&text)[0];
    assert_eq!((&told["kind"], &told["changed"]), (&"setup".into(), &changed.join(", ").into()));
    assert_eq!((&told["outputs"], &told["file"]), (&"disk, memory, more".into(), &path.to_str().unwrap().into()));
    assert!(told.get("service").is_none());
    let memory = records(&stage.text());
    assert_eq!(memory.last().unwrap()["message"], "three");
    assert!(!stage.text().contains("two") && stage.text().contains("one"));
    assert!(format!("{}{}", read("moved.log"), read("a.log")).contains("two"));
}

#[test]
fn an_output_is_opened_anew_on_the_same_path_when_it_is_to_be_another() {
    let (stage, folder) = (Stage::new(), Folder::new());
    let said =
        |format: &str| format!("[outputs]\ndisk = {{ kind = \"file\", path = \"a.log\", format = \"{format}\" }}\n");
    let live = build(&stage, &folder.write("shop.toml", &said("json")));
    info!(logger: live.logger(), "one");
    folder.write("shop.toml", &said("logfmt"));
    live.reload().unwrap();
    info!(logger: live.logger(), "two");
    live.logger().close(SOON).unwrap();
    let text = fs::read_to_string(folder.0.join("a.log")).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    assert!(lines[1].contains("\"message\":\"one\"") && lines[3].contains("message=two"), "{text}");
    let health = &live.logger().health()[0];
    assert_eq!((health.written.total(), health.dropped_total()), (4, 0), "{health:?}");
}

#[test]
fn what_cannot_be_done_leaves_all_as_it_was_and_is_told_once_with_its_place() {
    let (stage, folder) = (Stage::new(), Folder::new());
    let good = "[outputs]\nmemory = { kind = \"memory\" }\n";
    let live = build(&stage, &folder.write("shop.toml", good));
    let refused = [
        ("level = \n", "shop.toml:1:"),
        ("level = 7\n", "shop.toml:1:1: level: this is an integer"),
        ("levl = \"hunter2\"\n", "there is no such key: did you mean `level`"),
        ("redaction.patterns = [\"(\"]\n", "shop.toml:1:1: redaction.patterns[0]: "),
        ("hooks = [\"add_regio\"]\n", "did you mean `add_region`"),
        ("preset = \"productio\"\n", "did you mean `production`"),
        ("outputs.disk = { kind = \"file\", path = \"shop.toml/a.log\" }\n", "outputs.disk"),
        ("outputs.hook = { kind = \"webhook\", url = \"ftp://hunter2.example\" }\n", "outputs.hook"),
        (
            "outputs.memory = { kind = \"memory\", lane = { instead_of = \"nobody\" } }\n",
            "lane.instead_of: no other output has this name",
        ),
    ];
    for (said, expected) in refused {
        stage.memory.take();
        // What could be done of it is not.
        let output = "outputs.more = { kind = \"file\", path = \"more.log\" }\n";
        folder.write("shop.toml", &format!("{said}{output}identity.service = \"changed\"\n"));
        let error = live.reload().unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
        info!(logger: live.logger(), "as before");
        let records = records(&stage.text());
        assert_eq!(records.len(), 2, "{}", stage.text());
        assert_eq!((&records[0]["level"], &records[0]["kind"]), (&"ERROR".into(), &"setup".into()));
        assert!(records[0]["error"].as_str().unwrap().contains(expected), "{}", records[0]);
        assert!(records[0].get("error.causes").is_none(), "told once: {}", records[0]);
        let health = live.logger().health();
        assert!(matches!(health.condition(), Condition::Degraded(why) if why.contains(expected)), "{health:?}");
        assert!(!stage.text().contains("hunter2") && !error.contains("hunter2"), "{error}");
        assert_eq!((records[1].get("service"), &records[1]["message"]), (None, &"as before".into()));
        assert_eq!(live.logger().health().len(), 1);
    }
    folder.write("shop.toml", good);
    assert_eq!(live.reload().unwrap(), Reload::Unchanged);
    assert_eq!(live.logger().health().condition(), Condition::Well);
    fs::remove_file(folder.0.join("shop.toml")).unwrap();
    assert!(live.reload().unwrap_err().to_string().contains("cannot be read"));
}

#[test]
fn requests_are_counted_on_when_the_file_changes_and_metrics_are_set_up_once() {
    use hyperlog::axum::HyperLogLayer;
    use hyperlog::prometheus::Format;
    let (stage, folder) = (Stage::new(), Folder::new());
    let good = "outputs.memory.kind = \"memory\"\n";
    let path = folder.write("shop.toml", &format!("{good}metrics.routes = 50\n"));
    let live = build(&stage, &path);
    let metrics = live.metrics();
    let counted = || {
        let layer = HyperLogLayer::new().logger(live.logger().clone()).policy(live.policy());
        crate::requests::send_all(layer, || true);
        let shown = metrics.render(Format::Text).unwrap().body;
        let counts = shown.lines().filter(|line| line.starts_with("hyperlog_http_requests_total"));
        counts.map(|line| line.rsplit(' ').next().unwrap().parse::<u64>().unwrap()).sum::<u64>()
    };
    let once = counted();
    assert!(once > 0);
    folder.write("shop.toml", &format!("{good}metrics.routes = 50\nlevel = \"warn\"\n"));
    assert_eq!(live.reload().unwrap(), Reload::Applied(vec!["level".to_owned()]));
    assert_eq!(counted(), 2 * once);
    // What means the same is the same.
    folder.write("shop.toml", &format!("{good}metrics = {{ routes = 50, mode = \"on\" }}\n"));
    assert!(matches!(live.reload().unwrap(), Reload::Applied(_)));
    for other in ["metrics.routes = 51\n", "metrics.mode = \"off\"\n", ""] {
        folder.write("shop.toml", &format!("{good}{other}"));
        let error = live.reload().unwrap_err().to_string();
        assert!(error.contains("metrics: metrics are set up once"), "{error}");
    }
    assert_eq!(counted(), 3 * once);
}

#[test]
fn whatever_happens_to_the_file_it_is_noticed() {
    let (stage, folder) = (Stage::new(), Folder::new());
    let (here, elsewhere) = (folder.0.join("mounted"), folder.0.join("elsewhere"));
    fs::create_dir_all(&here).unwrap();
    fs::create_dir_all(&elsewhere).unwrap();
    let said = |turn: &str| format!("identity.version = \"{turn}\"\n[outputs]\nmemory = {{ kind = \"memory\" }}\n");
    let path = here.join("shop.toml");
    fs::write(&path, said("0")).unwrap();
    let live = build(&stage, &path);
    let is_applied = |turn: &str| {
        let told = format!("\"version\":\"{turn}\"");
        wait_until(turn, || stage.text().lines().any(|line| line.contains("read anew") && line.contains(&told)));
    };

    fs::write(&path, said("in place")).unwrap();
    is_applied("in place");

    fs::write(here.join("shop.toml.new"), said("renamed")).unwrap();
    fs::rename(here.join("shop.toml.new"), &path).unwrap();
    is_applied("renamed");

    fs::remove_file(&path).unwrap();
    wait_until("it is told that it is gone", || stage.text().contains("cannot be read"));
    fs::write(&path, said("created")).unwrap();
    is_applied("created");

    #[cfg(unix)]
    {
        use std::os::unix::fs::symlink;
        // As Kubernetes mounts a ConfigMap: the file leads through a link to a directory, which is swapped.
        for (version, turn) in [("v1", "mounted"), ("v2", "swapped")] {
            fs::create_dir(here.join(version)).unwrap();
            fs::write(here.join(version).join("shop.toml"), said(turn)).unwrap();
        }
        symlink("v1", here.join("..data")).unwrap();
        fs::remove_file(&path).unwrap();
        symlink("..data/shop.toml", &path).unwrap();
        is_applied("mounted");
        symlink("v2", here.join("..data_tmp")).unwrap();
        fs::rename(here.join("..data_tmp"), here.join("..data")).unwrap();
        is_applied("swapped");

        // In another directory, which nobody has looked at before.
        fs::write(elsewhere.join("shop.toml"), said("elsewhere")).unwrap();
        symlink(elsewhere.join("shop.toml"), here.join("link")).unwrap();
        fs::rename(here.join("link"), &path).unwrap();
        is_applied("elsewhere");
    }
    drop(live);
}

/// What may be said about an output with a secret.
#[derive(serde::Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
struct Vault {
    secret: Secret,
}

#[test]
fn a_secret_that_changes_in_its_file_is_used_from_then_on_and_shown_nowhere() {
    let (folder, stage, used) = (Folder::new(), Stage::new(), Arc::new(Mutex::new(Vec::new())));
    let (kept, sink) = (Arc::clone(&used), stage.clone());
    let registry = Registry::new().output("vault", move |vault: Vault, place| {
        kept.lock().unwrap().push(vault.secret.reveal(place)?);
        Ok(Opened::sink(sink.clone()))
    });
    folder.write("secret", "hunter2\n");
    let path = folder.write("shop.toml", "[outputs]\nvault = { kind = \"vault\", secret = { file = \"secret\" } }\n");
    let live = Config::new().without_environment().registry(registry).file(path).build().unwrap();
    folder.write("secret", "correct horse\n");
    wait_until("the other secret is used", || used.lock().unwrap().len() == 2);
    wait_until("it is told", || stage.text().contains("read anew"));
    assert_eq!(*used.lock().unwrap(), ["hunter2", "correct horse"]);
    assert!(!stage.text().contains("horse") && !format!("{live:?}").contains("horse"));
}

#[test]
fn what_the_program_adds_is_added_each_time() {
    let (stage, folder) = (Stage::new(), Folder::new());
    let said = |level: &str| format!("level = \"{level}\"\n[outputs]\nmemory = {{ kind = \"memory\" }}\n");
    let path = folder.write("shop.toml", &said("info"));
    let hook = Hook::enrich(|draft| _ = draft.add("rack", 7));
    let config = Config::new().without_environment().registry(stage.registry()).file(path).set("identity.version", "2");
    let live = config.complete(move |builder| builder.hook(hook.clone())).build().unwrap();
    folder.write("shop.toml", &said("debug"));
    live.reload().unwrap();
    debug!(logger: live.logger(), "heard");
    let records = records(&stage.text());
    assert_eq!(records.len(), 3);
    assert!(records.iter().all(|record| record["rack"] == 7 && record["version"] == "2"), "{}", stage.text());
}

#[test]
fn a_thousand_changes_under_load_lose_nothing_and_write_nothing_twice() {
    let (stage, folder) = (Stage::new(), Folder::in_memory());
    let said = |round: u32| {
        let (size, queue) = (round / 50, round % 3);
        format!(
            "level = \"{level}\"\n[outputs]\nmemory = {{ kind = \"memory\", level = \"{only}\" }}\n\
             gate = {{ kind = \"gate\", queue = {{ capacity = \"{capacity} MiB\" }} }}\n\
             disk = {{ kind = \"file\", path = \"a.log\", rotate = {{ size = \"{size} GiB\" }}, \
             queue = {{ capacity = \"256 MiB\" }} }}\n",
            level = ["info", "debug"][round as usize % 2],
            only = ["off", "fatal"][round as usize % 2],
            capacity = 200 + queue,
            size = 100 + size,
        )
    };
    let path = folder.write("shop.toml", &format!("reload = \"off\"\n{}", said(0)));
    let live = build(&stage, &path);
    let (is_over, logged) = (AtomicBool::new(false), AtomicU64::new(0));
    std::thread::scope(|scope| {
        for thread in 0..2 {
            let (logger, is_over, logged) = (live.logger().clone(), &is_over, &logged);
            scope.spawn(move || {
                for number in 0.. {
                    info!(logger: logger, thread = thread, number = number, "record");
                    if is_over.load(Ordering::Acquire) {
                        logged.fetch_add(number + 1, Ordering::AcqRel);
                        return;
                    }
                    // No faster than the disk, for however long that has other things to do.
                    if number % 1_000 == 999 {
                        let _ = logger.flush(SOON);
                    }
                }
            });
        }
        for round in 1..=1_000 {
            folder.write("shop.toml", &format!("reload = \"off\"\n{}", said(round)));
            assert!(matches!(live.reload().unwrap(), Reload::Applied(_)));
        }
        is_over.store(true, Ordering::Release);
    });
    let logger = live.logger();
    logger.flush(SOON).unwrap();
    let logged = logged.load(Ordering::Acquire);
    let own = 1 + 1_000;
    for output in logger.health() {
        assert!(output.is_conserved() && output.pending.total() == 0, "{output:?}");
        assert_eq!(output.dropped_total(), 0, "{output:?}");
        if output.name != "memory" {
            assert_eq!(output.written.total(), logged + own, "{}", output.name);
        }
    }
    logger.close(SOON).unwrap();
    for text in [fs::read_to_string(folder.0.join("a.log")).unwrap(), stage.text()] {
        let records = records(&text);
        let of_load = records.iter().filter(|record| record["message"] == "record");
        let distinct: HashSet<_> =
            of_load.clone().map(|record| (record["thread"].as_u64(), record["number"].as_u64())).collect();
        assert_eq!((of_load.count() as u64, distinct.len() as u64), (logged, logged));
    }
}

/// Does this on a thread of its own, and fails if it never comes to an end.
#[track_caller]
fn ends(what: impl FnOnce() + Send + 'static) {
    let (sender, receiver) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        what();
        let _ = sender.send(());
    });
    receiver.recv_timeout(SOON).expect("it waits for itself");
}

#[test]
fn what_the_program_brings_may_panic_and_the_file_is_looked_at_all_the_same() {
    let (stage, folder) = (Stage::new(), Folder::new());
    let said = |level: &str| format!("level = \"{level}\"\n[outputs]\nmemory = {{ kind = \"memory\" }}\n");
    let path = folder.write("shop.toml", &said("info"));
    let is_bitter = Arc::new(AtomicBool::new(false));
    let bitter = Arc::clone(&is_bitter);
    let complete = move |builder| match bitter.load(Ordering::Acquire) {
        true => panic!("hunter2"),
        false => builder,
    };
    let config = Config::new().without_environment().registry(stage.registry()).file(path).complete(complete);
    let live = config.build().unwrap();
    is_bitter.store(true, Ordering::Release);
    folder.write("shop.toml", &said("debug"));
    wait_until("it is told", || stage.text().contains("was refused"));
    assert!(live.reload().unwrap_err().to_string().contains("panicked"));
    assert!(!stage.text().contains("hunter2"));
    is_bitter.store(false, Ordering::Release);
    folder.write("shop.toml", &said("trace"));
    wait_until("it is read anew", || stage.text().contains("read anew"));
    assert_eq!(live.logger().directives().to_string(), "trace");
}

#[cfg(unix)]
#[test]
fn a_pipe_in_the_place_of_a_file_is_refused_and_not_waited_for() {
    let pipe = |path: &Path| {
        fs::remove_file(path).unwrap();
        assert!(Command::new("mkfifo").arg(path).status().unwrap().success());
    };
    let (folder, stage) = (Folder::new(), Stage::new());
    let sink = stage.clone();
    let registry = || {
        let sink = sink.clone();
        Registry::new().output("vault", move |vault: Vault, place| {
            vault.secret.reveal(place)?;
            Ok(Opened::sink(sink.clone()))
        })
    };
    let secret = folder.write("secret", "hunter2\n");
    let path = folder.write("shop.toml", "[outputs]\nvault = { kind = \"vault\", secret = { file = \"secret\" } }\n");
    for path_of_pipe in [&path, &secret] {
        stage.memory.take();
        let (said, registry, file) = (fs::read_to_string(path_of_pipe).unwrap(), registry(), path.clone());
        let live = Config::new().without_environment().registry(registry).file(file).build().unwrap();
        pipe(path_of_pipe);
        wait_until("it is told", || stage.text().contains("it is no file"));
        fs::remove_file(path_of_pipe).unwrap();
        fs::write(path_of_pipe, said).unwrap();
        ends(move || drop(live));
    }
}

#[test]
fn whoever_is_called_by_a_reading_and_asks_for_another_is_refused_and_may_let_it_go() {
    let (stage, folder) = (Stage::new(), Folder::new());
    let said = |level: &str| format!("level = \"{level}\"\n[outputs]\nmemory = {{ kind = \"memory\" }}\n");
    let live = build(&stage, &folder.write("shop.toml", &said("info")));
    let logger = live.logger().clone();
    let (slot, seen) = (Arc::new(Mutex::new(Some(live))), Arc::new(Mutex::new(Vec::new())));
    let (taken, told) = (Arc::clone(&slot), Arc::clone(&seen));
    // On the thread that looks at the file.
    logger.on_level_change(move |_| {
        let live = taken.lock().unwrap().take().unwrap();
        // However often it asks.
        let _ = live.reload().unwrap_err();
        let error = live.reload().unwrap_err().to_string();
        drop(live);
        told.lock().unwrap().push(error);
    });
    folder.write("shop.toml", &said("debug"));
    wait_until("it is let go", || !seen.lock().unwrap().is_empty());
    assert!(seen.lock().unwrap()[0].contains("by this very thread"), "{seen:?}");
    wait_until("it is told", || stage.text().contains("read anew"));
}

#[test]
fn a_file_that_asks_not_to_be_read_anew_is_left_alone_from_then_on() {
    let (stage, folder) = (Stage::new(), Folder::new());
    let said = |reload: &str, version: u32| {
        format!(
            "reload = \"{reload}\"\nidentity.version = \"{version}\"\n[outputs]\nmemory = {{ kind = \"memory\" }}\n"
        )
    };
    let path = folder.write("shop.toml", &said("on", 1));
    let live = build(&stage, &path);
    assert!(live.is_watching());
    folder.write("shop.toml", &said("off", 2));
    wait_until("it is read", || stage.text().contains("read anew"));
    assert!(!live.is_watching());
    // It is asked for, and then it is looked at again.
    folder.write("shop.toml", &said("on", 3));
    live.reload().unwrap();
    assert!(live.is_watching());
    folder.write("shop.toml", &said("on", 4));
    wait_until("it is read again", || stage.text().contains("\"version\":\"4\""));
}

#[test]
fn two_outputs_to_one_file_are_refused_though_one_of_them_is_replaced() {
    let (stage, folder) = (Stage::new(), Folder::new());
    let file = |path: &str| format!("{{ kind = \"file\", path = \"{path}\" }}");
    let said = |one: &str, other: &str| format!("[outputs]\none = {}\nother = {}\n", file(one), file(other));
    let live = build(&stage, &folder.write("shop.toml", &said("a.log", "b.log")));
    folder.write("shop.toml", &said("a.log", "./a.log"));
    let error = live.reload().unwrap_err().to_string();
    assert!(error.contains("outputs.other.path: the output `one` writes to this file"), "{error}");
    // Where they change places, both wait for their turn.
    folder.write("shop.toml", &said("b.log", "a.log"));
    live.reload().unwrap();
    info!(logger: live.logger(), "changed");
    live.logger().close(SOON).unwrap();
    for output in live.logger().health() {
        assert_eq!((output.pending.total(), output.dropped_total()), (0, 0), "{output:?}");
    }
}

/// This test as a process of its own, to which signals are sent.
const ROLE: &str = "RELOAD_TEST_ROLE";

#[test]
fn waits_for_a_hangup() {
    if std::env::var_os(ROLE).is_none() {
        return;
    }
    let live = Config::new().install().unwrap();
    info!("ready");
    let mut line = String::new();
    std::io::stdin().read_line(&mut line).unwrap();
    drop(live);
}

#[cfg(unix)]
#[test]
fn a_hangup_has_it_read_at_once_though_nothing_has_changed() {
    use std::io::{BufRead, BufReader};
    let folder = Folder::new();
    let said = |more: &str| format!("outputs.console = {{ kind = \"console\", format = \"json\" }}\n{more}");
    let path: PathBuf = folder.write("shop.toml", &said(""));
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["reload::waits_for_a_hangup", "--exact", "--nocapture"]).env(ROLE, "wait");
    command.env("HYPERLOG_CONFIG", &path).env("HYPERLOG_DETECT", "off");
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
    let mut wait_for = |what: &str| {
        let line = lines.find(|line| line.contains(what) || line.contains("read anew") || line.contains("was refused"));
        assert!(line.as_ref().is_some_and(|line| line.contains(what)), "{what}: {line:?}");
    };
    wait_for("\"message\":\"ready\"");
    // It cannot be done, since something is in the way.
    let blocked = folder.write("blocked", "");
    folder.write("shop.toml", &said("outputs.disk = { kind = \"file\", path = \"blocked/a.log\" }\n"));
    wait_for("was refused");
    fs::remove_file(blocked).unwrap();
    let hangup = Command::new("kill").args(["-HUP", &child.id().to_string()]).status().unwrap();
    assert!(hangup.success());
    wait_for("read anew");
    drop(child.stdin.take());
    assert!(child.wait().unwrap().success());
}
