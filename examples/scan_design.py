"""Which affinity and load would serve T-DM1 best, where antigen is scarce?

Run it with `python scan_design.py`; a scan of 7 x 4 points takes a few seconds.
"""

import adckit

result = adckit.scan(
    "T-DM1",
    {"affinity": "0.01..100 nM 7 points", "dar": [2, 4, 6, 8]},
    show=["uptake", "kill"],
    regimen="3.6 mg/kg q3w x4",
    settings={"receptors_per_cell": "50000 receptors/cell"},
)

killed = result.to_xarray()["cells_killed"]
print("Viable cells killed, %:")
print(killed.to_pandas().round(1))

value, where = result.extreme("cells_killed")
own = result.design[result.quantities.index("cells_killed")]
print(f"Most, {value:.1f} %, at {result.place_text(where)}; the design: {own:.1f} %.")
