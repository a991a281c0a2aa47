//! What a buffer of the direct sink holds back, and until when.

use crate::place::{PATIENCE, Place, flush, try_write, write, write_at};
use hyperlog_core::{DropReason, Level, Line, Partition, Sink, Timestamp, Written};
use hyperlog_file::{Buffer, Direct, File};

fn buffered(place: &Place, bytes: usize) -> Direct {
    File::new(place.path()).buffer(Buffer::Bytes(bytes)).direct().unwrap()
}

fn write_in(sink: &Direct, second: i64, text: &str) {
    let timestamp = Timestamp::new(second, 0);
    let line = Line { bytes: text.as_bytes(), level: Level::INFO, timestamp, partition: Partition::NONE };
    assert_eq!(sink.write(&line), Written::Queued);
}

#[test]
fn a_buffer_is_written_by_size_flush_error_second_and_end() {
    let place = Place::new();
    let sink = buffered(&place, 10);
    write_in(&sink, 1, "123\n");
    write_in(&sink, 1, "456\n");
    assert_eq!(place.text(), "");
    write_in(&sink, 1, "789\n");
    assert_eq!(place.text(), "123\n456\n", "by size");
    flush(&sink);
    assert_eq!(place.text(), "123\n456\n789\n", "by flush");
    write_in(&sink, 1, "a\n");
    write_in(&sink, 2, "b\n");
    assert_eq!(place.text(), "123\n456\n789\na\n", "by the second");
    write_at(&sink, Level::ERROR, "c\n");
    assert_eq!(place.text(), "123\n456\n789\na\nb\nc\n", "by an error");
    write_in(&sink, 3, "longer than the buffer is\n");
    assert!(place.text().ends_with("longer than the buffer is\n"));
    write_in(&sink, 3, "d\n");
    let account = sink.account().unwrap();
    assert_eq!((account.left.total(), account.pending.total(), account.dropped_total()), (7, 1, 0));
    sink.close(PATIENCE).unwrap();
    assert!(place.text().ends_with("is\nd\n"), "by the end");
    assert_eq!(sink.account().unwrap().left.total(), 8);
    assert_eq!(try_write(&sink, "late\n"), Written::Closed);
}

#[test]
fn a_buffer_may_be_larger_than_all_memory() {
    let place = Place::new();
    let sink = buffered(&place, usize::MAX);
    write_in(&sink, 1, "123\n");
    flush(&sink);
    assert_eq!(place.text(), "123\n");
}

#[cfg(unix)]
#[test]
fn what_cannot_be_written_stays_in_the_buffer_and_what_has_no_room_is_lost_and_counted() {
    let place = Place::new();
    let directory = place.directory().join("below");
    let path = directory.join("app.log");
    let file = File::new(&path).buffer(Buffer::Bytes(10));
    let handle = file.handle();
    let sink = file.direct().unwrap();
    std::fs::remove_dir_all(&directory).unwrap();
    std::fs::write(&directory, "in the way").unwrap();
    handle.reopen();
    write_in(&sink, 1, "123\n");
    write_in(&sink, 2, "123\n");
    assert_eq!(try_write(&sink, "789\n"), Written::Dropped(DropReason::Full));
    assert!(sink.flush(PATIENCE).is_err());
    assert_ne!(sink.condition(), hyperlog_core::Condition::Well);
    std::fs::remove_file(&directory).unwrap();
    sink.flush(PATIENCE).unwrap();
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "123\n123\n");
    assert_eq!(sink.condition(), hyperlog_core::Condition::Well);
    let account = sink.account().unwrap();
    assert_eq!((account.left.total(), account.pending.total(), account.dropped_total()), (2, 0, 0));
}

#[cfg(unix)]
#[test]
fn what_is_left_in_the_buffer_at_the_end_is_counted_as_lost() {
    let place = Place::new();
    let directory = place.directory().join("below");
    let sink = File::new(directory.join("app.log")).buffer(Buffer::Bytes(100)).direct().unwrap();
    write(&sink, "one\n");
    std::fs::remove_dir_all(&directory).unwrap();
    std::fs::write(&directory, "in the way").unwrap();
    crate::place::wait_until("trouble", || {
        write(&sink, "two\n");
        sink.flush(PATIENCE).is_err()
    });
    assert!(sink.close(PATIENCE).is_err());
    let account = sink.account().unwrap();
    assert!(account.dropped_total() > 0 && account.pending.total() == 0, "{account:?}");
    sink.close(PATIENCE).unwrap();
}
