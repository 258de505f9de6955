"""`adckit list`: what the library holds."""

from __future__ import annotations

__all__ = ["list_library"]

_KINDS = {
    "antibody": "antibodies",
    "target": "targets",
    "linker": "linkers",
    "payload": "payloads",
    "tumour": "tumours",
    "cell_line": "cell lines",
    "host": "hosts",
    "compartments": "plain drugs",
}


def list_library() -> None:
    """List the products and what they are made of."""
    from adckit.cli.printing import console, plain_table
    from adckit.library import list_parts, list_products, load_product

    screen = console()
    rows = []
    for name in list_products():
        product = load_product(name)
        parts = product.parts
        made_of = f"{parts['antibody']}-{parts['linker']}-{parts['payload']}"
        rows.append([name, parts["target"], made_of, ", ".join(product.aliases)])
    headers = ["product", "target", "made of", "also known as"]
    screen.print(plain_table(headers, rows))
    screen.print()
    others = [[f"{words}:", ", ".join(list_parts(k))] for k, words in _KINDS.items()]
    screen.print(plain_table(["", ""], others))
    screen.print("\nadckit show NAME describes one; --set linker=NAME swaps a part.")
