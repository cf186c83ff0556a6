//! The network: layers, their shapes and their parameters.

use super::items::{Items, fits, not_yet};
use super::settings::{Own, Resolved};
use super::{Lower, fans_of, scoped};
use crate::check::{Fans, Scope, bind, words};
use crate::diagnostic::Diagnostic;
use crate::ir::arena::Handle;
use crate::ir::inference::Fit;
use crate::ir::model::*;
use crate::layer::{self, LAYERS, Operation as Arithmetic};
use crate::source::Span;
use crate::syntax::ast::{self, Argument as Written, Operation, ParameterSettings, Step};
use crate::tensor::Shape;

/// Where a parameter's fans are not known, its settings are checked with these.
const SOME_FANS: Fans = Fans {
    fan_in: 64,
    fan_out: 64,
};

impl Lower<'_> {
    pub(super) fn network(&mut self, items: &Items, input: Option<&Input>) {
        if let Some((name, _)) = items.input {
            match input {
                Some(input) => {
                    self.current = Some(self.nodes.push(Node {
                        name: input.name.clone(),
                        inputs: vec![],
                        call: None,
                        shape: input.shape.clone(),
                        span: name.span,
                    }));
                }
                None => self.broken.push(name.text.clone()),
            }
        }
        if let Some(default) = items.default {
            self.check_settings(default);
        }
        if let Some((steps, keyword)) = items.network {
            for step in steps {
                self.current = self.step(step, items.default);
                if self.current.is_none() {
                    self.broken
                        .extend(step.name.iter().map(|name| name.text.clone()));
                }
            }
            if steps.is_empty() {
                let title = "the network has no layers";
                self.report(Diagnostic::error("E0210", title).at(keyword, ""));
            }
        }
        if let Some(default) = items.default {
            self.check_unused(default);
        }
    }

    fn step(&mut self, step: &Step, default: Option<&ParameterSettings>) -> Option<Handle<Node>> {
        let word = match &step.operation {
            Operation::Layer(layer) => return self.layer(step, layer, default),
            Operation::Residual { .. } => "residual",
            Operation::Concat { .. } => "concat",
            Operation::Repeat { .. } => "repeat",
        };
        let start = step
            .name
            .as_ref()
            .map_or(step.span.start, |name| name.span.end);
        let rest = &self.source.text[start..step.span.end];
        let start = start + rest.find(word).unwrap_or(0);
        let mut message = not_yet(word, Span::new(start, start + word.len()));
        if word == "repeat" {
            message = message.help("write the layers out as often as they are wanted");
        }
        self.report(message);
        None
    }

    fn layer(
        &mut self,
        step: &Step,
        call: &ast::Layer,
        default: Option<&ParameterSettings>,
    ) -> Option<Handle<Node>> {
        if let Some(settings) = &call.settings {
            self.check_settings(settings);
        }
        let Some(entry) = layer::find(&call.kind.text) else {
            self.unknown_layer(&call.kind);
            return self.check_alone(call.settings.as_ref(), default);
        };
        let name = match &step.name {
            Some(name) => name.text.clone(),
            None => self.numbered(&call.kind.text),
        };
        // `bias = …` among the arguments is a setting of the layer's bias.
        let (bias, arguments): (Vec<Written>, Vec<Written>) =
            call.arguments.iter().cloned().partition(is_bias);
        let bound = bind(
            &call.kind,
            &arguments,
            entry.signature(),
            &mut self.messages,
        );
        let (scope, messages) = scoped!(self, None);
        let constants = bound.constants(scope, messages);
        let (Some(constants), Some(above)) = (constants, self.current) else {
            return self.check_alone(call.settings.as_ref(), default);
        };
        let operation = match entry.build(&constants, &self.nodes[above].shape) {
            Ok(operation) => operation,
            Err(error) => {
                self.shape_error(&name, call, above, error);
                return self.check_alone(call.settings.as_ref(), default);
            }
        };
        let shape = operation.output();
        if self.too_large(&name, call, &operation) {
            return None;
        }
        let (mut kernel, mut bias_tensor) = (None, None);
        if let Arithmetic::Linear(linear) = &operation {
            if let [first, second, ..] = &bias[..] {
                let title = format!("`bias` of `{}` is given twice", call.kind.text);
                self.report(
                    Diagnostic::error("E0205", title)
                        .at(second.span, "again here")
                        .context(first.span, "first here"),
                );
            }
            let own = Own {
                argument: bias.first(),
                body: call.settings.as_ref(),
            };
            let fans = fans_of(&**linear);
            let channels = Shape(shape.0.last().copied().into_iter().collect());
            kernel = self.parameter(&name, Role::Kernel, linear.kernel(), fans, own, default);
            bias_tensor = self.parameter(&name, Role::Bias, channels, fans, own, default);
        } else if let Some(place) = bias
            .first()
            .map(|bias| bias.span)
            .or(call.settings.as_ref().map(|s| s.span))
        {
            let title = format!("`{}` has no weights to set", call.kind.text);
            self.report(Diagnostic::error("E0218", title).at(place, "no kernel and no bias"));
        }
        Some(self.nodes.push(Node {
            name,
            inputs: vec![above],
            call: Some(Call {
                layer: Some(entry),
                arguments: constants,
                operation,
                kernel,
                bias: bias_tensor,
            }),
            shape,
            span: step.span,
        }))
    }

    fn shape_error(
        &mut self,
        name: &str,
        call: &ast::Layer,
        above: Handle<Node>,
        error: layer::ShapeError,
    ) {
        let above = &self.nodes[above];
        let title = format!(
            "`{name}` takes {}, and `{}` is {}",
            error.expected, above.name, above.shape
        );
        let mut message = Diagnostic::error("E0301", title)
            .at(call.kind.span, "")
            .context(above.span, format!("`{}` is {}", above.name, above.shape));
        if let Some(help) = error.help {
            message = message.help(help);
        }
        self.report(message);
    }

    fn too_large(&mut self, name: &str, call: &ast::Layer, operation: &Arithmetic) -> bool {
        let output = operation.output();
        let what = match operation {
            Arithmetic::Linear(linear) if !fits(&linear.kernel()) => {
                format!("its kernel is {}", linear.kernel())
            }
            _ if !fits(&output) => format!("its value is {output}"),
            _ => return false,
        };
        let title = format!("`{name}` is too large: {what}");
        self.report(Diagnostic::error("E0307", title).at(call.span, ""));
        true
    }

    fn parameter(
        &mut self,
        layer: &str,
        role: Role,
        shape: Shape,
        fans: Fans,
        own: Own,
        default: Option<&ParameterSettings>,
    ) -> Option<Handle<Tensor>> {
        let name = format!("{layer}.{}", role.word());
        let Resolved {
            prior: (prior, prior_from),
            posterior: (posterior, posterior_from),
            estimator: (estimator, estimator_from),
        } = self.resolve(&name, role, Some(&shape), fans, own, default)?;
        let family = posterior.family;
        if let Some(reason) = family.refuse(&shape) {
            let title = format!(
                "`{name}` is {shape}, too large for {}: {reason}",
                family.signature().name
            );
            let mut message = Diagnostic::error("E0411", title);
            if let Some(span) = posterior_from.span() {
                message = message.at(span, "");
            }
            self.report(message);
            return None;
        }
        let prior = prior.map(|prior| self.with_local_scales(&name, &shape, prior));
        let factors = self.factors(&name, &shape, &posterior, estimator);
        // Of a kernel with factors, these are drawn.
        let estimator = estimator.filter(|_| factors.is_none());
        let tensor = Tensor {
            name,
            role,
            shape,
            fan_in: fans.fan_in,
            fan_out: fans.fan_out,
            prior,
            factors,
            prior_from,
        };
        let fit = Fit {
            posterior,
            estimator,
            posterior_from,
            estimator_from,
        };
        Some(self.tensor(tensor, fit))
    }

    /// Checks the settings of a layer whose shapes are not known.
    fn check_alone(
        &mut self,
        body: Option<&ParameterSettings>,
        default: Option<&ParameterSettings>,
    ) -> Option<Handle<Node>> {
        if body.is_some() {
            self.check_without_shape(
                Own {
                    argument: None,
                    body,
                },
                default,
            );
        }
        None
    }

    /// Checks the settings of `default` that no parameter took.
    fn check_unused(&mut self, default: &ParameterSettings) {
        let groups = default.groups.iter().flat_map(|group| &group.settings);
        let mut settings = default.shared.iter().chain(groups);
        if settings.any(|setting| !self.used.contains(&setting.span)) {
            let own = Own {
                argument: None,
                body: None,
            };
            self.check_without_shape(own, Some(default));
        }
    }

    fn check_without_shape(&mut self, own: Own, default: Option<&ParameterSettings>) {
        let learned = self.learned.clone();
        for role in [Role::Kernel, Role::Bias] {
            self.resolve("", role, None, SOME_FANS, own, default);
        }
        self.learned = learned;
    }

    /// `relu_2`: unnamed layers are numbered by kind.
    fn numbered(&self, kind: &str) -> String {
        let mut names = (1..).map(|n| format!("{kind}_{n}"));
        let free = |name: &String| self.node(name).is_none() && !self.constants.is_declared(name);
        names.find(free).expect("there is always a next number")
    }

    fn unknown_layer(&mut self, kind: &ast::Ident) {
        if self.constants.is_silent(&kind.text) {
            return;
        }
        let title = format!("`{}` is not a layer", kind.text);
        let known = LAYERS.iter().map(|layer| layer.signature().name);
        let theirs = |(theirs, _): &&(&str, &str)| theirs.eq_ignore_ascii_case(&kind.text);
        let message = match (kind.text.as_str(), ALSO_CALLED.iter().find(theirs)) {
            ("softmax" | "log_softmax", _) => Diagnostic::error("E0201", title)
                .at(kind.span, "")
                .help("leave it out: `Categorical(logits = …)` applies the softmax itself"),
            (_, Some((_, ours))) => Diagnostic::error("E0201", title).at(kind.span, "").patch(
                format!("here it is called `{ours}`"),
                kind.span,
                *ours,
            ),
            _ => words::unknown("E0201", title, kind, known, "layers"),
        };
        self.report(message);
    }
}

fn is_bias(argument: &Written) -> bool {
    argument
        .name
        .as_ref()
        .is_some_and(|name| name.text == "bias")
}

/// What other systems call our layers.
const ALSO_CALLED: &[(&str, &str)] = &[
    ("linear", "dense"),
    ("fc", "dense"),
    ("fully_connected", "dense"),
    ("conv", "conv2d"),
    ("convolution", "conv2d"),
    ("convolution2d", "conv2d"),
    ("swish", "silu"),
    ("max_pool", "max_pool2d"),
    ("max_pooling2d", "max_pool2d"),
    ("maxpooling2d", "max_pool2d"),
    ("maxpool", "max_pool2d"),
    ("avg_pool", "avg_pool2d"),
    ("average_pooling2d", "avg_pool2d"),
    ("global_average_pooling2d", "global_avg_pool2d"),
    ("logistic", "sigmoid"),
];
