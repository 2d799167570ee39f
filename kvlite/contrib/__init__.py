"""kvlite where people already are: caches for frameworks. Each module needs the framework that it is for."""
