"""From a file to a document and its chunks. Knows nothing of the index or of answers."""
