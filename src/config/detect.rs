//! What the process runs in, by what its environment and its disk show.
//!
//! It is looked at once, said in a record at the start, and gives way to whatever anybody says.

use crate::config::node::{Node, Origin, Value};
use std::fmt;
use std::path::Path;
use std::sync::Arc;

/// What was seen, each thing by its name: `kubernetes`, `docker`, `lambda`, `ci`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Detected {
    seen: Vec<Sight>,
}

/// Something that was seen, and by what.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Sight {
    name: &'static str,
    /// The variable or the file that shows it.
    by: &'static str,
    /// The preset that suits it, if nobody names one.
    preset: Option<&'static str>,
    /// What is known of it: keys of a configuration, and variables that hold their values.
    says: &'static [(&'static str, &'static str)],
}

/// What shows itself by a variable. The first that suits names the preset.
const BY_VARIABLE: &[Sight] = &[
    Sight {
        name: "lambda",
        by: "AWS_LAMBDA_FUNCTION_NAME",
        preset: Some("serverless"),
        says: &[
            ("identity.service", "AWS_LAMBDA_FUNCTION_NAME"),
            ("identity.version", "AWS_LAMBDA_FUNCTION_VERSION"),
            ("identity.fields.cloud_region", "AWS_REGION"),
        ],
    },
    Sight {
        name: "cloud_run",
        by: "K_SERVICE",
        preset: Some("serverless"),
        says: &[("identity.service", "K_SERVICE"), ("identity.version", "K_REVISION")],
    },
    Sight {
        name: "azure_functions",
        by: "FUNCTIONS_WORKER_RUNTIME",
        preset: Some("serverless"),
        says: &[("identity.service", "WEBSITE_SITE_NAME"), ("identity.fields.cloud_region", "REGION_NAME")],
    },
    Sight {
        name: "azure_app_service",
        by: "WEBSITE_SITE_NAME",
        preset: Some("production"),
        says: &[("identity.service", "WEBSITE_SITE_NAME"), ("identity.fields.cloud_region", "REGION_NAME")],
    },
    Sight {
        name: "ecs",
        by: "ECS_CONTAINER_METADATA_URI_V4",
        preset: Some("production"),
        says: &[("identity.fields.cloud_region", "AWS_REGION")],
    },
    Sight {
        name: "kubernetes",
        by: "KUBERNETES_SERVICE_HOST",
        preset: Some("production"),
        says: &[
            ("identity.fields.k8s_pod", "POD_NAME"),
            ("identity.fields.k8s_namespace", "POD_NAMESPACE"),
            ("identity.fields.k8s_node", "NODE_NAME"),
        ],
    },
    Sight { name: "ci", by: "CI", preset: None, says: &[] },
];

/// What shows itself by a file.
const BY_FILE: &[Sight] = &[
    Sight { name: "docker", by: "/.dockerenv", preset: Some("production"), says: &[] },
    Sight { name: "podman", by: "/run/.containerenv", preset: Some("production"), says: &[] },
];

impl Detected {
    /// Looks around.
    pub(crate) fn look(variable: impl Fn(&str) -> Option<String>, is_there: impl Fn(&Path) -> bool) -> Detected {
        let is_set =
            |name: &str| variable(name).is_some_and(|value| !value.is_empty() && value != "false" && value != "0");
        let by_variable = BY_VARIABLE.iter().filter(|sight| is_set(sight.by));
        let by_file = BY_FILE.iter().filter(|sight| is_there(Path::new(sight.by)));
        Detected { seen: by_variable.chain(by_file).cloned().collect() }
    }

    /// The names of what was seen.
    pub fn names(&self) -> impl Iterator<Item = &'static str> {
        self.seen.iter().map(|sight| sight.name)
    }

    /// The preset that suits what was seen.
    pub(crate) fn preset(&self) -> Option<(&'static str, Origin)> {
        self.seen.iter().find_map(|sight| Some((sight.preset?, origin_of(sight))))
    }

    /// What is known of it.
    pub(crate) fn layer(&self, variable: impl Fn(&str) -> Option<String>) -> Node {
        let mut node = Node::table(Origin::Default);
        // The first that was seen goes before the others.
        for sight in self.seen.iter().rev() {
            for (key, name) in sight.says {
                if let Some(value) = variable(name).filter(|value| !value.is_empty()) {
                    let path: Vec<&str> = key.split('.').collect();
                    node.put(&path, Node::new(origin_of(sight), Value::Text(value)));
                }
            }
        }
        node
    }
}

fn origin_of(sight: &Sight) -> Origin {
    Origin::Detected(Arc::from(sight.name))
}

/// `kubernetes (by KUBERNETES_SERVICE_HOST), docker (by /.dockerenv)`, or `nothing`.
impl fmt::Display for Detected {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.seen.is_empty() {
            return formatter.write_str("nothing");
        }
        for (index, sight) in self.seen.iter().enumerate() {
            let comma = if index > 0 { ", " } else { "" };
            write!(formatter, "{comma}{} (by {})", sight.name, sight.by)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn look(variables: &[(&str, &str)], files: &[&str]) -> (Detected, Node) {
        let variable =
            |name: &str| variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned());
        let detected = Detected::look(variable, |path| files.iter().any(|file| Path::new(file) == path));
        let layer = detected.layer(variable);
        (detected, layer)
    }

    #[test]
    fn what_is_around_is_seen_by_what_shows_it() {
        let (detected, _) = look(&[], &[]);
        assert_eq!((detected.to_string().as_str(), detected.preset()), ("nothing", None));
        let (detected, layer) =
            look(&[("KUBERNETES_SERVICE_HOST", "10.0.0.1"), ("POD_NAME", "shop-7"), ("CI", "false")], &["/.dockerenv"]);
        assert_eq!(detected.to_string(), "kubernetes (by KUBERNETES_SERVICE_HOST), docker (by /.dockerenv)");
        assert_eq!(detected.preset().map(|(name, _)| name), Some("production"));
        let mut seen = Vec::new();
        layer.each_leaf(&mut Vec::new(), &mut |path, node| seen.push((path.join("."), node.origin.to_string())));
        assert_eq!(seen, [("identity.fields.k8s_pod".to_owned(), "detected: kubernetes".to_owned())]);
    }

    #[test]
    fn a_function_is_served_by_the_preset_for_functions_wherever_it_runs() {
        let lambda = [("AWS_LAMBDA_FUNCTION_NAME", "shop"), ("AWS_REGION", "eu-central-1")];
        let (detected, _) = look(&lambda, &["/.dockerenv"]);
        assert_eq!(detected.names().collect::<Vec<_>>(), ["lambda", "docker"]);
        assert_eq!(detected.preset().map(|(name, _)| name), Some("serverless"));
        let (detected, _) = look(&[("CI", "true")], &[]);
        assert_eq!((detected.names().count(), detected.preset()), (1, None));
    }
}
