"""Hard examples among photos without labels: found by a model, reviewed by a person."""

from src.inference.mining.mine import Mined, mine
from src.inference.mining.review import Review, read_review, write_review
from src.inference.mining.sample import sampled_photos

__all__ = ["Mined", "Review", "mine", "read_review", "sampled_photos", "write_review"]
