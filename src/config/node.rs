//! A configuration as it was written: values, each with the place that it comes from, laid over one another.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;
use std::sync::Arc;

/// Where a value comes from. What comes later in this list goes before what comes earlier.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Origin {
    /// Nobody said anything.
    Default,
    /// It was seen in what the process runs in.
    Detected(Arc<str>),
    /// A preset of this name.
    Preset(Arc<str>),
    /// A file, in this line and column.
    File {
        /// The file.
        path: Arc<Path>,
        /// The line, from 1 on.
        line: u32,
        /// The column, from 1 on.
        column: u32,
    },
    /// A variable of the environment.
    Variable(Arc<str>),
    /// The program.
    Code,
}

impl fmt::Display for Origin {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Origin::Default => formatter.write_str("default"),
            Origin::Detected(name) => write!(formatter, "detected: {name}"),
            Origin::Preset(name) => write!(formatter, "preset {name}"),
            Origin::File { path, line, column } => write!(formatter, "{}:{line}:{column}", path.display()),
            Origin::Variable(name) => formatter.write_str(name),
            Origin::Code => formatter.write_str("code"),
        }
    }
}

/// A value and where it comes from.
#[derive(Clone, Debug)]
pub(crate) struct Node {
    pub(crate) origin: Origin,
    pub(crate) value: Value,
}

/// What all three formats of files have in common.
#[derive(Clone)]
pub(crate) enum Value {
    /// As if it was not there: takes back what a layer beneath says.
    Nothing,
    Bool(bool),
    Integer(i64),
    Float(f64),
    Text(String),
    /// What a variable says, of which nobody knows yet what it is to be.
    Word(String),
    List(Vec<Node>),
    Table(Table),
}

pub(crate) type Table = BTreeMap<String, Node>;

/// Never the value: it may be a secret.
impl fmt::Debug for Value {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.kind())
    }
}

impl Value {
    /// What it is, as errors call it.
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Value::Nothing => "nothing",
            Value::Bool(_) => "a truth value",
            Value::Integer(_) => "an integer",
            Value::Float(_) => "a number",
            Value::Text(_) | Value::Word(_) => "a text",
            Value::List(_) => "a list",
            Value::Table(_) => "a table",
        }
    }
}

impl Node {
    pub(crate) fn new(origin: Origin, value: Value) -> Node {
        Node { origin, value }
    }

    /// An empty table.
    pub(crate) fn table(origin: Origin) -> Node {
        Node::new(origin, Value::Table(Table::new()))
    }

    /// Lays another over this: tables key by key, everything else as a whole.
    pub(crate) fn lay(&mut self, over: Node) {
        match (&mut self.value, over.value) {
            (Value::Table(under), Value::Table(over)) => {
                for (key, node) in over {
                    match under.get_mut(&key) {
                        Some(known) => known.lay(node),
                        None => _ = under.insert(key, node),
                    }
                }
            }
            (value, over_value) => {
                *value = over_value;
                self.origin = over.origin;
            }
        }
    }

    /// The node under this key, if this is a table.
    pub(crate) fn get(&self, key: &str) -> Option<&Node> {
        match &self.value {
            Value::Table(table) => table.get(key),
            _ => None,
        }
    }

    /// Takes the node under this key out, if this is a table.
    pub(crate) fn take(&mut self, key: &str) -> Option<Node> {
        match &mut self.value {
            Value::Table(table) => table.remove(key),
            _ => None,
        }
    }

    /// Puts a value where this path leads, making tables on the way. What is no table on the way is replaced.
    pub(crate) fn put(&mut self, path: &[&str], node: Node) {
        let [key, rest @ ..] = path else {
            self.lay(node);
            return;
        };
        if !matches!(self.value, Value::Table(_)) {
            *self = Node::table(node.origin.clone());
        }
        if let Value::Table(table) = &mut self.value {
            table.entry((*key).to_owned()).or_insert_with(|| Node::table(node.origin.clone())).put(rest, node);
        }
    }

    /// Whether another says the same, wherever it was written.
    pub(crate) fn says_what(&self, other: &Node) -> bool {
        match (&self.value, &other.value) {
            (Value::Table(own), Value::Table(others)) => {
                own.len() == others.len()
                    && own.iter().zip(others).all(|(own, other)| own.0 == other.0 && own.1.says_what(other.1))
            }
            (Value::List(own), Value::List(others)) => {
                own.len() == others.len() && own.iter().zip(others).all(|(own, other)| own.says_what(other))
            }
            (Value::Nothing, Value::Nothing) => true,
            (Value::Bool(own), Value::Bool(other)) => own == other,
            (Value::Integer(own), Value::Integer(other)) => own == other,
            (Value::Float(own), Value::Float(other)) => own == other,
            (Value::Text(own), Value::Text(other)) | (Value::Word(own), Value::Word(other)) => own == other,
            _ => false,
        }
    }

    /// The paths of the values that another says otherwise, or does not.
    pub(crate) fn differences(&self, other: &Node) -> Vec<String> {
        let mut paths: Vec<String> = Vec::new();
        for (one, another) in [(self, other), (other, self)] {
            one.each_leaf(&mut Vec::new(), &mut |path, node| {
                let there = path.iter().try_fold(another, |node, key| node.get(key));
                let path = path.join(".");
                if !there.is_some_and(|there| there.says_what(node)) && !paths.contains(&path) {
                    paths.push(path);
                }
            });
        }
        paths.sort_unstable();
        paths
    }

    /// Shows every value that is no table, with the path to it.
    pub(crate) fn each_leaf<'n>(&'n self, path: &mut Vec<&'n str>, show: &mut impl FnMut(&[&'n str], &'n Node)) {
        match &self.value {
            Value::Table(table) if !table.is_empty() => {
                for (key, node) in table {
                    path.push(key);
                    node.each_leaf(path, show);
                    path.pop();
                }
            }
            _ => show(path, self),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(origin: Origin, text: &str) -> Node {
        Node::new(origin, Value::Text(text.to_owned()))
    }

    #[test]
    fn tables_are_laid_key_by_key_and_all_else_as_a_whole() {
        let mut node = Node::table(Origin::Default);
        node.put(&["a", "b"], text(Origin::Default, "under"));
        node.put(&["a", "c"], text(Origin::Default, "stays"));
        node.put(&["list"], Node::new(Origin::Default, Value::List(vec![text(Origin::Default, "1")])));
        let mut over = Node::table(Origin::Code);
        over.put(&["a", "b"], text(Origin::Code, "over"));
        over.put(&["list"], Node::new(Origin::Code, Value::List(Vec::new())));
        node.lay(over);
        let mut seen = Vec::new();
        node.each_leaf(&mut Vec::new(), &mut |path, node| seen.push((path.join("."), node.origin.clone())));
        let expected = [("a.b", Origin::Code), ("a.c", Origin::Default), ("list", Origin::Code)];
        assert_eq!(seen, expected.map(|(path, origin)| (path.to_owned(), origin)));
    }

    #[test]
    fn what_is_printed_for_a_developer_shows_no_value() {
        let node = text(Origin::Code, "hunter2");
        assert!(!format!("{node:?}").contains("hunter2"));
    }
}
