"""Estimators for scikit-learn: `BayesianNetRegressor` and `BayesianNetClassifier`.

They work wherever scikit-learn's own do: in pipelines, cross-validation and grid searches. The hidden layers, the prior
and the posterior are arguments, or all of the model is a model file.

>>> from bnnc.sklearn import BayesianNetRegressor
>>> from sklearn.model_selection import cross_val_score
>>> cross_val_score(BayesianNetRegressor(hidden=(50, 50)), X, y)          # doctest: +SKIP
>>> mean, std = BayesianNetRegressor().fit(X, y).predict(X_new, return_std=True)      # doctest: +SKIP
"""

# scikit-learn has no types.
# mypy: allow-subclassing-any, no-warn-return-any
from __future__ import annotations

import math
import os
from collections.abc import Iterable
from typing import Any

import numpy as np

try:
    from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
    from sklearn.utils import check_random_state
    from sklearn.utils.multiclass import check_classification_targets
    from sklearn.utils.validation import check_is_fitted, column_or_1d, validate_data
except ImportError as error:
    raise ImportError("bnnc.sklearn needs scikit-learn 1.6 or later: pip install 'bnnc[sklearn]'") from error

import bnnc

Array = np.ndarray[Any, Any]

__all__ = ["BayesianNetClassifier", "BayesianNetRegressor"]

_PARAMETERS = """
    Parameters
    ----------
    hidden : tuple of int, default=(50,)
        The units of each hidden layer; ``()`` makes a linear model.
    activation : str, default="relu"
        A layer of bnnc without weights, such as ``"tanh"`` or ``"silu"``; ``bnnc list layers`` has all.
    prior : str, default="{prior}"
        The prior of every weight and bias, as a model file says it.
    posterior : str, default="MeanField"
        The family of the posterior, as a model file says it.{noise}
    inference : str, default=None
        How the posterior is found: ``"mean_field"``, ``"map"``, ``"ensemble"``, ``"laplace"``, ``"swag"``, ``"ivon"``,
        ``"hmc"``, ``"nuts"``, ``"sgld"``, ``"sghmc"``, with arguments as in ``"ensemble(members = 5)"``. ``None`` is
        what the model says, which without one is ``"mean_field"``.
    model : str or path, default=None
        A model file or the text of one, in place of {described}.
    constants : dict, default=None
        Constants that are set in ``model``: ``{{"width": 100}}``.
    epochs, batch_size : int, default=None
        Passes over the training data, and examples of a step; ``None`` chooses both by the number of examples.
    samples : int, default=100
        How many draws of the weights a prediction is the mean of.
    settings : dict, default=None
        Any other setting of `bnnc.Model.fit`: ``{{"learning_rate": 0.003, "early_stopping": True, "validation": 0.1}}``.
    random_state : int, RandomState or None, default=None
        The seed of the start, the order of the examples and every draw. With an int, two fits give the same bits.
    verbose : bool, default=False
        Whether a fit shows how far it is.

    Attributes
    ----------
    run_ : bnnc.Run
        The run: its ``history``, ``posterior``, ``draws(…)``, ``to_arviz()``.
    model_ : bnnc.Model
        The model that was fitted; ``print(est.model_.check(n=len(X)))`` shows its loss.{attributes}
    n_features_in_ : int
        How many features there are.
    feature_names_in_ : ndarray of str
        Their names, where ``X`` has such.

    Notes
    -----
    Features and numbers are standardized within a fit, and predictions are in the units of ``y``;
    ``settings={{"scaling": "none", "targets": "none"}}`` leaves them as they are.

    ``fit`` takes no ``sample_weight``. The loss is a negative log-likelihood plus KL/N, where N counts the examples: a weight is
    right where it is how many times a row occurs, and such rows are repeated. A fraction of an observation has no
    likelihood, and any other factor makes the posterior that of more or fewer data than there are.
"""


def _refuse(others: dict[str, Any]) -> None:
    """Refuses what ``fit`` does not take, and says why there is no ``sample_weight``."""
    if others.get("sample_weight") is not None:
        raise TypeError(
            "fit takes no sample_weight: in the loss of a Bayesian net a weight is how many times a row occurs, and N, by "
            "which the KL is divided, is their sum. Repeat rows that occur several times, X.repeat(counts, axis=0) and "
            "y.repeat(counts), or name a column of counts, bnnc.Model.fit(table, target, weights='counts'). A weight that is "
            "no count has no likelihood"
        )
    unknown = [name for name in others if name != "sample_weight"]
    if unknown:
        raise TypeError(f"fit takes X and y, and no {', '.join(unknown)}")


class _BayesianNet(BaseEstimator):
    """What both have."""

    hidden: tuple[int, ...]
    activation: str
    prior: str
    posterior: str
    inference: str | None
    model: str | os.PathLike[str] | None
    constants: dict[str, Any] | None
    epochs: int | None
    batch_size: int | None
    samples: int
    settings: dict[str, Any] | None
    random_state: Any
    verbose: bool
    _run: bnnc.Run
    model_: bnnc.Model

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "_run")

    @property
    def run_(self) -> bnnc.Run:
        check_is_fitted(self)
        return self._run

    def _described(self, features: int, target: str, width: int, likelihood: str) -> bnnc.Model:
        """The model: that of ``model``, or the one that the arguments describe."""
        constants = dict(self.constants or {})
        if self.model is not None:
            text = os.fspath(self.model)
            return bnnc.Model(text, set=constants) if "\n" in text else bnnc.Model.load(text, set=constants)
        if not isinstance(self.hidden, Iterable) or isinstance(self.hidden, str):
            raise TypeError(f"hidden={self.hidden!r} is a tuple of the units of each layer, such as hidden=(50,)")
        hidden = "".join(f"  dense({units})\n  {self.activation}\n" for units in self.hidden)
        # The estimator of least variance for one hidden layer's weights, and the one for independent weights alone.
        estimator = "local_reparameterization" if str(self.posterior).startswith("MeanField") else "reparameterization"
        return bnnc.Model(
            f"model {type(self).__name__}\n\n"
            f"input  x: real[{features}]\n"
            f"target y: {target}\n\n"
            "default {\n"
            f"  prior     = {self.prior}\n"
            f"  posterior = {self.posterior}\n"
            f"  estimator = {estimator}\n"
            "}\n\n"
            f"network {{\n{hidden}  f = dense({width})\n}}\n\n"
            f"observe y ~ {likelihood}\n\n"
            "objective elbo\n",
            set=constants,
        )

    def _fit(self, X: Array, y: Array) -> None:
        seed = int(check_random_state(self.random_state).randint(np.iinfo(np.int32).max))
        settings: dict[str, Any] = {"seed": seed, "inference": self.inference, "epochs": self.epochs}
        settings |= {"batch_size": self.batch_size, **(self.settings or {})}
        try:
            self._run = self.model_.fit(X, y, progress=bool(self.verbose), **settings)
        except bnnc.Error as error:
            if self.model is None and error.code == "E0421" and error.message.endswith("it has no prior"):
                # The message points into a text that the user has not written.
                raise ValueError(
                    f"inference={self.inference!r} samples all that is fitted, and learned noise has no prior: give "
                    'noise="per_example" or a number, such as noise=0.3, or a model= whose noise is a `latent`'
                ) from error
            raise

    def _predicted(self, X: Any) -> bnnc.Prediction:
        check_is_fitted(self)
        X = validate_data(self, X, dtype=np.float64, reset=False)
        predicted = self.run_.predict(X, samples=self.samples, quantiles=())
        if isinstance(predicted, dict):
            raise ValueError(f"an estimator has one target, and the model has {', '.join(predicted)}: use bnnc.Model")
        return predicted


class BayesianNetRegressor(RegressorMixin, _BayesianNet):
    def __init__(
        self,
        hidden: tuple[int, ...] = (50,),
        *,
        activation: str = "relu",
        prior: str = "Normal(0, 1 / sqrt(fan_in))",
        posterior: str = "MeanField",
        noise: str | float = "learned",
        inference: str | None = None,
        model: str | os.PathLike[str] | None = None,
        constants: dict[str, Any] | None = None,
        epochs: int | None = None,
        batch_size: int | None = None,
        samples: int = 100,
        settings: dict[str, Any] | None = None,
        random_state: Any = None,
        verbose: bool = False,
    ) -> None:
        self.hidden = hidden
        self.activation = activation
        self.prior = prior
        self.posterior = posterior
        self.noise = noise
        self.inference = inference
        self.model = model
        self.constants = constants
        self.epochs = epochs
        self.batch_size = batch_size
        self.samples = samples
        self.settings = settings
        self.random_state = random_state
        self.verbose = verbose

    def fit(self, X: Any, y: Any, **others: Any) -> BayesianNetRegressor:
        """Fit to ``X``, of shape ``(n_examples, n_features)``, and the numbers ``y``, of shape ``(n_examples,)``."""
        _refuse(others)
        X, y = validate_data(self, X, y, dtype=np.float64, y_numeric=True)
        self.model_ = self._described(X.shape[1], "real", *self._likelihood())
        self._fit(X, y.astype(np.float64))
        return self

    def _likelihood(self) -> tuple[int, str]:
        """How many outputs the network has, and the likelihood."""
        if self.noise == "learned":
            return 1, "Normal(loc = f, scale = learned(0.5))"
        if self.noise == "per_example":
            return 2, "Normal(loc = f[0], scale = softplus(f[1]))"
        if isinstance(self.noise, str) and "(" in self.noise:
            return 1, self.noise
        try:
            scale = float(self.noise)
        except (TypeError, ValueError):
            scale = math.nan
        if 0 < scale < math.inf:
            return 1, f"Normal(loc = f, scale = {scale!r})"
        raise ValueError(
            f"noise={self.noise!r} is 'learned', 'per_example', a number above 0, or a likelihood such as "
            "'StudentT(df = 4, loc = f, scale = learned(0.5))'"
        )

    def predict(self, X: Any, return_std: bool = False) -> Any:
        """The predictive mean of each row, ``(n_examples,)``, in the units of ``y``.

        With ``return_std`` also the standard deviation of the prediction: noise, and what is not known of the weights.
        ``run_.predict(X)`` has the two apart, quantiles and draws.
        """
        predicted = self._predicted(X)
        mean = np.asarray(predicted.mean, dtype=np.float64).reshape(len(predicted))
        if not return_std:
            return mean
        return mean, np.asarray(predicted.std, dtype=np.float64).reshape(len(predicted))


class BayesianNetClassifier(ClassifierMixin, _BayesianNet):
    def __init__(
        self,
        hidden: tuple[int, ...] = (50,),
        *,
        activation: str = "relu",
        prior: str = "Normal(0, 1)",
        posterior: str = "MeanField",
        inference: str | None = None,
        model: str | os.PathLike[str] | None = None,
        constants: dict[str, Any] | None = None,
        epochs: int | None = None,
        batch_size: int | None = None,
        samples: int = 100,
        settings: dict[str, Any] | None = None,
        random_state: Any = None,
        verbose: bool = False,
    ) -> None:
        self.hidden = hidden
        self.activation = activation
        self.prior = prior
        self.posterior = posterior
        self.inference = inference
        self.model = model
        self.constants = constants
        self.epochs = epochs
        self.batch_size = batch_size
        self.samples = samples
        self.settings = settings
        self.random_state = random_state
        self.verbose = verbose

    def fit(self, X: Any, y: Any, **others: Any) -> BayesianNetClassifier:
        """Fit to ``X``, of shape ``(n_examples, n_features)``, and the labels ``y``, ``(n_examples,)``: numbers or texts."""
        _refuse(others)
        X, y = validate_data(self, X, y, dtype=np.float64)
        check_classification_targets(y)
        self.classes_, labels = np.unique(column_or_1d(y, warn=True), return_inverse=True)
        classes = len(self.classes_)
        if classes < 2:
            raise ValueError(f"y has one class, {self.classes_.tolist()[0]!r}: there is nothing to tell apart")
        self.model_ = self._described(X.shape[1], f"category[{classes}]", classes, "Categorical(logits = f)")
        self._fit(X, labels.astype(np.int64))
        return self

    def predict_proba(self, X: Any) -> Array:
        """The probability of each class, ``(n_examples, n_classes)``, in the order of ``classes_``: the mean over draws."""
        probabilities: Array = np.asarray(self._predicted(X).probabilities, dtype=np.float64)
        # Rounded to float32 they may miss 1 by 1e-7.
        return probabilities / probabilities.sum(axis=1, keepdims=True)

    def predict(self, X: Any) -> Array:
        """The likeliest class of each row."""
        likeliest = self.predict_proba(X).argmax(axis=1)
        return self.classes_[likeliest]


BayesianNetRegressor.__doc__ = "A Bayesian neural network for numbers.\n" + _PARAMETERS.format(
    prior="Normal(0, 1 / sqrt(fan_in))",
    noise="""
    noise : "learned", "per_example", float or str, default="learned"
        The standard deviation of ``y`` about the network's output: one that is fitted, one that the network gives for
        each row, or a number, in units of the standard deviation of ``y``. Or a likelihood as a model file says it, with
        the network's output ``f``: ``"StudentT(df = 4, loc = f, scale = learned(0.5))"``.""",
    described="``hidden``, ``activation``, ``prior``, ``posterior`` and ``noise``",
    attributes="",
)
BayesianNetClassifier.__doc__ = "A Bayesian neural network for classes.\n" + _PARAMETERS.format(
    # Logits of a narrower prior are too near each other for a sure prediction.
    prior="Normal(0, 1)",
    noise="",
    described="``hidden``, ``activation``, ``prior`` and ``posterior``",
    attributes="""
    classes_ : ndarray
        The classes, sorted.""",
)
