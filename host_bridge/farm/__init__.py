"""Render farms: Open Job Description bundles and what a farm session needs."""
