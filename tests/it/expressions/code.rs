//! The printed code, to be read.

use super::{counts, settings};
use bnnc::distribution::{self, DISTRIBUTIONS};
use bnnc::expression::{self, Dialect, Expression, Operand};
use bnnc::kl::CLOSED_FORMS;
use bnnc::layer::LAYERS;
use bnnc::likelihood::LIKELIHOODS;

/// `w`, the posterior's numbers and the network's values are tensors, a prior's parameters Python floats.
pub fn mixed(name: &str) -> Operand {
    match name {
        "w" | "m" | "s" | "y" | "x" | "rho" | "logits" => Operand::tensor(name),
        // Components and classes are always the network's.
        name if name.starts_with("logits_") => all_tensors(name),
        _ => Operand::float(name),
    }
}

pub fn all_tensors(name: &str) -> Operand {
    Operand::tensor(match name {
        "logits_y" => "logits.gather(-1, y.unsqueeze(-1)).squeeze(-1)",
        _ => name,
    })
}

fn function(name: &str, expression: &Expression, operand: &dyn Fn(&str) -> Operand) -> String {
    let statement = expression.statement(Dialect::Torch, operand, 4, "return ");
    format!("def {name}():\n{statement}\n")
}

fn density(name: &str, count: usize) -> Expression {
    let distribution = distribution::find(name).unwrap();
    expression::log_prob(distribution, count, true).unwrap()
}

/// The densities of every number, or those with an end.
fn densities(with_ends: bool) -> String {
    let all = DISTRIBUTIONS.iter().filter_map(|&distribution| {
        let (name, count) = (distribution.signature().name, counts(distribution)[0]);
        let density = density(name, count);
        let has_ends = matches!(density, Expression::Within { .. });
        (has_ends == with_ends).then(|| function(name, &density, &mixed))
    });
    all.collect()
}

#[test]
fn densities_of_every_number() {
    insta::assert_snapshot!(densities(false));
}

#[test]
fn densities_with_ends() {
    insta::assert_snapshot!(densities(true));
}

#[test]
fn closed_forms() {
    let all = CLOSED_FORMS.iter().map(|&form| {
        let name = form.names().concat();
        function(&name, &expression::closed_form(form).unwrap(), &mixed)
    });
    insta::assert_snapshot!(all.collect::<String>());
}

#[test]
fn likelihoods() {
    let all = LIKELIHOODS.iter().map(|&likelihood| {
        let name = likelihood.signature().name;
        function(name, &expression::nll(likelihood).unwrap(), &all_tensors)
    });
    insta::assert_snapshot!(all.collect::<String>());
}

#[test]
fn activations() {
    let all = LAYERS.iter().flat_map(|&layer| {
        let all = settings(layer.signature()).into_iter();
        all.filter_map(move |arguments| {
            let y = expression::pointwise(layer, &arguments)?.unwrap();
            let [torch, jax] = [Dialect::Torch, Dialect::Jax].map(|d| y.python(d, &all_tensors));
            Some(format!("{}: {torch}    {jax}\n", layer.signature().name))
        })
    });
    insta::assert_snapshot!(all.collect::<String>());
}

/// Numbers in place of names leave what a person would write.
#[test]
fn numbers_simplify() {
    let number = |name: &str| match name {
        "loc" => Some(Expression::Number(0.0)),
        "scale" | "rate" => Some(Expression::Number(1.0)),
        "df" => Some(Expression::Number(4.0)),
        "concentration" => Some(Expression::Number(2.0)),
        _ => None,
    };
    let simple = |e: Expression| e.with(&number).inside().python(Dialect::Torch, &mixed) + "\n";
    let densities = [
        ("Normal", 2),
        ("StudentT", 3),
        ("Laplace", 2),
        ("HalfCauchy", 1),
        ("Gamma", 2),
        ("Exponential", 1),
    ];
    let densities = densities.map(|(name, count)| simple(density(name, count)));
    let forms = CLOSED_FORMS.iter();
    let forms = forms.map(|&form| simple(expression::closed_form(form).unwrap()));
    insta::assert_snapshot!(densities.into_iter().chain(forms).collect::<String>());
}

/// What a caller puts in place of a name gets brackets where it needs them.
#[test]
fn operands_get_brackets_where_they_need_them() {
    let operand = |name: &str| match name {
        "w" => Operand::tensor("x + 1"),
        "loc" => Operand::float("-0.5"),
        _ => Operand::tensor("scales[:, 0]"),
    };
    assert_eq!(
        density("Normal", 2).python(Dialect::Torch, &operand),
        "-(((x + 1) - -0.5) ** 2) / (2 * scales[:, 0] ** 2) - torch.log(scales[:, 0]) - 0.5 * math.log(2 * math.pi)"
    );
}

/// A statement that is too long is broken as black breaks it.
#[test]
fn long_statements_are_broken() {
    let long = |name: &str| Operand::tensor(format!("self.prior.{name}"));
    let student = function("student_t", &density("StudentT", 3), &long);
    let mixture = distribution::find("ScaleMixture").unwrap();
    let mixture = expression::log_prob(mixture, 8, false).unwrap();
    insta::assert_snapshot!(student + &function("mixture", &mixture, &long));
}
