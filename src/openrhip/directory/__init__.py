"""Directory (目录): who and where, and who may see what.

Institutions 机构 with aliases 别名, departments 科室, staff 人员; the patient index
患者主索引 (EMPI); consent 知情同意; permission 授权 by Cedar policy files.
Sources: GB 11643-1999 (identity numbers), WS/T 364.3 (certificate types),
GB/T 2261.1 (sex), GB/T 39725-2020 (levels), PIPL art. 28-31.
"""
