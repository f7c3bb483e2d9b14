"""`typoattack published` shows what others measured."""


def test_published_figures_are_listed_by_model(typoattack) -> None:
    done = typoattack("published", "--model", "vit-l-14")
    assert done.status == 0
    assert "40.14" in done.out
    assert "36.61" not in done.out
