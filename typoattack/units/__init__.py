"""Look inside a model: which units read, and what happens without them.

`study.study` does all of it for some layers of an `anatomy.anatomy(model)` and `page.write_study`
writes it down. The parts stand alone too: `recording.record`, `scores`, `ablate.ablated`,
`attribute.contributions`, `visualise.visualise`. Nothing is imported here, so that a report can
read a `section.Section` without a model's libraries.
"""
