//! A part of a unit of work: its records bear fields of their own, beside all that is bound to the whole.
//!
//! Apart from the scope, which knows nothing of what is around it. A part is made when the work is under way, and more may
//! be bound to the work, or to the part around this one, as long as it lives: a number that the whole keeps says when.

use crate::bind::BindFields;
use crate::field::FieldSet;
use crate::logger::Logger;
use crate::scope::Scope;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// What a part knows of its place in the work.
pub(crate) struct Part {
    whole: Scope,
    /// The whole, or the part around this one.
    around: Scope,
    /// How many changes of the whole its logger follows.
    followed: AtomicU64,
    own: Mutex<Own>,
}

/// What is bound to the part alone, and what its logger was made of.
struct Own {
    fields: FieldSet,
    /// How often fields were added.
    version: u64,
    /// The version and the logger around it that its own logger was made of.
    made_of: (u64, Logger),
}

impl Scope {
    /// A part of this work: its records bear these fields, beside all that is bound to the work, before or later. Of two
    /// fields with one name that of the innermost part counts.
    ///
    /// ```
    /// use hyperlog_core::{Logger, Scope, fields, info};
    ///
    /// let (logger, captured) = Logger::capture();
    /// let job = Scope::new(logger.with(fields!(job = 7)));
    /// let step = job.part(fields!(step = 2));
    /// job.bind(fields!(user = "ann"));
    ///
    /// let _entered = step.enter();
    /// info!("begun");
    /// let record = captured.only();
    /// assert_eq!((record.number("job"), record.number("step"), record.text("user")), (7.0, 2.0, "ann"));
    /// ```
    #[must_use]
    pub fn part(&self, fields: impl BindFields) -> Scope {
        let followed = AtomicU64::new(self.whole().changes());
        let around = self.logger();
        let (logger, fields) = match fields.parts().is_empty() {
            true => (around.clone(), FieldSet::new()),
            false => (around.with(fields), FieldSet::copied(fields.parts())),
        };
        let own = Mutex::new(Own { fields, version: 0, made_of: (0, around) });
        let part = Part { whole: self.whole().clone(), around: self.clone(), followed, own };
        Scope::of_part(logger, part)
    }

    /// Adds fields to every later record of this part, and of the parts within it. [`Scope::bind`] on what is no part.
    pub fn bind_here(&self, fields: &FieldSet) {
        match self.as_part() {
            Some(part) => part.add(fields),
            None => self.bind(fields),
        }
    }
}

impl Part {
    pub(crate) fn whole(&self) -> &Scope {
        &self.whole
    }

    /// Makes the logger of this part anew, if something has been bound that it does not bear.
    #[inline]
    pub(crate) fn follow(&self, scope: &Scope) {
        if self.followed.load(Ordering::Acquire) != self.whole.changes() {
            follow_all(scope);
        }
    }

    fn add(&self, fields: &FieldSet) {
        let added = fields.as_fields();
        let mut own = self.lock();
        // Each name once, or whoever sets one over and over would fill the memory.
        own.fields = own.fields.without(|name| added.has_from(name, 0));
        own.fields.append(fields);
        own.version += 1;
        drop(own);
        self.whole.note_change();
    }

    /// One part, after those around it.
    fn follow_one(&self, scope: &Scope) {
        let changes = self.whole.changes();
        let around = self.around.with_logger_so_far(Logger::clone);
        let (fields, version) = {
            let own = self.lock();
            if own.made_of.0 == own.version && own.made_of.1.is_bound_as(&around) {
                self.followed.store(changes, Ordering::Release);
                return;
            }
            (own.fields.clone(), own.version)
        };
        // Not under a lock: an encoder of the user's own sees the fields, and may log through this very scope.
        let logger = around.with(&fields);
        scope.put(logger, || {
            let before = std::mem::replace(&mut self.lock().made_of, (version, around));
            self.followed.store(changes, Ordering::Release);
            before
        });
    }

    fn lock(&self) -> MutexGuard<'_, Own> {
        self.own.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Part {
    /// One part after the other, for the same reason as in [`follow_all`].
    fn drop(&mut self) {
        let mut around = std::mem::replace(&mut self.around, self.whole.clone());
        while let Some(part) = around.as_part_of_nobody_else() {
            let next = std::mem::replace(&mut part.around, part.whole.clone());
            around = next;
        }
    }
}

/// From the outermost part inward, one after the other: nobody knows how deep they are.
#[cold]
#[inline(never)]
fn follow_all(innermost: &Scope) {
    let mut chain = Vec::new();
    let mut scope = innermost;
    while let Some(part) = scope.as_part() {
        chain.push((scope, part));
        scope = &part.around;
    }
    for (scope, part) in chain.into_iter().rev() {
        part.follow_one(scope);
    }
}
