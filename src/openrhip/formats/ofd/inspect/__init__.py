"""What is in a package: contents, search, extraction, checks, differences (查看、检索、检查、比较)."""
