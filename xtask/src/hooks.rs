//! What git looks at before a commit, for those who want it: format and spelling, within a second or two.

use std::process::Command;

use crate::say::say;
use crate::{Outcome, step};

/// In the repository, so that what runs is what everybody can read.
const FOLDER: &str = ".githooks";

const SETTING: &str = "core.hooksPath";

pub(crate) fn run(arguments: &[String]) -> Outcome {
    let output = Command::new("git").args(["config", "--get", SETTING]).output()?;
    let current = String::from_utf8(output.stdout)?;
    match (arguments, current.trim()) {
        ([], "" | FOLDER) => {
            step::run(Command::new("git").args(["config", "--local", SETTING, FOLDER]))?;
            say("each commit is looked at by .githooks/pre-commit from now on; `cargo xtask hooks off` ends that");
            Ok(())
        }
        ([only], FOLDER) if only == "off" => {
            step::run(Command::new("git").args(["config", "--local", "--unset", SETTING])).map(drop)
        }
        ([only], "") if only == "off" => Ok(()),
        ([], other) => Err(format!("git takes your hooks from `{other}`: call {FOLDER}/pre-commit from there").into()),
        ([only], other) if only == "off" => Err(format!("git takes your hooks from `{other}`, not from here").into()),
        ([other, ..], _) => Err(format!("`hooks` does not understand `{other}`").into()),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::{Path, PathBuf};

    use super::*;

    /// A repository below the system's temporary folder, which looks at commits as ours does.
    struct Repository(PathBuf);

    impl Repository {
        fn new(name: &str) -> Repository {
            let folder = std::env::temp_dir().join(format!("hyperlog-{name}-{}", std::process::id()));
            fs::create_dir_all(&folder).expect("the temporary folder can be written");
            let repository = Repository(folder);
            assert!(repository.git(&["init", "--quiet"]));
            repository
        }

        fn write(&self, file: &str, text: &str) {
            fs::write(self.0.join(file), text).expect("the temporary folder can be written");
        }

        fn commit(&self) -> bool {
            let hooks = Path::new(env!("CARGO_MANIFEST_DIR")).with_file_name(FOLDER);
            let hooks = format!("{SETTING}={}", hooks.display());
            let who = ["-c", "user.name=t", "-c", "user.email=t@example.com", "-c", "commit.gpgsign=false"];
            self.git(&[&who[..], &["-c", &hooks, "commit", "--quiet", "--message=test"]].concat())
        }

        fn git(&self, arguments: &[&str]) -> bool {
            let mut git = Command::new("git");
            // a hook that runs the tests hands them its own repository
            for variable in ["GIT_DIR", "GIT_INDEX_FILE", "GIT_WORK_TREE"] {
                git.env_remove(variable);
            }
            let output = git.args(arguments).current_dir(&self.0).output().expect("git can be started");
            output.status.success()
        }
    }

    impl Drop for Repository {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    #[test]
    #[cfg(unix)]
    fn a_commit_is_looked_at_as_it_is_staged() {
        let (good, bad) = ("fn good() {}\n", "fn   bad( ) {}\n");
        let repository = Repository::new("staged");
        repository.write("a file.rs", bad);
        assert!(repository.git(&["add", "."]) && !repository.commit(), "it is not formatted");
        repository.write("a file.rs", good);
        assert!(!repository.commit(), "it is formatted, but not staged so");
        assert!(repository.git(&["add", "."]) && repository.commit(), "it is formatted");
        repository.write("a file.rs", bad);
        repository.write("text.md", "text\n");
        assert!(
            repository.git(&["add", "text.md"]) && repository.commit(),
            "what is not formatted is not of the commit"
        );
        assert!(repository.git(&["rm", "--quiet", "text.md"]) && repository.commit(), "nothing is added or changed");
    }
}
