"""From a question to hits: embeddings, sparse weights, the index, and the library of documents.

Knows nothing of parsing or of answers.
"""
