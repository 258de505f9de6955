"""adckit."""
