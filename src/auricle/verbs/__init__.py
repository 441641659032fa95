"""The verbs: what a person asks Auricle to do, one module or folder each."""
