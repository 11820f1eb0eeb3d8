"""What is released, and what becomes of it in an environment that has nothing else."""
