//! The stack of a call as a field, for whoever asks.
//!
//! Taking it notes addresses alone. Names are looked up when an output wants them: once, however many outputs there are.

use crate::panic::frames::Frames;
use crate::value::{ToValue, Tree, TreeVisitor, Value};
use backtrace::{Backtrace, BacktraceFrame};
use std::cell::OnceCell;

/// How the program came here, as a field: `stack = stack(16)`.
///
/// It holds at most so many frames of the program, innermost first, each with its function and, where debug information
/// tells, file and line. Those of the runtime and of libraries are folded into a number.
///
/// ```
/// use hyperlog_core::{CapturedValue, Logger, error, stack};
///
/// let (logger, captured) = Logger::capture();
/// error!(logger: logger, stack = stack(16), "not reached, they said");
/// assert!(matches!(captured.only().get("stack"), Some(CapturedValue::List(_))));
/// ```
///
/// A call below the level takes no stack. Taking one costs microseconds; looking names up costs milliseconds, the first
/// time in a process above all: it is for what should not happen.
#[inline(never)]
pub fn stack(frames: usize) -> Stack {
    let mut taken = Vec::new();
    backtrace::trace(|frame| {
        taken.push(BacktraceFrame::from(frame.clone()));
        taken.len() < DEEPEST
    });
    Stack { frames, taken: Backtrace::from(taken), named: OnceCell::new() }
}

/// A recursion that ran away must not be walked to its end.
const DEEPEST: usize = 256;

/// What [`stack`] makes.
pub struct Stack {
    frames: usize,
    taken: Backtrace,
    named: OnceCell<Frames>,
}

impl std::fmt::Debug for Stack {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Stack").finish_non_exhaustive()
    }
}

impl Tree for Stack {
    fn walk(&self, visitor: &mut dyn TreeVisitor) {
        self.named.get_or_init(|| Frames::resolve(self.taken.clone(), self.frames)).walk(visitor);
    }
}

impl ToValue for Stack {
    fn to_value(&self) -> Value<'_> {
        Value::Tree(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::field::FieldSet;
    use crate::level::Level;
    use crate::logger::Logger;
    use crate::sink::CapturedValue;

    fn frames_of(stack: Stack) -> Vec<String> {
        let (logger, captured) = Logger::capture();
        logger.log(Level::INFO, "here", &FieldSet::new().with("stack", stack));
        let record = captured.only();
        let Some(CapturedValue::List(frames)) = record.get("stack") else { panic!("no frames in {record}") };
        frames.iter().map(|frame| format!("{frame:?}")).collect()
    }

    #[test]
    fn the_innermost_frame_is_the_one_that_asks() {
        let frames = frames_of(stack(16));
        assert!(frames[0].contains("the_innermost_frame_is_the_one_that_asks"), "{frames:?}");
        assert!(frames[0].contains("stack.rs"), "{frames:?}");
    }

    #[test]
    fn no_more_frames_are_told_than_were_asked_for() {
        #[inline(never)]
        fn deeper(levels: usize) -> Stack {
            let taken = if levels == 0 { stack(3) } else { deeper(std::hint::black_box(levels - 1)) };
            std::hint::black_box(taken)
        }
        let taken = deeper(2 * DEEPEST);
        assert_eq!(taken.taken.frames().len(), DEEPEST);
        assert_eq!(frames_of(taken).len(), 3);
        assert_eq!(frames_of(stack(0)).len(), 0);
    }

    #[test]
    fn names_are_looked_up_when_they_are_wanted() {
        let taken = stack(16);
        let value = taken.to_value();
        assert!(taken.named.get().is_none());
        let _ = FieldSet::new().with("stack", &taken);
        assert!(matches!(value, Value::Tree(_)) && taken.named.get().is_some());
    }
}
