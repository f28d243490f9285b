"""Colour spaces by name, tag and formula; what networks look at becomes display-referred here."""
