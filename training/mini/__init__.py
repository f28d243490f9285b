"""Training of ``mini``, the depth network in the box: data, losses, training, figures."""
