//! What `bnnc` alone prints: its commands by what one wants to do, on one screen of 24 lines of 80 characters.

/// The commands in groups.
pub(super) const TEXT: &str = "\
bnnc: Bayesian neural networks from a file that says what they are

start       new          a model and its run file, from a template or a table
            translate    draft a model from layers of Keras, TFP or PyTorch
            list, data   layers, priors, …; data sets, a look at a table
understand  check        what a model is, and its loss term by term
            explain      what a word or message means; a model in prose
            diff         how two models differ
            loss         one step's loss on given parameters, with gradients
train       train        train a model, into a run directory
            sweep        train many runs from one file
use         evaluate     score a run on data
            compare      put runs side by side
            predict      write predictions to a file
            report, plot a page about runs, with pictures; one picture
            export       draws of weights and predictions for other programs
elsewhere   emit, verify a model as PyTorch or NumPyro; whether it is the same
            fmt, lsp     model files in the one style; a server for editors
            bench        how fast this machine trains and predicts
            completions, man    for the shell

first       bnnc new first  and then  bnnc train first.bnn
everywhere  --help, --quiet, --color WHEN, --format json;  bnnc --version
";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::Cli;
    use clap::CommandFactory;

    #[test]
    fn every_command_is_on_the_screen() {
        let lines: Vec<&str> = TEXT.lines().collect();
        assert!(lines.len() < 24, "a prompt stands below: {}", lines.len());
        assert!(lines.iter().all(|line| line.chars().count() <= 80));
        let said: Vec<&str> = lines[2..20]
            .iter()
            .flat_map(|line| line[12..25].split([',', ' ']))
            .filter(|word| !word.is_empty())
            .chain(["man"])
            .collect();
        for command in Cli::command().get_subcommands() {
            let name = command.get_name();
            assert!(said.contains(&name), "{name} is not on the screen");
        }
        for word in said {
            let known = Cli::command();
            assert!(known.find_subcommand(word).is_some(), "there is no {word}");
        }
    }
}
