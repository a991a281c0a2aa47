//! What a logger demands of every value before it is shown: that it be redacted first, and then no longer than allowed.

use crate::limits::Limits;
use crate::redact::Redaction;
use std::sync::atomic::{AtomicU64, Ordering};

/// The field that tells how many bound fields were beyond [`Limits::fields`].
pub(crate) const LOST_BOUND: &str = "bound_fields_cut";

/// How values are read: redacted, then limited.
#[derive(Clone)]
pub(crate) struct Rules {
    /// By which verdicts on keys are remembered.
    pub(crate) id: u64,
    redaction: Redaction,
    is_redacting: bool,
    pub(crate) limits: Limits,
    /// What the field is called that tells how many fields were beyond [`Limits::fields`].
    pub(crate) lost: &'static str,
}

impl Rules {
    pub(crate) fn new(redaction: Redaction, limits: Limits) -> Rules {
        Rules { id: next_id(), is_redacting: !redaction.is_off(), redaction, limits, lost: "fields_cut" }
    }

    /// The same for fields that are bound to so many others.
    pub(crate) fn for_binding(&self, others: usize) -> Rules {
        let limits = self.limits.fields(self.limits.fields.saturating_sub(others));
        Rules { limits, lost: LOST_BOUND, ..self.clone() }
    }

    /// None if redaction is off.
    #[inline]
    pub(crate) fn redaction(&self) -> Option<&Redaction> {
        self.is_redacting.then_some(&self.redaction)
    }

    /// For what has been read already.
    pub(crate) fn as_it_is() -> Rules {
        // No call site ever asks these, so that they need no number of their own.
        Rules { id: 0, is_redacting: false, redaction: Redaction::off(), limits: Limits::NONE, lost: LOST_BOUND }
    }

    /// Whether a key cannot pass as it is.
    pub(crate) fn must_look_at(&self, name: &str) -> bool {
        name.len() > self.limits.key || self.redaction().is_some_and(|redaction| redaction.key(name).is_some())
    }

    /// Whether a message can be shown as it is.
    #[inline]
    pub(crate) fn passes_message(&self, text: &str) -> bool {
        text.len() <= self.limits.message && self.redaction().is_none_or(|redaction| redaction.is_clean(text))
    }

    /// Whether a text can be shown as it is.
    #[inline(always)]
    pub(crate) fn passes(&self, text: &str) -> bool {
        self.passes_under(false, text)
    }

    /// The same for a text whose [key](crate::key::Key::is_harmless) may say that it holds no secret.
    #[inline(always)]
    pub(crate) fn passes_under(&self, is_harmless: bool, text: &str) -> bool {
        let is_clean =
            |redaction: &Redaction| is_harmless && redaction.looks_for_secrets_alone() || redaction.is_clean(text);
        text.len() <= self.limits.text && self.redaction().is_none_or(is_clean)
    }
}

fn next_id() -> u64 {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    NEXT.fetch_add(1, Ordering::Relaxed)
}
