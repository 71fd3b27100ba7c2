from localcluster.programs.progress import Progress


def _progress() -> Progress:
    return Progress({"kube": frozenset({"kube", "api", "net"}), "etcd": frozenset({"etcd", "raft", "net"})})


def test_it_names_the_program_whose_package_is_compiled() -> None:
    progress = _progress()
    progress.saw("net")
    assert progress.line(1, linked=0) == "kubernetes 0/2"
    progress.saw("raft")
    assert progress.line(1, linked=1) == "etcd 1/2"


def test_the_time_left_follows_from_the_packages_left() -> None:
    progress = _progress()
    progress.saw("net")
    assert progress.line(60, linked=0) == "kubernetes 0/2, about 4 min left"


def test_it_guesses_no_time_at_the_beginning() -> None:
    progress = _progress()
    progress.saw("net")
    assert "left" not in progress.line(5, linked=0)


def test_a_package_named_twice_and_other_lines_count_once_and_never() -> None:
    progress = _progress()
    for line in ("net", "net", "go: downloading example.com/x v1.0.0", "# api"):
        progress.saw(line)
    assert progress.compiled == {"net"}
