"""What to run, validated: data set, models, recipes, words, seed."""

from typoattack.suite.attacks import Attack, make_attack, split_label, with_controls
from typoattack.suite.file import list_suites, load_suite, parse_suite
from typoattack.suite.shards import Shard, parse_shard
from typoattack.suite.suite import Suite, with_dataset_options, without_searches

__all__ = [
    "Attack",
    "Shard",
    "Suite",
    "list_suites",
    "load_suite",
    "make_attack",
    "parse_shard",
    "parse_suite",
    "split_label",
    "with_controls",
    "with_dataset_options",
    "without_searches",
]
