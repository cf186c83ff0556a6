use super::*;

fn plain(text: &str) -> String {
    Maths::parse(text).plain()
}

fn latex(text: &str) -> String {
    Maths::parse(text).latex()
}

/// A formula a line: as it is written, as text and in LaTeX.
const SET: &str = r#"
ln(s/sigma)  ⇒  ln(s/σ)  ⇒  \ln\left(\frac{s}{\sigma}\right)
(sigma^2 + (mu - m)^2)/(2 s^2) - 1/2  ⇒  (σ² + (μ − m)²)/(2s²) − ½  ⇒  \frac{\sigma^{2} + (\mu - m)^{2}}{2s^{2}} - \frac{1}{2}
sum_(n=1)^N E_q[-ln p(y_n | x_n, w)]  ⇒  Σ_(n = 1 … N) E_q[−ln p(y_n | x_n, w)]  ⇒  \sum_{n = 1}^{N}\mathbb{E}_{q}[-\ln p(y_{n} \mid x_{n}, w)]
1/B sum_b 1/S sum_s l_(b s)  ⇒  1/B Σ_b 1/S Σ_s l_bs  ⇒  \frac{1}{B}\sum_{b}\frac{1}{S}\sum_{s}l_{bs}
KL(q || p)  ⇒  KL(q ‖ p)  ⇒  \mathrm{KL}(q \mathrel{\Vert} p)
exp(-|w - m|/b) / (2 b)  ⇒  exp(−|w − m|/b)/(2b)  ⇒  \frac{\exp\left(-\frac{\lvert w - m\rvert}{b}\right)}{2b}
sqrt(2/pi) e^-x^2  ⇒  √(2/π)e^(−x²)  ⇒  \sqrt{\frac{2}{\pi}}e^{-x^{2}}
T*a/N  ⇒  T·a/N  ⇒  \frac{T \cdot a}{N}
π_i/B  ⇒  π_i/B  ⇒  \frac{\pi_{i}}{B}
w_i ~ Normal(0, 0.1^2)  ⇒  w_i ~ N(0, 0.1²)  ⇒  w_{i} \sim \mathcal{N}(0, 0.1^{2})
N = 50,000  ⇒  N = 50,000  ⇒  N = 50{,}000
2 1e-6  ⇒  2·1e-6  ⇒  2 \cdot 1 \times 10^{-6}
"hidden_scale" x  ⇒  hidden_scale x  ⇒  \mathrm{hidden\,scale}\,x
f(x ; w) = f_2 compose f_1  ⇒  f(x; w) = f₂ ∘ f₁  ⇒  f(x; w) = f_{2} \circ f_{1}
norm(M)^2  ⇒  ‖M‖²  ⇒  \lVert M\rVert^{2}
1/2 x + 1/(a b)  ⇒  ½ x + 1/(ab)  ⇒  \frac{1}{2}x + \frac{1}{ab}
x ‹1/2› y  ⇒  x ½ y  ⇒  x\frac{1}{2}y
‹sqrt(2)›^x  ⇒  (√2)^x  ⇒  \sqrt{2}^{x}
|a + |b| + c|  ⇒  |a + |b| + c|  ⇒  \lvert a + \lvert b\rvert + c\rvert
|a - |b||  ⇒  |a − |b||  ⇒  \lvert a - \lvert b\rvert\rvert
p(|x| | y)  ⇒  p(|x| | y)  ⇒  p(\lvert x\rvert \mid y)
|a| + |b| | c  ⇒  |a| + |b| | c  ⇒  \lvert a\rvert + \lvert b\rvert \mid c
sqrt x  ⇒  √x  ⇒  \sqrt{x}
sqrt pi/2  ⇒  √π/2  ⇒  \frac{\sqrt{\pi}}{2}
norm + abs x  ⇒  norm + abs x  ⇒  \mathrm{norm} + \mathrm{abs}\,x
"#;

#[test]
fn one_text_is_set_in_both_ways() {
    for line in SET.trim().lines() {
        let columns: Vec<&str> = line.split("  ⇒  ").collect();
        let [text, as_plain, as_latex] = columns[..] else {
            panic!("{line}")
        };
        assert_eq!(plain(text), as_plain, "{text}");
        assert_eq!(latex(text), as_latex, "{text}");
        let maths = Maths::parse(text);
        assert_eq!(Maths::parse(&maths.to_string()), maths, "{text}");
    }
}

/// Absolute values in one another, and strokes that are never closed. Neither would end in a lifetime if each
/// stroke were tried in two ways.
#[test]
fn strokes_are_read_in_one_way() {
    let nest = |close: &str, n| format!("{}x{}", "|a + ".repeat(n), close.repeat(n));
    let mut expected = Maths::parse("x");
    for _ in 0..14 {
        let plus = Maths::parse("a + b").items()[1].clone();
        let row = Maths::row(vec![
            Maths::Letter('a'),
            plus.clone(),
            expected,
            plus,
            Maths::Letter('c'),
        ]);
        expected = Maths::Group(Brackets::Bars, Box::new(row));
    }
    assert_eq!(Maths::parse(&nest(" + c|", 14)), expected);
    let open = nest("", 200);
    assert_eq!(Maths::parse(&open), Maths::Name(open));
}

/// A text without a grammar is shown as it is, as one name.
#[test]
fn a_text_that_is_no_formula_stands_for_itself() {
    for text in ["(a", "a)", "|a", "x^", "sqrt"] {
        assert_eq!(Maths::parse(text), Maths::Name(text.into()));
        assert_eq!(plain(text), text);
    }
}

#[test]
fn an_empty_formula_is_an_empty_group() {
    assert_eq!([plain(" "), latex(" ")], ["", "{}"]);
}

#[test]
fn the_grammar_knows_every_symbol() {
    for symbol in SYMBOLS {
        let maths = Maths::parse(&format!("x {} y", symbol.word));
        assert_eq!(maths.items()[1], Maths::Symbol(symbol), "{}", symbol.word);
    }
}

#[test]
fn no_text_makes_it_panic() {
    let marks = [
        "(", ")", "[", "|", "/", "^", "_", "-", "x", "2", ",", "\"", "sqrt", "sum", "abs(", "é",
    ];
    for a in marks {
        for b in marks {
            for c in marks {
                for text in [format!("{a}{b}{c}"), format!("{a} {b} {c}")] {
                    let maths = Maths::parse(&text);
                    let whole: String =
                        maths.clauses().iter().flatten().map(Maths::latex).collect();
                    assert!(balanced(&maths.latex()), "{text}: {}", maths.latex());
                    assert!(balanced(&whole), "{text}: {whole}");
                    maths.plain();
                    Maths::parse(&maths.to_string());
                }
            }
        }
    }
}

fn balanced(latex: &str) -> bool {
    let mut depth = 0;
    let mut escaped = false;
    for c in latex.chars() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '{' => depth += 1,
            '}' => depth -= 1,
            _ => {}
        }
        if depth < 0 {
            return false;
        }
    }
    depth == 0 && !escaped
}

#[test]
fn names_are_replaced_by_numbers_and_formulas() {
    let normal = "Normal(loc, scale^2)";
    let mixture = "weight Normal(0, scales_1^2) + (1 - weight) Normal(0, scales_2^2)";
    for (text, pairs, replaced) in [
        (normal, "loc: 0, scale: 1", "N(0, 1)"),
        (normal, "loc: 0, scale: 0.1", "N(0, 0.1²)"),
        (normal, "loc: m, scale: 1/sqrt(8)", "N(m, 1/8)"),
        (normal, "loc: m, scale: tau/sqrt(8)", "N(m, τ²/8)"),
        (normal, "loc: 0, scale: a + b", "N(0, (a + b)²)"),
        (normal, "loc: 0, scale: e^-6", "N(0, e⁻¹²)"),
        (normal, "loc: 0, scale: exp(tau)", "N(0, exp(2τ))"),
        (normal, "loc: 0, scale: psi_t", "N(0, ψ_t²)"),
        (
            mixture,
            "weight: 0.25, scales_1: 1, scales_2: 0.1",
            "0.25 N(0, 1) + 0.75 N(0, 0.1²)",
        ),
        (
            mixture,
            "weight: 0.9999999, scales_1: 1, scales_2: 2",
            "0.9999999 N(0, 1) + 0.0000001 N(0, 2²)",
        ),
        ("y = low + x + low", "low: 0", "y = x + 0"),
        ("1 + ln scale", "scale: exp(tau)", "1 + τ"),
        ("1 - ln scale", "scale: exp(a + b)", "1 − (a + b)"),
        (
            "1 + ln scale",
            "scale: exp(a - 1)/2",
            "1 + ln(exp(a − 1)/2)",
        ),
        ("ln scale", "scale: 2 tau", "ln(2τ)"),
        ("ln scale", "scale: softplus(tau)", "ln softplus(τ)"),
        // Both at once: what is put in is not looked at again.
        ("m/s", "m: s, s: m", "s/m"),
        ("2 x", "x: a - b", "2(a − b)"),
    ] {
        let of = |name: &str| {
            let mut pairs = pairs.split(", ").filter_map(|pair| pair.split_once(": "));
            pairs
                .find(|(from, _)| *from == name)
                .map(|(_, to)| Maths::parse(to))
        };
        assert_eq!(
            Maths::parse(text).replace(&of).plain(),
            replaced,
            "{text} with {pairs}"
        );
    }
}

#[test]
fn a_long_formula_is_cut_at_its_top() {
    let pieces = |text: &str| {
        let clauses = Maths::parse(text).clauses();
        let texts = |clause: &Vec<Maths>| clause.iter().map(Maths::plain).collect();
        clauses.iter().map(texts).collect::<Vec<Vec<String>>>()
    };
    assert_eq!(
        pieces("L = a + (b + c) - d, d = 2"),
        [vec!["L", "= a", "+ (b + c)", "− d,"], vec!["d", "= 2"]]
    );
    assert_eq!(pieces("b = 1, ..., B"), [["b", "= 1, …, B"]]);
    assert_eq!(pieces("y | x, w ~ q"), [["y | x, w", "~ q"]]);
}
