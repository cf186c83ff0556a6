CHECKPOINT_KEY = ',"sha256":"'


def checksum(tensors, head):
    """The SHA-256 of tensors by name, then of the header up to its checksum."""
    hashed = hashlib.sha256()
    for name in sorted(tensors, key=str.encode):
        hashed.update(name.encode())
        hashed.update(np.ascontiguousarray(tensors[name]).tobytes())
    hashed.update(head.encode())
    return hashed.hexdigest()


def write_beside(path, write):
    """Writes a file beside `path` that then takes its place: whatever happens, it is the old one or
    the new one.
    """
    beside = path.with_name(path.name + ".part")
    write(beside)
    with open(beside, "rb") as file:
        os.fsync(file.fileno())
    os.replace(beside, path)


def save_checkpoint(path, tensors, fingerprint, counters):
    """Writes a checkpoint of bnnc: arrays by name, and how far the run is."""
    header = json.dumps(
        {"format": 2, "model": fingerprint, "counters": counters}, separators=(",", ":")
    )
    head = header.removesuffix("}")
    metadata = {"bnnc": f'{head}{CHECKPOINT_KEY}{checksum(tensors, head)}"}}'}
    write_beside(path, lambda beside: save_file(tensors, beside, metadata))


def load_checkpoint(path, fingerprint):
    """The arrays of a checkpoint by name, and how far the run is."""
    if not path.exists():
        fail_with(f"there is no checkpoint {path}")
    with safe_open(path, "numpy") as file:
        header = (file.metadata() or {}).get("bnnc", "")
        tensors = {name: file.get_tensor(name) for name in list(file.keys())}
    head, _, stated = header.rpartition(CHECKPOINT_KEY)
    if not head or checksum(tensors, head) != stated.rstrip('"}'):
        fail_with(f"the checkpoint {path} is damaged")
    found = json.loads(header)
    if found["model"] != fingerprint:
        fail_with(f"the checkpoint {path} is of another model")
    return tensors, found["counters"]


@torch.no_grad()
def load_sections(sections, tensors, path):
    """Copies the arrays of a checkpoint into these tensors, in which every process has all or its
    part.
    """
    for name, section in sections.items():
        if name not in tensors or list(tensors[name].shape) != list(section.shape):
            fail_with(f"the checkpoint {path} has no {name} of shape {list(section.shape)}")
        values = torch.from_numpy(tensors[name]).to(section.device, section.dtype)
        if hasattr(section, "to_local"):
            values = distribute_tensor(values, section.device_mesh, section.placements)
        section.copy_(values)


def section_arrays(sections):
    """These tensors as arrays; under FSDP every process takes part."""
    return {name: full_tensor(section.detach()).cpu().numpy() for name, section in sections.items()}
