//! `bnnc report` and `bnnc plot`: the page and the pictures of runs, in a browser too.

use crate::cli::Place;
use bnnc::data::npz::{Entries, encode_all};
use std::path::{Path, PathBuf};
use std::process::Command;

/// A class whose name would be markup.
const CLASS: &str = "<b>&\"c'ü";

/// Images of 6 × 6 pixels of three classes, bright to the left, in the middle and to the right.
fn images(place: &Place) {
    let (n, side) = (45, 6);
    let pixel = |example: usize, at: usize| {
        let near = (at % side) / 2 == example % 3;
        f64::from(u8::from(near)) + 0.3 * (1.7 * (example * 36 + at) as f64).sin()
    };
    let inputs: Vec<f64> = (0..n * side * side)
        .map(|i| pixel(i / 36, i % 36))
        .collect();
    let labels: Vec<String> = (0..n)
        .map(|example| [CLASS, "middle", "right"][example % 3].to_owned())
        .collect();
    let arrays = [
        ("x", Entries::Numbers(&[n, side, side, 1], &inputs)),
        ("y", Entries::Texts(&labels)),
    ];
    std::fs::write(place.path("d.npz"), encode_all(arrays).unwrap()).unwrap();
    let model = "model classes\ninput image: real[6, 6, 1]\ntarget label: category[3]\n\
        default { prior = Normal(0, 1), posterior = MeanField, estimator = flipout }\n\
        network {\n  flatten\n  hidden = dense(4)\n  tanh\n  logits = dense(3)\n}\n\
        observe label ~ Categorical(logits = logits)\nobjective elbo\n";
    std::fs::write(place.path("m.bnn"), model).unwrap();
}

/// A run whose name would be markup, and its page.
fn page(place: &Place) -> String {
    images(place);
    place.ok(
        "train m.bnn --data d.npz --validation 0.3 --epochs 3 --batch-size 8 --out runs/a<b>&\"ü",
    );
    place.ok("report runs/a<b>&\"ü --samples 3 --out page.html");
    std::fs::read_to_string(place.path("page.html")).unwrap()
}

/// The texts of a page, which has to be well formed.
#[cfg(feature = "raster")]
fn texts(html: &str) -> Vec<String> {
    use resvg::usvg::roxmltree::Document;
    // HTML does not close what has no inside.
    let xml = html
        .replace("<!DOCTYPE html>", "")
        .replace(":,\">", ":,\"/>");
    let closed: Vec<String> = (xml.split("<meta").enumerate())
        .map(|(part, text)| match part {
            0 => text.to_owned(),
            _ => format!("<meta{}", text.replacen("\">", "\"/>", 1)),
        })
        .collect();
    let xml = closed.concat();
    let document = Document::parse(&xml).unwrap_or_else(|error| panic!("{error}\n{html}"));
    let nodes = document.descendants().filter(|node| node.is_text());
    nodes
        .filter_map(|node| node.text().map(str::to_owned))
        .collect()
}

#[cfg(feature = "raster")]
#[test]
fn a_page_has_every_part_and_names_are_text() {
    let place = Place::new();
    let html = page(&place);
    let texts = texts(&html);
    let all = texts.join("\n");
    for part in [
        "Scores",
        "Loss by part over training",
        "Reliability",
        "Risk and coverage",
        "Predictive entropy",
        "Least and most certain examples",
        "Posterior by parameter",
        "KL a weight, by parameter",
        "Pruning by signal-to-noise",
        "logits.kernel",
        "Layers",
        "observe label ~ Categorical(logits = logits)",
    ] {
        assert!(all.contains(part), "{part}\n{all}");
    }
    // The run in the head, the class beneath images.
    assert!(all.contains("runs/a<b>&\"ü: "), "{all}");
    assert!(texts.iter().any(|text| text == CLASS), "{all}");
    // Two rows of four images, at least.
    assert!(html.matches("data:image/png;base64,").count() >= 8);
    assert!(!html.contains("<b>&"), "markup of a name");
}

#[cfg(feature = "raster")]
#[test]
fn a_page_of_numbers_a_point_estimate_and_several_runs() {
    let place = Place::new();
    place.ok("train line.bnn --data t.csv --epochs 1 --batch-size 20 --out bayes");
    place.ok("train line.bnn --data t.csv --epochs 2 --batch-size 20 --inference map --out point");
    place.ok("report point --out point.html");
    let all = texts(&std::fs::read_to_string(place.path("point.html")).unwrap()).join("\n");
    assert!(
        all.contains("Predictions and targets") && all.contains("Probability integral transform"),
        "{all}"
    );
    assert!(all.contains("Every parameter is a point estimate"), "{all}");
    assert!(
        all.contains("No picture pruning: no weight of a layer has a loc and a scale"),
        "{all}"
    );
    place.ok("report bayes point --samples 4 --out both.html");
    let both = texts(&std::fs::read_to_string(place.path("both.html")).unwrap());
    let all = both.join("\n");
    assert!(all.contains("2 runs of line"), "{all}");
    assert!(
        all.contains("point less bayes, of the same examples"),
        "{all}"
    );
    assert_eq!(
        both.iter()
            .filter(|text| *text == "Posterior by parameter")
            .count(),
        2
    );
    assert_eq!(
        both.iter()
            .filter(|text| *text == "Quantile calibration")
            .count(),
        1
    );
}

#[cfg(feature = "raster")]
#[test]
fn a_run_that_broke_off_or_has_no_weights_is_still_a_page() {
    let place = Place::new();
    place.ok("train line.bnn --data t.csv --epochs 2 --batch-size 20 --out run");
    // As a loss that diverges leaves it: the log goes on after the last checkpoint.
    let log = place.path("run").join("metrics.jsonl");
    let mut text = std::fs::read_to_string(&log).unwrap();
    let last = text.lines().last().expect("an epoch's line");
    let mut line: serde_json::Value = serde_json::from_str(last).unwrap();
    line["epoch"] = 4.0.into();
    line["loss"] = serde_json::Value::Null;
    for term in line["terms"].as_array_mut().unwrap() {
        term["scaled"] = serde_json::Value::Null;
    }
    text += &format!("{line}\n{{\"kin");
    std::fs::write(&log, text).unwrap();
    place.ok("report run --samples 2 --out broken.html");
    let html = std::fs::read_to_string(place.path("broken.html")).unwrap();
    let all = texts(&html).join("\n");
    assert!(
        all.contains("training broke off, or still goes on: the log goes on to epoch 4"),
        "{all}"
    );
    assert!(!html.contains("NaN"));
    std::fs::remove_file(place.path("run").join("checkpoint.safetensors")).unwrap();
    place.ok("report run --out lost.html");
    let all = texts(&std::fs::read_to_string(place.path("lost.html")).unwrap()).join("\n");
    assert!(all.contains("the run has no weights to look at"), "{all}");
    assert!(all.contains("Loss by part over training"), "{all}");
}

#[cfg(feature = "raster")]
#[test]
fn several_targets_and_a_target_with_places_have_their_parts() {
    let place = Place::new();
    let n = 20;
    let inputs: Vec<f64> = (0..n * 16).map(|i| (0.7 * i as f64).sin()).collect();
    let mask: Vec<f64> = inputs
        .iter()
        .map(|x| f64::from(u8::from(*x > 0.0)))
        .collect();
    let sizes: Vec<f64> = (0..n).map(|i| (1.3 * i as f64).cos()).collect();
    let arrays = [
        ("image", Entries::Numbers(&[n, 4, 4, 1], &inputs)),
        ("mask", Entries::Numbers(&[n, 4, 4, 1], &mask)),
        ("size", Entries::Numbers(&[n], &sizes)),
    ];
    std::fs::write(place.path("d.npz"), encode_all(arrays).unwrap()).unwrap();
    let model = "model both\ninput image: real[4, 4, 1]\ntarget mask: binary[4, 4, 1]\ntarget size: real\n\
        default { prior = Normal(0, 1), posterior = MeanField, estimator = reparameterization }\n\
        network {\n  places = conv2d(1, kernel = 1)\n  flatten\n  number = dense(1)\n}\n\
        observe mask ~ Bernoulli(logits = places)\nobserve size ~ Normal(loc = number, scale = learned(0.5))\n\
        objective elbo\n";
    std::fs::write(place.path("both.bnn"), model).unwrap();
    place.ok("train both.bnn --data d.npz --epochs 1 --batch-size 10 --out run");
    place.ok("report run --samples 2 --out page.html");
    let all = texts(&std::fs::read_to_string(place.path("page.html")).unwrap()).join("\n");
    for part in [
        "Scores of mask",
        "Scores of size",
        "Predictions of size",
        "Probability integral transform",
    ] {
        assert!(all.contains(part), "{part}\n{all}");
    }
    let why =
        "the target has a value at each of several places, whose predictions are not all kept";
    assert!(
        all.contains(&format!("No picture reliability: {why}")),
        "{all}"
    );
    place.ok("plot run pit --of size --samples 2 --out pit.svg");
    let refused = place.refused("plot run pit --of weight --samples 2 --out pit.svg");
    assert!(
        refused.contains("E0618") && refused.contains("`mask` and `size`"),
        "{refused}"
    );
}

#[test]
fn a_picture_is_the_same_each_time_or_is_refused() {
    let place = Place::new();
    place.ok("train line.bnn --data t.csv --epochs 2 --batch-size 20 --out run");
    let drawn = |kind: &str, name: &str| {
        place.ok(&format!("plot run {kind} --samples 3 --out {name}"));
        std::fs::read(place.path(name)).unwrap()
    };
    for kind in [
        "loss",
        "predictions",
        "pit",
        "quantiles",
        "posterior",
        "kl",
        "pruning",
    ] {
        let first = drawn(kind, "a.svg");
        assert_eq!(first, drawn(kind, "b.svg"), "{kind}");
        assert!(first.starts_with(b"<svg "), "{kind}");
    }
    if cfg!(feature = "raster") {
        let png = drawn("loss", "a.png");
        // Twice the size of a picture with its margin.
        assert_eq!(
            (&png[..4], &png[16..20]),
            (&b"\x89PNG"[..], &928u32.to_be_bytes()[..])
        );
    }
    let refused = place.bnnc("plot run loss --out a.jpg");
    assert_eq!(refused.status.code(), Some(2));
    let refused = place.bnnc("plot run losss --out a.svg");
    let told = String::from_utf8(refused.stderr).unwrap();
    assert!(told.contains("did you mean loss?"), "{told}");
    let refused = place.refused("plot absent loss --out a.svg");
    assert!(refused.contains("E0604"), "{refused}");
    let refused = place.refused("report run --out absent/a.html");
    assert!(
        refused.contains("E0601") && refused.contains("there is no folder `absent`"),
        "{refused}"
    );
}

/// A flag of what a picture is not drawn of is refused, and not passed over.
#[test]
fn a_flag_that_a_picture_does_not_read_is_refused() {
    let place = Place::new();
    place.ok("train line.bnn --data t.csv --epochs 1 --batch-size 20 --out run");
    for (asked, flag) in [
        ("loss --of z", "--of"),
        ("loss --data nope", "--data"),
        ("posterior --split test", "--split"),
        ("loss --ood nope", "--ood"),
        ("pit --ood nope", "--ood"),
    ] {
        let refused = place.refused(&format!("plot run {asked} --out a.svg"));
        assert!(
            refused.contains("E0618") && refused.contains(&format!("`{flag}` is not for")),
            "{asked}: {refused}"
        );
    }
    assert!(!place.path("a.svg").exists());
}

/// Whatever predicts with a run says that its loss diverged, and which weights these are.
#[test]
fn a_run_that_diverged_is_told_wherever_it_is_used() {
    let place = Place::new();
    let train = "train line.bnn --data t.csv --epochs 40 --batch-size 20";
    let failed = place.refused(&format!("{train} --learning-rate 1e30 --out wild"));
    assert!(failed.contains("E0608"), "{failed}");
    for command in [
        "evaluate wild --samples 2",
        "predict wild --samples 2 --out p.csv",
        "plot wild posterior --out p.svg",
        "plot wild pit --samples 2 --out p.svg",
        "report wild --samples 2 --out wild.html",
    ] {
        let output = place.bnnc(command);
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.success(), "{command}: {said}");
        let told = "warning: `wild`: training ended because the ";
        assert_eq!(said.matches(told).count(), 1, "{command}: {said}");
        assert!(
            said.contains(": these are the weights after step 0"),
            "{said}"
        );
    }
    let html = std::fs::read_to_string(place.path("wild.html")).unwrap();
    assert!(html.contains("training ended because the "), "{html}");
}

/// What differs between runs is said of each, what does not, once.
#[test]
fn the_head_of_several_runs_is_true_of_each() {
    let place = Place::new();
    let train = "train line.bnn --data t.csv --epochs 1 --batch-size 10";
    place.ok(&format!("{train} --out all"));
    place.ok(&format!("{train} --validation 0.25 --out some"));
    place.ok("report all some --samples 2 --out both.html");
    let html = std::fs::read_to_string(place.path("both.html")).unwrap();
    for name in [
        "<dt>trained on, all<",
        "<dt>trained on, some<",
        "<dt>predictions, some<",
    ] {
        assert!(html.contains(name), "{name}: {html}");
    }
    place.ok("report all all --samples 2 --out same.html");
    let html = std::fs::read_to_string(place.path("same.html")).unwrap();
    assert_eq!(html.matches("<dt>trained on").count(), 1, "{html}");
}

/// The browser, where there is one.
fn browser() -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let names = ["chromium", "chromium-browser", "google-chrome"];
    let found = std::env::split_paths(&path)
        .flat_map(|folder| names.map(|name| folder.join(name)))
        .find(|program| program.is_file());
    if found.is_none() {
        eprintln!("SKIPPED: there is no Chromium, the page was not opened in a browser");
    }
    found
}

/// Opens a page of its own that shows `page.html` in a frame and writes down what it measured there.
fn measured(browser: &Path, place: &Place, [width, dark]: [usize; 2]) -> (String, String) {
    let measure = format!(
        "<!DOCTYPE html><meta charset=utf-8><body><iframe id=f src=page.html style='border:0;width:{width}px;height:900px'></iframe>\
         <script>f.onload = () => {{ const w = f.contentWindow, d = w.document, s = e => w.getComputedStyle(d.querySelector(e));\
         const wide = [...d.querySelectorAll('body *')].filter(e => !e.closest('.wide, pre, svg') && e.getBoundingClientRect().right > {width} + 0.5);\
         const found = JSON.stringify({{ page: d.documentElement.scrollWidth, over: wide.map(e => e.tagName + '.' + e.className),\
         paper: s('html').backgroundColor, text: s('h1').color, letters: s('svg text').fill,\
         images: d.querySelectorAll('svg image').length, asked: w.performance.getEntriesByType('resource').map(e => e.name)\
         .filter(n => !n.startsWith('data:')) }}); document.body.innerHTML = ''; document.title = found }}</script>"
    );
    std::fs::write(place.path("measure.html"), measure).unwrap();
    let profile = tempfile::tempdir().unwrap();
    let output = Command::new(browser)
        .args([
            "--headless",
            "--hide-scrollbars",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--no-first-run",
        ])
        .args([
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
        ])
        .args([
            "--host-resolver-rules=MAP * ~NOTFOUND",
            "--allow-file-access-from-files",
        ])
        .args([
            "--enable-logging=stderr",
            "--virtual-time-budget=20000",
            "--dump-dom",
        ])
        .arg(format!(
            "--blink-settings=preferredColorScheme={}",
            1 - dark
        ))
        .arg(format!("--user-data-dir={}", profile.path().display()))
        .arg(format!("file://{}", place.path("measure.html").display()))
        .output()
        .unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    (text(output.stdout), text(output.stderr))
}

#[test]
fn the_page_fits_a_desktop_and_a_phone_in_light_and_dark() {
    let Some(browser) = browser() else { return };
    let place = Place::new();
    page(&place);
    for (width, dark) in [(1280, 0), (390, 0), (1280, 1), (390, 1)] {
        let (dom, log) = measured(&browser, &place, [width, dark]);
        let title = dom
            .split("<title>")
            .nth(1)
            .and_then(|rest| rest.split("</title>").next());
        let title = title.unwrap_or_else(|| panic!("nothing was measured: {dom}\n{log}"));
        let found: serde_json::Value = serde_json::from_str(&title.replace("&amp;", "&")).unwrap();
        assert_eq!(found["page"], width, "{found}");
        assert_eq!(found["over"], serde_json::json!([]), "at {width}: {found}");
        assert_eq!(found["asked"], serde_json::json!([]), "{found}");
        assert!(found["images"].as_u64().unwrap() >= 8, "{found}");
        let (paper, text) = match dark {
            0 => ("rgb(255, 255, 255)", "rgb(31, 35, 40)"),
            _ => ("rgb(22, 24, 28)", "rgb(230, 232, 235)"),
        };
        assert_eq!(
            (&found["paper"], &found["letters"]),
            (&paper.into(), &text.into()),
            "{found}"
        );
        assert_eq!(found["text"], text, "{found}");
        let complaints: Vec<&str> = log
            .lines()
            .filter(|line| line.contains("CONSOLE"))
            .collect();
        assert!(complaints.is_empty(), "{complaints:?}");
    }
}

/// Draws that are points have moments of their own, and the picture says of how many draws.
#[test]
fn the_posterior_of_points_is_that_of_their_draws() {
    let place = Place::new();
    let train = "train line.bnn --data t.csv --batch-size 20 --epochs 4";
    place.ok(&format!(
        "{train} --inference ensemble(members=3) --out members"
    ));
    place.ok(&format!("{train} --inference swag(start=0) --out swag"));
    for (run, draws) in [("members", 3), ("swag", 6)] {
        place.ok(&format!("report {run} --samples 6 --out {run}.html"));
        let all =
            texts(&std::fs::read_to_string(place.path(&format!("{run}.html"))).unwrap()).join("\n");
        let told = format!("over {draws} draws of the weights");
        assert!(
            all.contains(&told) && all.contains("|loc| / scale"),
            "{run}: {all}"
        );
    }
}
