//! A Laplace approximation: a descent to a point, at its end the curvature there over all training examples, and
//! predictions by the normal distribution that it makes of the weights.
//!
//! A checkpoint has the point's variables, the sums that the curvature is kept as under `curvature/…` in float64,
//! whether they are known by now, the factor of the priors' scales, and the evidence. The distribution is made of
//! these whenever it is asked for.

mod predictive;

use crate::curvature::evidence::{Evidence, best_scale};
use crate::curvature::prior::LocalPrior;
use crate::curvature::{Curvature, Linearized, Precision, Refusal, Structure};
use crate::diagnostic::{Diagnostic, Failure, Result};
use crate::engine::{Drawn, EVALUATION_STEPS, Engine, Numbers, Piece, Predictor, Section, Step};
use crate::examples::{Buffers, Part};
use crate::exec::{Batch, Interpreter, Trained};
use crate::ir::method::laplace::covered;
use crate::likelihood::Targets;
use crate::memory;
use crate::plan::Plan;
use crate::tensor::{Shape, Stream};
use crate::train::Config;
use crate::train::descent::Descent;
use crate::train::progress::number;
use crate::words::count;
use predictive::{Predictive, predict};
use std::sync::Arc;

/// The most examples that are linearised at a time.
const AT_ONCE: usize = 256;

/// Where the point is: in training a descent has it.
trait Point: Send {
    /// The interpreter.
    fn interpreter(&self) -> &Interpreter<f32>;
    /// The interpreter, at what predicts.
    fn settled(&mut self) -> &mut Interpreter<f32>;
}

impl Point for Interpreter<f32> {
    fn interpreter(&self) -> &Interpreter<f32> {
        self
    }
    fn settled(&mut self) -> &mut Interpreter<f32> {
        self
    }
}

impl Point for Descent {
    fn interpreter(&self) -> &Interpreter<f32> {
        Descent::interpreter(self)
    }
    fn settled(&mut self) -> &mut Interpreter<f32> {
        self.centre()
    }
}

/// A point, and the distribution around it.
struct Laplace<P> {
    point: P,
    around: Around,
}

/// What is known of the distribution around the point.
struct Around {
    predictive: Predictive,
    by_evidence: bool,
    /// Whether the point was trained on images that were changed at each step.
    augmented: bool,
    linearized: Linearized<f32>,
    curvature: Curvature,
    /// 1 once the curvature is that of the point.
    is_known: [f32; 1],
    /// The factor of the priors' scales.
    scale: [f64; 1],
    /// ln p(D)
    evidence: [f64; 1],
    /// Made of these.
    ready: Option<Ready>,
    /// The number of the target that is predicted.
    target: usize,
    /// [`Predictor::of_weights`]
    of_weights: Vec<f64>,
}

/// The distribution, ready to draw from.
struct Ready {
    precision: Box<dyn Precision>,
    /// The variables at the point.
    point: Vec<f32>,
    /// What is made of them where a variable is not the parameter itself.
    drawn: Vec<f32>,
    /// The numbers among the likelihood's arguments there.
    numbers: Vec<f32>,
    /// The last draw's distance from the point, of the parameters with a distribution.
    moved: Vec<f32>,
}

fn refused(refusal: Refusal) -> Failure {
    Diagnostic::error("E0421", refusal.title)
        .help(refusal.help)
        .into()
}

impl Around {
    fn new(plan: &Plan) -> Result<Self> {
        let arguments = &plan.inference.method.arguments;
        let word = arguments.word("structure");
        let structure = Structure::ALL.into_iter().find(|s| s.word() == word);
        let structure = structure.expect("a structure of the signature");
        let covers = covered(arguments.get("of"), &plan.inference)?;
        let linearized = Linearized::new(plan, &covers, AT_ONCE);
        let bytes = structure.numbers(linearized.parameters());
        let what = format!("the {word} curvature of {} entries", linearized.entries());
        // The sums, what is made of them, and a copy while it is made.
        memory::refuse(
            &what,
            bytes.saturating_mul(3 * size_of::<f64>() as u64),
            "take another `structure`, or fewer layers by `of`",
        )?;
        Ok(Around {
            predictive: Predictive::new(arguments.word("predictive"), &linearized),
            by_evidence: arguments.word("prior") == "evidence",
            curvature: Curvature::new(structure, &linearized).map_err(refused)?,
            linearized,
            is_known: [0.0],
            scale: [1.0],
            evidence: [0.0],
            ready: None,
            target: 0,
            of_weights: vec![],
            augmented: false,
        })
    }

    /// The prior around the point, its scales multiplied with the factor.
    fn prior(&self, interpreter: &Interpreter<f32>) -> crate::curvature::Result<LocalPrior> {
        let prior = LocalPrior::at(interpreter, self.linearized.parameters())?;
        Ok(match self.scale {
            [1.0] => prior,
            [scale] => prior.scaled(scale).expect("only normal priors are scaled"),
        })
    }

    /// Makes the distribution, if the curvature is known and it is not made yet.
    fn prepare(&mut self, interpreter: &mut Interpreter<f32>) {
        if self.is_known[0] == 0.0 || self.ready.is_some() {
            return;
        }
        interpreter.draw_weights(0, 0);
        let prior = self.prior(interpreter);
        // It was made once when training ended.
        let precision = prior.and_then(|prior| self.curvature.precision(&prior.precision));
        let Ok(precision) = precision else { return };
        let kernels = interpreter.kernels_for(self.linearized.graph());
        self.ready = Some(Ready {
            precision,
            numbers: kernels.numbers.to_vec(),
            drawn: kernels.first.to_vec(),
            point: interpreter.variables().to_vec(),
            moved: vec![0.0; self.linearized.entries()],
        });
    }

    /// Moves the variables back to the point.
    fn settle(&self, interpreter: &mut Interpreter<f32>) {
        if let Some(ready) = &self.ready {
            interpreter.variables_mut().copy_from_slice(&ready.point);
        }
    }

    /// Draws the weights, which are the interpreter's then; without a distribution they are the point.
    fn draw(&mut self, interpreter: &mut Interpreter<f32>, draw: usize, seed: u64) {
        self.prepare(interpreter);
        let step = EVALUATION_STEPS + draw as u64;
        if let Some(ready) = &mut self.ready {
            let entries = self.linearized.entries();
            let (mut z, mut moved) = (vec![0.0; entries], vec![0.0; entries]);
            // Points draw nothing else.
            Stream::new(seed, step, 0, 0).fill_normal(0, &mut z);
            ready.precision.draw(&z, &mut moved);
            for (to, moved) in ready.moved.iter_mut().zip(&moved) {
                *to = *moved as f32;
            }
            let variables = interpreter.variables_mut();
            variables.copy_from_slice(&ready.point);
            for parameter in self.linearized.parameters() {
                let moved = &ready.moved[parameter.range.clone()];
                let entries = variables[parameter.loc.clone()].iter_mut().zip(moved);
                entries.for_each(|(w, moved)| *w += moved);
            }
        }
        interpreter.draw_weights(seed, step);
    }

    /// What a checkpoint keeps beside the point.
    fn sections(&mut self) -> Vec<Section<'_>> {
        let f64 = |name: String, shape: Vec<usize>, values| Section {
            name,
            shape: Shape(shape),
            values: Numbers::F64(values),
        };
        let arrays = self.curvature.arrays().into_iter();
        let mut all: Vec<Section> = arrays
            .map(|array| {
                f64(
                    format!("curvature/{}", array.name),
                    array.shape,
                    array.values,
                )
            })
            .collect();
        all.push(Section::number("laplace.is_known", &mut self.is_known));
        all.push(f64("laplace.scale".into(), vec![], &mut self.scale));
        all.push(f64("laplace.evidence".into(), vec![], &mut self.evidence));
        all
    }

    /// Forgets what is not of the point any more.
    fn forget(&mut self) {
        self.ready = None;
        self.is_known = [0.0];
    }

    /// The curvature at the interpreter's variables over some examples; the factor of the priors' scales, and the
    /// evidence.
    fn fit(
        &mut self,
        interpreter: &mut Interpreter<f32>,
        training: &Part,
    ) -> Result<Vec<(&'static str, String)>> {
        self.forget();
        self.curvature = self
            .curvature
            .begun_anew(&self.linearized)
            .map_err(refused)?;
        self.scale = [1.0];
        interpreter.draw_weights(0, 0);
        let graph = self.linearized.graph().clone();
        let kernels = interpreter.kernels_for(&graph);
        let (n, entries) = (training.len(), self.linearized.entries());
        let mut gradient = vec![0.0; entries];
        let mut nll = 0.0;
        let mut buffers = Buffers::default();
        let at_once = self.linearized.capacity();
        for start in (0..n).step_by(at_once) {
            let batch = training.gather(start..n.min(start + at_once), &mut buffers)?;
            self.curvature
                .add(&mut self.linearized, &kernels, &batch)
                .map_err(refused)?;
            let of_targets = self.linearized.nll(&kernels, &batch, &mut gradient);
            nll += of_targets.iter().sum::<f64>();
            nll += training.log_scales(&batch).iter().sum::<f64>();
        }
        let mut said = vec![];
        let mut prior = self.prior(interpreter).map_err(refused)?;
        if self.by_evidence {
            let relative = self.curvature.relative(&prior.precision).map_err(refused)?;
            let factor = best_scale(&relative, prior.distance.unwrap_or(0.0));
            if let Some((factor, scaled)) = factor.and_then(|f| Some((f, prior.scaled(f)?))) {
                self.scale = [factor];
                prior = scaled;
                said.push((
                    "prior",
                    format!(
                        "scales times {}, where the evidence is largest",
                        number(factor)
                    ),
                ));
            }
        }
        let precision = self
            .curvature
            .precision(&prior.precision)
            .map_err(refused)?;
        let evidence = Evidence {
            log_likelihood: -nll,
            log_prior: prior.log_density,
            log_det: precision.log_det(),
            entries,
        };
        self.evidence = [evidence.log()];
        self.is_known = [1.0];
        let slope = gradient.iter_mut().zip(&prior.score);
        slope.for_each(|(gradient, score)| *gradient -= score);
        said.insert(0, ("curvature", optimum(&gradient, &*precision, n)));
        let of = match self.augmented {
            true => {
                ", of the images as they are: the point was found on augmented ones, by another loss"
            }
            false => "",
        };
        said.push((
            "evidence",
            format!(
                "log p(D) is about {}, {} an example{of}",
                number(evidence.log()),
                number(evidence.log() / n as f64)
            ),
        ));
        Ok(said)
    }
}

/// How far the point is from an optimum, by the gradient of −ln joint there.
fn optimum(gradient: &[f64], precision: &dyn Precision, n: usize) -> String {
    let norm = gradient.iter().map(|d| d * d).sum::<f64>().sqrt() / n as f64;
    let mut whitened = vec![0.0; gradient.len()];
    precision.whiten(gradient, &mut whitened);
    let rise = 0.5 * whitened.iter().map(|u| u * u).sum::<f64>();
    // What draws lie below the optimum on average.
    let below = 0.5 * gradient.len() as f64;
    let told = match rise > (0.1 * below).max(1.0) {
        true => {
            ": it is no optimum yet, and the evidence is off by about as much. A learning rate that falls to 0 brings it \
             closer; at a constant one the point goes on to move about, though its loss does not fall"
        }
        false => "",
    };
    format!(
        "of {}; the gradient of the loss is {} long, and a Newton step would raise log p(D, w) by {}{told}",
        count(gradient.len(), "entry", "entries"),
        number(norm),
        number(rise)
    )
}

/// In training.
///
/// # Errors
///
/// `E0613` where it takes more memory than there is.
pub(super) fn engine(plan: Arc<Plan>, config: &Config, capacity: usize) -> Result<Box<dyn Engine>> {
    let mut around = Around::new(&plan)?;
    around.augmented = config.augmentation.is_on();
    Ok(Box::new(Laplace {
        around,
        point: Descent::new(plan, config, capacity)?,
    }))
}

/// That of a checkpoint.
///
/// # Errors
///
/// As [`engine`].
pub(super) fn predictor(
    plan: Arc<Plan>,
    _: &Config,
    capacity: usize,
) -> Result<Box<dyn Predictor>> {
    Ok(Box::new(Laplace {
        around: Around::new(&plan)?,
        point: Interpreter::<f32>::new(plan, capacity),
    }))
}

impl<P: Point> Predictor for Laplace<P> {
    fn draw_weights(&mut self, draw: usize, seed: u64) {
        self.around.draw(self.point.settled(), draw, seed);
    }
    fn predict_drawn(
        &mut self,
        inputs: &[f32],
        examples: usize,
        out: &mut [f32],
        nll: Option<(Targets<f32>, &mut [f32])>,
    ) {
        match (&self.around.ready, self.around.predictive) {
            (None, _) | (_, Predictive::Sampled) => self
                .point
                .settled()
                .predict_drawn(inputs, examples, out, nll),
            _ => predict(&mut self.around, inputs, examples, out, nll),
        }
    }
    fn drawn(&self) -> Vec<Drawn<'_>> {
        Predictor::drawn(self.point.interpreter())
    }
    fn predict_target(&mut self, target: usize) {
        self.around.target = target;
        self.point.settled().predict_target(target);
    }
    fn weight_terms(&mut self, draw: usize, seed: u64) -> Vec<Option<f64>> {
        // Beside an average in closed form the terms are those of the point.
        match self.around.predictive {
            Predictive::ClosedForm => self.around.settle(self.point.settled()),
            _ => self.around.draw(self.point.settled(), draw, seed),
        }
        Predictor::weight_terms(self.point.settled(), draw, seed)
    }
    fn capacity(&self) -> usize {
        self.point.interpreter().batch()
    }
    fn draws(&self, asked: usize) -> usize {
        match self.around.is_known {
            [1.0] => asked,
            _ => 0,
        }
    }
    fn centre(&mut self) -> &mut Interpreter<f32> {
        let interpreter = self.point.settled();
        self.around.settle(interpreter);
        interpreter
    }
    fn log_evidence(&mut self) -> Option<f64> {
        (self.around.is_known[0] == 1.0).then_some(self.around.evidence[0])
    }
    fn prior_factor(&self) -> Option<f64> {
        (self.around.scale != [1.0]).then_some(self.around.scale[0])
    }
    fn of_weights(&self) -> Option<&[f64]> {
        let is_average =
            self.around.ready.is_some() && self.around.predictive == Predictive::ClosedForm;
        is_average.then_some(&self.around.of_weights)
    }
    fn predict_by_draws(&mut self) {
        if self.around.predictive == Predictive::ClosedForm {
            self.around.predictive = Predictive::new("linearised", &self.around.linearized);
        }
    }
    fn weights(&mut self) -> Vec<Section<'_>> {
        self.around.settle(self.point.settled());
        // What is read into them is another point.
        self.around.ready = None;
        let mut all = self.point.settled().weights();
        all.extend(self.around.sections());
        all
    }
}

impl Engine for Laplace<Descent> {
    fn predictor(&mut self) -> &mut dyn Predictor {
        self
    }
    fn initialize(&mut self, seed: u64) {
        self.around.forget();
        self.point.initialize(seed);
    }
    fn begin_at(&mut self, pieces: &[Piece]) {
        self.around.forget();
        self.point.begin_at(pieces);
    }
    fn step(&mut self, batch: &Batch<f32>, step: &Step, predictive: &mut [f32]) -> Trained {
        if self.around.is_known[0] == 1.0 {
            self.around.settle(self.point.centre());
            self.around.forget();
        }
        self.point.step(batch, step, predictive)
    }
    fn is_settled(&self) -> bool {
        self.around.is_known[0] == 1.0
    }
    fn finish(&mut self, training: &Part) -> Result<Vec<(&'static str, String)>> {
        let interpreter = self.point.centre();
        self.around.settle(interpreter);
        self.around.fit(interpreter, training)
    }
    fn gradient_norm(&self) -> Option<f64> {
        self.point.gradient_norm()
    }
    fn sections(&mut self) -> Vec<Section<'_>> {
        self.around.settle(self.point.centre());
        self.around.ready = None;
        let mut all = self.point.sections();
        all.extend(self.around.sections());
        all
    }
}
