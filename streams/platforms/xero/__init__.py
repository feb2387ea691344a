"""Xero: the ERP side."""
