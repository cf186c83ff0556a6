"""scikit-learn's own checks of an estimator, and what its users do."""

import pickle

import numpy as np
import pytest

sklearn = pytest.importorskip("sklearn", minversion="1.6")

from bnnc.sklearn import BayesianNetClassifier, BayesianNetRegressor
from sklearn.base import clone
from sklearn.datasets import load_iris, make_regression
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks


# Of few epochs: there are some hundred fits.
@parametrize_with_checks([BayesianNetRegressor(epochs=60, samples=20), BayesianNetClassifier(epochs=60, samples=20)])
def test_checks_of_scikit_learn(estimator, check):
    check(estimator)


def test_a_deviation_is_that_of_the_noise_and_of_the_weights():
    random = np.random.default_rng(0)
    X = random.uniform(-1, 1, size=(400, 1))
    y = 100 + 10 * X[:, 0] + random.normal(scale=2, size=400)
    net = BayesianNetRegressor(random_state=1, epochs=300).fit(X, y)
    mean, std = net.predict([[0.0], [8.0]], return_std=True)
    assert mean[0] == pytest.approx(100, abs=1)
    # In the units of y; far from the data the weights are not known.
    assert std[0] == pytest.approx(2, rel=0.25)
    assert std[1] > 2 * std[0]
    assert net.predict(X).shape == (400,)
    assert net.score(X, y) > 0.8
    assert "loss" in net.run_.history
    assert "nll" in str(net.model_.check(n=400))


def test_noise_of_each_row():
    random = np.random.default_rng(0)
    X = random.uniform(-1, 1, size=(600, 1))
    y = random.normal(scale=np.where(X[:, 0] < 0, 0.1, 1.0))
    net = BayesianNetRegressor(noise="per_example", random_state=1, epochs=400).fit(X, y)
    _, std = net.predict([[-0.6], [0.6]], return_std=True)
    assert std[0] < 0.3 and std[1] > 0.6
    with pytest.raises(ValueError, match="noise='loud' is 'learned'"):
        BayesianNetRegressor(noise="loud").fit(X, y)


def test_classes_keep_their_names():
    X, y = load_iris(return_X_y=True)
    names = np.array(["setosa", "versicolor", "virginica"])[y]
    net = make_pipeline(StandardScaler(), BayesianNetClassifier(random_state=0, epochs=200)).fit(X, names)
    assert list(net.classes_) == ["setosa", "versicolor", "virginica"]
    probabilities = net.predict_proba(X)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1)
    assert (net.predict(X) == names).mean() > 0.9


def test_searches_and_cross_validation():
    X, y = make_regression(120, 4, noise=5, random_state=0)
    net = BayesianNetRegressor(epochs=100, random_state=0)
    assert cross_val_score(net, X, y, cv=3).mean() > 0.8
    search = GridSearchCV(net, {"hidden": [(), (20, 20)], "inference": ["map", "mean_field"]}, cv=2).fit(X, y)
    assert set(search.best_params_) == {"hidden", "inference"}


def test_the_seed_decides_every_bit_and_a_pickle_keeps_them():
    X, y = make_regression(100, 3, random_state=0)
    net = BayesianNetRegressor(epochs=20, random_state=3).fit(X, y)
    again = clone(net).fit(X, y)
    other = clone(net).set_params(random_state=4).fit(X, y)
    np.testing.assert_array_equal(net.predict(X), again.predict(X))
    assert (net.predict(X) != other.predict(X)).any()
    kept = pickle.dumps(net)
    expected = net.predict(X)
    del net
    np.testing.assert_array_equal(pickle.loads(kept).predict(X), expected)


MODEL = """
model of_a_file
const width = 10
input x: real[3]
target y: count
default { prior = Normal(0, 1) }
network {
  dense(width)
  tanh
  f = dense(1)
}
observe y ~ Poisson(log_rate = f)
objective elbo
"""


def test_a_model_file_in_place_of_the_arguments(tmp_path):
    random = np.random.default_rng(0)
    X = random.normal(size=(300, 3))
    y = random.poisson(np.exp(1 + 0.5 * X[:, 0]))
    path = tmp_path / "model.bnn"
    path.write_text(MODEL)
    (tmp_path / "model.toml").write_text("epochs = 150\n")
    for model in (MODEL, path, str(path)):
        net = BayesianNetRegressor(model=model, constants={"width": 6}, settings={"learning_rate": 0.01}, random_state=0)
        net.fit(X, y)
        assert net.run_.posterior["dense_1.kernel"].shape == (3, 6)
    # The epochs are those of the run file.
    assert len(net.run_.history) == 150
    assert np.corrcoef(net.predict(X), np.exp(1 + 0.5 * X[:, 0]))[0, 1] > 0.9


def test_a_mistake_in_an_argument_is_a_message_of_the_language():
    import bnnc

    X, y = make_regression(50, 3, random_state=0)
    with pytest.raises(bnnc.Error, match="Nromal") as raised:
        BayesianNetRegressor(prior="Nromal(0, 1)").fit(X, y)
    assert raised.value.code
    with pytest.raises(bnnc.Error):
        BayesianNetRegressor(settings={"epoch": 3}).fit(X, y)


def test_a_mistake_in_an_argument_is_called_by_its_name():
    X, y = make_regression(50, 3, random_state=0)
    with pytest.raises(TypeError, match=r"hidden=5 is a tuple .* hidden=\(50,\)"):
        BayesianNetRegressor(hidden=5).fit(X, y)
    with pytest.raises(ValueError, match=r"inference='hmc' samples .* noise=0\.3"):
        BayesianNetRegressor(inference="hmc").fit(X, y)
    with pytest.raises(ValueError, match="noise=inf is 'learned'"):
        BayesianNetRegressor(noise=np.inf).fit(X, y)
    with pytest.raises(ValueError, match="y has one class, 'a'"):
        BayesianNetClassifier().fit(X, np.array(["a"] * 50))
    for noise in (0.3, "0.3", np.float64(0.3)):
        net = BayesianNetRegressor(noise=noise, inference="hmc(draws = 5, warmup = 5)").fit(X, y)
        assert "scale = 0.3)" in net.model_.text


def test_weights_are_refused_with_the_reason():
    X, y = make_regression(n_samples=20, n_features=2, random_state=0)
    for net in (BayesianNetRegressor(), BayesianNetClassifier()):
        with pytest.raises(TypeError, match="a weight is how many times a row occurs"):
            net.fit(X, y > 0, sample_weight=np.ones(20))
        with pytest.raises(TypeError, match="fit takes X and y, and no weights"):
            net.fit(X, y > 0, weights=None)
