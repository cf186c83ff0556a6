//! The files that parameters start from, and which of their tensors each has.

use super::pretrained::Refused;
use crate::ir::arena::{Arena, Handle, Table};
use crate::ir::model::Node;
use crate::layer::Operation;
use crate::pretrained::layout::{Flattened, Layout};
use crate::pretrained::modules::{self, Module};
use crate::pretrained::{self, Checkpoint, Found, Refusal};
use crate::tensor::Shape;
use std::path::{Path, PathBuf};

/// The files that parameters start from.
pub(super) struct Files {
    folder: PathBuf,
    /// Each once.
    read: Vec<Source>,
    /// Parameters that a file has no fitting tensor for, by the setting.
    pub(super) refused: Vec<Refused>,
    /// The value that the layer takes whose parameters are being settled.
    pub(super) above: Option<Handle<Node>>,
    /// How PyTorch has that layer's kernel.
    pub(super) torch: Layout,
}

/// A file that parameters start from.
struct Source {
    file: pretrained::File,
    /// `None` of one with which something is wrong, which has been said.
    checkpoint: Option<Checkpoint>,
    /// Its layers that have names of another program, each with the layer here that starts from it.
    modules: Vec<(Module, Option<String>)>,
    /// The tensors that parameters start from.
    taken: Vec<String>,
}

/// What a parameter wants of a file.
#[derive(Clone, Copy)]
pub(super) struct Wanted<'a> {
    /// `conv1.kernel`
    pub(super) parameter: &'a str,
    pub(super) shape: &'a Shape,
    /// As the model says that the file's tensors lie.
    pub(super) layout: Option<Layout>,
    /// How PyTorch has such a tensor.
    pub(super) torch: Layout,
}

impl Files {
    pub(super) fn of(folder: &Path) -> Self {
        Files {
            folder: folder.to_owned(),
            read: Vec::new(),
            refused: Vec::new(),
            above: None,
            torch: Layout::Torch,
        }
    }

    /// Those that were read, each with the tensors that nothing starts from.
    pub(super) fn into_files(self) -> Vec<pretrained::File> {
        let read = self.read.into_iter();
        read.filter_map(|mut source| {
            let by_order = source.modules.iter().any(|(_, layer)| layer.is_some());
            if let (true, Some(checkpoint)) = (by_order, &source.checkpoint) {
                let mut names = checkpoint.names();
                names.retain(|name| !source.taken.contains(name));
                source.file.unread = names;
            }
            source.checkpoint.map(|_| source.file)
        })
        .collect()
    }

    /// The place of the file, with what is wrong with it if it is read for the first time.
    pub(super) fn open(&mut self, written: &str) -> (usize, Option<String>) {
        let mut read = self.read.iter();
        if let Some(index) = read.position(|source| source.file.written == written) {
            return (index, None);
        }
        let path = pretrained::locate(&self.folder, written);
        let (checkpoint, fault) = match Checkpoint::read(&path) {
            Ok(checkpoint) => (Some(checkpoint), None),
            Err(fault) => (None, Some(fault)),
        };
        let of = checkpoint.as_ref();
        let modules = of.map_or(vec![], Checkpoint::modules);
        let file = pretrained::File {
            written: written.to_owned(),
            path,
            sha256: of.map_or(String::new(), Checkpoint::sha256),
            unread: vec![],
        };
        self.read.push(Source {
            file,
            modules: modules.into_iter().map(|module| (module, None)).collect(),
            checkpoint,
            taken: vec![],
        });
        (self.read.len() - 1, fault)
    }

    /// Whether the file could be read.
    pub(super) fn is_read(&self, index: usize) -> bool {
        self.read[index].checkpoint.is_some()
    }

    /// The tensor of the file at `index` that a parameter starts from.
    ///
    /// # Errors
    ///
    /// Why there is none.
    pub(super) fn find(
        &mut self,
        index: usize,
        wanted: Wanted,
        nodes: &Arena<Node>,
    ) -> Result<Found, Refusal> {
        let above = self.above;
        let flattened = above.map_or(Flattened::No, |above| flattened(nodes, above));
        let source = &mut self.read[index];
        let checkpoint = source.checkpoint.as_ref().expect("it was read");
        let (name, layout) = match checkpoint.named(wanted.parameter) {
            Some(name) => (name, wanted.layout.unwrap_or(Layout::Bnnc)),
            None => match tensor(&mut source.modules, wanted) {
                Some(found) => found?,
                None => return Err(Refusal::Missing(checkpoint.names())),
            },
        };
        let found = checkpoint.take(&name, wanted.shape, layout, &flattened)?;
        source.taken.push(name);
        Ok(found)
    }
}

/// The tensor among the layers of another program that a parameter starts from, and how it lies.
fn tensor(
    modules: &mut [(Module, Option<String>)],
    wanted: Wanted,
) -> Option<Result<(String, Layout), Refusal>> {
    let (layer, word) = wanted.parameter.rsplit_once('.')?;
    let row = modules::row(word);
    let is_bias = wanted.shape.rank() < 2 && row.is_none();
    let place = place(modules, layer, row.is_some(), (!is_bias).then_some(wanted))?;
    let rival = rival(modules, place, wanted);
    let (module, of) = &mut modules[place];
    *of = Some(layer.to_owned());
    if is_bias {
        return Some(Ok((module.bias.clone(), Layout::Bnnc)));
    }
    if let (true, Some(rival)) = (module.name != layer, rival) {
        let both = [module.kernel.clone(), rival];
        return Some(Err(Refusal::Unordered(both)));
    }
    if let (Some(row), Some(rows)) = (row, &module.rows) {
        // A row has one order but for the channels of flattened images.
        let layout = match wanted.layout {
            None if module.is_torch() => Layout::Torch,
            said => said.unwrap_or(Layout::Bnnc),
        };
        return rows[row].clone().map(|name| Ok((name, layout)));
    }
    let fits = |layout: Layout| layout.shape(wanted.shape).0 == module.shape;
    let layout = match wanted.layout {
        Some(layout) => layout,
        None if module.is_torch() => wanted.torch,
        None if fits(wanted.torch) && fits(Layout::Bnnc) => {
            return Some(Err(Refusal::Layout(module.kernel.clone())));
        }
        None if fits(wanted.torch) => wanted.torch,
        None => Layout::Bnnc,
    };
    Some(Ok((module.kernel.clone(), layout)))
}

/// Whether a kernel may start from the layer's, however that lies.
fn fits(module: &Module, wanted: Wanted) -> bool {
    let layouts = [wanted.torch, Layout::Bnnc];
    layouts
        .iter()
        .any(|layout| layout.shape(wanted.shape).0 == module.shape)
}

/// Another kernel that could be meant as well as that of the layer at `place`.
fn rival(modules: &[(Module, Option<String>)], place: usize, wanted: Wanted) -> Option<String> {
    let own = &modules[place].0;
    let mut free = modules.iter().filter(|(_, of)| of.is_none());
    let found = free.find(|(other, _)| fits(other, wanted) && own.is_unordered(other));
    found.map(|(other, _)| other.kernel.clone())
}

/// The place of the layer that goes with ours: the one it has already, that of its name, or, for a kernel or a norm's
/// row, the next of its kind. Numbered ones are taken in their order; of others the first whose shape fits.
fn place(
    modules: &[(Module, Option<String>)],
    layer: &str,
    of_norm: bool,
    kernel: Option<Wanted>,
) -> Option<usize> {
    let is_alike = |module: &Module| module.rows.is_some() == of_norm;
    let is_own =
        |(module, of): &(Module, Option<String>)| is_alike(module) && of.as_deref() == Some(layer);
    if let Some(own) = modules.iter().position(is_own) {
        return Some(own);
    }
    let is_free = |place: &usize| modules[*place].1.is_none() && is_alike(&modules[*place].0);
    let mut free = (0..modules.len()).filter(is_free);
    if let Some(named) = free.find(|place| modules[*place].0.name == layer) {
        return Some(named);
    }
    let wanted = kernel?;
    let of_kind = |place: &usize| modules[*place].0.shape.len() == wanted.shape.rank();
    let mut left = (0..modules.len()).filter(is_free).filter(of_kind);
    let fits = |place: &usize| fits(&modules[*place].0, wanted);
    let mut alike = modules.iter().filter(|(module, _)| is_alike(module));
    match alike.all(|(module, _)| module.is_numbered()) {
        true => left.next(),
        false => left.clone().find(fits).or_else(|| left.next()),
    }
}

/// What the inputs of a layer below `above` are: the values of flattened images, or others.
pub(super) fn flattened(nodes: &Arena<Node>, above: Handle<Node>) -> Flattened {
    let mut all: Table<Node, Flattened> = Table::default();
    for (handle, node) in nodes.iter() {
        all.push(flattened_by(nodes, node, &all));
        if handle == above {
            break;
        }
    }
    all[above].clone()
}

/// The same of a node, of whose inputs it is known.
fn flattened_by(nodes: &Arena<Node>, node: &Node, known: &Table<Node, Flattened>) -> Flattened {
    let unknown =
        |what: String| Flattened::Unknown(format!("{what}, and PyTorch has channels first"));
    let Some((input, others)) = node.inputs.split_first() else {
        return Flattened::No;
    };
    let (source, inside) = (&nodes[*input], &known[*input]);
    let operation = node.call.as_ref().map(|call| &call.operation);
    if !others.is_empty() {
        let same = others.iter().all(|other| known[*other] == *inside);
        return match inside {
            Flattened::No if same => Flattened::No,
            _ if same && node.shape == source.shape => inside.clone(),
            _ => unknown(format!("`{}` joins values of flattened images", node.name)),
        };
    }
    match (operation, &source.shape.0[..], &node.shape.0[..]) {
        (Some(Operation::View(_)), [positions @ .., width, channels], [_]) => match inside {
            Flattened::No => {
                let rows = positions.iter().product();
                Flattened::Images([rows, *width, *channels])
            }
            _ => inside.clone(),
        },
        (Some(Operation::View(_)), [_], [_]) => inside.clone(),
        // Pixels of one channel, or channels of one pixel, have one order.
        (Some(Operation::View(_)), [_], [_, 1] | [_, _, 1] | [1, 1, _]) => inside.clone(),
        // The model's own inputs lie as the data has them.
        (Some(Operation::View(_)), ..) if source.call.is_none() => Flattened::No,
        (Some(Operation::View(_)), ..) => unknown(format!(
            "`{}` makes {} of other values",
            node.name, node.shape
        )),
        // Behind a dense layer or a mean over the pixels there is no order of pixels.
        (Some(Operation::Linear(_)), _, [_]) | (_, [_, _, ..], [_]) => Flattened::No,
        _ => inside.clone(),
    }
}
