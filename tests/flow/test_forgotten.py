"""A person is forgotten, against the sandbox: the next loads do not bring them back."""

import json

import pyarrow as pa

SETS = ("users", "projects", "tasks")


def held(folder, texts):
    """Files below a folder that hold one of these texts, packed ones unpacked."""
    found = []
    for path in folder.rglob("*"):
        if path.is_file() and not path.is_symlink():
            body = path.read_bytes()
            if path.suffix == ".zst":
                with pa.input_stream(path, compression="zstd") as stream:
                    body = bytes(stream.read())
            found += [path.name for text in texts if text.encode() in body]
    return found


def test_a_forgotten_user_stays_so(empty_lab):
    """After `forget` and further loads the record is there by its key alone, and no file holds mail or name."""
    lab = empty_lab
    assert lab.sync(*SETS).ok
    lab.publish()
    [manager] = lab.query(
        "SELECT project_manager_id AS id FROM core.projects WHERE project_manager_id IS NOT NULL LIMIT 1"
    )
    [person] = lab.query(f"FROM core.users WHERE user_id = {manager['id']}")
    texts = [person["email"], f"{person['first_name']} {person['last_name']}"]
    assert held(lab.data_dir, texts)
    unasked = lab.exepron("forget", "--user", str(manager["id"]), "--json")
    assert unasked.returncode == 2
    assert "--yes" in unasked.stderr
    ended = lab.exepron("forget", "--user", str(manager["id"]), "--yes", "--json")
    assert ended.returncode == 0, ended.stderr
    assert json.loads(ended.stdout)["rows"]["core.users"] == 1
    assert held(lab.data_dir, texts) == []
    for mode in ("full", "incremental", "reconcile"):
        report = lab.sync(*SETS, mode=mode)
        assert report.ok
        assert report.entity_sets["users"].updated == 0
    lab.publish()
    assert held(lab.data_dir, texts) == []
    [after] = lab.query(f"FROM core.users WHERE user_id = {manager['id']}")
    assert {name for name, value in after.items() if value is not None and not name.startswith("_")} == {
        "user_id",
        "last_modified_on",
    }
    [other] = lab.query(
        f"SELECT count(*) AS n FROM core.users WHERE user_id <> {manager['id']} AND email IS NULL"
    )
    assert other["n"] == 0


def test_pages_beside_those_of_people_are_not_kept(empty_lab):
    """The accounts are read from the record of the signed-in user, whose private data no raw page may hold."""
    assert empty_lab.sync("accounts", "roles").ok
    kept = {path.parts[-3] for path in empty_lab.data_dir.rglob("*.zst")}
    assert kept == {"roles"}
