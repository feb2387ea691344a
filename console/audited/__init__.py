"""Audits as people get them: text, CSV, a page that prints. In: an audit. Out: text in one of these forms."""
