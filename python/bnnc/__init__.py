"""Bayesian neural networks from a model file that says what they are, with the loss worked out, printed and trained.

    >>> import bnnc
    >>> model = bnnc.Model.load("model.bnn")      # or bnnc.Model(text)
    >>> model.check(n=60_000)                     # layers, parameters, and the loss term by term
    >>> run = model.fit(X, y, epochs=20)          # arrays of NumPy, tensors, DataFrames
    >>> run.predict(X_new).mean

A :class:`Model` is the text of a model file. :meth:`Model.fit` trains it as ``bnnc train`` does, with the same bits from
the same seed, and returns a :class:`Run`: its predictions, scores, posterior and draws. A :class:`Run` of the command line
is opened by :meth:`Run.load`.

Everything that is wrong is raised as :class:`Error`, with the text of the command line. Nothing is printed but the
progress of a fit, in one line on standard error that is drawn anew, and the table of what :func:`convert` has taken.
"""

from bnnc._bnnc import __version__
from bnnc._check import Check, Loss, Term
from bnnc._convert import convert
from bnnc._error import Error, Stopped, Warning
from bnnc._model import Model, explain
from bnnc._posterior import Parameter, Posterior
from bnnc._prediction import Prediction
from bnnc._run import Run
from bnnc._scores import Scores

__all__ = [
    "Check",
    "Error",
    "Loss",
    "Model",
    "Parameter",
    "Posterior",
    "Prediction",
    "Run",
    "Scores",
    "Stopped",
    "Term",
    "Warning",
    "__version__",
    "convert",
    "explain",
]
