"""The library of cards: products, their parts, and plain compartment models."""

from adckit.library.loader import check_part, load_product
from adckit.library.product import Observation, OrganUse, Product, Programme
from adckit.library.shelf import find, list_parts, list_products

__all__ = [
    "Observation",
    "OrganUse",
    "Product",
    "Programme",
    "check_part",
    "find",
    "list_parts",
    "list_products",
    "load_product",
]
