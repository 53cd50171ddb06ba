"""Hard examples among photos without labels: found by a model, reviewed by a person."""

from src.inference.mining.mine import Mined, mine
from src.inference.mining.review import Reviewed, read_review, write_review
from src.inference.mining.sample import sampled_photos

__all__ = ["Mined", "Reviewed", "mine", "read_review", "sampled_photos", "write_review"]
