"""One folder per platform; no platform imports another. `interface` says what each fulfils."""
