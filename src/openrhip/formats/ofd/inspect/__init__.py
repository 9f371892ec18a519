"""What is in a package (查看、检索、检查、比较): contents, search, checks, differences."""
