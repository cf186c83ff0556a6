//! `bnnc lsp`: a session of an editor with the program, over the protocol.

use crate::cli::{MODEL, Place};
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

/// An editor: it sends messages and reads the server's.
struct Editor {
    server: Child,
    to: ChildStdin,
    from: BufReader<ChildStdout>,
    uri: String,
    text: String,
    version: i64,
    requests: i64,
    diagnostics: Vec<Value>,
}

impl Editor {
    /// Starts the server in a folder, agrees on units, and opens `line.bnn` with a text.
    fn open(place: &Place, text: &str, encodings: &[&str]) -> Editor {
        let mut command = Command::new(env!("CARGO_BIN_EXE_bnnc"));
        let pipes = command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let cache = place.path("cache");
        let mut server = pipes
            .env("XDG_CACHE_HOME", cache)
            .args(["lsp", "--stdio"])
            .spawn()
            .unwrap();
        let path = place.path("line.bnn");
        let mut editor = Editor {
            to: server.stdin.take().unwrap(),
            from: BufReader::new(server.stdout.take().unwrap()),
            server,
            uri: format!("file://{}", path.display()),
            text: String::new(),
            version: 0,
            requests: 0,
            diagnostics: vec![],
        };
        let params = json!({
            "processId": null,
            "rootUri": null,
            "capabilities": { "general": { "positionEncodings": encodings } },
        });
        let answer = editor.request("initialize", params);
        let agreed = answer["capabilities"]["positionEncoding"].as_str();
        let utf8 = encodings.contains(&"utf-8");
        assert_eq!(agreed, Some(if utf8 { "utf-8" } else { "utf-16" }));
        editor.notify("initialized", json!({}));
        let document = json!({
            "uri": editor.uri, "languageId": "bnn", "version": 0, "text": text,
        });
        editor.text = text.into();
        editor.notify("textDocument/didOpen", json!({ "textDocument": document }));
        editor.published();
        editor
    }

    fn send(&mut self, message: &Value) {
        let text = message.to_string();
        write!(self.to, "Content-Length: {}\r\n\r\n{text}", text.len()).unwrap();
        self.to.flush().unwrap();
    }

    fn notify(&mut self, method: &str, params: Value) {
        self.send(&json!({ "jsonrpc": "2.0", "method": method, "params": params }));
    }

    /// The next message of the server; diagnostics are kept.
    fn read(&mut self) -> Value {
        let mut length = 0;
        loop {
            let mut line = String::new();
            assert_ne!(
                self.from.read_line(&mut line).unwrap(),
                0,
                "the server ended"
            );
            match line.trim_end().split_once(": ") {
                Some(("Content-Length", digits)) => length = digits.parse().unwrap(),
                Some(_) => {}
                None => break,
            }
        }
        let mut bytes = vec![0; length];
        self.from.read_exact(&mut bytes).unwrap();
        let message: Value = serde_json::from_slice(&bytes).unwrap();
        if message["method"] == "textDocument/publishDiagnostics" {
            self.diagnostics = message["params"]["diagnostics"].as_array().unwrap().clone();
        }
        message
    }

    /// Waits for diagnostics of the text as it is now.
    fn published(&mut self) {
        loop {
            let message = self.read();
            let params = &message["params"];
            if message["method"] == "textDocument/publishDiagnostics"
                && params["version"] == json!(self.version)
            {
                return;
            }
        }
    }

    fn response(&mut self, method: &str, params: Value) -> Value {
        self.requests += 1;
        let id = self.requests;
        self.send(&json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params }));
        loop {
            let message = self.read();
            if message["id"] == json!(id) {
                return message;
            }
        }
    }

    fn request(&mut self, method: &str, params: Value) -> Value {
        let mut message = self.response(method, params);
        assert!(message.get("error").is_none(), "{method}: {message}");
        message["result"].take()
    }

    /// A request about a place of the text, in ASCII.
    fn at(&mut self, method: &str, offset: usize, more: Value) -> Value {
        let params = self.params(offset, more);
        self.request(&format!("textDocument/{method}"), params)
    }

    fn params(&self, offset: usize, more: Value) -> Value {
        let before = &self.text[..offset];
        let line = before.matches('\n').count();
        let character = before.rsplit('\n').next().unwrap().len();
        let mut params = json!({
            "textDocument": { "uri": self.uri },
            "position": { "line": line, "character": character },
        });
        for (key, value) in more.as_object().into_iter().flatten() {
            params[key] = value.clone();
        }
        params
    }

    /// Puts a text in the place of another, as if it were typed, and waits for diagnostics.
    fn replace(&mut self, old: &str, new: &str) {
        let start = self.text.find(old).unwrap_or_else(|| panic!("{old}"));
        let at = |offset| self.params(offset, json!({}))["position"].clone();
        let range = json!({ "start": at(start), "end": at(start + old.len()) });
        self.text.replace_range(start..start + old.len(), new);
        self.version += 1;
        let params = json!({
            "textDocument": { "uri": self.uri, "version": self.version },
            "contentChanges": [{ "range": range, "text": new }],
        });
        self.notify("textDocument/didChange", params);
        self.published();
    }

    fn place(&self, text: &str) -> usize {
        self.text.find(text).unwrap_or_else(|| panic!("{text}"))
    }

    fn hover(&mut self, text: &str) -> String {
        let place = self.place(text);
        let found = self.at("hover", place, json!({}));
        found["contents"]["value"].as_str().unwrap_or("").into()
    }

    /// The words that are offered behind a text.
    fn completions(&mut self, text: &str) -> Vec<String> {
        let place = self.place(text) + text.len();
        let found = self.at("completion", place, json!({}));
        let items = found.as_array().unwrap().iter();
        items
            .map(|item| item["label"].as_str().unwrap().into())
            .collect()
    }

    /// The text after edits.
    fn edited(&self, edits: &Value) -> String {
        let mut edits: Vec<(usize, usize, &str)> = edits
            .as_array()
            .unwrap()
            .iter()
            .map(|edit| {
                let offset = |at: &Value| {
                    let line = at["line"].as_u64().unwrap() as usize;
                    let lines = self.text.split_inclusive('\n').take(line);
                    let before: usize = lines.map(str::len).sum();
                    before + at["character"].as_u64().unwrap() as usize
                };
                let range = &edit["range"];
                let text = edit["newText"].as_str().unwrap();
                (offset(&range["start"]), offset(&range["end"]), text)
            })
            .collect();
        edits.sort();
        let mut text = self.text.clone();
        for (start, end, new) in edits.into_iter().rev() {
            text.replace_range(start..end, new);
        }
        text
    }

    fn end(mut self) {
        assert_eq!(self.request("shutdown", Value::Null), Value::Null);
        self.notify("exit", Value::Null);
        assert!(self.server.wait().unwrap().success());
    }
}

#[test]
fn a_mistake_is_published_as_it_is_typed_and_mended_by_a_quick_fix() {
    let place = Place::new();
    let mut editor = Editor::open(&place, MODEL, &[]);
    assert_eq!(editor.diagnostics, [] as [Value; 0]);

    editor.replace("tanh", "tahn");
    let found = editor.diagnostics.clone();
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(found[0]["code"], "E0201");
    assert_eq!(found[0]["severity"], 1);
    let line = MODEL[..MODEL.find("tanh").unwrap()].matches('\n').count();
    assert_eq!(
        found[0]["range"],
        json!({ "start": { "line": line, "character": 2 }, "end": { "line": line, "character": 6 } })
    );
    let message = found[0]["message"].as_str().unwrap();
    assert!(message.contains("`tahn` is not a layer"), "{message}");
    // The code leads to its page.
    let page = found[0]["codeDescription"]["href"].as_str().unwrap();
    let page = std::fs::read_to_string(page.strip_prefix("file://").unwrap()).unwrap();
    assert!(page.starts_with("# E0201"), "{page}");

    let range = found[0]["range"].clone();
    let more = json!({ "range": range, "context": { "diagnostics": found } });
    let actions = editor.at("codeAction", 0, more);
    let action = &actions[0];
    assert_eq!(action["kind"], "quickfix");
    assert_eq!(action["isPreferred"], true);
    let edits = &action["edit"]["changes"][&editor.uri];
    assert_eq!(editor.edited(edits), MODEL);

    editor.replace("tahn", "tanh");
    assert_eq!(editor.diagnostics, [] as [Value; 0]);
    editor.end();
}

#[test]
fn hover_says_what_check_says_of_the_run_beside_the_model() {
    let place = Place::new();
    let run = "batch_size = 10\n[data]\nname = \"t.csv\"\n";
    std::fs::write(place.path("line.toml"), run).unwrap();
    let mut editor = Editor::open(&place, MODEL, &[]);
    let check = place.ok("check line.bnn --format json");
    let check: Value = serde_json::from_str(&check).unwrap();
    let term = &check["terms"][1];
    assert_eq!(term["name"], "kl(dense_1.kernel)");

    let text = editor.hover("dense(8)");
    assert!(text.starts_with("**dense_1** = `dense(8)`"), "{text}");
    assert!(
        text.contains("output [8], of `x` [2]; 24 numbers"),
        "{text}"
    );
    assert!(
        text.contains("- **dense_1.kernel** [2, 8], 16 numbers · prior `Normal(0, 1)`"),
        "{text}"
    );
    assert!(
        text.contains("posterior `MeanField` · estimator `reparameterization`"),
        "{text}"
    );
    let scale = term["scale_with_numbers"].as_str().unwrap();
    let why = term["why"].as_str().unwrap();
    assert!(scale.contains("60"), "{scale}");
    assert!(text.contains(&format!("scale {scale}: {why}")), "{text}");
    let nats = term["initial"].as_f64().unwrap();
    let shown = text
        .split("form, ")
        .nth(1)
        .unwrap()
        .split(' ')
        .next()
        .unwrap();
    assert!(
        (shown.parse::<f64>().unwrap() - nats).abs() < 0.06,
        "{shown} {nats}"
    );
    let loss = editor.hover("elbo");
    let head = check["loss"].as_str().unwrap();
    assert!(loss.starts_with(head), "{loss}");
    assert!(
        loss.contains(&format!(
            "| `kl(dense_1.kernel)` | closed form | {scale} | {shown} |"
        )),
        "{loss}"
    );
    // And the layer's page.
    assert!(text.contains("# dense"), "{text}");

    // The last text that was a model serves while the text is broken.
    editor.replace("tanh", "tanh(");
    assert!(!editor.diagnostics.is_empty());
    assert_eq!(editor.hover("dense(8)"), text);
    editor.replace("tanh(", "tanh");

    let text = editor.hover("MeanField");
    assert!(text.starts_with("# MeanField"), "{text}");

    // Another run file: half of the examples are set aside.
    std::fs::write(place.path("line.toml"), format!("{run}validation = 0.5\n")).unwrap();
    editor.replace("tanh", "relu");
    let text = editor.hover("dense(8)");
    assert!(text.contains("scale 1/N = 1/30"), "{text}");
    std::fs::write(place.path("line.toml"), "epochs = many\n").unwrap();
    editor.replace("relu", "tanh");
    let message = editor.diagnostics[0]["message"].as_str().unwrap();
    assert!(message.contains("line.toml"), "{message}");
    assert_eq!(editor.diagnostics[0]["range"]["start"]["line"], 0);
    let text = editor.hover("loc = f");
    assert!(
        text.contains("Normal(loc, scale") && text.contains("`loc`: "),
        "{text}"
    );
    let text = editor.hover("f, scale");
    assert!(text.starts_with("**f** = `dense(1)`"), "{text}");
    let text = editor.hover("y ~");
    assert!(text.contains("target y: real"), "{text}");
    editor.end();
}

#[test]
fn completion_offers_what_may_stand_there() {
    let place = Place::new();
    let mut editor = Editor::open(&place, MODEL, &[]);
    // While it is typed, the text is broken.
    editor.replace("  tanh\n", "  tanh\n  conv2d(8, \n");
    let offered = editor.completions("conv2d(8, ");
    for word in ["kernel", "padding", "groups", "bias", "fan_in"] {
        assert!(offered.iter().any(|of| of == word), "{word} {offered:?}");
    }
    assert!(!offered.iter().any(|of| of == "filters"), "{offered:?}");
    editor.replace("conv2d(8, ", "conv2d(8, padding = ");
    let offered = editor.completions("padding = ");
    assert!(
        offered.starts_with(&["same".to_owned()]) || offered.contains(&"same".to_owned()),
        "{offered:?}"
    );
    editor.replace("  conv2d(8, padding = \n", "  \n");
    let offered = editor.completions("tanh\n  ");
    for word in ["dense", "conv2d", "residual", "reuse"] {
        assert!(offered.iter().any(|of| of == word), "{word} {offered:?}");
    }
    editor.replace("dense(1)\n", "dense(1) on \n");
    let offered = editor.completions("dense(1) on ");
    assert!(
        ["x", "dense_1"]
            .iter()
            .all(|word| offered.iter().any(|of| of == word)),
        "{offered:?}"
    );
    editor.replace("dense(1) on \n", "dense(1)\n");
    editor.replace("prior = Normal(0, 1)", "prior = ");
    let offered = editor.completions("prior = ");
    assert!(
        offered.contains(&"Horseshoe".into()) && !offered.contains(&"relu".into()),
        "{offered:?}"
    );
    editor.replace("prior = ,", "prior = StudentT(df = 3, ,");
    let offered = editor.completions("df = 3, ");
    for word in ["sqrt", "softplus", "learned", "fan_in"] {
        assert!(offered.iter().any(|of| of == word), "{word} {offered:?}");
    }
    let place = editor.place("df = 3, ") + "df = 3, ".len();
    let help = editor.at("signatureHelp", place, json!({}));
    let label = help["signatures"][0]["label"].as_str().unwrap();
    assert!(label.starts_with("StudentT("), "{label}");
    assert_eq!(help["activeParameter"], 1);
    editor.end();
}

#[test]
fn a_name_is_found_and_given_another() {
    let layers = "  hidden = dense(8)
  other = dense(8) on hidden
  f = dense(1) on hidden
  concat on (f, other)
  g = dense(1)
";
    let text = MODEL
        .replace("  dense(8)\n  tanh\n  f = dense(1)\n", layers)
        .replace("loc = f", "loc = g");
    let place = Place::new();
    let mut editor = Editor::open(&place, &text, &[]);
    assert_eq!(editor.diagnostics, [] as [Value; 0]);
    let used = editor.place("on hidden") + 3;
    let found = editor.at("definition", used, json!({}));
    let line = text[..text.find("hidden").unwrap()].matches('\n').count();
    assert_eq!(
        found["range"],
        json!({ "start": { "line": line, "character": 2 }, "end": { "line": line, "character": 8 } })
    );
    let context = json!({ "context": { "includeDeclaration": false } });
    let found = editor.at("references", used, context);
    assert_eq!(found.as_array().unwrap().len(), 2, "{found}");
    let found = editor.at("prepareRename", used, json!({}));
    assert_eq!(found["placeholder"], "hidden");
    let found = editor.at("rename", used, json!({ "newName": "features" }));
    let edits = &found["changes"][&editor.uri];
    assert_eq!(editor.edited(edits), text.replace("hidden", "features"));

    for (wrong, why) in [
        ("other", "already"),
        ("2nd", "not a name"),
        ("fan_in", "of the language"),
    ] {
        let params = editor.params(used, json!({ "newName": wrong }));
        let answer = editor.response("textDocument/rename", params);
        let message = answer["error"]["message"].as_str().unwrap();
        assert!(message.contains(why), "{message}");
    }
    editor.end();
}

#[test]
fn the_file_is_formatted_outlined_and_annotated() {
    let loose = MODEL.replace("  dense(8)", "      dense( 8 )# wide");
    let place = Place::new();
    let mut editor = Editor::open(&place, &loose, &[]);
    let edits = editor.at(
        "formatting",
        0,
        json!({ "options": { "tabSize": 8, "insertSpaces": true } }),
    );
    // Only the lines that change are touched; the others are in the style but for blank lines.
    let mut file = place.path("line.bnn");
    std::fs::write(&file, &loose).unwrap();
    place.ok("fmt line.bnn");
    assert_eq!(
        editor.edited(&edits),
        std::fs::read_to_string(&file).unwrap()
    );
    file.pop();

    let end = json!({ "line": 99, "character": 0 });
    let range = json!({ "range": { "start": { "line": 0, "character": 0 }, "end": end } });
    let hints = editor.at("inlayHint", 0, range);
    let hints: Vec<(&str, u64)> = hints
        .as_array()
        .unwrap()
        .iter()
        .map(|hint| {
            (
                hint["label"].as_str().unwrap(),
                hint["position"]["character"].as_u64().unwrap(),
            )
        })
        .collect();
    assert_eq!(hints, [("[8]", 16), ("[8]", 6), ("[1]", 14)]);

    let symbols = editor.at("documentSymbol", 0, json!({}));
    let names = |of: &Value| -> Vec<String> {
        let all = of.as_array().unwrap().iter();
        all.map(|one| one["name"].as_str().unwrap().into())
            .collect()
    };
    assert_eq!(
        names(&symbols),
        ["line", "x", "y", "default", "network", "y", "elbo"]
    );
    assert_eq!(names(&symbols[4]["children"]), ["dense", "tanh", "f"]);
    let folds = editor.at("foldingRange", 0, json!({}));
    assert_eq!(
        folds[0]["endLine"].as_u64().unwrap() - folds[0]["startLine"].as_u64().unwrap(),
        3
    );
    let tokens = editor.at("semanticTokens/full", 0, json!({}));
    assert_eq!(
        tokens["data"].as_array().unwrap()[..5],
        [0, 0, 5, 0, 0].map(Value::from)
    );
    editor.end();
}

#[test]
fn places_are_in_the_units_that_were_agreed_on() {
    // 𝛃 is four bytes and two units of UTF-16.
    let text = MODEL.replace("dense(8)", "dense(8) # 𝛃\n  dense(8), tahn");
    for (encodings, character) in [(&[][..], 12), (&["utf-8", "utf-16"][..], 12)] {
        let place = Place::new();
        let editor = Editor::open(&place, &text, encodings);
        let start = &editor.diagnostics[0]["range"]["start"];
        assert_eq!(start["character"], character, "{start}");
        editor.end();
    }
    let text = MODEL.replace("model line", "model line, 𝛃 ?");
    let place = Place::new();
    let editor = Editor::open(&place, &text, &[]);
    assert_eq!(editor.diagnostics[0]["range"]["start"]["line"], 0);
    editor.end();
}

#[test]
fn what_is_not_offered_or_not_open_is_refused_and_the_server_goes_on() {
    let place = Place::new();
    let mut editor = Editor::open(&place, MODEL, &[]);
    let answer = editor.response("textDocument/unheardOf", json!({}));
    assert_eq!(answer["error"]["code"], -32601);
    let params = json!({ "textDocument": { "uri": "file:///no.bnn" }, "position": { "line": 0, "character": 0 } });
    let answer = editor.response("textDocument/hover", params);
    assert_eq!(answer["error"]["code"], -32602);
    assert!(editor.hover("dense(8)").contains("dense_1"));
    editor.end();
}
