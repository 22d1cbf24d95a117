"""How each kind of fragment is read: one format a file, reached by `workers.reading`."""
