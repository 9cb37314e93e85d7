"""Who we are: OpenID discovery, grants, the token store, and the keeper that gives tokens. Not here: the API."""
