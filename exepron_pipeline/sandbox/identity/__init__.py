"""The sandbox's identity server: OpenID Connect on OAuth 2.0, below ``/identity``.

Here belong sign-in, consent, tokens and their end. Not here: the API that takes the tokens (``api.py``), ids
and passwords (``credentials.py``). ``routes.py`` says what stands at which path; ``authority.py`` is authlib's
authorization server with the storage of the sandbox, and each grant or endpoint is a file beside it. All of
it runs on the event loop, one request at a time: a code or refresh token is never used by two at once.
"""
