"""What the machine tells: processes and their locks, cores, capacities, folders."""
