"""How a word becomes pixels: canvas, fonts, lettering, surfaces, placement, finish."""
