"""Check a Cellwright ledger or exported record without Cellwright. Written from docs/ledger-format.md alone.

Use:    python standalone_verifier.py SITE_FOLDER | record.json | ledger-format.md (its vectors) [PUBLIC_KEY_HEX]
Needs:  Python 3.11 and the package ``cryptography``. Exit status: 0 intact, 1 not intact, 2 can't be read.
"""  # noqa: INP001  a script to hand out, part of no package

import json
import sqlite3
import sys
from hashlib import sha256
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

ZEROS = "0" * 64


def need(is_right: object, what: str) -> None:
    """Stop at the first thing that is not what was written."""
    if not is_right:
        raise ValueError(what)


def sized(text: str) -> bytes:
    """Give u32(text)."""
    return len(text.encode()).to_bytes(4, "big") + text.encode()


def event_hash(ledger: str, links: str, envelope: str, body: str) -> str:
    """Give the hash of an event; ``links`` is prev and prev_in_stream joined."""
    return sha256(b"\0cellwright/event/1" + bytes.fromhex(ledger + links) + sized(envelope) + sized(body)).hexdigest()


def node(left: str, right: str) -> str:
    """Give an inner node of the tree."""
    return sha256(b"\1" + bytes.fromhex(left + right)).hexdigest()


def tree_root(leaves: list[str]) -> str:
    """Give the RFC 9162 tree hash, by its recursive definition."""
    half = 1 << (len(leaves) - 1).bit_length() >> 1
    return node(tree_root(leaves[:half]), tree_root(leaves[half:])) if len(leaves) > 1 else leaves[0]


def path_root(leaf: str, place: tuple[int, int], path: list[str]) -> str:
    """Give the root that a path leads to; ``place`` is (index, size of the tree)."""
    index, size = place
    need(0 <= index < size and bool(path) == (size > 1), "an inclusion path does not fit its tree")
    half = 1 << (size - 1).bit_length() >> 1
    if size > 1 and index < half:
        return node(path_root(leaf, (index, half), path[:-1]), path[-1])
    return node(path[-1], path_root(leaf, (index - half, size - half), path[:-1])) if size > 1 else leaf


def read_head(body: str, signature: str, key: str) -> tuple[dict[str, object], str]:
    """Check a head's signature (by ``key``, or by the key that it names) and give what it says and its digest."""
    said, signed = json.loads(body), bytes.fromhex(signature)
    need(not key or said["key"] == key, f"the head at event {said['seq']} is signed by another key")
    try:
        public = Ed25519PublicKey.from_public_bytes(bytes.fromhex(said["key"]))
        public.verify(signed, b"cellwright/head/1" + sized(body))
    except InvalidSignature:
        need(None, f"the head at event {said['seq']} has a bad signature")
    return said, sha256(b"cellwright/head-digest/1" + sized(body) + signed).hexdigest()


def check_ledger(folder: Path, key: str) -> str:
    """Check event after event, head after head, then heads.log."""
    database = sqlite3.connect(f"{(folder / 'ledger.sqlite').resolve().as_uri()}?mode=ro", uri=True)
    heads = database.execute("SELECT seq, at, key_id, body, hex(signature) FROM head ORDER BY seq").fetchall()
    genesis, leaves, count, prev, number, digest = {}, [], 0, ZEROS, 0, ZEROS
    streams: dict[str, tuple[int, str]] = {}
    for seq, stream, envelope, raw, stored in database.execute("SELECT * FROM event ORDER BY seq"):
        count, said, body = count + 1, json.loads(envelope), raw.decode()
        if count == 1:
            genesis = json.loads(body)
            key = key or genesis["public_key"]
        version, before = streams.get(stream, (0, ZEROS))
        prev = event_hash(genesis["ledger"], prev + before, envelope, body)
        place = (seq, said["seq"], said["version"], said["stream"])
        need(prev == stored.hex() and place == (count, count, version + 1, stream), f"event {count} is not as written")
        streams[stream] = version + 1, prev
        leaves.append(prev)
        if number < len(heads) and heads[number][0] == count:
            _, at, key_id, text, signature = heads[number]
            head, next_digest = read_head(text, signature, key)
            key, number = str(head["key"]), number + 1
            right = [genesis["ledger"], number, count - len(leaves) + 1, count, prev, tree_root(leaves), said["at"]]
            right += [key, digest, said["at"], sha256(bytes.fromhex(key)).hexdigest()[:16]]
            need([*head.values(), at, key_id] == right, f"the head at event {count} was signed over other events")
            digest, leaves = next_digest, []
    need(count and number == len(heads), f"events from {count + 1} on are missing: a head was signed over them")
    lines = [json.loads(line) for line in (folder / "heads.log").read_text("utf-8").splitlines()]
    need(len(lines) <= len(heads), f"events from {count + 1} on are missing: heads.log has more heads")
    stored = [{"body": text, "signature": signature.lower()} for *_, text, signature in heads[: len(lines)]]
    need(lines == stored, "heads.log and the ledger's heads disagree")
    return f"{count} events, hash {prev}, {count - len(leaves)} signed by {key}, {len(lines)} heads in heads.log"


def check_record(data: str, key: str) -> str:
    """Check an exported record (or that in a batch record): each event under a signed head, streams without gap."""
    record = json.loads(data := data[data.rindex(',"proof":') + 9 : -1] if data.startswith('{"record":') else data)
    need(record["digest"] == sha256(data[: data.rindex(',"digest"')].encode()).hexdigest(), "its digest does not fit")
    key = key or json.loads(record["events"][0]["body"])["public_key"]
    heads = [read_head(head["body"], head["signature"], key)[0] for head in record["heads"]]
    need(len({head["key"] for head in heads}) == 1, "the heads are signed by several keys")
    streams: dict[str, tuple[int, str]] = {}
    for event in record["events"]:
        said, head, links = json.loads(event["envelope"]), heads[event["head"]], event["prev"] + event["prev_in_stream"]
        found = event_hash(record["ledger"], links, event["envelope"], event["body"])
        first, last = int(str(head["since"])), int(str(head["seq"]))
        root = path_root(found, (said["seq"] - first, last - first + 1), event["path"])
        need((root, record["ledger"]) == (head["root"], head["ledger"]), f"event {said['seq']} is not as signed")
        follows = streams.get(said["stream"], (0, ZEROS)) == (said["version"] - 1, event["prev_in_stream"])
        need(follows, f"an event of its stream is missing before event {said['seq']}")
        streams[said["stream"]] = said["version"], found
    return f"{len(record['events'])} events of {len(streams)} streams, signed by {heads[0]['key']}"


def check_vectors(page: str) -> str:
    """Recalculate the vectors of the format page."""
    vectors = json.loads(page.partition("```json\n")[2].partition("```")[0])
    ledger, paths = vectors["ledger"], vectors["paths"]
    hashes = [event_hash(ledger, e["prev"] + e["prev_in_stream"], e["envelope"], e["body"]) for e in vectors["events"]]
    said, digest = read_head(vectors["head"]["body"], vectors["head"]["signature"], "")
    roots = [tree_root(hashes), *(path_root(h, (i, len(hashes)), paths[i]) for i, h in enumerate(hashes))]
    need(hashes == [event["hash"] for event in vectors["events"]], "a hash of an event differs")
    need(set(roots) == {said["root"]} and digest == vectors["head"]["digest"], "a root or a digest differs")
    return f"vectors of {len(hashes)} events"


def main(path: Path, key: str = "") -> tuple[int, str]:
    """Check what ``path`` names; give the exit status and what to say."""
    try:
        if path.is_dir():
            return 0, f"intact: {check_ledger(path, key)}"
        text = path.read_text("utf-8")
        return 0, f"intact: {check_record(text, key) if text[0] == '{' else check_vectors(text)}"
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        return 1, f"NOT INTACT: {error}"
    except (OSError, sqlite3.Error) as error:
        return 2, f"can't be read: {error}"


if __name__ == "__main__":
    status, words = main(Path(sys.argv[1]), *sys.argv[2:])
    sys.stdout.write(words + "\n")
    sys.exit(status)
