//! A run's settings written down, and compared with those of a run that is resumed.

use super::{Config, DataConfig, of_table};
use crate::signature::{Constant, Constants, Signature};
use crate::train::settings::quoted;

impl Config {
    /// The text of a run's `run.toml`.
    pub fn text(&self) -> String {
        let head = concat!(
            "# bnnc ",
            env!("CARGO_PKG_VERSION"),
            ": the settings of this run, every default filled in\n"
        );
        format!("{head}{}", self.to_toml())
    }

    /// As a run file that gives this back, with every default in it.
    pub fn to_toml(&self) -> String {
        let mut text = String::new();
        let mut table = String::new();
        for (key, value) in self.keys() {
            let (of, name) = key.split_once('.').unwrap_or(("", &key));
            if of != table {
                text += &format!("\n[{of}]\n");
                table = of.into();
            }
            text += &format!("{name} = {value}\n");
        }
        text
    }

    /// Each setting as a run file has it: `data.scaling`, `"standardize"`.
    pub fn keys(&self) -> Vec<(String, String)> {
        let of = |table: &'static str| {
            let settings = of_table(table);
            settings.filter_map(|setting| Some((setting.key.to_owned(), setting.value(self)?)))
        };
        let mut keys: Vec<(String, String)> = of("").collect();
        let (optimizer, schedule) = (self.optimizer.0.signature(), self.schedule.0.signature());
        keys.extend(constants("optimizer", optimizer, &self.optimizer.1));
        keys.extend(constants("schedule", schedule, &self.schedule.1));
        keys.extend(of("augmentation"));
        keys.extend(of("data"));
        let set = self.set.iter();
        keys.extend(set.map(|(name, value)| (format!("set.{name}"), quoted(value))));
        keys
    }

    /// The first setting in which a resumed run would differ from `self`, with both values. The number
    /// of threads and the folder of event files are none of them, and more epochs are allowed where the schedule does not depend on
    /// their number.
    pub fn change(&self, asked: &Config) -> Option<(String, String, String)> {
        let (mine, theirs) = (self.epochs(), asked.epochs());
        if theirs < mine || theirs > mine && self.schedule.0.needs_epochs() {
            return Some(("epochs".into(), mine.to_string(), theirs.to_string()));
        }
        let same = Config {
            epochs: self.epochs,
            threads: self.threads,
            tensorboard: self.tensorboard.clone(),
            data: DataConfig {
                stream: self.data.stream,
                ..asked.data.clone()
            },
            ..asked.clone()
        };
        let (mine, theirs) = (self.keys(), same.keys());
        let value = |keys: &[(String, String)], key: &str| {
            let found = keys.iter().find(|(other, _)| other == key);
            found.map_or("none".into(), |(_, value)| value.clone())
        };
        let all = mine.iter().chain(&theirs).map(|(key, _)| key);
        let mut both = all.map(|key| (key.clone(), value(&mine, key), value(&theirs, key)));
        both.find(|(_, mine, theirs)| mine != theirs)
    }
}

/// An optimizer or a schedule with its settings.
fn constants(table: &str, signature: &Signature, settings: &Constants) -> Vec<(String, String)> {
    let mut keys = vec![(format!("{table}.name"), quoted(signature.name))];
    keys.extend(settings.0.iter().map(|(name, value)| {
        let value = match value {
            Constant::Number(x) => format!("{x:?}"),
            Constant::Count(_) | Constant::Counts(_) => value.to_string(),
            Constant::Word(w @ ("true" | "false")) => w.to_string(),
            Constant::Word(w) => quoted(w),
            Constant::Names(names) => {
                let names: Vec<String> = names.iter().map(|name| quoted(name)).collect();
                format!("[{}]", names.join(", "))
            }
            other => unreachable!("{other:?} in the settings of {}", signature.name),
        };
        (format!("{table}.{name}"), value)
    }));
    keys
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::optimizer;
    use crate::train::settings;

    #[test]
    fn a_resumed_run_may_be_longer_and_use_other_threads() {
        let config = Config::default();
        let asked = |flags: &[(&str, &str)]| {
            let given = flags
                .iter()
                .map(|(key, text)| (settings::find(key), (*text).into()));
            let mut asked = config.clone();
            asked.apply(&given.collect::<Vec<_>>(), &[]);
            asked
        };
        let longer = asked(&[("epochs", "20"), ("threads", "3")]);
        assert!(config.change(&longer).is_none());
        assert_eq!(
            config.change(&asked(&[("epochs", "2")])).unwrap().0,
            "epochs"
        );
        let faster = asked(&[("optimizer.learning_rate", "0.1")]);
        let expected = (
            "optimizer.learning_rate".to_owned(),
            "0.001".to_owned(),
            "0.1".to_owned(),
        );
        assert_eq!(config.change(&faster).unwrap(), expected);
        let cosine = Config {
            schedule: (
                optimizer::SCHEDULES[1],
                optimizer::defaults(optimizer::SCHEDULES[1].signature()),
            ),
            ..config.clone()
        };
        assert_eq!(
            cosine
                .change(&Config {
                    epochs: Some(20),
                    ..cosine.clone()
                })
                .unwrap()
                .0,
            "epochs"
        );
    }
}
