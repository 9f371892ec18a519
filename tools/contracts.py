"""Import contracts of our own: what import-linter's wildcards cannot say."""

from __future__ import annotations

from typing import Any

from importlinter import Contract, ContractCheck, output

MAY_TOUCH_TABLES = {"service", "figures", "admin", "models", "migrations", "events"}


class OwnModels(Contract):
    """A room's tables are imported by that room alone, there by its service and console."""

    def check(self, graph: Any, verbose: bool) -> ContractCheck:
        del verbose
        found = []
        for imported in graph.modules:
            if imported.count(".") != 2 or not imported.endswith(".models"):
                continue
            room = imported.split(".")[1]
            for importer in graph.find_modules_that_directly_import(imported):
                parts = importer.split(".")
                if parts[1] != room or not MAY_TOUCH_TABLES & set(parts[2:]):
                    found.append((importer, imported))
        return ContractCheck(kept=not found, metadata={"found": sorted(found)})

    def render_broken_contract(self, check: ContractCheck) -> None:
        for importer, imported in check.metadata["found"]:
            output.print_error(f"{importer} reads {imported}; call its service instead.")
