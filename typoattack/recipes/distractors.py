"""Words for the recipe `background-text`: common, and no names of things to be seen."""

_TEXT = """
about above across after again almost along already always among another around because become
before begin behind believe below better between beyond bring business change chapter choose clear
close common consider continue corner could course daily decide detail different during early
either enough entire even evening ever every example except expect explain extra famous final
finish first follow forget former forward further future general given going great guide happen
hardly hello hourly however idea include indeed instead issue itself kind known later latest learn
least level likely limited little local longer maybe meaning member method middle might minute
modern moment monday monthly moreover morning mostly myself narrow nearly never nothing notice
number often once only open other ought outside over own page partly past people perhaps period
place plain please point possible present price problem proper public quality question quickly
quite rather ready really reason recent regular remain reply report result return right same
second seldom sense service several shall should simple since sixty something soon special
standard start still story subject such sunday system than thank their there these thing those
though through today together tomorrow tonight total toward trouble truly twelve under unless
until usual value various version volume weekly welcome whether which while whole why within
without wonder would year yesterday
"""

DISTRACTORS = tuple(_TEXT.split())
