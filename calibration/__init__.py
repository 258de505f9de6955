"""From published facts to the fitted parameters of the library, reproducibly."""
