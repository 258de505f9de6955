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
    others = [
        [f"{words}:", ", ".join(_with_others(name) for name in list_parts(kind))]
        for kind, words in _KINDS.items()
    ]
    screen.print(plain_table(["", ""], others))
    screen.print("\nadckit show NAME describes one; --set linker=NAME swaps a part.")


def _with_others(name: str) -> str:
    """A card with the other names that it can be called by."""
    from adckit.library.shelf import aliases_of

    others = aliases_of(name)
    return f"{name} ({', '.join(others)})" if others else name
