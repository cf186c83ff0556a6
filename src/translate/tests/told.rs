//! What a draft is where a program says it in its own way, and what is told where the draft is not the program.

use super::{draft, holds};

/// The places and texts of what is not in a draft, or guessed.
fn noted(text: &str, wanted: &[(Option<(usize, usize)>, &str)]) {
    let notes = draft(text).notes;
    let is_it =
        |(place, text): &(_, &str), (at, note): &(_, String)| place == at && note.contains(text);
    assert!(
        notes.len() == wanted.len() && wanted.iter().zip(&notes).all(|(a, b)| is_it(a, b)),
        "{notes:#?}"
    );
}

#[test]
fn the_distribution_of_the_targets_is_that_of_the_program() {
    let program = |units: usize, distribution: &str| {
        format!(
            "model = tf.keras.Sequential([\n\
             tfp.layers.DenseFlipout({units}, input_shape=(4,)),\n\
             tfp.layers.DistributionLambda({distribution})])\n\
             model.compile(loss=lambda y, p_y: -p_y.log_prob(y), metrics=['mse'])\n"
        )
    };
    let category = program(3, "lambda t: tfd.OneHotCategorical(logits=t)");
    holds(
        &category,
        &[
            "target y: category[3]",
            "observe y ~ Categorical(logits = output)",
        ],
    );
    noted(&category, &[]);
    let binary = program(1, "lambda t: tfd.Independent(tfd.Bernoulli(logits=t), 1)");
    holds(
        &binary,
        &["target y: binary", "observe y ~ Bernoulli(logits = output)"],
    );
    noted(&binary, &[]);
    let taken = program(2, "lambda t: tfd.Categorical(probs=t)");
    noted(&taken, &[(None, "the draft takes them for logits")]);
    let place = Some((3, 1));
    let normal = program(1, "lambda t: tfd.Normal(loc=t, scale=0.5)");
    holds(&normal, &["target y: real"]);
    noted(
        &normal,
        &[(place, "the scale of the program's `Normal` is 0.5")],
    );
    let sliced = program(
        2,
        "lambda t: tfd.Normal(loc=t[..., :1], scale=tf.exp(t[..., 1:]))",
    );
    noted(&sliced, &[(place, "`target` and `observe` are a guess")]);
    let sliced = program(4, "lambda t: tfd.Categorical(logits=t[..., :3])");
    noted(&sliced, &[(place, "`target` and `observe` are a guess")]);
    let other = program(1, "lambda t: tfd.Poisson(log_rate=t)");
    noted(
        &other,
        &[(
            place,
            "the distribution of `DistributionLambda` is not known here",
        )],
    );
    noted(
        &program(1, "posterior"),
        &[(place, "`target` and `observe` are a guess")],
    );
}

#[test]
fn a_sigmoid_goes_only_where_the_likelihood_applies_it() {
    let program = |units: usize, loss: &str| {
        format!(
            "model = Sequential([Dense({units}, activation='sigmoid', input_shape=(4,))])\n\
             model.compile(loss={loss})\n"
        )
    };
    let binary = program(1, "keras.losses.BinaryCrossentropy()");
    holds(
        &binary,
        &[
            "output = dense(1)",
            "observe y ~ Bernoulli(logits = output)",
        ],
    );
    noted(&binary, &[]);
    let several = program(5, "'binary_crossentropy'");
    holds(
        &several,
        &["target y: real[5]", "dense(5)", "output = sigmoid"],
    );
    noted(
        &several,
        &[(None, "several binary outputs have no likelihood here")],
    );
    let squared = program(1, "'mse'");
    holds(
        &squared,
        &["target y: real", "dense(1)", "output = sigmoid"],
    );
    noted(&squared, &[]);
    let twice = program(1, "keras.losses.BinaryCrossentropy(from_logits=True)");
    holds(&twice, &["output = dense(1)"]);
    noted(&twice, &[(None, "once more; the draft applies it once")]);
    let unknown = program(1, "focal");
    holds(&unknown, &["target y: binary"]);
    noted(&unknown, &[(None, "are a guess by the network's output")]);
}

#[test]
fn a_softmax_before_the_end_is_told() {
    noted(
        "model = Sequential([\n\
         Dense(5, activation='softmax', input_shape=(4,)),\n\
         Dense(3, activation='softmax')])\n\
         model.compile(loss='categorical_crossentropy')\n",
        &[(Some((2, 21)), "the softmax is left out")],
    );
    noted(
        "model = Sequential([Dense(3, activation='softmax', input_shape=(4,)),\n\
         DistributionLambda(lambda t: tfd.Normal(t, 1))])\n",
        &[
            (Some((2, 1)), "the scale of the program's `Normal`"),
            (None, "the softmax at the end is left out"),
        ],
    );
    noted(
        "model = Sequential([Dense(3, activation='softmax', input_shape=(4,))])\n\
         model.compile(loss='mse')\n",
        &[(
            None,
            "the program's loss of a softmax is not the cross-entropy",
        )],
    );
}

#[test]
fn a_loss_is_that_of_compile() {
    for (loss, target, likelihood) in [
        (
            "'mae'",
            "real[2]",
            "Laplace(loc = output, scale = learned(1))",
        ),
        ("loss_fn", "category[2]", "Categorical(logits = output)"),
    ] {
        holds(
            &format!(
                "# mse\nfrom keras.losses import MeanSquaredError\n\
                 loss_fn = SparseCategoricalCrossentropy(from_logits=True)\n\
                 model = Sequential([Dense(2, input_shape=(4,))])\n\
                 model.compile('adam', {loss}, metrics=['mse'])\n"
            ),
            &[
                &format!("target y: {target}"),
                &format!("observe y ~ {likelihood}"),
            ],
        );
    }
}

/// PyTorch gives the channels of the input first, and the padding by its width.
#[test]
fn convolutions_of_pytorch() {
    let text = "net = nn.Sequential(\n\
         nn.Conv2d(3, 32, kernel_size=3, padding=1), nn.LeakyReLU(),\n\
         nn.Conv2d(32, 64, (3, 5), 1, (1, 2), bias=False),\n\
         nn.Conv2d(in_channels=64, out_channels=8, kernel_size=3, padding=0, groups=1),\n\
         nn.MaxPool2d(2, 2),\n\
         nn.Conv2d(8, 4, 3,\n\
         stride=2,\n\
         padding=1),\n\
         nn.Flatten(), nn.Linear(144, 10))\n\
         loss = nn.CrossEntropyLoss()\n";
    holds(
        text,
        &[
            "input  x: real[28, 28, 3]",
            "conv2d(32, kernel = 3, padding = same)",
            "leaky_relu(0.01)",
            "conv2d(64, kernel = [3, 5], stride = 1, bias = none, padding = same)",
            "conv2d(8, kernel = 3)",
            "max_pool2d(2, stride = 2)",
            "conv2d(4, kernel = 3, stride = 2, padding = 1)",
            "flatten",
            "output = dense(10)",
        ],
    );
    noted(text, &[(None, "does not say the input's shape")]);
}

#[test]
fn a_model_of_a_class() {
    let program = |forward: &str| {
        format!(
            "class Net(nn.Module):\n\
             \x20   def __init__(self):\n\
             \x20       self.seen.add(3)\n\
             \x20       self.net: nn.Module = nn.Sequential(nn.Linear(4, 3), nn.ReLU())\n\
             \x20       self.net.add(nn.Linear(3, 1))\n\
             \x20       add(nn.Linear(3, 7))\n\
             \x20   def forward(self, x):\n\
             \x20       {forward}\n\
             seen.add(4)\n\
             loss = nn.MSELoss()\n"
        )
    };
    let text = program("return self.net(x)");
    holds(
        &text,
        &["input  x: real[4]", "dense(3)", "relu", "output = dense(1)"],
    );
    noted(&text, &[]);
    noted(
        &program("return torch.exp(self.net(x))"),
        &[(Some((8, 16)), "what is done here beside `self.net`")],
    );
}

/// Arguments of Keras that make another layer of it are in the draft, or told.
#[test]
fn arguments_of_recurrent_layers_change_the_draft_or_are_told() {
    let program = |layers: &str| {
        format!(
            "model = Sequential([Embedding(9, 4, input_length=5), {layers}, Dense(1)])\n\
             model.compile(loss='mse')\n"
        )
    };
    let text = program("LSTM(3, unit_forget_bias=False)");
    holds(&text, &["lstm(3, returns = last, forget_bias = 0)"]);
    noted(&text, &[]);
    let text = program("GRU(3, reset_after=False)");
    holds(&text, &["gru(3, returns = last)"]);
    noted(&text, &[(Some((1, 73)), "`reset_after = False`")]);
    let text = program("Bidirectional(LSTM(3, go_backwards=True))");
    holds(&text, &["lstm(3, returns = last, direction = both)"]);
    let text = program("Bidirectional(Dense(3))");
    let notes = draft(&text).notes;
    assert!(
        notes
            .iter()
            .any(|(_, note)| note.contains("is no recurrence")),
        "{notes:?}"
    );
}

/// What `forward` does by methods of values and with several results is in the draft, or told.
#[test]
fn a_forward_leaves_nothing_out_silently() {
    let class = |layers: &str, forward: &str| {
        format!(
            "class Net(nn.Module):\n    def __init__(self):\n{layers}    def forward(self, x):\n{forward}\
             loss = nn.MSELoss()\n"
        )
    };
    let two = "        self.a = nn.Linear(4, 3)\n        self.b = nn.Linear(3, 1)\n";
    let methods = class(
        two,
        "        x = self.a(x)\n        x = x.relu()\n        return self.b(x)\n",
    );
    holds(&methods, &["dense(3)", "relu", "output = dense(1)"]);
    noted(&methods, &[]);
    let chain = class(
        two,
        "        x = self.a(x)\n        return self.b(x.sigmoid().tanh())\n",
    );
    holds(
        &chain,
        &["dense(3)", "sigmoid", "tanh", "output = dense(1)"],
    );
    noted(&chain, &[]);
    let results = class(
        "        self.rnn = nn.LSTM(4, 3)\n        self.b = nn.Linear(3, 1)\n",
        "        x, state = self.rnn(x)\n        return self.b(x)\n",
    );
    let notes = draft(&results).notes;
    assert!(
        notes.iter().any(|(_, note)| note.contains("LSTM")),
        "{notes:?}"
    );
    let classes = format!(
        "class Encoder(nn.Module):\n    def __init__(self):\n        self.a = nn.Linear(9, 8)\n\
         \x20   def forward(self, x):\n        return self.a(x)\n{}",
        class(two, "        return self.b(torch.relu(self.a(x)))\n")
    );
    holds(
        &classes,
        &["input  x: real[4]", "dense(3)", "relu", "output = dense(1)"],
    );
    let notes = draft(&classes).notes;
    assert!(
        notes
            .iter()
            .any(|(_, note)| note.contains("of this class are not in the draft")),
        "{notes:?}"
    );
}

#[test]
fn a_model_that_is_moved_and_added_to() {
    let text = "net = nn.Sequential(nn.Linear(4, 3), nn.ReLU()).to(device).double()\n\
         net.append(nn.Linear(3, 2)); net.add_module('last', nn.Linear(2, 1))\n\
         loss = F.mse_loss(net(x), y)\n";
    holds(text, &["dense(3)", "relu", "dense(2)", "output = dense(1)"]);
    noted(text, &[]);
}

#[test]
fn what_the_draft_stacks_otherwise_is_told() {
    noted(
        "model = Sequential([InputLayer(input_shape=[2])])\n\
         for _ in range(3):\n\
         \x20 model.add(Dense(10, activation=LeakyReLU(alpha=0.1)))\n\
         if deep: model.add(Dense(7))\n\
         model.add(Dense(5)); model.pop(); model.add(Dense(1))\n\
         model.compile(loss='mse')\n\
         model = Sequential()\n\
         model.add(Dense(99))\n",
        &[
            (Some((3, 3)), "this stands under `for`"),
            (Some((4, 10)), "this stands under `if`"),
            (Some((5, 22)), "`pop` is left out"),
            (Some((7, 9)), "a second model"),
        ],
    );
    noted(
        "x = Input(shape=(4,))\n\
         a = Dense(8)(x)\n\
         b = Dense(8)(x)\n\
         y = Dense(1)(Dense(2)(b))\n\
         model.compile(loss='mse')\n",
        &[(Some((3, 5)), "this is called on `x`")],
    );
    noted(
        "flips = Sequential([Flatten()])\n\
         x = Input(shape=(4,))\n\
         y = Dense(1)(flips(x))\n\
         model.compile(loss='mse')\n",
        &[
            (Some((2, 5)), "beside the model are not translated"),
            (None, "does not say the input's shape"),
        ],
    );
}
