//! The one table of symbols and brackets: how each is written in a formula, as text and in LaTeX.

use super::Brackets;

/// A symbol.
#[derive(Debug, PartialEq, Eq)]
pub struct Symbol {
    /// As it is written: a word, or the marks of an operator.
    pub word: &'static str,
    /// As text.
    pub plain: &'static str,
    /// In LaTeX.
    pub latex: &'static str,
    /// What it is among its neighbours.
    pub class: Class,
}

/// What a symbol is among its neighbours, which says where blanks and breaks go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Class {
    /// A variable or constant.
    Factor,
    /// A function: what follows is its argument.
    Function,
    /// A sum or the like: the rest of its term is its operand, its scripts are its limits.
    Big,
    /// Between two operands.
    Binary,
    /// Between two sides.
    Relation,
    /// After an item of a list.
    Punctuation,
}

const fn symbol(
    word: &'static str,
    plain: &'static str,
    latex: &'static str,
    class: Class,
) -> Symbol {
    Symbol {
        word,
        plain,
        latex,
        class,
    }
}

/// Every symbol.
#[rustfmt::skip]
pub static SYMBOLS: &[Symbol] = &[
    // With limits; before the letters that look like them
    symbol("sum", "Σ", r"\sum", Class::Big),
    symbol("product", "Π", r"\prod", Class::Big),
    symbol("integral", "∫", r"\int", Class::Big),
    // Variables
    symbol("alpha", "α", r"\alpha", Class::Factor),
    symbol("beta", "β", r"\beta", Class::Factor),
    symbol("delta", "δ", r"\delta", Class::Factor),
    symbol("epsilon", "ε", r"\varepsilon", Class::Factor),
    symbol("zeta", "ζ", r"\zeta", Class::Factor),
    symbol("eta", "η", r"\eta", Class::Factor),
    symbol("theta", "θ", r"\theta", Class::Factor),
    symbol("kappa", "κ", r"\kappa", Class::Factor),
    symbol("lambda", "λ", r"\lambda", Class::Factor),
    symbol("mu", "μ", r"\mu", Class::Factor),
    symbol("nu", "ν", r"\nu", Class::Factor),
    symbol("xi", "ξ", r"\xi", Class::Factor),
    symbol("pi", "π", r"\pi", Class::Factor),
    symbol("rho", "ρ", r"\rho", Class::Factor),
    symbol("sigma", "σ", r"\sigma", Class::Factor),
    symbol("tau", "τ", r"\tau", Class::Factor),
    symbol("phi", "φ", r"\varphi", Class::Factor),
    symbol("chi", "χ", r"\chi", Class::Factor),
    symbol("psi", "ψ", r"\psi", Class::Factor),
    symbol("omega", "ω", r"\omega", Class::Factor),
    symbol("Phi", "Φ", r"\Phi", Class::Factor),
    symbol("Psi", "Ψ", r"\Psi", Class::Factor),
    symbol("Sigma", "Σ", r"\Sigma", Class::Factor),
    symbol("Lambda", "Λ", r"\Lambda", Class::Factor),
    symbol("Omega", "Ω", r"\Omega", Class::Factor),
    symbol("infinity", "∞", r"\infty", Class::Factor),
    symbol("partial", "∂", r"\partial", Class::Factor),
    symbol("...", "…", r"\dots", Class::Factor),
    symbol("Reals", "ℝ", r"\mathbb{R}", Class::Factor),
    symbol("Data", "D", r"\mathcal{D}", Class::Factor),
    symbol("Loss", "L", r"\mathcal{L}", Class::Factor),
    symbol("ELBO", "ELBO", r"\mathrm{ELBO}", Class::Factor),
    // Functions
    symbol("E", "E", r"\mathbb{E}", Class::Function),
    symbol("KL", "KL", r"\mathrm{KL}", Class::Function),
    symbol("Normal", "N", r"\mathcal{N}", Class::Function),
    symbol("gamma", "Γ", r"\Gamma", Class::Function),
    symbol("ln", "ln", r"\ln", Class::Function),
    symbol("log", "log", r"\log", Class::Function),
    symbol("exp", "exp", r"\exp", Class::Function),
    symbol("max", "max", r"\max", Class::Function),
    symbol("min", "min", r"\min", Class::Function),
    symbol("det", "det", r"\det", Class::Function),
    symbol("tanh", "tanh", r"\tanh", Class::Function),
    symbol("cos", "cos", r"\cos", Class::Function),
    symbol("sin", "sin", r"\sin", Class::Function),
    symbol("tr", "tr", r"\operatorname{tr}", Class::Function),
    symbol("erf", "erf", r"\operatorname{erf}", Class::Function),
    symbol("diag", "diag", r"\operatorname{diag}", Class::Function),
    symbol("Var", "Var", r"\operatorname{Var}", Class::Function),
    symbol("softmax", "softmax", r"\operatorname{softmax}", Class::Function),
    symbol("softplus", "softplus", r"\operatorname{softplus}", Class::Function),
    symbol("sigmoid", "sigmoid", r"\operatorname{sigmoid}", Class::Function),
    symbol("lgamma", "ln Γ", r"\ln\Gamma", Class::Function),
    symbol("logdet", "ln det", r"\ln\det", Class::Function),
    // Operators
    symbol("+", "+", "+", Class::Binary),
    symbol("-", "−", "-", Class::Binary),
    symbol("*", "·", r"\cdot", Class::Binary),
    symbol("times", "×", r"\times", Class::Binary),
    symbol("odot", "⊙", r"\odot", Class::Binary),
    symbol("compose", "∘", r"\circ", Class::Binary),
    symbol("=", "=", "=", Class::Relation),
    symbol(":=", "≔", ":=", Class::Relation),
    symbol("!=", "≠", r"\neq", Class::Relation),
    symbol("<=", "≤", r"\le", Class::Relation),
    symbol(">=", "≥", r"\ge", Class::Relation),
    symbol("<", "<", "<", Class::Relation),
    symbol(">", ">", ">", Class::Relation),
    symbol("~", "~", r"\sim", Class::Relation),
    symbol("approx", "≈", r"\approx", Class::Relation),
    symbol("in", "∈", r"\in", Class::Relation),
    symbol("->", "→", r"\to", Class::Relation),
    symbol("|", "|", r"\mid", Class::Relation),
    symbol("||", "‖", r"\mathrel{\Vert}", Class::Relation),
    symbol(",", ",", ",", Class::Punctuation),
    symbol(";", ";", ";", Class::Punctuation),
    symbol(".", ".", ".", Class::Punctuation),
];

/// The symbol of a word, or of a character that stands for itself.
pub(super) fn find(word: &str) -> Option<&'static Symbol> {
    // A letter of the alphabet is a variable, whatever symbol looks like it.
    let itself = |symbol: &&Symbol| !word.is_ascii() && symbol.plain == word;
    SYMBOLS
        .iter()
        .find(|symbol| symbol.word == word)
        .or_else(|| SYMBOLS.iter().find(itself))
}

/// The two marks of a pair of brackets.
type Pair = (&'static str, &'static str);

impl Brackets {
    /// How they are written in the notation of formulas, as text and in LaTeX.
    #[rustfmt::skip]
    pub(super) fn marks(self) -> [Pair; 3] {
        match self {
            Brackets::Round => [("(", ")"), ("(", ")"), ("(", ")")],
            Brackets::Square => [("[", "]"), ("[", "]"), ("[", "]")],
            Brackets::Curly => [("{", "}"), ("{", "}"), (r"\lbrace ", r"\rbrace")],
            Brackets::Bars => [("abs(", ")"), ("|", "|"), (r"\lvert ", r"\rvert")],
            Brackets::Norm => [("norm(", ")"), ("‖", "‖"), (r"\lVert ", r"\rVert")],
        }
    }
}
