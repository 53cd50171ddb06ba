"""Small YOLO data sets for tests."""

from tests.load.photos import save


def yolo_set(root, count, label=lambda k: f"{k % 2} 0.5 0.5 0.4 0.4\n", suffix=lambda k: ".png"):
    """Folders train and val with so many images each, their labels, and a data.yaml."""
    for number, split in enumerate(("train", "val")):
        for k in range(count):
            save(root / "images" / split / f"{k}{suffix(k)}", 1000 * number + k)
            file = root / "labels" / split / f"{k}.txt"
            file.parent.mkdir(parents=True, exist_ok=True)
            content = label(k)
            file.write_bytes(content if isinstance(content, bytes) else content.encode())
    (root / "data.yaml").write_text("train: images/train\nval: images/val\nnames: [cat, dog]\n")
    return root
