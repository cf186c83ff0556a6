"""Values of closed forms by numerical integration: python3 closed_forms.py > closed_forms.csv

Each row is posterior, loc, scale, prior, its parameters (separated by blanks), KL(q || p), and the KL's
derivatives by loc and by scale, times scale. With w = f(loc + scale e), e of density h,

    KL = E[ln q(w) - ln p(w)],   -E[h'/h(e) (.)] and -E[(1 + e h'/h(e)) (.)] of -ln p(w)

are integrated by mpmath's tanh-sinh rule in 40 digits, which no closed form has a part in. Numbers are
powers of two, or next to one, so that float32 holds them too where their excess is 2^-20.
"""
from mpmath import asinh, cosh, euler, exp, log, loggamma, mp, mpf, pi, quad, sinh, sqrt

mp.dps = 40
ABOVE, ALMOST = 1 + mpf(2) ** -20, 1 + mpf(2) ** -40

LAWS = {
    "Normal": (lambda e: -e * e / 2 - log(2 * pi) / 2, lambda e: -e),
    "Laplace": (lambda e: -abs(e) - log(2), lambda e: -1 if e > 0 else 1),
    "Cauchy": (lambda e: -log(pi * (1 + e * e)), lambda e: -2 * e / (1 + e * e)),
}


def log_prior(name, p):
    if name == "Normal":
        return lambda w: -((w - p[0]) / p[1]) ** 2 / 2 - log(p[1] * sqrt(2 * pi))
    if name == "Laplace":
        return lambda w: -abs(w - p[0]) / p[1] - log(2 * p[1])
    if name == "Cauchy":
        return lambda w: -log(pi * p[1] * (1 + ((w - p[0]) / p[1]) ** 2))
    if name == "LogUniform":
        return lambda w: -log(abs(w)) - (euler + log(2)) / 2 - log(2 * pi * mp.e) / 2
    if name == "LogNormal":
        return lambda w: -((log(w) - p[0]) / p[1]) ** 2 / 2 - log(w * p[1] * sqrt(2 * pi))
    if name == "HalfNormal":
        return lambda w: -((w / p[0]) ** 2) / 2 + log(2 / pi) / 2 - log(p[0])
    if name == "Gamma":
        return lambda w: p[0] * log(p[1]) - loggamma(p[0]) + (p[0] - 1) * log(w) - p[1] * w
    if name == "InverseGamma":
        return lambda w: p[0] * log(p[1]) - loggamma(p[0]) - (p[0] + 1) * log(w) - p[1] / w
    if name == "Exponential":
        return lambda w: log(p[0]) - p[0] * w


def row(posterior, loc, scale, prior, p):
    positive = posterior == "LogNormal"
    h, score = LAWS["Normal" if positive else posterior]
    log_p = log_prior(prior, p)
    at = lambda e: exp(loc + scale * e) if positive else loc + scale * e
    log_z = lambda e: log_p(at(e)) + (loc + scale * e if positive else 0)
    # the law's middle, what the prior has there, and a growth that moves the mass
    centre = {"Laplace": p and p[0], "Normal": p and p[0], "Cauchy": p and p[0], "LogUniform": 0}
    points = {mpf(0)} | {mpf(k) for k in (-30, -12, -4, -1, 1, 4, 12, 30)}
    if not positive:
        c = (centre[prior] - loc) / scale
        points |= {c} | ({c - p[1] / scale, c + p[1] / scale} if prior == "Cauchy" else set())
    # e = sinh(u), for the Cauchy law's tails
    limit = mpf(110) if posterior == "Cauchy" else asinh(mpf(120))
    points = sorted({u for u in map(asinh, points) if abs(u) < limit} | {-limit, limit})
    expect = lambda g: quad(lambda u: exp(h(sinh(u))) * cosh(u) * g(sinh(u)), points, maxdegree=9)
    kl = expect(lambda e: h(e) - log(scale) - log_z(e))
    by_loc = expect(lambda e: score(e) * log_z(e))
    by_scale = expect(lambda e: (1 + e * score(e)) * log_z(e)) - 1
    numbers = [repr(float(x)) for x in (loc, scale)]
    results = [mp.nstr(x, 20, min_fixed=-3, max_fixed=3) for x in (kl, by_loc, by_scale)]
    print(posterior, *numbers, prior, " ".join(repr(float(x)) for x in p), *results, sep=",", flush=True)


two = lambda k: mpf(2) ** k
print("posterior,loc,scale,prior,parameters,kl,by_loc,by_scale")
for posterior, prior in [("Normal", "Normal"), ("Normal", "Laplace"), ("Laplace", "Laplace"),
                         ("Laplace", "Normal"), ("Cauchy", "Cauchy")]:
    for loc, scale, m, s in [
        (0, 1, 0, 1), (0.5, 1, 0, 1), (-3, 0.0625, 0, 1), (0.25, two(-20), 0, 1), (0, two(-20), 0, 1),
        (0, 1024, 0, 1), (100, 32, 0, two(-10)), (two(-10), two(-10), 0, two(-20)), (0, two(-20), 0, 1024),
        (1, two(-8) * ABOVE, 1, two(-8)), (1 + two(-20), two(-8), 1, two(-8)), (0, ALMOST, 0, 1),
        (0, 1 - two(-40), 0, 1), (two(-30), 1, 0, 1), (-two(-30), 1024 * ALMOST, 0, 1024),
    ]:
        row(posterior, mpf(loc), mpf(scale), prior, [mpf(m), mpf(s)])
for loc, scale in [(0, 1), (two(-20), 1), (0.125, 1), (1, 1), (-2, 1), (5, 1), (12, 1), (0.5, two(-20)),
                   (100, 1024), (two(-10), two(-8))]:
    row("Normal", mpf(loc), mpf(scale), "LogUniform", [])
for prior, sets in [("LogNormal", [(0, 1), (0, ALMOST), (-2, two(-7))]), ("HalfNormal", [(1,), (32,), (two(-10),)]),
                    ("Gamma", [(2, 4), (0.125, 1), (1024, 1024)]), ("InverseGamma", [(2, 4), (0.125, 1), (1024, 1024)]),
                    ("Exponential", [(1,), (two(-10),), (32,)])]:
    for p in sets:
        for loc, scale in [(0, 1), (-7, 0.25), (3.5, two(-7)), (-two(-11), two(-5)), (0.5, two(-20)), (-1, 2.5)]:
            row("LogNormal", mpf(loc), mpf(scale), prior, [mpf(x) for x in p])
