//! What a call looks like. Macros gather; functions work.
//!
//! A call goes through three macros: `event!` or a level's own takes the options off the front, `__fields!` takes one field
//! a step and keeps keys and values apart, and `__emit!` leaves a call site in the program and the gates before
//! everything that could cost something.

/// Logs at a level that is known when the program is built: `event!(Level::INFO, answer = 42, "found")`.
///
/// The other logging macros are this one with the level in place. The grammar is that of `tracing`'s events:
///
/// ```
/// use hyperlog_core::{Level, event, info};
///
/// let (user, attempts) = ("ann", 3);
/// info!("a message alone");
/// info!("with arguments: {} {user}", attempts);
/// info!(user, attempts, "fields that bear the names of variables");
/// info!(user.id = 7, %user, ?attempts, "dotted names; `%` logs the Display form, `?` the Debug form");
/// info!(answer = 42, note = %user, "odd name" = true);
/// info!({ answer = 42 }, "fields in braces");
/// event!(target: "billing", Level::WARN, amount = 12.5, "refused");
/// ```
///
/// Beyond it, an argument that the message names becomes a field as well, and `logger:` names a logger other than the
/// current one:
///
/// ```
/// use hyperlog_core::{Logger, info};
///
/// let (logger, captured) = Logger::capture();
/// info!(logger: logger, "welcome {who}", who = "ann");
/// let record = captured.only();
/// assert_eq!(record.message(), "welcome ann");
/// assert_eq!(record.template(), "welcome {who}");
/// assert_eq!(record.text("who"), "ann");
/// ```
///
/// A call below the level costs about a nanosecond and evaluates none of its arguments. One below what is
/// [built in](crate::BUILT_IN) is not in the program.
#[macro_export]
macro_rules! event {
    (logger: $logger:expr, target: $target:expr, $level:expr, $($rest:tt)*) => {
        $crate::__fields!({ ($logger) ($target) ($level) } [] [] $($rest)*,)
    };
    (logger: $logger:expr, $level:expr, $($rest:tt)*) => {
        $crate::__fields!({ ($logger) () ($level) } [] [] $($rest)*,)
    };
    (target: $target:expr, logger: $logger:expr, $level:expr, $($rest:tt)*) => {
        $crate::__fields!({ ($logger) ($target) ($level) } [] [] $($rest)*,)
    };
    (target: $target:expr, $level:expr, $($rest:tt)*) => {
        $crate::__fields!({ () ($target) ($level) } [] [] $($rest)*,)
    };
    (name: $name:expr, $($rest:tt)*) => {
        $crate::event!($($rest)*)
    };
    (target: $target:expr, parent: $($rest:tt)*) => {
        $crate::__no_parent!()
    };
    (parent: $($rest:tt)*) => {
        $crate::__no_parent!()
    };
    ($level:expr, $($rest:tt)*) => {
        $crate::__fields!({ () () ($level) } [] [] $($rest)*,)
    };
    ($level:expr) => {
        $crate::__fields!({ () () ($level) } [] [])
    };
}

/// The options that may stand before the fields of a level's own macro.
#[doc(hidden)]
#[macro_export]
macro_rules! __at {
    ($level:ident logger: $logger:expr, target: $target:expr, $($rest:tt)*) => {
        $crate::__fields!({ ($logger) ($target) ($crate::Level::$level) } [] [] $($rest)*,)
    };
    ($level:ident logger: $logger:expr, $($rest:tt)*) => {
        $crate::__fields!({ ($logger) () ($crate::Level::$level) } [] [] $($rest)*,)
    };
    ($level:ident target: $target:expr, logger: $logger:expr, $($rest:tt)*) => {
        $crate::__fields!({ ($logger) ($target) ($crate::Level::$level) } [] [] $($rest)*,)
    };
    ($level:ident target: $target:expr, parent: $($rest:tt)*) => {
        $crate::__no_parent!()
    };
    ($level:ident target: $target:expr, $($rest:tt)*) => {
        $crate::__fields!({ () ($target) ($crate::Level::$level) } [] [] $($rest)*,)
    };
    ($level:ident name: $name:expr, $($rest:tt)*) => {
        $crate::__at!($level $($rest)*)
    };
    ($level:ident parent: $($rest:tt)*) => {
        $crate::__no_parent!()
    };
    ($level:ident $($rest:tt)*) => {
        $crate::__fields!({ () () ($crate::Level::$level) } [] [] $($rest)*,)
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __no_parent {
    () => {
        ::core::compile_error!(
            "a record has no parent span: leave out `parent:`, and name the logger of the request or job with `logger:`"
        )
    };
}

/// Takes one field, or the message with all that follows it. Every field ends in a comma here: one was added at the end.
#[doc(hidden)]
#[macro_export]
macro_rules! __fields {
    // The end, and the commas that are one too many.
    ($call:tt $keys:tt $values:tt) => {
        $crate::__emit!($call $keys $values "" [] [])
    };
    ($call:tt $keys:tt $values:tt , $($rest:tt)*) => {
        $crate::__fields!($call $keys $values $($rest)*)
    };
    // The message.
    ($call:tt $keys:tt $values:tt $message:literal, $($arguments:tt)*) => {
        $crate::__arguments!($call $keys $values $message [] [] $($arguments)*)
    };
    // Fields in braces, with a message behind them.
    ($call:tt [] [] { $($fields:tt)* }, $($rest:tt)*) => {
        $crate::__fields!($call [] [] $($fields)*, $($rest)*)
    };
    // Fields with a value.
    ($call:tt [$($keys:tt)*] [$($values:tt)*] $($key:ident).+ = %$value:expr, $($rest:tt)*) => {
        $crate::__fields!($call [$($keys)* ($crate::__key!($($key).+))]
            [$($values)* ($crate::Value::Display(&$value))] $($rest)*)
    };
    ($call:tt [$($keys:tt)*] [$($values:tt)*] $($key:ident).+ = ?$value:expr, $($rest:tt)*) => {
        $crate::__fields!($call [$($keys)* ($crate::__key!($($key).+))]
            [$($values)* ($crate::Value::Debug(&$value))] $($rest)*)
    };
    ($call:tt [$($keys:tt)*] [$($values:tt)*] $($key:ident).+ = $value:expr, $($rest:tt)*) => {
        $crate::__fields!($call [$($keys)* ($crate::__key!($($key).+))]
            [$($values)* ($crate::ToValue::to_value(&$value))] $($rest)*)
    };
    // Fields that bear the name of a variable.
    ($call:tt [$($keys:tt)*] [$($values:tt)*] %$($key:ident).+, $($rest:tt)*) => {
        $crate::__fields!($call [$($keys)* ($crate::__key!($($key).+))]
            [$($values)* ($crate::Value::Display(&$($key).+))] $($rest)*)
    };
    ($call:tt [$($keys:tt)*] [$($values:tt)*] ?$($key:ident).+, $($rest:tt)*) => {
        $crate::__fields!($call [$($keys)* ($crate::__key!($($key).+))]
            [$($values)* ($crate::Value::Debug(&$($key).+))] $($rest)*)
    };
    ($call:tt [$($keys:tt)*] [$($values:tt)*] $($key:ident).+, $($rest:tt)*) => {
        $crate::__fields!($call [$($keys)* ($crate::__key!($($key).+))]
            [$($values)* ($crate::ToValue::to_value(&$($key).+))] $($rest)*)
    };
    // Fields whose name is a literal, or a constant in braces.
    ($call:tt [$($keys:tt)*] [$($values:tt)*] $key:literal = %$value:expr, $($rest:tt)*) => {
        $crate::__fields!($call [$($keys)* ($crate::Key::new($key))]
            [$($values)* ($crate::Value::Display(&$value))] $($rest)*)
    };
    ($call:tt [$($keys:tt)*] [$($values:tt)*] $key:literal = ?$value:expr, $($rest:tt)*) => {
        $crate::__fields!($call [$($keys)* ($crate::Key::new($key))]
            [$($values)* ($crate::Value::Debug(&$value))] $($rest)*)
    };
    ($call:tt [$($keys:tt)*] [$($values:tt)*] $key:literal = $value:expr, $($rest:tt)*) => {
        $crate::__fields!($call [$($keys)* ($crate::Key::new($key))]
            [$($values)* ($crate::ToValue::to_value(&$value))] $($rest)*)
    };
    ($call:tt [$($keys:tt)*] [$($values:tt)*] { $key:expr } = %$value:expr, $($rest:tt)*) => {
        $crate::__fields!($call [$($keys)* ($crate::Key::new($key))]
            [$($values)* ($crate::Value::Display(&$value))] $($rest)*)
    };
    ($call:tt [$($keys:tt)*] [$($values:tt)*] { $key:expr } = ?$value:expr, $($rest:tt)*) => {
        $crate::__fields!($call [$($keys)* ($crate::Key::new($key))]
            [$($values)* ($crate::Value::Debug(&$value))] $($rest)*)
    };
    ($call:tt [$($keys:tt)*] [$($values:tt)*] { $key:expr } = $value:expr, $($rest:tt)*) => {
        $crate::__fields!($call [$($keys)* ($crate::Key::new($key))]
            [$($values)* ($crate::ToValue::to_value(&$value))] $($rest)*)
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __key {
    ($($key:ident).+) => {
        $crate::Key::identifier(::core::concat!(",\"", ::core::stringify!($($key).+), "\":                "))
    };
}

/// Takes one argument of the message: those with a name become fields.
#[doc(hidden)]
#[macro_export]
macro_rules! __arguments {
    ($call:tt $keys:tt $values:tt $message:tt $positional:tt $named:tt) => {
        $crate::__emit!($call $keys $values $message $positional $named)
    };
    ($call:tt $keys:tt $values:tt $message:tt $positional:tt $named:tt , $($rest:tt)*) => {
        $crate::__arguments!($call $keys $values $message $positional $named $($rest)*)
    };
    ($call:tt [$($keys:tt)*] $values:tt $message:tt $positional:tt [$($named:tt)*] $name:ident = $value:expr, $($rest:tt)*) => {
        $crate::__arguments!($call [$($keys)* ($crate::__key!($name))] $values $message $positional
            [$($named)* ($name $value)] $($rest)*)
    };
    ($call:tt $keys:tt $values:tt $message:tt [$($positional:tt)*] $named:tt $value:expr, $($rest:tt)*) => {
        $crate::__arguments!($call $keys $values $message [$($positional)* ($value)] $named $($rest)*)
    };
}

/// Leaves a call site in the program, and the gates before everything else.
#[doc(hidden)]
#[macro_export]
macro_rules! __emit {
    ({ gather } [$(($key:expr))*] [$(($value:expr))*] "" [] []) => {
        $crate::__private::Gathered::new(
            {
                static KEYS: $crate::__private::KeySet = $crate::__private::KeySet::new(&[$($key),*]);
                &KEYS
            },
            &[$($value),*],
        )
    };
    ({ $logger:tt $target:tt ($level:expr) } [$(($key:expr))*] $values:tt $message:tt $positional:tt $named:tt) => {{
        // Named once, so that a level that is no constant is told once.
        const __LEVEL: $crate::Level = $level;
        if const { $crate::__private::is_built_in(__LEVEL) } {
            static CALLSITE: $crate::__private::Callsite = $crate::__private::Callsite::new($crate::Site {
                level: __LEVEL,
                target: $crate::__target!($target),
                module: ::core::option::Option::Some(::core::module_path!()),
                file: ::core::option::Option::Some(::core::file!()),
                line: ::core::option::Option::Some(::core::line!()),
                template: $message,
                keys: &[$($key),*],
            });
            if CALLSITE.may_be_wanted() {
                $crate::__past_gate!($logger CALLSITE $values $message $positional $named)
            }
        }
    }};
}

#[doc(hidden)]
#[macro_export]
macro_rules! __target {
    (()) => {
        ::core::module_path!()
    };
    (($target:expr)) => {
        $target
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __past_gate {
    (() $callsite:ident $($call:tt)*) => {
        if let ::core::option::Option::Some(pass) = $crate::__private::gate(&$callsite) {
            $crate::__call!(() $callsite pass $($call)* [])
        }
    };
    (($logger:expr) $callsite:ident $($call:tt)*) => {
        // Evaluated once, whatever it takes to come by it.
        match &$logger {
            logger => {
                if let ::core::option::Option::Some(pass) = $crate::__private::gate_of(logger, &$callsite) {
                    $crate::__call!((logger) $callsite pass $($call)* [])
                }
            }
        }
    };
}

/// Evaluates the named arguments, each under a name of its own so that none hides a variable of the caller, then logs.
#[doc(hidden)]
#[macro_export]
macro_rules! __call {
    (() $callsite:ident $pass:ident [$(($value:expr))*] $message:tt [$(($positional:expr))*] [] [$(($name:ident $named:ident))*]) => {{
        #[allow(unused_imports)]
        use $crate::__private::{ByDebug as _, ByDisplay as _, ByNothing as _, ByValue as _};
        $crate::__private::log(
            &$callsite,
            $pass,
            ::core::format_args!($message $(, $positional)* $(, $name = $named)*),
            &[$($value,)* $((&&&&$crate::__private::Named($named)).as_value()),*],
        )
    }};
    (($logger:expr) $callsite:ident $pass:ident [$(($value:expr))*] $message:tt [$(($positional:expr))*] [] [$(($name:ident $named:ident))*]) => {{
        #[allow(unused_imports)]
        use $crate::__private::{ByDebug as _, ByDisplay as _, ByNothing as _, ByValue as _};
        $crate::__private::log_to(
            &$logger,
            &$callsite,
            $pass,
            ::core::format_args!($message $(, $positional)* $(, $name = $named)*),
            &[$($value,)* $((&&&&$crate::__private::Named($named)).as_value()),*],
        )
    }};
    ($logger:tt $callsite:ident $pass:ident $values:tt $message:tt $positional:tt [($name:ident $value:expr) $($more:tt)*] [$($done:tt)*]) => {
        match &$value {
            named => $crate::__call!(
                $logger $callsite $pass $values $message $positional [$($more)*] [$($done)* ($name named)]
            ),
        }
    };
}

/// Fields to bind: `logger.with(fields!(queue = "orders", %id))`. The grammar is that of the fields of [`event!`].
#[macro_export]
macro_rules! fields {
    ($($fields:tt)*) => {
        $crate::__fields!({ gather } [] [] $($fields)*,)
    };
}

macro_rules! level_macros {
    ($dollar:tt $($name:ident $level:ident $what:literal;)*) => {
        $(
            #[doc = concat!("Logs ", $what, ". See [`event!`] for the grammar.")]
            #[macro_export]
            macro_rules! $name {
                ($dollar($dollar rest:tt)*) => {
                    $crate::__at!($level $dollar($dollar rest)*)
                };
            }
        )*
    };
}

level_macros! { $
    trace TRACE "a step of a computation";
    debug DEBUG "what a developer needs to follow a single case";
    info INFO "the ordinary course of business";
    notice NOTICE "what is ordinary but worth finding";
    warn WARN "something that will need attention";
    error ERROR "that an operation failed";
    critical CRITICAL "that a part of the system failed";
    fatal FATAL "that the process cannot go on";
}
