"""A page that shows what a benchmark measured: one HTML file that needs nothing else."""
