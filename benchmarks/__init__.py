"""Speed and accuracy of adckit beside other simulators; `python -m benchmarks`.

Nothing here is part of the package.  Every tool is given the same equations, doses and
output times, and is compared at equal achieved error, never at equal tolerance.
"""
