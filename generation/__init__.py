"""From a question and chunks to claims with citations. Knows nothing of files or of the index."""
