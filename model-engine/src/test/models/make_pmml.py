"""Writes the PMML models beside it with real libraries.

Made with Python 3.11, nyoka 5.5.0, scikit-learn 1.2.2, numpy 1.23.5, pandas 1.5.3 and mlflow-skinny 2.22.1:

    python make_pmml.py

`pmml/expected.json` holds the rows, and what scikit-learn itself predicts for them.
"""
