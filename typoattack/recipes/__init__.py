"""The attacks: one small file a family; each composes words and drawing and cites its source."""
