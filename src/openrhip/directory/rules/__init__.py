"""Pure decisions of the directory: names, numbers, matching, sensitivity, consent, permission."""
