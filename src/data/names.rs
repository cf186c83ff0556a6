//! Lists of column names as flags and TOML files have them: `a, b`, `"y, MPa"`, `y*`, `y0..y9`.

/// One item of a list: a name with what stands behind `=`, if anything does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Item {
    /// The name, or the pattern for several.
    pub(super) name: String,
    /// Whether the name stands in quotes, so that no sign in it has a meaning.
    quoted: bool,
    /// `mean` of `age=mean`.
    pub(super) value: Option<String>,
}

impl Item {
    /// The item as a list of its own: a pattern stays one.
    pub(super) fn list(&self) -> String {
        match self.quoted {
            true => format!("\"{}\"", self.name),
            false => self.name.clone(),
        }
    }
}

/// The items of a list with commas between; a name in double quotes may hold commas.
pub(super) fn items(list: &str) -> Vec<Item> {
    let (mut parts, mut quoted) = (vec![String::new()], false);
    for c in list.chars() {
        quoted ^= c == '"';
        match parts.last_mut() {
            Some(last) if quoted || c != ',' => last.push(c),
            _ => parts.push(String::new()),
        }
    }
    parts.iter().map(|part| item(part.trim())).collect()
}

fn item(text: &str) -> Item {
    if let Some((name, rest)) = text.strip_prefix('"').and_then(|rest| rest.split_once('"')) {
        return Item {
            name: name.to_owned(),
            quoted: true,
            value: rest
                .trim()
                .strip_prefix('=')
                .map(|value| value.trim().to_owned()),
        };
    }
    let (name, value) = match text.split_once('=') {
        Some((name, value)) => (name.trim(), Some(value.trim().to_owned())),
        None => (text, None),
    };
    Item {
        name: name.to_owned(),
        quoted: false,
        value,
    }
}

/// The places of the columns that an item names; none where no column is meant.
pub(super) fn places(header: &[String], item: &Item) -> Vec<usize> {
    let of = |name: &str| header.iter().position(|column| column == name);
    if let Some(place) = of(&item.name) {
        return vec![place];
    }
    if item.quoted {
        return vec![];
    }
    if let Some((first, last)) = item.name.split_once("..") {
        return match (of(first.trim()), of(last.trim())) {
            (Some(first), Some(last)) if first <= last => (first..=last).collect(),
            (Some(first), Some(last)) => (last..=first).rev().collect(),
            _ => vec![],
        };
    }
    match item.name.contains('*') {
        true => (0..header.len())
            .filter(|place| matches(&header[*place], &item.name))
            .collect(),
        false => vec![],
    }
}

/// The places of the columns of a list, in its order.
///
/// # Errors
///
/// The first name that is none.
pub(super) fn resolve(header: &[String], list: &str) -> Result<Vec<usize>, String> {
    // A name with a comma, whose quotes the shell has taken.
    if let Some(place) = header.iter().position(|column| column == list.trim()) {
        return Ok(vec![place]);
    }
    let mut all = vec![];
    for item in items(list) {
        match &places(header, &item)[..] {
            [] => return Err(item.name),
            found => all.extend(found),
        }
    }
    Ok(all)
}

/// Whether `name` is what `pattern` stands for, in which `*` is any text.
fn matches(name: &str, pattern: &str) -> bool {
    let Some((head, rest)) = pattern.split_once('*') else {
        return name == pattern;
    };
    let Some(after) = name.strip_prefix(head) else {
        return false;
    };
    let starts = after
        .char_indices()
        .map(|(place, _)| place)
        .chain([after.len()]);
    rest.is_empty()
        || starts
            .into_iter()
            .any(|start| matches(&after[start..], rest))
}

/// A name as a list has it: in quotes where it needs them.
pub(super) fn written(name: &str) -> String {
    let plain = !name.is_empty()
        && name.trim() == name
        && !name.contains([',', '"', '*', '='])
        && !name.contains("..");
    match plain {
        true => name.to_owned(),
        false => format!("\"{name}\""),
    }
}

/// A list as a shell takes it.
pub(super) fn for_shell(list: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || "/._-+=:,@%".contains(c);
    match !list.is_empty() && list.chars().all(plain) {
        true => list.to_owned(),
        false => format!("'{}'", list.replace('\'', r"'\''")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_name_columns() {
        let header: Vec<String> = ["id", "x0", "x1", "y0", "y1", "y10", "y, MPa", "a*"]
            .map(String::from)
            .to_vec();
        let found = |list: &str| resolve(&header, list);
        assert_eq!(found("x1, id"), Ok(vec![2, 0]));
        assert_eq!(found("y0..y10"), Ok(vec![3, 4, 5]));
        assert_eq!(found("x*,id"), Ok(vec![1, 2, 0]));
        assert_eq!(found("y*0"), Ok(vec![3, 5]));
        assert_eq!(found("y, MPa"), Ok(vec![6]));
        assert_eq!(found("\"y, MPa\", id"), Ok(vec![6, 0]));
        assert_eq!(found("a*"), Ok(vec![7]));
        assert_eq!(found("\"x*\""), Err("x*".to_owned()));
        assert_eq!(found("x0,z"), Err("z".to_owned()));
        assert_eq!(found("x0..z"), Err("x0..z".to_owned()));
    }

    #[test]
    fn what_is_written_is_read() {
        for name in ["a", "y, MPa", "y*", "a=b", "", "a b"] {
            let all = items(&format!("{}=mean, b", written(name)));
            assert_eq!(
                (all[0].name.as_str(), all[0].value.as_deref()),
                (name, Some("mean"))
            );
            assert_eq!(all[1].name, "b");
        }
        assert_eq!(for_shell("\"y, MPa\""), "'\"y, MPa\"'");
    }
}
