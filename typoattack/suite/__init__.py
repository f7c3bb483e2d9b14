"""What to run, validated: data set, models, recipes, words, seed."""
