"""The corpus side: files become documents, documents become passages that can be searched.

Knows nothing of ``assistant``. Import what you need from the module that owns it; this package
imports nothing by itself, so that a face can start without loading a model or a database.
"""
