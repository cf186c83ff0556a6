//! Programs as people have them, each translated to a model that compiles. What it must hold is read off the
//! program by hand.

mod told;

use super::{is_python, translate};
use crate::compile;
use crate::source::Source;

fn draft(text: &str) -> super::Draft {
    let source = Source {
        name: "my model.py".into(),
        text: text.into(),
    };
    translate(&source).unwrap_or_else(|message| panic!("{message:?}\n{text}"))
}

/// The draft of a program, which compiles, and its lines without blanks at their ends.
fn accepted(text: &str) -> Vec<String> {
    let draft = draft(text);
    let source = Source {
        name: "draft.bnn".into(),
        text: draft.text.clone(),
    };
    if let Err(failure) = compile::source(source, &[]) {
        panic!("{failure}\n{}", draft.text);
    }
    draft
        .text
        .lines()
        .map(|line| line.trim().to_owned())
        .collect()
}

fn holds(text: &str, wanted: &[&str]) {
    let lines = accepted(text);
    let mut rest = lines.iter();
    for line in wanted {
        assert!(
            rest.any(|found| found == line),
            "{line} in\n{}",
            lines.join("\n")
        );
    }
}

#[test]
fn a_classifier_of_keras() {
    let text = "import tensorflow as tf\n\
        model = tf.keras.models.Sequential([\n\
          tf.keras.layers.Flatten(input_shape=(28, 28)),\n\
          tf.keras.layers.Dense(128, activation='relu'),\n\
          tf.keras.layers.Dropout(0.2),\n\
          tf.keras.layers.Dense(10)\n\
        ])\n\
        loss_fn = tf.keras.losses.SparseCategoricalCrossentropy(from_logits=True)\n\
        model.compile(optimizer='adam', loss=loss_fn, metrics=['accuracy'])\n\
        model.fit(x_train, y_train, epochs=5, batch_size=64)\n";
    holds(
        text,
        &[
            "model my_model",
            "input  x: real[28, 28]",
            "target y: category[10]",
            "prior     = Normal(0, 1 / sqrt(fan_in))",
            "flatten",
            "dense(128)",
            "relu",
            "dropout(0.2)",
            "output = dense(10)",
            "observe y ~ Categorical(logits = output)",
        ],
    );
    let draft = draft(text);
    assert_eq!(draft.flags, ["--epochs 5", "--batch-size 64"]);
    assert_eq!(draft.notes.len(), 0, "{:?}", draft.notes);
}

/// Norms and dropout with the defaults of each program.
#[test]
fn norms_of_both_programs() {
    holds(
        "model = nn.Sequential(nn.Conv2d(1, 8, 3), nn.BatchNorm2d(8), nn.PReLU(8), nn.Dropout2d(0.1),\n\
         nn.GroupNorm(4, 8), nn.Flatten(), nn.Linear(128, 64), nn.LayerNorm(64, eps=1e-6), nn.Dropout(),\n\
         nn.Linear(64, 10))\n\
         criterion = nn.CrossEntropyLoss()\n",
        &[
            "batch_norm(0.9, epsilon = 1e-5)",
            "prelu",
            "spatial_dropout(0.1)",
            "group_norm(4, epsilon = 1e-5)",
            "layer_norm(1e-6)",
            "dropout(0.5)",
        ],
    );
    holds(
        "model = nn.Sequential(nn.Conv2d(1, 8, 3), nn.InstanceNorm2d(8), nn.InstanceNorm2d(8, affine=True),\n\
         nn.GroupNorm(4, 8, affine=False), nn.Flatten(), nn.Linear(128, 10))\n\
         criterion = nn.CrossEntropyLoss()\n",
        &[
            "instance_norm(epsilon = 1e-5, gain = none, shift = none)",
            "instance_norm(epsilon = 1e-5)",
            "group_norm(4, epsilon = 1e-5, gain = none, shift = none)",
        ],
    );
    holds(
        "model = keras.Sequential([keras.Input((8,)), layers.Dense(16), layers.BatchNormalization(momentum=0.9),\n\
         layers.LayerNormalization(), layers.Dense(1)])\nmodel.compile(loss='mse')\n",
        &["batch_norm(0.9)", "layer_norm"],
    );
}

/// `bayesian_neural_network.py` of TensorFlow Probability's examples.
#[test]
fn the_lenet_of_tensorflow_probability() {
    let text = "NUM_TRAIN_EXAMPLES = 60000\n\
        IMAGE_SHAPE = [28, 28, 1]\n\
        NUM_CLASSES = 10\n\
        def create_model():\n\
        \x20 kl_divergence_function = (lambda q, p, _: tfd.kl_divergence(q, p) /\n\
        \x20                           tf.cast(NUM_TRAIN_EXAMPLES, dtype=tf.float32))\n\
        \x20 model = tf.keras.models.Sequential([\n\
        \x20     tfp.layers.Convolution2DFlipout(\n\
        \x20         6, kernel_size=5, padding='SAME',\n\
        \x20         kernel_divergence_fn=kl_divergence_function,\n\
        \x20         activation=tf.nn.relu),\n\
        \x20     tf.keras.layers.MaxPooling2D(\n\
        \x20         pool_size=[2, 2], strides=[2, 2],\n\
        \x20         padding='SAME'),\n\
        \x20     tfp.layers.Convolution2DFlipout(16, kernel_size=5, padding='SAME',\n\
        \x20         kernel_divergence_fn=kl_divergence_function, activation=tf.nn.relu),\n\
        \x20     tf.keras.layers.Flatten(),\n\
        \x20     tfp.layers.DenseFlipout(84, kernel_divergence_fn=lambda q, p, _: kl(q, p) / N, activation=tf.nn.relu),\n\
        \x20     tfp.layers.DenseFlipout(NUM_CLASSES, kernel_divergence_fn=kl_divergence_function,\n\
        \x20         activation=tf.nn.softmax)\n\
        \x20 ])\n\
        \x20 optimizer = tf.keras.optimizers.Adam(lr=FLAGS.learning_rate)\n\
        \x20 model.compile(optimizer, loss='categorical_crossentropy')\n\
        \x20 return model\n\
        model = create_model()\n\
        model.build(input_shape=[None, 28, 28, 1])\n";
    holds(
        text,
        &[
            "input  x: real[28, 28, 1]",
            "target y: category[10]",
            "prior     = Normal(0, 1)",
            "estimator = flipout",
            "conv2d(6, kernel = 5, padding = same)",
            "relu",
            "max_pool2d(2, stride = 2, padding = same)",
            "conv2d(16, kernel = 5, padding = same)",
            "flatten",
            "dense(84)",
            "relu",
            "output = dense(10)",
        ],
    );
    let notes = draft(text).notes;
    assert_eq!(notes.len(), 4, "{notes:?}");
    assert!(
        notes
            .iter()
            .all(|(_, note)| note.contains("scales it by 1/N itself")),
        "{notes:?}"
    );
}

#[test]
fn a_variational_regression() {
    holds(
        "model = tf.keras.Sequential([\n\
           tf.keras.Input(shape=(1,)),\n\
           tfp.layers.DenseVariational(20, posterior_mean_field, prior_trainable, kl_weight=1/x.shape[0]),\n\
           tf.keras.layers.Activation('tanh'),\n\
           tfp.layers.DenseVariational(1, posterior_mean_field, prior_trainable, kl_weight=1/x.shape[0]),\n\
           tfp.layers.DistributionLambda(lambda t: tfd.Normal(loc=t, scale=1)),\n\
         ])\n\
         model.compile(optimizer=tf.optimizers.Adam(learning_rate=0.01), loss=negloglik)\n",
        &[
            "input  x: real[1]",
            "target y: real",
            "estimator = reparameterization",
            "dense(20)",
            "tanh",
            "output = dense(1)",
            "observe y ~ Normal(loc = output, scale = learned(1))",
        ],
    );
}

#[test]
fn what_is_left_out_of_a_variational_layer_is_told_by_its_name() {
    let notes = draft(
        "model = Sequential([DenseVariational(1, posterior, prior, 1 / n, input_shape=[3])])\n",
    )
    .notes;
    let notes: Vec<&str> = notes.iter().map(|(_, note)| note.as_str()).collect();
    for word in [
        "`make_posterior_fn`: the posterior",
        "`make_prior_fn`: the prior",
        "`kl_weight`: bnnc scales the KL",
    ] {
        assert!(
            notes.iter().any(|note| note.starts_with(word)),
            "{word}: {notes:?}"
        );
    }
}

#[test]
fn layers_that_are_added() {
    holds(
        "from tensorflow.keras import models, layers\n\
         classes = 5 * 2\n\
         model = models.Sequential()\n\
         model.add(layers.Conv2D(32, (3, 3), activation='relu', input_shape=(32, 32, 3)))\n\
         model.add(layers.MaxPooling2D((2, 2)))\n\
         model.add(layers.Conv2D(64, (3, 5), strides=2, use_bias=False))\n\
         model.add(layers.LeakyReLU(alpha=0.1))\n\
         model.add(layers.GlobalAveragePooling2D())\n\
         model.add(layers.Dense(64, 'swish'))\n\
         model.add(layers.Dense(classes))\n\
         model.add(layers.Softmax())\n",
        &[
            "input  x: real[32, 32, 3]",
            "target y: category[10]",
            "conv2d(32, kernel = 3)",
            "relu",
            "max_pool2d(2)",
            "conv2d(64, kernel = [3, 5], stride = 2, bias = none)",
            "leaky_relu(0.1)",
            "global_avg_pool2d",
            "dense(64)",
            "silu",
            "output = dense(10)",
        ],
    );
}

#[test]
fn a_binary_target_by_its_sigmoid() {
    let lines = accepted(
        "model = Sequential([InputLayer(input_shape=[8]), Dense(16, activation=keras.activations.elu),\n\
         BatchNormalization(), Dense(1, activation='sigmoid')])\n\
         model.compile(loss='binary_crossentropy')\n",
    );
    for line in [
        "target y: binary",
        "elu",
        "output = dense(1)",
        "observe y ~ Bernoulli(logits = output)",
    ] {
        assert!(lines.iter().any(|found| found == line), "{line}: {lines:?}");
    }
    assert!(!lines.iter().any(|line| line == "sigmoid"));
    assert!(lines.iter().any(|line| line == "batch_norm"), "{lines:?}");
}

#[test]
fn points_beside_drawn_weights_stay_points() {
    holds(
        "model = tf.keras.Sequential([\n\
           tf.keras.layers.Dense(16, activation='relu', input_dim=13),\n\
           tfp.layers.DenseReparameterization(16), tf.keras.layers.ReLU(),\n\
           tfp.layers.DenseLocalReparameterization(2),\n\
         ])\n\
         model.compile(loss='mse')\n",
        &[
            "input  x: real[13]",
            "target y: real[2]",
            "dense(16) { posterior = deterministic }",
            "relu",
            "dense(16) { estimator = reparameterization }",
            "relu",
            "output = dense(2) { estimator = local_reparameterization }",
        ],
    );
}

#[test]
fn layers_that_are_called_one_after_another() {
    holds(
        "inputs = keras.Input(shape=(784,))\n\
         x = layers.Dense(64, activation=\"relu\")(inputs)\n\
         outputs = layers.Dense(10, activation=\"softmax\")(x)\n\
         model = keras.Model(inputs=inputs, outputs=outputs)\n",
        &[
            "input  x: real[784]",
            "target y: category[10]",
            "dense(64)",
            "relu",
            "output = dense(10)",
        ],
    );
}

#[test]
fn a_stack_of_pytorch() {
    holds(
        "net = nn.Sequential(\n\
           nn.Linear(784, 100),\n\
           nn.ReLU(),\n\
           nn.Linear(100, 10, bias=False),\n\
         )\n\
         loss = nn.CrossEntropyLoss()\n",
        &[
            "input  x: real[784]",
            "target y: category[10]",
            "dense(100)",
            "relu",
            "output = dense(10, bias = none)",
        ],
    );
}

#[test]
fn what_the_program_does_not_say_is_a_guess_that_is_told() {
    let draft = draft("model = Sequential([Conv2D(4, 3), Flatten(), Dense(units)])\n");
    assert!(
        draft.text.contains("does not say the input's shape"),
        "{}",
        draft.text
    );
    assert!(
        draft
            .text
            .contains("does not say a loss that is known here"),
        "{}",
        draft.text
    );
    assert!(
        draft.text.contains("`units` of `Dense` is not a number"),
        "{}",
        draft.text
    );
}

#[test]
fn a_program_without_layers_is_an_error() {
    let source = Source {
        name: "net.py".into(),
        text: "import torch\nclass Net(nn.Module):\n  pass\n".into(),
    };
    assert!(is_python(&source.text));
    assert_eq!(translate(&source).unwrap_err().code, "E0107");
}

#[test]
fn python_is_told_from_a_model_file() {
    for text in [
        include_str!("../../../specs/mnist_lenet.bnn"),
        "# import this\nmodel m\n",
        "",
    ] {
        assert!(!is_python(text), "{text}");
    }
}

/// Pieces of programs, cut and nested in any way, end in a draft or a message.
#[test]
fn no_text_makes_it_panic() {
    let whole = "m = Sequential([Dense(10, activation='relu', input_shape=(28, 28)), Conv2D(6, kernel_size=[5, 5])])\n";
    for end in 0..whole.len() {
        let source = |text: &str| Source {
            name: ".py".into(),
            text: text.into(),
        };
        let _ = translate(&source(&whole[..end]));
        let _ = translate(&source(&whole[end..]));
    }
    for piece in [
        "(",
        "[",
        "f(",
        "-",
        "1+",
        "1*",
        "x.",
        "lambda",
        "lambda:",
        "\"\"\"",
        "f()",
        "é",
        "Sequential(",
        "f().g(",
        "if x: ",
        "a.",
        ";",
        ",",
    ] {
        for start in ["m = Sequential([", "m = Sequential(Dense(1))\n"] {
            let text = format!("{start}{}", piece.repeat(5000));
            let _ = translate(&Source {
                name: "m.py".into(),
                text,
            });
        }
    }
}

#[test]
fn recurrent_layers_of_keras_give_their_last_state() {
    let lines = accepted(
        "import keras\n\
         model = keras.Sequential([\n\
         keras.layers.Embedding(20000, 32, input_length=64, mask_zero=True),\n\
         keras.layers.Bidirectional(keras.layers.LSTM(16, return_sequences=True)),\n\
         keras.layers.TimeDistributed(keras.layers.Dense(8, activation='tanh')),\n\
         keras.layers.GRU(12),\n\
         keras.layers.Dense(1, activation='sigmoid')])\n\
         model.compile(loss='binary_crossentropy')\n",
    );
    for line in [
        "input  x: token[64, vocabulary = 20000]",
        "embedding(32)",
        "lstm(16, direction = both)",
        "dense(8)",
        "tanh",
        "gru(12, returns = last)",
        "output = dense(1)",
        "observe y ~ Bernoulli(logits = output)",
    ] {
        assert!(
            lines.iter().any(|found| found == line),
            "{line}: {lines:#?}"
        );
    }
    let lines = accepted(
        "model = Sequential()\nmodel.add(LSTM(64, input_shape=(50, 3)))\nmodel.add(Dense(1))\nmodel.compile(loss='mse')\n",
    );
    assert!(
        lines.contains(&"input  x: real[50, 3, padded]".into()),
        "{lines:#?}"
    );
    assert!(
        lines.contains(&"lstm(64, returns = last)".into()),
        "{lines:#?}"
    );
}

/// The class of PyTorch's own MNIST example.
#[test]
fn a_forward_that_calls_its_layers_is_read() {
    let lines = accepted(
        "import torch.nn as nn\nimport torch.nn.functional as F\n\
         class Net(nn.Module):\n    \
         def __init__(self):\n        \
         super().__init__()\n        \
         self.conv1 = nn.Conv2d(1, 32, 3, 1)\n        \
         self.conv2 = nn.Conv2d(32, 64, 3, 1)\n        \
         self.dropout1 = nn.Dropout(0.25)\n        \
         self.fc1 = nn.Linear(9216, 128)\n        \
         self.fc2 = nn.Linear(128, 10)\n    \
         def forward(self, x):\n        \
         x = self.conv1(x)\n        \
         x = F.relu(x)\n        \
         x = F.max_pool2d(F.relu(self.conv2(x)), 2)\n        \
         x = self.dropout1(x)\n        \
         x = torch.flatten(x, 1)\n        \
         x = F.relu(self.fc1(x))\n        \
         return F.log_softmax(self.fc2(x), dim=1)\n\
         loss = F.nll_loss\n",
    );
    let network = lines.iter().skip_while(|line| *line != "network {").skip(1);
    let network: Vec<&str> = network
        .take_while(|line| *line != "}")
        .map(|line| line.trim())
        .collect();
    assert_eq!(
        network,
        [
            "conv2d(32, kernel = 3, stride = 1)",
            "relu",
            "conv2d(64, kernel = 3, stride = 1)",
            "relu",
            "max_pool2d(2)",
            "dropout(0.25)",
            "flatten",
            "dense(128)",
            "relu",
            "output = dense(10)",
        ],
        "{lines:#?}"
    );
    assert!(
        lines.contains(&"input  x: real[28, 28, 1]".into()),
        "{lines:#?}"
    );
}

#[test]
fn a_pool_has_the_size_that_it_has_in_keras() {
    let lines = accepted(
        "model = Sequential([Conv2D(8, 3, input_shape=(28, 28, 1)), MaxPooling2D(), Flatten(), Dense(10)])\n\
         model.compile(loss='sparse_categorical_crossentropy')\n",
    );
    assert!(lines.contains(&"max_pool2d(2)".into()), "{lines:#?}");
}
