"""Fact sheets: what is so about a company or a product, which system owns it, and who says otherwise. Pure."""
