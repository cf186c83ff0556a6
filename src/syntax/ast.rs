//! The syntax tree: one to one with the text, every node with the [`Span`] it was read from.
//!
//! Nothing is checked or looked up here: a layer, a distribution and an estimator are names with
//! arguments, and the items stand in the order of the file.

use crate::source::Span;
use serde::Serialize;
use std::iter;

/// A file's items, in its order.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct File {
    /// The items.
    pub items: Vec<Item>,
}

/// A name and where it stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Ident {
    /// The name.
    pub text: String,
    /// Where.
    pub span: Span,
}

/// One declaration at the top level.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Item {
    /// What is declared.
    pub kind: ItemKind,
    /// From its keyword to its end.
    pub span: Span,
}

/// What an [`Item`] declares.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ItemKind {
    /// `model NAME`
    Model(Ident),
    /// `const NAME = value`
    Const {
        /// The constant.
        name: Ident,
        /// Its value.
        value: Expr,
    },
    /// `input NAME: type`
    Input {
        /// The variable.
        name: Ident,
        /// Its type, for one example.
        data_type: DataType,
    },
    /// `target NAME: type`
    Target {
        /// The variable.
        name: Ident,
        /// Its type, for one example.
        data_type: DataType,
    },
    /// `latent NAME ~ Prior(…), posterior = …`
    Latent {
        /// The variable.
        name: Ident,
        /// Its prior.
        prior: Call,
        /// What follows the comma.
        settings: Vec<Setting>,
    },
    /// `default { … }`
    Default(ParameterSettings),
    /// `block NAME(parameters) { … }`
    Block {
        /// The block.
        name: Ident,
        /// What its uses may pass.
        parameters: Vec<BlockParameter>,
        /// Its layers.
        body: Vec<Step>,
    },
    /// `network { … }`
    Network(Vec<Step>),
    /// `observe NAME ~ Family(…)`
    Observe {
        /// The target.
        target: Ident,
        /// The likelihood.
        likelihood: Call,
    },
    /// `objective NAME { … }`
    Objective {
        /// `elbo` or `map`.
        name: Ident,
        /// Its settings; empty where there is no block.
        settings: Vec<Setting>,
    },
    /// `inference NAME(…) { … }`
    Inference {
        /// The method.
        name: Ident,
        /// Its arguments.
        arguments: Vec<Argument>,
        /// Its settings; empty where there is no block.
        settings: Vec<Setting>,
    },
}

/// The axis of an input that is as long as the data say: `real[_]`.
pub const OF_DATA: &str = "_";

/// What stands in the brackets of an input whose examples have lengths of their own: `real[100, 3, padded]`.
pub const PADDED: &str = "padded";

/// `real[32, 32, 3]`
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct DataType {
    /// `real`, `category`, `binary`.
    pub name: Ident,
    /// What stands in brackets; `None` without brackets.
    pub axes: Option<Vec<Expr>>,
    /// What stands in a second pair of brackets: `category[3][64, 64]`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub places: Option<Vec<Expr>>,
    /// What is said by name in the brackets: `vocabulary = 20_000`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub said: Vec<Argument>,
    /// The whole.
    pub span: Span,
}

/// `stride = 1` in the head of a block.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct BlockParameter {
    /// The parameter.
    pub name: Ident,
    /// Its value where a use gives none.
    pub default: Option<Expr>,
    /// The whole.
    pub span: Span,
}

/// One line of a network: an operation, its output named or not.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Step {
    /// `conv1` of `conv1 = conv2d(64)`.
    pub name: Option<Ident>,
    /// What is done.
    pub operation: Operation,
    /// The values it takes, where it is not the one above.
    pub on: Option<On>,
    /// The whole, its name included.
    pub span: Span,
}

/// `on image`, `on (a, b)`
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct On {
    /// The values, at least one.
    pub values: Vec<Ident>,
    /// The whole.
    pub span: Span,
}

/// What a [`Step`] does.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Operation {
    /// `conv2d(64, kernel = 5)`, or the use of a block.
    Layer(Layer),
    /// `residual(shortcut = …) { … }`
    Residual {
        /// What stands in parentheses.
        arguments: Vec<Argument>,
        /// The layers whose output is added to their input.
        body: Vec<Step>,
    },
    /// `concat { { … } { … } }`
    Concat {
        /// The branches.
        branches: Vec<Branch>,
    },
    /// `reuse conv1`
    Reuse {
        /// The value whose layer is applied again.
        layer: Ident,
    },
    /// `repeat 3 { … }`
    Repeat {
        /// How often.
        count: Expr,
        /// What is repeated.
        body: Vec<Step>,
    },
}

/// A layer or the use of a block.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Layer {
    /// `conv2d`, or the name of a block.
    pub kind: Ident,
    /// What stands in parentheses; empty where there are none.
    pub arguments: Vec<Argument>,
    /// What stands in braces: settings of its parameters.
    pub settings: Option<ParameterSettings>,
    /// From the kind to the closing brace or parenthesis.
    pub span: Span,
}

/// One branch of a `concat`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Branch {
    /// Its layers.
    pub body: Vec<Step>,
    /// With its braces.
    pub span: Span,
}

/// What stands in the braces of `default` or of a layer.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ParameterSettings {
    /// Those before any `kernel:`, which hold for every parameter.
    pub shared: Vec<Setting>,
    /// `kernel: …`, `bias: …`
    pub groups: Vec<SettingGroup>,
    /// With its braces.
    pub span: Span,
}

/// `kernel: prior = …, posterior = …`
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SettingGroup {
    /// `kernel` or `bias`.
    pub parameter: Ident,
    /// Its settings, at least one.
    pub settings: Vec<Setting>,
    /// From the parameter to the last setting.
    pub span: Span,
}

/// `prior = Normal(0, 1)`
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Setting {
    /// The left side.
    pub name: Ident,
    /// The right side.
    pub value: Expr,
    /// The whole.
    pub span: Span,
}

/// `64` or `kernel = 5` in a list of arguments.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Argument {
    /// The name, if it is given by name.
    pub name: Option<Ident>,
    /// The value.
    pub value: Expr,
    /// The whole, its name included.
    pub span: Span,
}

/// `Normal(0, 1)`, or `MeanField` where no arguments are given.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Call {
    /// What is called.
    pub name: Ident,
    /// What stands in parentheses; empty where there are none.
    pub arguments: Vec<Argument>,
    /// The whole.
    pub span: Span,
}

/// A value.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Expr {
    /// What it is.
    pub kind: ExprKind,
    /// The whole, parentheses around it included.
    pub span: Span,
}

/// What an [`Expr`] is.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ExprKind {
    /// `0.5`; finite.
    Number(f64),
    /// `"lenet.safetensors"`: what stands between the quotes.
    Text(String),
    /// `fan_in`, `same`, `MeanField`: a name without parentheses. Its span is the expression's,
    /// unless that has parentheses around it.
    Name(Ident),
    /// `Normal(0, 1)`, `sqrt(fan_in)`
    Call(Call),
    /// `[1, exp(-6)]`
    List(Vec<Expr>),
    /// `out[0]`
    Index {
        /// The value.
        base: Box<Expr>,
        /// What stands in brackets.
        index: Box<Expr>,
    },
    /// `out[0:2]`
    Slice {
        /// The value.
        base: Box<Expr>,
        /// Its first entry; that of the value where it is left out.
        start: Option<Box<Expr>>,
        /// The entry after its last; the value's end where it is left out.
        end: Option<Box<Expr>>,
    },
    /// `-x`
    Negate(Box<Expr>),
    /// `a + b`
    Binary {
        /// The operator.
        operator: Operator,
        /// Its left side.
        left: Box<Expr>,
        /// Its right side.
        right: Box<Expr>,
    },
}

/// An arithmetic operator.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Operator {
    /// `+`
    Add,
    /// `-`
    Subtract,
    /// `*`
    Multiply,
    /// `/`
    Divide,
    /// `^`, from the right: `2 ^ 3 ^ 2` is `2 ^ 9`; tighter than a minus before it.
    Power,
}

impl Operator {
    /// As it is written.
    pub fn symbol(self) -> char {
        match self {
            Operator::Add => '+',
            Operator::Subtract => '-',
            Operator::Multiply => '*',
            Operator::Divide => '/',
            Operator::Power => '^',
        }
    }

    /// How tightly it binds: 1 for sums, 2 for products, 4 for powers; a minus before a value has 3.
    pub(super) fn strength(self) -> u8 {
        match self {
            Operator::Add | Operator::Subtract => 1,
            Operator::Multiply | Operator::Divide => 2,
            Operator::Power => 4,
        }
    }
}

impl Expr {
    /// What it is made of: the arguments of a call, the entries of a list, the sides of an operator.
    pub fn parts(&self) -> Vec<&Expr> {
        match &self.kind {
            ExprKind::Number(_) | ExprKind::Text(_) | ExprKind::Name(_) => vec![],
            ExprKind::Call(call) => call.arguments.iter().map(|a| &a.value).collect(),
            ExprKind::List(items) => items.iter().collect(),
            ExprKind::Index { base, index } => vec![base, index],
            ExprKind::Slice { base, start, end } => {
                let ends = start.iter().chain(end).map(|end| &**end);
                iter::once(&**base).chain(ends).collect()
            }
            ExprKind::Negate(inner) => vec![inner],
            ExprKind::Binary { left, right, .. } => vec![left, right],
        }
    }

    /// The same, to be changed.
    pub fn parts_mut(&mut self) -> Vec<&mut Expr> {
        match &mut self.kind {
            ExprKind::Number(_) | ExprKind::Text(_) | ExprKind::Name(_) => vec![],
            ExprKind::Call(call) => call.arguments.iter_mut().map(|a| &mut a.value).collect(),
            ExprKind::List(items) => items.iter_mut().collect(),
            ExprKind::Index { base, index } => vec![base, index],
            ExprKind::Slice { base, start, end } => {
                let ends = start.iter_mut().chain(end).map(|end| &mut **end);
                iter::once(&mut **base).chain(ends).collect()
            }
            ExprKind::Negate(inner) => vec![inner],
            ExprKind::Binary { left, right, .. } => vec![left, right],
        }
    }

    /// How many expressions it is, with itself.
    pub fn size(&self) -> usize {
        1 + self.parts().into_iter().map(Expr::size).sum::<usize>()
    }

    /// The name, if it is one alone.
    pub fn as_name(&self) -> Option<&Ident> {
        match &self.kind {
            ExprKind::Name(name) => Some(name),
            _ => None,
        }
    }

    /// It as a call, a name alone being one without arguments: `MeanField` is `MeanField()`.
    pub fn to_call(&self) -> Option<Call> {
        match &self.kind {
            ExprKind::Name(name) => Some(Call {
                name: name.clone(),
                arguments: vec![],
                span: name.span,
            }),
            ExprKind::Call(call) => Some(call.clone()),
            _ => None,
        }
    }
}
