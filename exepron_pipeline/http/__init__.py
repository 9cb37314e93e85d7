"""HTTP: transport, retries, throttle, redaction, problem bodies. Not here: OData, OpenID Connect, Exepron."""
