def settings_of(run_toml):
    """The settings in the text of a run.toml: each value as text under its key,
    `optimizer.learning_rate`.
    """
    found, table = {}, ""
    for line in run_toml.splitlines():
        if line.startswith("["):
            table = line.strip("[]") + "."
        elif " = " in line and not line.startswith("#"):
            key, value = line.split(" = ", 1)
            found[table + key] = value
    return found


def with_setting(run_toml, key, value):
    """The text of a run.toml with another value of a setting that it has."""
    lines, table = [], ""
    for line in run_toml.splitlines():
        if line.startswith("["):
            table = line.strip("[]") + "."
        elif table + line.split(" = ", 1)[0] == key:
            line = f"{key.rpartition('.')[2]} = {value}"
        lines.append(line)
    return "\n".join(lines) + "\n"


class RunDirectory:
    """The folder of a run, with the files that bnnc makes and reads; the first process alone
    writes.
    """

    def __init__(self, path, processes):
        self.path, self.writes = path, processes.rank == 0

    @staticmethod
    def new(out, name, processes):
        """The folder `out`, or the first `runs/NAME-k` that does not exist."""
        k = 1
        while out is None and Path(f"runs/{name}-{k}").exists():
            k += 1
        path = Path(out or f"runs/{name}-{k}")
        # Before any process makes it.
        processes.any(False)
        if path.is_dir() and any(path.iterdir()):
            fail_with(f"the folder {path} is not empty; --resume goes on with the run in it")
        processes.any(False)
        return RunDirectory(path, processes)

    def lock(self):
        """Takes the right to write the folder, until the program ends."""
        if self.writes:
            self.path.mkdir(parents=True, exist_ok=True)
            self.locked = os.open(self.path / "lock", os.O_CREAT | os.O_WRONLY, 0o644)
            try:
                fcntl.flock(self.locked, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                fail_with(f"another program writes the run in {self.path}")

    @contextmanager
    def held(self):
        """Alone in the folder for a while: other programs wait."""
        self.path.mkdir(parents=True, exist_ok=True)
        with open(self.path / "lock", "a") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield

    def text(self, name):
        """What a file says."""
        return (self.path / name).read_text(encoding="utf-8")

    def write(self, name, text):
        """Writes a file whole."""
        if self.writes:
            write_beside(self.path / name, lambda beside: beside.write_text(text, encoding="utf-8"))

    def begin(self, texts, digests):
        """Writes what is known before the first step."""
        if self.writes:
            for name, text in texts.items():
                self.write(name, text)
            write_beside(self.path / "rows.safetensors", lambda beside: save_file(digests, beside))
            names = ["model.bnn", "run.toml", "data.json", "rows.safetensors", "ir.txt"]
            self.write("sha256sums.txt", "".join(self.sum_of(name) for name in names))

    def sum_of(self, name):
        """A file's line of sha256sums.txt."""
        return f"{hashlib.sha256((self.path / name).read_bytes()).hexdigest()}  {name}\n"

    def change_settings(self, run_toml):
        """Writes the settings of a run that goes on."""
        self.write("run.toml", run_toml)
        if self.writes and (self.path / "sha256sums.txt").exists():
            lines = self.text("sha256sums.txt").splitlines(keepends=True)
            new = [
                self.sum_of("run.toml") if line.endswith("  run.toml\n") else line for line in lines
            ]
            self.write("sha256sums.txt", "".join(new))

    def open_log(self, step):
        """Opens metrics.jsonl; lines of more than `step` steps are dropped."""
        if not self.writes:
            return
        for name in ["diverged.txt", "finished.json"]:
            (self.path / name).unlink(missing_ok=True)
        path, kept = self.path / "metrics.jsonl", []
        if path.exists():
            for line in path.read_text(encoding="utf-8").splitlines():
                try:
                    is_kept = json.loads(line)["step"] <= step
                except (ValueError, KeyError):
                    is_kept = False
                kept += [line + "\n"] if is_kept else []
            self.write("metrics.jsonl", "".join(kept))

    def log(self, line):
        """Adds a line to metrics.jsonl."""
        if self.writes:
            with open(self.path / "metrics.jsonl", "a", encoding="utf-8") as file:
                file.write(json.dumps(line, separators=(",", ":")) + "\n")

    def save(self, name, sections, counters):
        """Writes a checkpoint; under FSDP every process takes part."""
        tensors = section_arrays(sections)
        if self.writes:
            save_checkpoint(self.path / name, tensors, FINGERPRINT, counters)
