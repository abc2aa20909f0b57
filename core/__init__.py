"""The words everybody uses: documents, answers, settings, privacy, errors. Imports none of our other packages."""
