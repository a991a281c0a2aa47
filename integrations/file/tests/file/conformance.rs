//! Both sinks keep what every sink promises.

use crate::place::{Place, unpacked};
use hyperlog_core::testing::check_sink;
use hyperlog_file::{Buffer, File, Rotation};
use std::path::Path;

/// All that has left, from whatever file.
fn observe(directory: &Path) -> Vec<u8> {
    let names = std::fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path());
    let mut names: Vec<_> = names.filter(|path| path.extension().is_some_and(|extension| extension == "log")).collect();
    names.sort();
    names.iter().flat_map(|path| unpacked(path)).collect()
}

#[test]
fn the_queued_sink_keeps_its_promises() {
    for rotation in [Rotation::new(), Rotation::new().size(100_000)] {
        let place = Place::new();
        let directory = place.directory().to_owned();
        let sink = File::new(place.path()).rotation(rotation).start().unwrap();
        check_sink(sink).observed_by(move || observe(&directory)).run();
    }
}

#[test]
fn the_direct_sink_keeps_its_promises() {
    for rotation in [Rotation::new(), Rotation::new().size(100_000)] {
        for buffer in [Buffer::Nothing, Buffer::Bytes(1), Buffer::Bytes(64 * 1024)] {
            let place = Place::new();
            let directory = place.directory().to_owned();
            let sink = File::new(place.path()).rotation(rotation).buffer(buffer).direct().unwrap();
            check_sink(sink).observed_by(move || observe(&directory)).run();
        }
    }
}
