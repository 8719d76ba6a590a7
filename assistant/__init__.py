"""Answers on the record: the answering side and its faces."""
