"""What a question may be made of (允许的语法): everything that is not named here is refused.

Names are those of DuckDB's own syntax tree (json_serialize_sql).
"""

from __future__ import annotations


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


NODES = frozenset({"SELECT_NODE", "SET_OPERATION_NODE", "RECURSIVE_CTE_NODE"})
SOURCES = frozenset(
    {"BASE_TABLE", "SUBQUERY", "JOIN", "EMPTY", "EXPRESSION_LIST", "TABLE_FUNCTION"}
)
OTHERS = frozenset(
    {
        "ORDER_MODIFIER", "LIMIT_MODIFIER", "LIMIT_PERCENT_MODIFIER", "DISTINCT_MODIFIER",
        "ORDER_DEFAULT", "ASCENDING", "DESCENDING",
        "DECIMAL_TYPE_INFO", "LIST_TYPE_INFO", "STRUCT_TYPE_INFO", "INTEGER_LITERAL_TYPE_INFO",
        "STRING_TYPE_INFO",
    }
)  # fmt: skip
CLASSES = frozenset(
    {
        "COLUMN_REF", "CONSTANT", "FUNCTION", "WINDOW", "CAST", "CASE", "COMPARISON", "CONJUNCTION",
        "OPERATOR", "BETWEEN", "SUBQUERY", "STAR", "PARAMETER", "LAMBDA", "LAMBDA_REF",
        "POSITIONAL_REFERENCE",
    }
)  # fmt: skip
TYPES = frozenset(
    {
        "BOOLEAN", "TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UTINYINT", "USMALLINT",
        "UINTEGER", "UBIGINT", "UHUGEINT", "FLOAT", "DOUBLE", "DECIMAL", "VARCHAR", "DATE", "TIME",
        "TIMESTAMP", "TIMESTAMP WITH TIME ZONE", "TIMESTAMP_S", "TIMESTAMP_MS", "INTERVAL", "LIST",
        "STRUCT", "NULL", "INTEGER_LITERAL", "STRING_LITERAL", '"NULL"',
    }
)  # fmt: skip
TABLE_FUNCTIONS = frozenset({"range", "generate_series", "unnest"})

COUNTS = frozenset({"count", "count_star", "count_if", "countif", "approx_count_distinct"})
AGGREGATES = COUNTS | _names(
    """
    sum avg mean min max median mode any_value first last arg_min arg_max min_by max_by bool_and
    bool_or stddev stddev_pop stddev_samp variance var_pop var_samp covar_pop covar_samp corr
    regr_slope regr_intercept regr_r2 quantile quantile_cont quantile_disc percentile_cont
    percentile_disc approx_quantile string_agg group_concat listagg list array_agg fsum kahan_sum
    sum_no_overflow product skewness kurtosis mad entropy geometric_mean geomean
    """
)
WINDOWS = _names(
    """
    row_number rank dense_rank percent_rank cume_dist ntile lag lead first_value last_value
    nth_value fill
    """
)
_OPERATORS = _names(
    """
    + - * / // % ** ^ || & | ~ ~~ !~~ ~~* !~~* ~~~ << >> @ ^@ ->>
    """
)
_DATES = _names(
    """
    date_trunc datetrunc date_part datepart date_diff datediff date_sub datesub date_add extract
    year month day hour minute second quarter week weekofyear isodow isoyear dayofweek dayofmonth
    dayofyear weekday yearweek century decade era epoch epoch_ms dayname monthname last_day
    make_date make_time make_timestamp strftime strptime try_strptime age to_years to_months
    to_weeks to_days to_hours to_minutes to_seconds to_milliseconds to_quarters today current_date
    time_bucket julian
    """
)
_TEXTS = _names(
    """
    lower upper lcase ucase trim ltrim rtrim length len strlen char_length character_length
    substring substr substring_grapheme left right lpad rpad replace position strpos instr concat
    concat_ws contains starts_with ends_with prefix suffix split_part string_split str_split split
    regexp_matches regexp_full_match regexp_extract regexp_replace regexp_extract_all
    like_escape not_like_escape ilike_escape not_ilike_escape reverse ascii chr unicode ord format
    translate strip_accents levenshtein jaccard jaro_similarity md5 hash
    """
)
_NUMBERS = _names(
    """
    abs ceil ceiling floor round round_even trunc sign sqrt cbrt exp ln log log2 log10 pow power mod
    greatest least pi sin cos tan asin acos atan atan2 degrees radians isnan isinf isfinite add
    subtract multiply divide fdiv fmod gcd lcm even bit_count
    """
)
_OTHER = _names(
    """
    coalesce ifnull nullif if not constant_or_null typeof list_value array_value struct_pack
    row list_contains list_has array_contains list_element list_extract array_extract
    struct_extract list_distinct list_unique list_sort array_sort list_aggregate list_sum list_count
    list_max list_min list_avg list_transform list_filter array_length list_concat array_to_string
    list_slice array_slice unnest range generate_series struct_extract_at grouping grouping_id try
    """
)
FUNCTIONS = AGGREGATES | WINDOWS | _OPERATORS | _DATES | _TEXTS | _NUMBERS | _OTHER

FOLDED = _names(
    "+ - to_years to_months to_weeks to_days to_quarters trunc date_trunc make_date last_day"
)
"""Functions of an expression that is worked out beforehand to choose the files."""
