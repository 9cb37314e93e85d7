"""The wire: dialects, query options, literals, pages and paging. It knows nothing of Exepron's entity sets."""
